//! Requests that come to no operation: they are in the journal, by method and path and without secrets.

use crate::data;
use crate::support::{create, start, with_domain};
use codeartifact_emulator::{Emulator, Entry};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The status of the answer to these bytes.
async fn raw(emulator: &Emulator, bytes: &str) -> u16 {
    let mut stream = tokio::net::TcpStream::connect(emulator.address()).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    answer.split(' ').nth(1).unwrap_or_else(|| panic!("{answer}")).parse().unwrap()
}

async fn ask(emulator: &Emulator, line: &str, headers: &str) -> u16 {
    raw(emulator, &format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n")).await
}

fn last(emulator: &Emulator) -> Entry {
    emulator.journal(0).pop().unwrap()
}

#[tokio::test]
async fn what_is_no_operation_is_told_by_method_and_path() {
    let emulator = start().await;
    for (line, path, service, status) in [
        ("GET /nope?X-Amz-Signature=s3cret", "/nope", "codeartifact", 404),
        ("PATCH /v1/domain?token=s3cret", "/v1/domain", "codeartifact", 404),
        ("POST /v1/credentials", "/v1/credentials", "codeartifact", 404),
        ("GET /npm/d/acme/team/x", "/npm/d/acme/team/x", "data", 404),
        ("GET http://aws:s3cret@host/nope", "/nope", "codeartifact", 404),
    ] {
        assert_eq!(ask(&emulator, line, "").await, status, "{line}");
        let entry = last(&emulator);
        assert_eq!((entry.service, entry.operation.as_str()), (service, "Unknown"), "{line}");
        let method = line.split(' ').next().unwrap();
        assert_eq!(entry.parameters, json!({ "method": method, "path": path }));
        assert_eq!(entry.status, Some(status));
        assert!(!entry.to_string().contains("s3cret"), "{entry}");
        assert!(entry.to_line(std::time::Duration::ZERO, false).contains(&format!(" {method} {path} 404 ")));
    }
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    let token = data::token(&client).await;
    data::get(&emulator, &token, ("npm", "team", "-/whoami")).await;
    let entry = last(&emulator);
    assert_eq!((entry.operation.as_str(), &entry.parameters["repository"]), ("Unknown", &json!("team")));
    assert_eq!(entry.parameters["path"], format!("/npm/d/acme-123456789012/team/-/whoami"));
}

#[tokio::test]
async fn a_body_that_does_not_come_is_told_too() {
    let emulator = start().await;
    let broken = "transfer-encoding: chunked\r\n\r\nZZ\r\n";
    let large = "content-length: 999999999999\r\n";
    for (line, service) in [
        ("POST /v1/domain?domain=acme", "codeartifact"),
        ("PUT /npm/d/acme-123456789012/team/x", "data"),
        ("POST /", "sts"),
        ("GET /v1/credentials", "eks-auth"),
    ] {
        for (headers, status, code) in
            [(broken, 400, "ValidationException"), (large, 413, "RequestEntityTooLargeException")]
        {
            assert_eq!(ask(&emulator, line, headers).await, status, "{line}");
            let entry = last(&emulator);
            let seen = (entry.service, entry.operation.as_str(), entry.status, entry.error.as_deref());
            assert_eq!(seen, (service, "Unread", Some(status), Some(code)), "{line}");
            let path = line.split([' ', '?']).nth(1).unwrap();
            assert_eq!(entry.parameters["path"], path);
        }
    }
    let calls = emulator.journal(0).len();
    assert_eq!(ask(&emulator, "PUT /_emulator/faults", large).await, 413);
    assert_eq!(emulator.journal(0).len(), calls, "a control route is no call");
}

#[tokio::test]
async fn a_request_may_have_many_headers() {
    let emulator = start().await;
    let headers = "x-many: y\r\n".repeat(500);
    assert_eq!(ask(&emulator, "GET /_emulator/health", &headers).await, 200);
}
