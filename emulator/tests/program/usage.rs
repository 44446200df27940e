//! The command line.

use crate::running::{Running, program, refused};

#[test]
fn help_explains_with_examples() {
    let output = program(&["--help"]).output().unwrap();
    assert!(output.status.success());
    let told = String::from_utf8(output.stdout).unwrap();
    for part in [
        "--state",
        "--tls-ca",
        "--tls-name",
        "--endpoints",
        "--public-url",
        "--trust-forwarded",
        "--address-per-domain",
        "--assets redirect",
        "--assets-port",
        "--assets-host",
        "--throttle",
        "--signature-clock",
        "domains-per-account",
        "repositories-per-domain",
        "upstreams-per-repository",
        "upstreams-searched",
        "tags-per-resource",
        "assets-per-package-version",
        "asset-size-bytes",
        "from 1 to 1000",
        "from 1 to 4294967295",
        "have 5 s",
        "Examples:",
        "aws codeartifact",
        "Exit status:",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn arguments_that_make_no_sense_are_told_with_what_would() {
    for (arguments, told) in [
        (&["--quota", "bogus=1"][..], "domains-per-account"),
        (&["--rate", "Bogus=1"], "GetAuthorizationToken"),
        (&["--page-size", "0"], "1..=1000"),
        (&["--account", "12"], "twelve digits"),
        (&["--region", "mars"], "us-east-1"),
        (&["--quota", "asset-size-bytes=5GiB"], "bytes, without a unit"),
        (&["--quota", "domains-per-account=many"], "a whole number"),
        (&["--public-url", "packages.example.com"], "https://packages.example.com"),
        (&["--endpoints", "aws", "--address-per-domain"], "no address of a domain"),
    ] {
        let (code, said) = refused(arguments);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(told), "{said}");
    }
}

/// A certificate is written over one of an earlier start, and over nothing else.
#[test]
fn a_certificate_replaces_no_state() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("acme.state");
    let path = state.to_str().unwrap();
    drop(Running::start(&["--state", path]));
    let before = std::fs::read(&state).unwrap();
    let (code, said) = refused(&["--state", path, "--tls", "--tls-ca", path]);
    assert!(code == 1 && said.contains("holds no certificate"), "{said}");
    let (code, said) = refused(&["--tls", "--tls-ca", path]);
    assert!(code == 1 && said.contains("holds no certificate"), "{said}");
    assert_eq!(std::fs::read(&state).unwrap(), before);
    let fresh = folder.path().join("fresh");
    let path = fresh.to_str().unwrap();
    let (code, said) = refused(&["--state", path, "--tls", "--tls-ca", path]);
    assert!(code == 1 && said.contains("holds no certificate"), "{said}");
    drop(Running::start(&["--state", path]));
}

#[test]
fn an_address_that_is_taken_is_an_error_that_names_it() {
    let running = Running::start(&[]);
    let address = running.address.to_string();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_codeartifact-emulator"));
    command.env("RUST_BACKTRACE", "1");
    let output = command.args(["--listen", &address]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with(&format!("Error: cannot listen on {address}: ")), "{said}");
    assert!(said.contains("port 0 picks a free one"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}
