//! A proxy that leads connections to the service's own names to the emulator, and no other connection anywhere.

use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// No client sends a longer request.
const LONGEST: usize = 64;

/// Serves for as long as the test lasts.
pub(crate) async fn start(emulator: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            // A client may hang up at any time.
            tokio::spawn(async move { drop(connect(client, emulator).await) });
        }
    });
    address
}

/// The answer to `CONNECT`, and what comes after it.
async fn connect(client: TcpStream, emulator: SocketAddr) -> std::io::Result<()> {
    let mut client = BufReader::new(client);
    let mut lines = Vec::new();
    while lines.len() < LONGEST && lines.last().is_none_or(|line: &String| !line.trim().is_empty()) {
        let mut line = String::new();
        if client.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        lines.push(line);
    }
    let target = lines[0].strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next());
    if target.is_none_or(|target| !target.ends_with(".amazonaws.com:443")) {
        return client.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await;
    }
    let mut server = TcpStream::connect(emulator).await?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}
