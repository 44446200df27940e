//! A kept-alive connection that writes any bytes and reads what comes back.

use crate::answer::Answer;
use crate::request::{Kind, Request};
use codeartifact_emulator::Emulator;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// An answer that takes longer counts as a hang.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Connection {
    address: SocketAddr,
    stream: TcpStream,
}

impl Connection {
    pub(crate) fn open(emulator: &Emulator) -> Self {
        Self::to(emulator.address())
    }

    /// A request to the port of assets.
    pub(crate) fn to_assets(emulator: &Emulator) -> Self {
        let url = emulator.assets_url().unwrap();
        Self::to(url.strip_prefix("http://").unwrap().parse().unwrap())
    }

    fn to(address: SocketAddr) -> Self {
        Self { address, stream: connect(address) }
    }

    /// Send, and read the answer. A connection that the other side has closed is opened anew.
    pub(crate) fn exchange(&mut self, request: &Request) -> Answer {
        let written = self.stream.write_all(&request.bytes);
        if request.kind == Kind::Mangled {
            // Whatever the other side waits for, nothing comes any more.
            drop(self.stream.shutdown(Shutdown::Write));
        }
        let answer = match written {
            Ok(()) => self.read(request),
            Err(_) => Answer::none(),
        };
        if request.kind == Kind::Mangled || answer.closes() {
            self.stream = connect(self.address);
        }
        answer
    }

    fn read(&mut self, request: &Request) -> Answer {
        let mut received = Vec::new();
        let mut chunk = [0; 16 * 1024];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => return Answer::at_end(&received, request),
                Ok(count) => received.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                    return Answer::at_end(&received, request);
                }
                Err(error) => panic!("no answer: {error}\n{}", request.shown()),
            }
            // Of mangled requests all is read: one may be several.
            if request.kind == Kind::Http
                && let Some(answer) = Answer::read(&received, request)
            {
                return answer;
            }
        }
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}
