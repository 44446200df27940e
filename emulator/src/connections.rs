//! Connections: accepted, served, and ended when it is time.

use crate::app::{App, UnderWay};
use crate::assets::Bucket;
use crate::call::{Disconnect, Peer};
use crate::certificates::Certificates;
use crate::error::Error;
use crate::reached::Reached;
use crate::server::Routes;
use crate::wire::{REQUEST_ID, header_value, request_id};
use axum::response::Response;
use futures::FutureExt;
use http::{Request, header};
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::net::TcpListener;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long nothing is accepted after that failed.
const PAUSE: Duration = Duration::from_millis(20);

/// How many headers a request may have. AWS bounds their size, not their number; hyper bounds that, too.
const HEADERS: usize = 1_000;

/// How long a client may take to agree on TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// The two ways to stop.
#[derive(Clone, Default)]
pub(crate) struct Stop {
    /// Nothing new is taken; what is under way is answered.
    pub(crate) soon: CancellationToken,
    /// Whatever is under way ends unanswered.
    pub(crate) now: CancellationToken,
}

/// Where connections come in.
pub(crate) struct Listeners {
    /// Listeners for everything but the port of assets. A new listener may come at any time.
    pub(crate) main: UnboundedReceiver<TcpListener>,
    /// The listener for the port of assets, when there is one.
    pub(crate) assets: Option<(TcpListener, Arc<Bucket>)>,
}

/// Serve what connects to these listeners until told to stop.
pub(crate) async fn serve(
    mut listeners: Listeners,
    app: Arc<App>,
    certificates: Option<Arc<Certificates>>,
    stop: Stop,
) {
    let connections = TaskTracker::new();
    let door = Door { routes: Routes::new(&app), app, certificates, stop, connections };
    let soon = door.stop.soon.clone();
    let serving = async {
        if let Some((listener, bucket)) = listeners.assets {
            let routes = Routes::of_assets(door.app.clone(), bucket);
            door.connections.spawn(Door { routes, ..door.clone() }.accept(listener));
        }
        while let Some(Some(listener)) = soon.run_until_cancelled(listeners.main.recv()).await {
            door.connections.spawn(door.clone().accept(listener));
        }
        soon.cancelled().await;
        door.connections.close();
        door.connections.wait().await;
    };
    // Dropping what is served, with the runtime, ends it.
    door.stop.now.run_until_cancelled(serving).await;
}

/// What every connection needs.
#[derive(Clone)]
struct Door {
    routes: Routes,
    app: Arc<App>,
    certificates: Option<Arc<Certificates>>,
    stop: Stop,
    connections: TaskTracker,
}

impl Door {
    async fn accept(self, listener: TcpListener) {
        let (listener, tls) = match self.prepared(listener) {
            Ok(prepared) => prepared,
            Err(error) => return tracing::error!(%error, "a listener does not work"),
        };
        while let Some(accepted) = self.stop.soon.run_until_cancelled(listener.accept()).await {
            match accepted.and_then(|(stream, from)| stream.set_nodelay(true).map(|()| (stream, from))) {
                Ok((stream, from)) => {
                    let connection =
                        self.clone().connection(stream, Peer(from.ip().to_canonical()), tls.clone());
                    self.connections.spawn(connection);
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    // The machine may be short of something, such as file descriptors.
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn prepared(
        &self,
        listener: TcpListener,
    ) -> Result<(tokio::net::TcpListener, Option<TlsAcceptor>), std::io::Error> {
        let address = listener.local_addr()?.ip();
        let acceptor = self.certificates.as_ref().map(|certificates| certificates.acceptor(address));
        let acceptor = acceptor.transpose().map_err(std::io::Error::other)?;
        Ok((tokio::net::TcpListener::from_std(listener)?, acceptor))
    }

    async fn connection(self, stream: TcpStream, peer: Peer, tls: Option<TlsAcceptor>) {
        let Some(tls) = tls else { return self.serve(stream, peer).await };
        match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.serve(stream, peer).await,
            Ok(Err(error)) => tracing::debug!(%error, "a handshake failed"),
            Err(_) => tracing::debug!("a handshake took too long"),
        }
    }

    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin, peer: Peer) {
        let (routes, app) = (self.routes, self.app);
        let service = service_fn(move |mut request: Request<Incoming>| {
            let reached = Reached::of(&request, &app.settings.links);
            let inner = TowerToHyperService::new(routes.at(&reached.host).clone());
            request.extensions_mut().insert(peer);
            request.extensions_mut().insert(reached);
            let answer = AssertUnwindSafe(inner.call(request)).catch_unwind();
            let app = app.clone();
            let under_way = UnderWay::of(&app);
            async move {
                let _under_way = under_way;
                // The call's copy of the state went with the panic: nothing is half changed.
                let response = answer.await.unwrap_or_else(|_| Ok(panicked(&app)));
                let Ok(response) = response;
                finish(response, &app)
            }
        });
        let mut served = pin!(
            hyper::server::conn::http1::Builder::new()
                .max_headers(HEADERS)
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service)
        );
        let ended = tokio::select! {
            ended = served.as_mut() => ended,
            () = self.stop.soon.cancelled() => {
                served.as_mut().graceful_shutdown();
                served.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

fn panicked(app: &App) -> Response {
    app.count_panic();
    tracing::error!("a request made the emulator panic: this is a defect");
    Error::new("InternalFailure", "The request failed because of a defect of the emulator").to_json_response()
}

/// The headers that every answer has. An error here makes hyper cut the connection.
fn finish(mut response: Response, app: &App) -> Result<Response, Cut> {
    if response.extensions().get::<Disconnect>().is_some() {
        return Err(Cut);
    }
    let date = app.clock.signing_time().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let headers = response.headers_mut();
    headers.insert(header::DATE, header_value(&date));
    headers.entry(REQUEST_ID).or_insert_with(|| header_value(&request_id()));
    Ok(response)
}

/// A fault asked for this.
#[derive(Debug, thiserror::Error)]
#[error("the connection was cut by a fault")]
struct Cut;
