//! Command lines that are accepted and refused.

use std::io::{Error, ErrorKind, Write};

use clap::{CommandFactory, Parser};

use super::{Cli, Command, print};

fn parse(line: &[&str]) -> Result<Cli, String> {
    Cli::try_parse_from([&["codeartifact-operator"], line].concat()).map_err(|error| error.to_string())
}

#[test]
fn a_refusal_names_the_flag() {
    for (line, flag) in [
        (["run", "--concurrency=0"], "--concurrency"),
        (["run", "--concurrency=257"], "--concurrency"),
        (["run", "--cluster-name=a b"], "--cluster-name"),
        (["run", "--cluster-name=a/b"], "--cluster-name"),
        (["run", "--namespaces=Team A"], "--namespaces"),
        (["run", "--namespaces="], "--namespaces"),
        (["run", "--namespaces=a,,b"], "--namespaces"),
        (["run", "--operator-namespace="], "--operator-namespace"),
        (["run", "--lease-name="], "--lease-name"),
        (["release", "--namespaces=Team A"], "--namespaces"),
        (["release", "--namespaces="], "--namespaces"),
        (["release", "--operator-namespace=$(POD_NAMESPACE)"], "--operator-namespace"),
        (["release", "--lease-name=A"], "--lease-name"),
        (["release", "--listen=0.0.0.0:1"], "--listen"),
        (["release", "--concurrency=1"], "--concurrency"),
        (["crds", "--namespaces=a"], "--namespaces"),
    ] {
        let refusal = parse(&line).expect_err(&line.join(" "));
        assert!(refusal.contains(flag), "{line:?}: {refusal}");
    }
}

#[test]
fn a_flag_counts_the_second_time_and_namespaces_add_up() {
    let line = ["run", "--namespaces=b", "--namespaces=a,b", "--concurrency=1", "--concurrency=256"];
    let Ok(Cli { command: Command::Run(options) }) = parse(&line) else { panic!("{line:?} is refused") };
    assert_eq!(options.scope.namespaces(), ["a", "b"]);
    assert_eq!(options.concurrency, 256);
}

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

struct Closed(ErrorKind);

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(Error::from(self.0))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Err(Error::from(self.0))
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_failure_and_a_full_disk_is() {
    assert!(print(&mut Closed(ErrorKind::BrokenPipe), "page").is_ok());
    assert!(print(&mut Closed(ErrorKind::StorageFull), "page").is_err());
}
