//! The emulator as a program: it says where it serves, answers, and ends cleanly on SIGTERM.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Fails when the program has ended, which is what the test wants.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_codeartifact-emulator"));
    command.stderr(Stdio::piped());
    command
}

#[test]
fn it_serves_until_it_is_told_to_stop() {
    let mut command = program();
    command.args(["--listen", "127.0.0.1:0", "--quota", "domains-per-account=1000"]);
    let mut running = Running(command.spawn().unwrap());
    let mut lines = BufReader::new(running.0.stderr.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    let (_, address) = line.split_once("address=").unwrap();
    let mut stream = TcpStream::connect(address.trim()).unwrap();
    let request = "GET /_emulator/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(r#"{"status":"ok"}"#), "{answer}");
    let pid = running.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(running.0.wait().unwrap().success());
}

#[test]
fn a_quota_that_nobody_knows_is_an_error_that_names_the_known_ones() {
    let output = program().args(["--listen", "127.0.0.1:0", "--quota", "bogus=1"]).output().unwrap();
    assert!(!output.status.success());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("domains-per-account"), "{told}");
}
