//! Follows the clock of the emulator, for tests: its jumps become ours.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use http::Uri;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

/// The other side answers a long poll after 30 s at the latest.
const POLL_TIMEOUT: Duration = Duration::from_secs(40);
/// Between attempts when there was no answer.
const BACKOFF: Duration = Duration::from_millis(200);
/// How long the first answer may take to come.
const FIRST_ANSWER: Duration = Duration::from_secs(10);
/// An answer is two short members.
const LARGEST_ANSWER: usize = 4096;

/// Why a clock cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// Not an address that only tests have.
    #[error(
        "--clock {0} must be an http URL with a loopback address such as 127.0.0.1, or one of 198.18.0.0/15: the clock is only for tests"
    )]
    NotForTests(String),
    /// Nobody answered in time.
    #[error("--clock {0} does not answer: {1}")]
    Silent(String, String),
}

/// Sets the clock from `url`, and keeps following until `stop` is cancelled. Returns after the first answer.
pub async fn follow(url: &str, clock: Clock, stop: CancellationToken) -> Result<(), FollowError> {
    let follower = Follower::new(url)?;
    let deadline = tokio::time::Instant::now() + FIRST_ANSWER;
    let seq = loop {
        match follower.ask(None).await {
            Ok(answer) => {
                clock.set(answer.now);
                break answer.seq;
            }
            Err(error) if tokio::time::Instant::now() > deadline || stop.is_cancelled() => {
                return Err(FollowError::Silent(url.to_owned(), error));
            }
            Err(_) => tokio::time::sleep(BACKOFF).await,
        }
    };
    tokio::spawn(async move { stop.run_until_cancelled(follower.follow_on(clock, seq)).await });
    Ok(())
}

#[derive(Deserialize)]
struct Answer {
    now: Timestamp,
    seq: u64,
}

struct Follower {
    client: Client<HttpConnector, Empty<&'static [u8]>>,
    url: Uri,
}

/// Whether nobody has the address but a machine under test: loopback, and 198.18.0.0/15, which is set aside for tests of networks
/// (RFC 2544), so that a clock is reached from a Pod of a test.
fn is_for_tests(address: IpAddr) -> bool {
    let benchmark = |address: Ipv4Addr| matches!(address.octets(), [198, 18 | 19, ..]);
    address.is_loopback() || matches!(address, IpAddr::V4(address) if benchmark(address))
}

impl Follower {
    fn new(url: &str) -> Result<Self, FollowError> {
        let refuse = || FollowError::NotForTests(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| refuse())?;
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        if !host.parse().is_ok_and(is_for_tests) || uri.scheme_str() != Some("http") {
            return Err(refuse());
        }
        Ok(Self { client: Client::builder(TokioExecutor::new()).build_http(), url: uri })
    }

    /// After a lost connection the state is asked for afresh, since a restarted clock counts anew.
    async fn follow_on(self, clock: Clock, seq: u64) {
        let mut known = Some(seq);
        loop {
            match self.ask(known).await {
                Ok(answer) if known == Some(answer.seq) => {}
                Ok(answer) => {
                    clock.set(answer.now);
                    known = Some(answer.seq);
                }
                Err(error) => {
                    tracing::warn!(error, "the followed clock does not answer");
                    known = None;
                    tokio::time::sleep(BACKOFF).await;
                }
            }
        }
    }

    async fn ask(&self, after: Option<u64>) -> Result<Answer, String> {
        let asked = tokio::time::timeout(POLL_TIMEOUT, async {
            let url = match after {
                Some(seq) => format!("{}?after={seq}", self.url).parse().map_err(|_| "bad URL".to_owned())?,
                None => self.url.clone(),
            };
            let answer = self.client.get(url).await.map_err(|error| error.to_string())?;
            if !answer.status().is_success() {
                return Err(format!("HTTP {}", answer.status()));
            }
            let body = Limited::new(answer.into_body(), LARGEST_ANSWER).collect().await;
            let body = body.map_err(|error| error.to_string())?.to_bytes();
            serde_json::from_slice(&body).map_err(|error| error.to_string())
        });
        asked.await.unwrap_or_else(|_| Err("timeout".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::extract::{RawQuery, State};
    use axum::{Router, routing};
    use jiff::SignedDuration;
    use tokio::sync::watch;

    type Shown = (Timestamp, u64);

    async fn answer(State(shown): State<watch::Sender<Shown>>, RawQuery(query): RawQuery) -> String {
        let mut shown = shown.subscribe();
        let after: Option<u64> = query.map(|query| query.strip_prefix("after=").unwrap().parse().unwrap());
        let (now, seq) = *shown.wait_for(|(_, seq)| after.is_none_or(|after| *seq > after)).await.unwrap();
        serde_json::json!({"now": now, "seq": seq}).to_string()
    }

    #[tokio::test]
    async fn jumps_of_the_followed_clock_become_ours() {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let shown = watch::Sender::new((start, 0));
        let router = Router::new().route("/clock", routing::get(answer)).with_state(shown.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/clock", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, router).into_future());

        let (clock, stop) = (Clock::default(), CancellationToken::new());
        follow(&url, clock.clone(), stop.clone()).await.unwrap();
        assert!(clock.now().duration_since(start) < SignedDuration::from_mins(1));

        let later = start + SignedDuration::from_hours(4);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(later).await }
        });
        shown.send_replace((later, 1));
        tokio::time::timeout(Duration::from_secs(10), sleeper).await.unwrap().unwrap();
        assert!(clock.now() >= later);
        stop.cancel();
    }

    #[tokio::test]
    async fn only_addresses_of_tests_are_followed() {
        for address in [[127, 0, 0, 1], [127, 9, 9, 9], [198, 18, 0, 1], [198, 19, 255, 254]] {
            assert!(is_for_tests(IpAddr::from(address)), "{address:?}");
        }
        for url in [
            "http://10.0.0.1/",
            "http://198.17.0.1/",
            "http://198.20.0.1/",
            "http://localhost/",
            "https://127.0.0.1/",
            "nonsense",
            "http://127.0.0.1.example.com/",
        ] {
            let refused = follow(url, Clock::default(), CancellationToken::new()).await.unwrap_err();
            assert!(matches!(refused, FollowError::NotForTests(_)), "{url}: {refused}");
        }
    }
}
