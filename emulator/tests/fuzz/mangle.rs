//! Sound requests made unsound: bytes changed anywhere, bodies of another length than said, no HTTP.

use crate::request::{Kind, Request, mutate, odd, pick};

const LENGTHS: &[&str] = &[
    "content-length: 0",
    "content-length: 5",
    "content-length: 99999",
    "content-length: -1",
    "content-length: x",
    "content-length: 18446744073709551616",
    "content-length: 999999999999",
    "content-length: 1\r\ncontent-length: 2",
    "transfer-encoding: chunked",
    "transfer-encoding: gzip, chunked",
    "transfer-encoding: chunked\r\ncontent-length: 3",
    "expect: 100-continue\r\ncontent-length: 3",
    "x: y",
    "content-encoding: gzip\r\ncontent-length: 3",
    "host: other\r\ncontent-length: 0",
    "connection: upgrade\r\nupgrade: websocket\r\ncontent-length: 0",
];

pub(crate) fn request(sound: Request, chance: &mut fastrand::Rng) -> Request {
    let mut bytes = sound.bytes;
    match chance.u8(0..6) {
        0 => bytes = odd(chance).into_bytes(),
        1 => bytes.truncate(chance.usize(..=bytes.len())),
        2 => {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let length =
                text.lines().find(|line| line.starts_with("content-length")).unwrap_or("\r\n").to_owned();
            bytes = text.replacen(&length, pick(chance, LENGTHS), 1).into_bytes();
        }
        3 => {
            let head = format!(
                "GET {} HTTP/1.1\r\n",
                pick(chance, &["*", "http://fuzz/v1/domain", "fuzz:80", "//", "/%", "/?%"])
            );
            let end = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            bytes.splice(..end, head.into_bytes());
        }
        _ => mutate(&mut bytes, chance),
    }
    Request { kind: Kind::Mangled, bytes, ..sound }
}
