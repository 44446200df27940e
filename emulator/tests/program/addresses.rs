//! `--tls`, `--address-per-domain` and `--endpoints`.

use crate::running::{Running, ask};
use aws_sdk_codeartifact::types::PackageFormat;
use std::net::SocketAddr;
use std::process::Command;

/// The endpoint that a domain's repository has.
async fn endpoint(running: &Running, domain: &str) -> String {
    let client = running.client();
    let endpoint =
        client.get_repository_endpoint().domain(domain).repository("team").format(PackageFormat::Npm);
    endpoint.send().await.unwrap().repository_endpoint().unwrap().to_owned()
}

/// Its address, and what comes behind that.
async fn place(running: &Running, domain: &str) -> (SocketAddr, String) {
    let endpoint = endpoint(running, domain).await;
    let (_, rest) = endpoint.split_once("://").unwrap();
    let (address, path) = rest.split_once('/').unwrap();
    (address.parse().unwrap(), path.to_owned())
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
    let before = [place(&running, "first").await.0.ip(), place(&running, "second").await.0.ip()];
    assert_eq!(before.map(|ip| ip.to_string()), ["127.0.1.1", "127.0.1.2"]);
    running.client().delete_repository().domain("first").repository("team").send().await.unwrap();
    running.client().delete_domain().domain("first").send().await.unwrap();
    drop(running);
    let running = Running::start(&arguments);
    let (address, path) = place(&running, "second").await;
    assert_eq!((address.ip(), address.port()), (before[1], running.address.port()));
    let login = format!("authorization: Bearer {token}\r\n");
    let answer = ask(address, "GET", &format!("/{path}-/ping"), &login, "");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // The number of a domain that is gone is given again.
    make(&running, "third").await;
    assert_eq!(place(&running, "third").await.0.ip(), before[0]);
}

/// What a program of Python prints, with these arguments.
fn python(code: &str, arguments: &[&str]) -> String {
    let output = Command::new("python3").args(["-c", code]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Says hello to a port as hosts of these names, and prints why that failed, or `good`.
const HANDSHAKES: &str = "\
import socket, ssl, sys
authority, port, *names = sys.argv[1:]
context = ssl.create_default_context(cafile=authority or None)
for name in names:
    try:
        context.wrap_socket(socket.create_connection(('127.0.0.1', int(port))), server_hostname=name).close()
        print('good')
    except ssl.SSLCertVerificationError as error:
        print(error.verify_message)
";

#[test]
fn https_is_served_with_a_certificate_for_every_name_that_can_be_asked() {
    let home = tempfile::tempdir().unwrap();
    let authority = home.path().join("ca.pem");
    let authority = authority.to_str().unwrap();
    let names = ["--tls-name", "Codeartifact", "--tls-name", "10.1.2.3"];
    let running = Running::start(&[&["--tls", "--tls-ca", authority], &names[..]].concat());
    let port = running.address.port().to_string();
    for (name, is_good) in [
        ("127.0.0.1", true),
        ("localhost", true),
        ("codeartifact", true),
        ("10.1.2.3", true),
        ("acme-123456789012.d.codeartifact.us-east-1.amazonaws.com", true),
        ("acme-123456789012.codeartifact.us-east-1.on.aws", true),
        ("vpce-0743-76dd.d.codeartifact.us-east-1.vpce.amazonaws.com", true),
        ("vpce-0743-76dd.api.codeartifact.us-east-1.vpce.amazonaws.com", true),
        ("codeartifact.us-east-1.amazonaws.com", true),
        ("codeartifact.us-east-1.api.aws", true),
        ("sts.us-east-1.amazonaws.com", true),
        ("acme-123456789012.d.codeartifact.eu-west-1.amazonaws.com", false),
        ("acme-123456789012.codeartifact.us-east-1.amazonaws.com", false),
        ("127.0.0.2", false),
    ] {
        let said = python(HANDSHAKES, &[authority, &port, name]);
        assert_eq!(said == "good", is_good, "{name}: {said}");
        assert!(is_good || said.contains("mismatch"), "{name}: {said}");
    }
    let distrusted = python(HANDSHAKES, &["", &port, "localhost"]);
    assert!(distrusted.contains("certificate"), "{distrusted}");
}

/// Where the tarball of `widgets` is, for who asks for the packument by https under the name of that host.
const TARBALL: &str = "\
import http.client, json, ssl, sys
authority, port, host, path, token = sys.argv[1:]
context = ssl.create_default_context(cafile=authority)
connection = http.client.HTTPSConnection('127.0.0.1', int(port), context=context)
connection.request('GET', path, headers={'host': host, 'authorization': 'Bearer ' + token})
print(json.load(connection.getresponse())['versions']['1.0.0']['dist']['tarball'])
";

#[tokio::test]
async fn tarballs_name_the_port_of_https_also_where_the_host_does_not() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("state");
    let file = file.to_str().unwrap();
    // Made without TLS, for which the SDK would have to trust what is made at the start.
    let running = Running::start(&["--state", file]);
    make(&running, "acme").await;
    let client = running.client();
    let connect = client.associate_external_connection().domain("acme").repository("team");
    connect.external_connection("public:npmjs").send().await.unwrap();
    let widgets = r#"[{"name":"widgets","version":"1.0.0"}]"#;
    let seed = format!(r#"{{"connection":"public:npmjs","packages":{widgets}}}"#);
    let seeded = running.ask("PUT", "/_emulator/seed", &seed);
    assert!(seeded.starts_with("HTTP/1.1 2"), "{seeded}");
    let token = client.get_authorization_token().domain("acme").send().await.unwrap();
    let token = token.authorization_token().unwrap();
    drop(running);
    let authority = home.path().join("ca.pem");
    let authority = authority.to_str().unwrap();
    let running = Running::start(&["--state", file, "--tls", "--tls-ca", authority]);
    let port = running.address.port().to_string();
    let real = "acme-123456789012.d.codeartifact.us-east-1.amazonaws.com";
    for (host, path, expected) in [
        ("codeartifact", "/npm/d/acme-123456789012/team", "codeartifact:443/npm/d/acme-123456789012/team"),
        (
            "codeartifact:8443",
            "/npm/d/acme-123456789012/team",
            "codeartifact:8443/npm/d/acme-123456789012/team",
        ),
        (real, "/npm/team", "acme-123456789012.d.codeartifact.us-east-1.amazonaws.com:443/npm/team"),
    ] {
        let told = python(TARBALL, &[authority, &port, host, &format!("{path}/widgets"), token]);
        assert_eq!(told, format!("https://{expected}/widgets/-/widgets-1.0.0.tgz"));
    }
}

#[tokio::test]
async fn endpoints_are_those_that_the_program_was_started_for() {
    for (arguments, expected) in [
        (
            &["--endpoints", "aws"][..],
            "https://acme-123456789012.d.codeartifact.us-east-1.amazonaws.com/npm/team/",
        ),
        (
            &["--public-url", "https://packages.example.com/"],
            "https://packages.example.com/npm/d/acme-123456789012/team/",
        ),
    ] {
        let running = Running::start(arguments);
        make(&running, "acme").await;
        assert_eq!(endpoint(&running, "acme").await, expected);
    }
}
