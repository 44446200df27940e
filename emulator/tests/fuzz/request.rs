//! A request as bytes, with what the check of its answer must know.

use std::fmt::Write;

/// What was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// HTTP: it must be answered, with a body that says what is wrong.
    Http,
    /// Perhaps not HTTP: the answer may be bare, or none.
    Mangled,
}

#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) kind: Kind,
    pub(crate) is_head: bool,
    pub(crate) bytes: Vec<u8>,
}

impl Request {
    pub(crate) fn new(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let mut head = format!("{method} {target} HTTP/1.1\r\n");
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        write!(head, "content-length: {}\r\n\r\n", body.len()).unwrap();
        let bytes = [head.as_bytes(), body].concat();
        Self { kind: Kind::Http, is_head: method == "HEAD", bytes }
    }

    /// For people who look for the defect.
    pub(crate) fn shown(&self) -> String {
        let end = self.bytes.len().min(4_000);
        self.bytes[..end].escape_ascii().to_string().replace("\\r\\n", "\n")
    }
}

/// One of them.
pub(crate) fn pick<'a, T: ?Sized>(chance: &mut fastrand::Rng, from: &[&'a T]) -> &'a T {
    from[chance.usize(..from.len())]
}

/// Text that nobody expects.
pub(crate) fn odd(chance: &mut fastrand::Rng) -> String {
    const TEXTS: &[&str] = &[
        "",
        " ",
        "\0",
        "\u{7f}",
        "é",
        "\u{202e}",
        "💥",
        "..",
        "../../etc/passwd",
        "%",
        "%zz",
        "%2f",
        "/",
        "//",
        "\"",
        "'",
        "<a>",
        "&",
        "{",
        "[]",
        "null",
        "-1",
        "0",
        "1e999",
        "NaN",
        "99999999999999999999999999",
        "true",
        "@",
        "@/",
        "@acme",
        "@acme/",
        "a b",
        "a\tb",
        "a\nb",
        "\r\n\r\n",
        "*",
        "~",
        "$",
        "arn:aws:",
        "::::::",
        "1.0.0",
        "1.0.0+x-y",
        "v1",
        "latest",
        "999999999999999999.0.0",
        "1!2.0",
        "2.0.post1.dev3+local",
    ];
    match chance.u8(0..10) {
        0 => "a".repeat(chance.usize(0..3_000)),
        1 => (0..chance.usize(0..12)).map(|_| chance.char(..)).collect(),
        2 => chance.i64(..).to_string(),
        _ => pick(chance, TEXTS).to_owned(),
    }
}

/// Mostly one of them, sometimes odd.
pub(crate) fn plausible(chance: &mut fastrand::Rng, from: &[&str]) -> String {
    if chance.u8(0..40) == 0 { odd(chance) } else { pick(chance, from).to_owned() }
}

/// Some bytes changed, put in, taken out or cut off.
pub(crate) fn mutate(bytes: &mut Vec<u8>, chance: &mut fastrand::Rng) {
    for _ in 0..chance.usize(1..4) {
        let at = chance.usize(..=bytes.len());
        match chance.u8(0..6) {
            0 => bytes.insert(at, chance.u8(..)),
            1 => bytes.truncate(at),
            2 => bytes.splice(at..at, odd(chance).into_bytes()).for_each(drop),
            3 if at < bytes.len() => drop(bytes.remove(at)),
            _ if at < bytes.len() => bytes[at] = chance.u8(..),
            _ => {}
        }
    }
}
