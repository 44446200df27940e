//! The control routes: what they do not take is told as JSON, and the journal reads as text.

use crate::support::{create, send, start, try_control, with_domain};
use http::Request;
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::{Value, json};

#[tokio::test]
async fn what_a_control_route_does_not_take_is_told_as_json() {
    let emulator = start().await;
    for (method, path, body, status, told) in [
        ("GET", "/nothing?x", Value::Null, 404, "there is no control route /_emulator/nothing"),
        ("GET", "/", Value::Null, 404, "there is no control route /_emulator/"),
        ("DELETE", "/clock", Value::Null, 405, "the control route /_emulator/clock does not take DELETE"),
        ("PATCH", "/journal", Value::Null, 405, "/_emulator/journal does not take PATCH"),
        ("GET", "/clock?after=soon", Value::Null, 400, "after: \"soon\" is not a whole number"),
        ("GET", "/journal?since=-1", Value::Null, 400, "since: \"-1\" is not a whole number"),
        ("GET", "/journal?format=xml", Value::Null, 400, "format: unknown variant `xml`"),
        ("GET", "/journal?sicne=3", Value::Null, 400, "takes since and format, not \"sicne\""),
        ("GET", "/clock?x=1", Value::Null, 400, "takes after, not \"x\""),
        ("GET", "/faults?x=1", Value::Null, 400, "GET /_emulator/faults takes no query, not \"x\""),
        ("DELETE", "/journal?since=3", Value::Null, 400, "takes no query, not \"since\""),
        ("POST", "/reset?x", Value::Null, 400, "takes no query, not \"x\""),
        ("POST", "/clock", Value::Null, 400, "a body of JSON is needed"),
        ("POST", "/clock", json!({}), 400, "the clock needs advance or set"),
        (
            "POST",
            "/clock",
            json!({ "advance": "1h", "set": "2026-01-01T00:00:00Z" }),
            400,
            "one of advance, set",
        ),
        (
            "POST",
            "/clock",
            json!({ "advance": "9999999999h" }),
            400,
            "from 2000-01-01T00:00:00Z to 9999-01-01",
        ),
        ("POST", "/clock", json!({ "set": "1999-01-01T00:00:00Z" }), 400, "from 2000-01-01T00:00:00Z to"),
        ("PUT", "/faults", json!("hold"), 400, "faults are a list, or {\"seed\": 7, \"faults\": […]}"),
        ("PUT", "/faults", json!([{ "fault": { "hold": true } }, {}]), 400, "fault 2: missing field `fault`"),
        (
            "PUT",
            "/faults",
            json!([[{}, { "hold": true }, 1, 1]]),
            400,
            "fault 1: [{},{\"hold\":true},1,1] is no object",
        ),
        ("PUT", "/faults", json!([{ "match": ["*"], "fault": {} }]), 400, "fault 1: [\"*\"] is no object"),
        ("POST", "/clock", json!(["1h", null]), 400, "must be an object"),
        ("PUT", "/principals", json!({ "arn": "bogus" }), 400, ""),
        ("PUT", "/seed", json!([]), 400, ""),
    ] {
        let (seen, answer) = try_control(&emulator, method, path, body).await;
        assert_eq!(seen, status, "{method} {path} {answer}");
        let error = answer["error"].as_str().unwrap_or_else(|| panic!("{method} {path} {answer}"));
        assert!(error.contains(told) && !error.contains(" at line "), "{method} {path} {answer}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_which_are_right() {
    let emulator = start().await;
    let request = Request::builder().method("PATCH").uri("/_emulator/journal");
    let answer = send(&emulator, request.body(Full::new(Bytes::new())).unwrap()).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["allow"]),
        (405, &"GET,HEAD,DELETE".parse().unwrap())
    );
}

#[tokio::test]
async fn a_journal_is_only_emptied_as_a_whole() {
    let emulator = start().await;
    with_domain(&emulator).await;
    try_control(&emulator, "DELETE", "/journal?since=3", Value::Null).await;
    assert_eq!(emulator.journal(0).len(), 1);
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
