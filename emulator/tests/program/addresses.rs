//! `--tls` and `--address-per-domain`.

use crate::running::{Running, ask};
use aws_sdk_codeartifact::types::PackageFormat;
use std::net::SocketAddr;
use std::process::Command;

/// The address of the endpoint that a domain's repository has.
async fn endpoint(running: &Running, domain: &str) -> (String, SocketAddr) {
    let client = running.client();
    let endpoint =
        client.get_repository_endpoint().domain(domain).repository("team").format(PackageFormat::Npm);
    let endpoint = endpoint.send().await.unwrap().repository_endpoint().unwrap().to_owned();
    let (_, rest) = endpoint.split_once("://").unwrap();
    let (address, _) = rest.split_once('/').unwrap();
    (endpoint.clone(), address.parse().unwrap())
}

async fn make(running: &Running, domain: &str) {
    let client = running.client();
    client.create_domain().domain(domain).send().await.unwrap();
    client.create_repository().domain(domain).repository("team").send().await.unwrap();
}

#[tokio::test]
async fn each_domain_has_an_address_of_its_own_also_after_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("state");
    let arguments = ["--address-per-domain", "--state", file.to_str().unwrap()];
    let running = Running::start(&arguments);
    make(&running, "first").await;
    make(&running, "second").await;
    let token = running.client().get_authorization_token().domain("second").send().await.unwrap();
    let token = token.authorization_token().unwrap().to_owned();
    let before = [endpoint(&running, "first").await.1.ip(), endpoint(&running, "second").await.1.ip()];
    assert_eq!(before.map(|ip| ip.to_string()), ["127.0.1.1", "127.0.1.2"]);
    running.client().delete_repository().domain("first").repository("team").send().await.unwrap();
    running.client().delete_domain().domain("first").send().await.unwrap();
    drop(running);
    let running = Running::start(&arguments);
    let (url, address) = endpoint(&running, "second").await;
    assert_eq!((address.ip(), address.port()), (before[1], running.address.port()));
    let path = url.split_once("//").unwrap().1.split_once('/').unwrap().1;
    let login = format!("authorization: Bearer {token}\r\n");
    let answer = ask(address, "GET", &format!("/{path}-/ping"), &login, "");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // The number of a domain that is gone is given again.
    make(&running, "third").await;
    assert_eq!(endpoint(&running, "third").await.1.ip(), before[0]);
}

#[test]
fn https_is_served_with_a_certificate_that_can_be_trusted() {
    let home = tempfile::tempdir().unwrap();
    let authority = home.path().join("ca.pem");
    let authority = authority.to_str().unwrap();
    let running = Running::start(&["--tls", "--tls-ca", authority]);
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("https://{host}:{}/_emulator/health", running.address.port());
        let ask = |trusted: &[&str]| {
            let code = "import sys, ssl, urllib.request as u\n\
                        c = ssl.create_default_context(cafile=sys.argv[2] if len(sys.argv) > 2 else None)\n\
                        print(u.build_opener(u.ProxyHandler({}), u.HTTPSHandler(context=c)).open(sys.argv[1]).read().decode())";
            Command::new("python3").args(["-c", code, &url]).args(trusted).output().unwrap()
        };
        let answer = ask(&[authority]);
        assert_eq!(String::from_utf8_lossy(&answer.stdout).trim(), r#"{"status":"ok"}"#, "{answer:?}");
        let distrusted = ask(&[]);
        assert!(
            String::from_utf8_lossy(&distrusted.stderr).contains("CERTIFICATE_VERIFY_FAILED"),
            "{distrusted:?}"
        );
    }
}
