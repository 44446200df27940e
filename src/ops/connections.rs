//! Connections of the operator's own HTTP server, with bounds: any Pod of the cluster may reach its port.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What clients may use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Connections at a time. One more ends the oldest, so that probes and scrapes always get in.
    pub(super) connections: usize,
    /// How long a connection lives at most, from its accept to the last byte of its one answer.
    pub(super) lifetime: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { connections: 128, lifetime: Duration::from_secs(30) }
    }
}

/// How long answers may take that are under way when the server ends.
const LAST: Duration = Duration::from_secs(2);
/// How long the server rests when the system has no connection to give, as when files run out.
const REST: Duration = Duration::from_millis(100);

/// Answers requests until `stop` is cancelled. Each connection carries one request.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    stop: CancellationToken,
) -> io::Result<()> {
    let mut open = VecDeque::<JoinHandle<()>>::new();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(REST).await;
            continue;
        };
        open.retain(|connection| !connection.is_finished());
        if open.len() >= bounds.connections {
            open.pop_front().inspect(JoinHandle::abort);
        }
        open.push_back(tokio::spawn(answer(stream, router.clone(), bounds.lifetime)));
    }
    drop(listener);
    let ended = tokio::time::timeout(LAST, futures::future::join_all(&mut open)).await;
    if ended.is_err() {
        open.iter().for_each(JoinHandle::abort);
    }
    Ok(())
}

/// Answers one request. What the client does wrong ends the connection and nothing else.
async fn answer(stream: TcpStream, router: Router, lifetime: Duration) {
    let connection = http1::Builder::new()
        .keep_alive(false)
        .timer(TokioTimer::new())
        .header_read_timeout(lifetime)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    drop(tokio::time::timeout(lifetime, connection).await);
}

#[cfg(test)]
mod tests {
    use axum::routing;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// A server with these bounds, and its address.
    async fn served(bounds: Bounds) -> (std::net::SocketAddr, CancellationToken, JoinHandle<io::Result<()>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let router = Router::new().route("/", routing::get(|| async { "hello" }));
        (address, stop.clone(), tokio::spawn(serve(listener, router, bounds, stop)))
    }

    async fn half_a_request(address: std::net::SocketAddr) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost:").await.unwrap();
        stream
    }

    async fn whole_answer(mut stream: TcpStream, rest: &[u8]) -> String {
        stream.write_all(rest).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn half_a_request_holds_a_connection_for_its_lifetime_and_no_longer() {
        let bounds = Bounds { lifetime: Duration::from_millis(50), ..Bounds::default() };
        let (address, ..) = served(bounds).await;
        let mut stream = half_a_request(address).await;
        // The read ends when the server closes the connection, and never before.
        let closed = tokio::time::timeout(Duration::from_mins(1), stream.read_to_end(&mut Vec::new())).await;
        assert!(closed.is_ok(), "the connection is still open");
    }

    #[tokio::test]
    async fn who_takes_every_connection_keeps_nobody_out() {
        let (address, ..) = served(Bounds { connections: 4, ..Bounds::default() }).await;
        let mut idle = Vec::new();
        for _ in 0..8 {
            idle.push(half_a_request(address).await);
        }
        let last = TcpStream::connect(address).await.unwrap();
        let answer = whole_answer(last, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer}");
        drop(idle.swap_remove(0).read_to_end(&mut Vec::new()).await);
        // The youngest of the others are still served.
        let answer = whole_answer(idle.pop().unwrap(), b" x\r\n\r\n").await;
        assert!(answer.ends_with("hello"), "{answer}");
    }

    #[tokio::test]
    async fn an_answer_under_way_ends_before_the_server_does() {
        let (address, stop, serving) = served(Bounds::default()).await;
        let stream = half_a_request(address).await;
        // Connections are accepted in order: an answer to the second one means that the server has accepted the first one.
        whole_answer(TcpStream::connect(address).await.unwrap(), b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        stop.cancel();
        let answer = whole_answer(stream, b" x\r\n\r\n").await;
        assert!(answer.ends_with("hello"), "{answer}");
        serving.await.unwrap().unwrap();
    }
}
