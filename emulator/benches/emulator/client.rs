//! Signed requests, and a connection that asks them.

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::SystemTime;

/// A request that the administrator has signed, as bytes. It is good for five minutes.
pub(crate) fn signed(method: &str, target: &str, body: &[u8]) -> Vec<u8> {
    let identity = Credentials::new("test", "test", None, None, "bench").into();
    #[expect(clippy::disallowed_methods, reason = "the program runs by the machine's time")]
    let now = SystemTime::now();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("codeartifact")
        .time(now)
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let url = format!("http://bench{target}");
    let signable = SignableRequest::new(method, &url, std::iter::empty(), SignableBody::Bytes(body)).unwrap();
    let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
    let hash = hex::encode(Sha256::digest(body));
    let mut head = format!("{method} {target} HTTP/1.1\r\nhost: bench\r\nx-amz-content-sha256: {hash}\r\n");
    for (name, value) in instructions.headers() {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    write!(head, "content-length: {}\r\n\r\n", body.len()).unwrap();
    [head.as_bytes(), body].concat()
}

pub(crate) struct Client {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, received: vec![0; 64 * 1024] }
    }

    /// Send, and read the whole answer, which must be a success.
    pub(crate) fn succeed(&mut self, request: &[u8]) {
        self.stream.write_all(request).unwrap();
        let mut length = 0;
        loop {
            let count = self.stream.read(&mut self.received[length..]).unwrap();
            assert!(count > 0, "the connection was closed");
            length += count;
            let mut headers = [httparse::EMPTY_HEADER; 32];
            let mut head = httparse::Response::new(&mut headers);
            let httparse::Status::Complete(start) = head.parse(&self.received[..length]).unwrap() else {
                continue;
            };
            let body = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
            let body: usize = std::str::from_utf8(body.unwrap().value).unwrap().parse().unwrap();
            if length >= start + body {
                let answer = String::from_utf8_lossy(&self.received[..length]);
                assert_eq!(head.code, Some(200), "{answer}");
                return;
            }
        }
    }
}
