//! Answers, and what must be true of each.

use crate::request::{Kind, Request};
use serde_json::Value;

/// The head and the body of an answer; none when the connection was closed without one.
pub(crate) struct Answer(Option<Read>);

struct Read {
    status: u16,
    kind: String,
    location: String,
    body: Vec<u8>,
    closes: bool,
}

impl Answer {
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// The answer, once all of it is there.
    pub(crate) fn read(received: &[u8], request: &Request) -> Option<Self> {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut head = httparse::Response::new(&mut headers);
        let parsed = head.parse(received).unwrap_or_else(|error| panic!("{error}\n{}", request.shown()));
        let httparse::Status::Complete(start) = parsed else { return None };
        let header = |name: &str| {
            let found = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
            found.map(|header| std::str::from_utf8(header.value).unwrap().to_owned())
        };
        let status = head.code.unwrap();
        assert!(header("transfer-encoding").is_none(), "answers have a length\n{}", request.shown());
        let bodiless = request.is_head || matches!(status, 204 | 304);
        let length = header("content-length").map(|length| length.parse::<usize>().unwrap());
        let length = if bodiless { 0 } else { length.unwrap_or_default() };
        let body = received.get(start..start + length)?.to_vec();
        let closes = header("connection").is_some_and(|value| value == "close");
        let (kind, location) =
            (header("content-type").unwrap_or_default(), header("location").unwrap_or_default());
        Some(Self(Some(Read { status, kind, location, body, closes })))
    }

    /// The answer, when nothing more can come.
    pub(crate) fn at_end(received: &[u8], request: &Request) -> Self {
        if received.is_empty() {
            return Self::none();
        }
        let Self(read) = Self::read(received, request)
            .unwrap_or_else(|| panic!("half an answer: {}\n{}", received.escape_ascii(), request.shown()));
        Self(read.map(|read| Read { closes: true, ..read }))
    }

    pub(crate) fn status(&self) -> u16 {
        self.0.as_ref().map_or(0, |read| read.status)
    }

    pub(crate) fn body(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |read| read.body.as_slice())
    }

    /// Where it sends the client.
    pub(crate) fn location(&self) -> &str {
        self.0.as_ref().map_or("", |read| read.location.as_str())
    }

    pub(crate) fn closes(&self) -> bool {
        self.0.as_ref().is_none_or(|read| read.closes)
    }

    /// A whole answer, no failure of the server, and every refusal says why.
    pub(crate) fn check(&self, request: &Request, panics: u64) {
        let Some(Read { status, kind, body, .. }) = &self.0 else {
            assert_eq!(request.kind, Kind::Mangled, "closed without an answer\n{}", request.shown());
            return;
        };
        let told = String::from_utf8_lossy(body);
        assert!(*status < 500 && panics == 0, "{status} {told}\n{}", request.shown());
        if *status < 400 || request.is_head || request.kind == Kind::Mangled {
            return;
        }
        let says_why = match kind.as_str() {
            "application/json" => {
                let body: Value = serde_json::from_slice(body).unwrap_or_default();
                ["message", "error", "errors"].iter().any(|name| !body[name].is_null())
            }
            "text/xml" => told.starts_with("<ErrorResponse") && told.ends_with("</ErrorResponse>"),
            "application/xml" => told.contains("<Error><Code>") && told.ends_with("</Error>"),
            other => other.starts_with("text/plain") && !told.is_empty(),
        };
        assert!(says_why, "{status} {kind} {told}\n{}", request.shown());
    }
}
