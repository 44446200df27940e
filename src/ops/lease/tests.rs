//! Two contenders and an API server that knows resource versions. Time is paused: it jumps when all wait.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{StatusCode, header};
use k8s_openapi::api::coordination::v1::Lease;
use tokio::time::Instant;

use super::record::holder;
use super::*;

/// The Lease as stored, and whether the server can be reached.
#[derive(Clone, Default)]
struct Server {
    lease: Arc<Mutex<Option<Lease>>>,
    down: Arc<AtomicBool>,
    /// Whether writes take effect and their answers are lost.
    mute: Arc<AtomicBool>,
}

fn work(installation: &str) -> Purpose {
    Purpose::Work { installation: installation.into(), cluster: "blue".into() }
}

impl Server {
    fn client(&self) -> KubeClient {
        const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/operator/leases";
        let router = Router::new()
            .route(LEASES, post(write))
            .route(&format!("{LEASES}/leader"), get(read).put(write))
            .with_state(self.clone());
        KubeClient(kube::Client::new(router, "default"))
    }

    fn options(&self, holder: &str) -> LeaseOptions {
        let (namespace, name) = ("operator".into(), "leader".into());
        LeaseOptions {
            client: self.client(),
            namespace,
            name,
            holder: Identity::new(holder),
            purpose: work("installation"),
            gate: None,
            fence: Fence::default(),
        }
    }

    fn release(&self, own: &str) -> LeaseOptions {
        LeaseOptions { purpose: Purpose::Release(own.into()), ..self.options("release") }
    }

    async fn lead(&self, holder: &str) -> Leadership {
        lead(self.options(holder), CancellationToken::new()).await.unwrap()
    }

    /// Of whose pod the holder is.
    fn holder(&self) -> String {
        let stored = self.stored();
        let name = holder(&stored).unwrap();
        name.split('_').next().unwrap_or_default().to_owned()
    }

    fn store(&self, mut lease: Lease) -> Response {
        let mut stored = self.lease.lock().unwrap();
        let version = stored.as_ref().and_then(|lease| lease.metadata.resource_version.clone());
        if lease.metadata.resource_version != version {
            let reason = if version.is_some() { "Conflict" } else { "AlreadyExists" };
            return refusal(StatusCode::CONFLICT, reason);
        }
        let next = version.map_or(1, |version| version.parse::<u64>().unwrap() + 1);
        lease.metadata.resource_version = Some(next.to_string());
        *stored = Some(lease.clone());
        json(StatusCode::OK, &lease)
    }

    fn stored(&self) -> Lease {
        self.lease.lock().unwrap().clone().unwrap()
    }

    /// Somebody edits the Lease.
    fn edit(&self, edit: impl FnOnce(&mut Lease)) {
        let mut stored = self.lease.lock().unwrap();
        let lease = stored.as_mut().unwrap();
        lease.metadata.resource_version = Some("77".into());
        edit(lease);
    }
}

fn json(status: StatusCode, body: &impl serde::Serialize) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], serde_json::to_string(body).unwrap())
        .into_response()
}

fn refusal(code: StatusCode, reason: &str) -> Response {
    let body = serde_json::json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code.as_u16()});
    json(code, &body)
}

async fn read(State(server): State<Server>) -> Response {
    if server.down.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
    match &*server.lease.lock().unwrap() {
        Some(lease) => json(StatusCode::OK, lease),
        None => refusal(StatusCode::NOT_FOUND, "NotFound"),
    }
}

async fn write(State(server): State<Server>, body: Bytes) -> Response {
    if server.down.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
    let answer = server.store(serde_json::from_slice(&body).unwrap());
    if server.mute.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
    answer
}

#[tokio::test(start_paused = true)]
async fn a_released_lease_goes_to_the_next_and_only_then() {
    let server = Server::default();
    let first = server.lead("one").await;
    let mut second = tokio::spawn({
        let server = server.clone();
        async move { server.lead("two").await }
    });
    tokio::time::timeout(Duration::from_mins(10), &mut second).await.expect_err("one goes on renewing");
    assert!(!first.lost.is_cancelled());

    first.release().await;
    let freed = Instant::now();
    let second = second.await.unwrap();
    assert!(freed.elapsed() <= LOOK, "a released lease is not waited for");
    assert_eq!(server.holder(), "two");
    let transitions = server.lease.lock().unwrap().clone().unwrap().spec.unwrap().lease_transitions;
    assert_eq!(transitions, Some(1));
    assert!(!second.lost.is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_dead_holders_lease_expires_and_not_before_its_duration() {
    let server = Server::default();
    let dead = server.lead("one").await;
    dead.renewals.abort();
    dead.lost.cancelled().await;
    let died = Instant::now();
    let _second = server.lead("two").await;
    assert!(died.elapsed() > DURATION, "{:?}", died.elapsed());
    assert!(died.elapsed() <= DURATION + 2 * LOOK, "{:?}", died.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_day_that_somebody_wrote_into_the_lease_by_hand_is_not_waited_for() {
    let server = Server::default();
    server.lead("one").await.renewals.abort();
    server.edit(|lease| {
        let spec = lease.spec.get_or_insert_default();
        (spec.holder_identity, spec.lease_duration_seconds) = (Some("me".into()), Some(86_400));
    });
    let began = Instant::now();
    let _second = server.lead("two").await;
    assert!(began.elapsed() > LONGEST && began.elapsed() <= LONGEST + 2 * LOOK, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_cannot_renew_stops_before_others_take_over() {
    let server = Server::default();
    let leads = server.lead("one").await;
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert!(!leads.lost.is_cancelled());
    server.down.store(true, Ordering::Relaxed);
    let cut = Instant::now();
    leads.lost.cancelled().await;
    assert!(cut.elapsed() <= RENEW_DEADLINE, "{:?}", cut.elapsed());
}

#[tokio::test(start_paused = true)]
async fn requests_are_let_through_while_the_lease_is_renewed_and_not_after() {
    let server = Server::default();
    let options = server.options("one");
    let fence = options.fence.clone();
    let leads = lead(options, CancellationToken::new()).await.unwrap();
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert!(fence.check().is_ok());
    server.down.store(true, Ordering::Relaxed);
    leads.lost.cancelled().await;
    assert!(fence.check().is_err());

    server.down.store(false, Ordering::Relaxed);
    let options = server.options("two");
    let fence = options.fence.clone();
    let leads = lead(options, CancellationToken::new()).await.unwrap();
    assert!(fence.check().is_ok());
    leads.release().await;
    assert!(fence.check().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_short_outage_costs_nothing() {
    let server = Server::default();
    let leads = server.lead("one").await;
    server.down.store(true, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(4)).await;
    server.down.store(false, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert!(!leads.lost.is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_somebody_took_is_lost_and_stays_theirs() {
    let server = Server::default();
    let leads = server.lead("one").await;
    server.edit(|lease| lease.spec.as_mut().unwrap().holder_identity = Some("two".into()));
    leads.lost.cancelled().await;
    leads.release().await;
    assert_eq!(server.holder(), "two");
}

#[tokio::test(start_paused = true)]
async fn an_edited_lease_is_renewed_all_the_same() {
    let server = Server::default();
    let leads = server.lead("one").await;
    server.edit(|_| ());
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert!(!leads.lost.is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn the_successor_in_the_same_pod_goes_on_at_once_when_the_holder_has_ended() {
    let server = Server::default();
    let before = server.lead("one").await;
    before.renewals.abort();
    // A name with this place and with random digits of no process, so that nobody answers under the name.
    let place = holder(&server.stored()).unwrap().rsplit('_').nth(1).unwrap().to_owned();
    server.edit(|lease| lease.spec.as_mut().unwrap().holder_identity = Some(format!("one_{place}_ended")));
    let began = Instant::now();
    let _again = server.lead("one").await;
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn two_processes_of_one_pod_do_not_lead_both() {
    let server = Server::default();
    let first = server.lead("one").await;
    let second = lead(server.options("one"), CancellationToken::new());
    tokio::time::timeout(Duration::from_mins(10), second).await.expect_err("the first one lives");
    assert!(!first.lost.is_cancelled());

    let release = LeaseOptions { holder: Identity::new("one"), ..server.release("") };
    let _release = lead(release, CancellationToken::new()).await.unwrap();
    tokio::time::timeout(RENEW_DEADLINE, first.lost.cancelled()).await.expect("the release has the lead");
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_when_the_process_stops() {
    let server = Server::default();
    let _urgent = server.lead("one").await;
    let stop = CancellationToken::new();
    let second = tokio::spawn(lead(server.options("two"), stop.clone()));
    tokio::time::sleep(Duration::from_secs(1)).await;
    stop.cancel();
    assert!(second.await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_standby_is_ready_while_another_leads_and_not_while_nobody_answers() {
    let server = Server::default();
    let first = server.lead("one").await;
    let readiness = crate::ops::Readiness::default();
    let options = LeaseOptions { gate: Some(readiness.gate("leader lease")), ..server.options("two") };
    let standby = tokio::spawn(lead(options, CancellationToken::new()));
    let waits = async || {
        tokio::time::sleep(CALL_TIMEOUT + 2 * LOOK).await;
        readiness.waiting_for().join("\n")
    };
    assert_eq!(waits().await, "", "it could take over at once");
    server.down.store(true, Ordering::Relaxed);
    let waiting = waits().await;
    assert!(waiting.starts_with("leader lease: the leader lease cannot be had now: "), "{waiting}");
    server.down.store(false, Ordering::Relaxed);
    assert_eq!(waits().await, "");
    first.release().await;
    assert!(
        tokio::time::timeout(2 * LOOK, standby).await.unwrap().unwrap().is_some(),
        "it does not take over"
    );
}

#[tokio::test(start_paused = true)]
async fn an_installation_that_was_released_rests_until_the_mark_is_removed() {
    let server = Server::default();
    let first = server.lead("one").await;
    let release = lead(server.release(""), CancellationToken::new()).await.unwrap();
    first.lost.cancelled().await;
    assert_eq!(server.holder(), "release");
    release.end(Ending::Released(Progress::Done)).await.unwrap();

    let gate = crate::ops::Readiness::default();
    let options = LeaseOptions { gate: Some(gate.gate("leader lease")), ..server.options("one") };
    let resting = tokio::spawn(lead(options, CancellationToken::new()));
    tokio::time::sleep(DURATION * 4).await;
    assert!(!resting.is_finished(), "it works on");
    let waits = gate.waiting_for().join("\n");
    assert!(waits.starts_with("leader lease: everything was released: this operator rests"), "{waits}");
    assert!(
        waits.ends_with(
            "kubectl annotate lease --namespace operator leader codeartifact-operator.dev/released-"
        )
    );

    let other = LeaseOptions { purpose: work("another"), ..server.options("two") };
    lead(other, CancellationToken::new()).await.unwrap().release().await;
    let woken = tokio::time::timeout(DURATION, resting).await.unwrap().unwrap();
    assert!(woken.is_some(), "whoever works again removes the mark");
}

#[tokio::test(start_paused = true)]
async fn a_release_that_is_cut_off_or_stopped_lets_the_operator_rest_and_one_that_did_nothing_does_not() {
    let rests = async |ending: Option<Ending>| {
        let server = Server::default();
        server.lead("one").await.release().await;
        let release = lead(server.release(""), CancellationToken::new()).await.unwrap();
        match ending {
            Some(ending) => release.end(ending).await.unwrap(),
            None => release.renewals.abort(),
        }
        let asks = lead(server.options("one"), CancellationToken::new());
        tokio::time::timeout(DURATION * 4, asks).await.is_err()
    };
    assert!(rests(None).await, "it was cut off");
    assert!(rests(Some(Ending::Released(Progress::Stopped))).await);
    assert!(!rests(Some(Ending::TakenBack)).await);
}

#[tokio::test(start_paused = true)]
async fn a_release_that_is_stopped_before_it_knows_that_it_leads_takes_its_mark_back() {
    let server = Server::default();
    server.lead("one").await.release().await;
    let before = server.stored().metadata.annotations;
    server.mute.store(true, Ordering::Relaxed);
    let stop = CancellationToken::new();
    let release = tokio::spawn(lead(server.release(""), stop.clone()));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(server.holder(), "release");
    stop.cancel();
    server.mute.store(false, Ordering::Relaxed);
    assert!(release.await.unwrap().is_none());
    assert_eq!(server.stored().metadata.annotations, before);
    assert_eq!(server.holder(), "");
}

#[tokio::test(start_paused = true)]
async fn an_end_is_written_though_others_write_the_lease_and_not_into_the_lease_of_another() {
    let server = Server::default();
    let release = lead(server.release(""), CancellationToken::new()).await.unwrap();
    server.edit(|_| ());
    release.end(Ending::Released(Progress::Done)).await.unwrap();
    assert_eq!(record::rests(&server.stored(), "x"), Some(Progress::Done));

    let release = lead(server.release(""), CancellationToken::new()).await.unwrap();
    server.edit(|lease| lease.spec.as_mut().unwrap().holder_identity = Some("two".into()));
    assert!(release.end(Ending::Released(Progress::Done)).await.is_err());
    assert_eq!(record::rests(&server.stored(), "x"), Some(Progress::Working));
}
