//! The program, running; and an SDK client for it.

use aws_credential_types::Credentials;
use aws_sdk_codeartifact::Client;
use aws_sdk_codeartifact::config::{BehaviorVersion, Region};
use aws_smithy_types::retry::RetryConfig;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program with standard error piped.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_codeartifact-emulator"));
    command.args(["--listen", "127.0.0.1:0"]).args(arguments).stderr(Stdio::piped());
    command
}

/// What the program says when it does not start: its exit code and standard error.
pub(crate) fn refused(arguments: &[&str]) -> (i32, String) {
    let Err(refusal) = Running::try_start(arguments) else { panic!("it serves, with {arguments:?}") };
    refusal
}

/// The address in the line that says where it serves.
fn served(line: &str) -> Option<SocketAddr> {
    let json: Option<serde_json::Value> = serde_json::from_str(line).ok();
    let address = match &json {
        Some(line) => line["address"].as_str()?,
        None => line.split_once("address=")?.1,
    };
    Some(address.trim().parse().unwrap())
}

pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    pub(crate) address: SocketAddr,
    pub(crate) url: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails when the program has ended, which is what most tests want.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Running {
    /// Start, and wait until it serves.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::try_start(arguments).unwrap_or_else(|(code, said)| panic!("{code}: {said}"))
    }

    /// Start; an exit code and what was said when it does not serve.
    pub(crate) fn try_start(arguments: &[&str]) -> Result<Self, (i32, String)> {
        let mut child = program(arguments).spawn().unwrap();
        let (send, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        let mut said = Vec::new();
        loop {
            match lines.recv_timeout(PATIENCE) {
                Ok(line) => match served(&line) {
                    Some(address) => {
                        return Ok(Self { child, lines, address, url: format!("http://{address}") });
                    }
                    None => said.push(line),
                },
                Err(RecvTimeoutError::Disconnected) => {
                    return Err((child.wait().unwrap().code().unwrap(), said.join("\n")));
                }
                Err(RecvTimeoutError::Timeout) => panic!("it does not start: {said:?}"),
            }
        }
    }

    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    pub(crate) fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            std::thread::yield_now();
        }
        panic!("the program did not end");
    }

    /// A plain request over a connection of its own; the whole answer.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> String {
        ask(self.address, method, path, "", body)
    }

    pub(crate) fn client(&self) -> Client {
        let config = aws_sdk_codeartifact::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .endpoint_url(&self.url)
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .retry_config(RetryConfig::disabled())
            .build();
        Client::from_conf(config)
    }
}

pub(crate) fn ask(address: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}");
    let request = format!("{head}content-length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}
