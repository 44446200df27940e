//! The control routes: what they do not take is told as JSON, and the journal reads as text.

use crate::support::{create, send, start, try_control, with_domain};
use http::Request;
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::{Value, json};

#[tokio::test]
async fn what_a_control_route_does_not_take_is_told_as_json() {
    let emulator = start().await;
    for (method, path, body, status) in [
        ("GET", "/nothing", Value::Null, 404),
        ("DELETE", "/clock", Value::Null, 405),
        ("PATCH", "/journal", Value::Null, 405),
        ("GET", "/clock?after=soon", Value::Null, 400),
        ("GET", "/journal?since=-1", Value::Null, 400),
        ("GET", "/journal?format=xml", Value::Null, 400),
        ("POST", "/clock", Value::Null, 400),
        ("POST", "/clock", json!({ "advance": "1h", "set": "2026-01-01T00:00:00Z" }), 400),
        ("PUT", "/faults", json!("hold"), 400),
        ("PUT", "/principals", json!({ "arn": "bogus" }), 400),
        ("PUT", "/seed", json!([]), 400),
    ] {
        let (seen, answer) = try_control(&emulator, method, path, body).await;
        assert_eq!(seen, status, "{method} {path} {answer}");
        assert!(answer["error"].is_string(), "{method} {path} {answer}");
    }
}

#[tokio::test]
async fn the_journal_reads_as_text_for_those_who_want_it() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    let read = async |query: &str, accept: &str| {
        let request = Request::get(format!("/_emulator/journal{query}")).header("accept", accept);
        let response = send(&emulator, request.body(Full::new(Bytes::new())).unwrap()).await;
        String::from_utf8(response.body().to_vec()).unwrap()
    };
    for (query, accept) in [("?since=1", "text/plain"), ("?since=1&format=text", "*/*")] {
        let text = read(query, accept).await;
        let lines: Vec<_> = text.lines().collect();
        let [line] = lines[..] else { panic!("{text}") };
        assert!(line.starts_with("2 20"), "{line}");
        let who = "arn:aws:iam::123456789012:user/admin";
        assert!(line.contains(&format!(" codeartifact CreateRepository {who} domain=acme")), "{line}");
        assert!(line.contains(" repository=team ") && line.ends_with(" 200"), "{line}");
    }
    assert!(read("?format=json", "text/plain").await.starts_with("[{"));
}
