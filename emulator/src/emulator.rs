//! The running emulator: its thread, its address, and what tests may ask it directly.

use crate::addresses::{Addresses, listener};
use crate::app::App;
use crate::assets::Bucket;
use crate::certificates::Certificates;
use crate::clock::{Clock, Move};
use crate::connections::{Listeners, Stop, serve};
use crate::journal::Entry;
use crate::options::{Assets, Options};
use crate::origin::Origin;
use crate::state::ledger::LedgerError;
use crate::state::{Settings, Store};
use jiff::{SignedDuration, Timestamp};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::mpsc;

/// A running emulator. It serves from a thread of its own, and stops when dropped.
pub struct Emulator {
    address: SocketAddr,
    url: String,
    certificates: Option<Arc<Certificates>>,
    app: Arc<App>,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

/// Why an emulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or not ours.
    #[error("cannot listen on {0}: {1}; --listen names another address, and port 0 picks a free one")]
    Listen(SocketAddr, std::io::Error),
    /// The state file cannot be used.
    #[error(transparent)]
    State(#[from] LedgerError),
    /// No certificate could be made.
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The machine refused a thread or an event loop.
    #[error("cannot start the server thread: {0}")]
    Thread(#[from] std::io::Error),
}

impl Emulator {
    /// Bind and serve. Returns once connections are accepted.
    #[expect(clippy::unused_async, reason = "callers should not depend on how starting works")]
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let (main, address) = listen(options.listen)?;
        let served = Origin::listening(options.tls, reachable(address));
        let url = served.to_string();
        let assets = elsewhere(&options)?;
        let certificates = options.tls.then(|| Certificates::new(&options)).transpose()?.map(Arc::new);
        let settings = Settings::new(options.clone(), served);
        let (store, clock) = Store::open(settings, options.state.as_deref())?;
        let (new_listener, listeners) = mpsc::unbounded_channel();
        // The other end is right here.
        drop(new_listener.send(main));
        let addresses = options.address_per_domain.then(|| Addresses::new(address.port(), new_listener));
        if let Some(addresses) = &addresses {
            addresses.follow(store.current().domain_numbers());
        }
        let clock = Clock::new(clock, options.signature_clock);
        let bucket = assets.as_ref().map(|(_, bucket)| bucket.clone());
        let app = Arc::new(App::new(&options, store, clock, addresses).with_bucket(bucket));
        let stop = Stop::default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listeners = Listeners { main: listeners, assets };
        let serving = serve(listeners, app.clone(), certificates.clone(), stop.clone());
        let thread = std::thread::Builder::new()
            .name("codeartifact-emulator".into())
            .spawn(move || runtime.block_on(serving))?;
        Ok(Self { address, url, app, certificates, stop, thread: Some(thread) })
    }

    /// `http://127.0.0.1:PORT`, the endpoint for CodeArtifact and STS clients; with TLS it begins `https`.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Where files of packages are, when package managers are sent elsewhere for them.
    pub fn assets_url(&self) -> Option<String> {
        self.app.bucket.as_ref().map(|bucket| bucket.served().to_string())
    }

    /// The certificate that clients have to trust, as PEM, when TLS is served.
    pub fn authority(&self) -> Option<String> {
        self.certificates.as_ref().map(|certificates| certificates.authority())
    }

    /// The address that was bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port that was bound.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Every authorization token ever minted, expired and reset ones too, if [`Options::token_texts`] are kept.
    /// Never served over HTTP.
    pub fn tokens_minted(&self) -> Vec<String> {
        self.app.store().current().tokens.minted()
    }

    /// The journal's entries after `since`.
    pub fn journal(&self, since: u64) -> Vec<Entry> {
        self.app.journal().since(since)
    }

    /// The time on the emulator's clock.
    pub fn now(&self) -> Timestamp {
        self.app.clock.now()
    }

    /// How many requests are not answered yet.
    pub fn under_way(&self) -> usize {
        self.app.under_way()
    }

    /// How many requests made a handler panic. Each is a defect of the emulator.
    pub fn panics(&self) -> u64 {
        self.app.panics()
    }

    /// Take nothing new, answer what is under way, and end. What takes longer than that is cut off.
    pub async fn finish(mut self, within: Duration) {
        self.stop.soon.cancel();
        let ended = self.thread.take().map(|thread| tokio::task::spawn_blocking(move || thread.join()));
        let Some(mut ended) = ended else { return };
        let in_time = tokio::time::timeout(within, &mut ended).await;
        let joined = if let Ok(joined) = in_time {
            joined
        } else {
            tracing::warn!("requests that took too long were cut off");
            self.stop.now.cancel();
            ended.await
        };
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!("the emulator's thread panicked");
        }
    }

    /// Move the emulator's clock forward.
    pub fn advance(&self, by: SignedDuration) {
        if let Err(error) = self.app.move_clock(Move::Advance(by)) {
            tracing::error!(%error, "the clock stays where it is");
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.stop.now.cancel();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the emulator's thread panicked");
        }
    }
}

fn listen(wanted: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let listener = listener(wanted).and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (address, listener) = listener.map_err(|error| StartError::Listen(wanted, error))?;
    Ok((listener, address))
}

/// Where files of packages are, when they are not where repositories are.
fn elsewhere(options: &Options) -> Result<Option<(TcpListener, Arc<Bucket>)>, StartError> {
    if options.assets == Assets::Direct {
        return Ok(None);
    }
    let (listener, address) = listen(SocketAddr::new(options.listen.ip(), options.assets_port))?;
    let served = Origin::listening(options.tls, reachable(address));
    Ok(Some((listener, Arc::new(Bucket::new(served, options)))))
}

/// The address that callers on this machine use, also when every address is listened on.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    address
}
