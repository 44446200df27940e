//! Two replicas: one works, one stands by, and never do both work.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use codeartifact_operator::clock::Clock;
use harness::control_plane::AuditEvent;
use harness::node::{Operator, Signal};
use harness::objects::object;
use harness::wait_for;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::cluster::{Cluster, OPERATOR, TEAM};
use crate::workload::{PODS, name_of};

/// How long a Lease lives that nobody renews.
const LEASE: SignedDuration = SignedDuration::from_secs(15);
/// A standby looks once a second, and a busy machine is slow to start what works.
const SLACK: SignedDuration = SignedDuration::from_secs(10);
const SHUT_DOWN: usize = 10;
const KILLED: usize = 5;

pub(crate) async fn two(cluster: &Cluster) -> Result<()> {
    cluster.helm("upgrade", json!({"replicas": 2, "releaseOnUninstall": true})).await?;
    let pods = cluster.settled(2).await?;
    let (leader, standby) = (&pods[0], &pods[1]);
    wait_for("one says that it stands by, and the other does not", PODS, async || {
        let says = async |pod: &str| cluster.node.page(pod, "/ready").await;
        let (works, waits) = (says(leader).await?, says(standby).await?);
        ensure!(!works.contains("standby"), "{leader} leads and says {works}");
        // The standby may have looked at the Lease last before the rollout ended.
        ensure!(waits.contains(&format!("\"standby\":\"{leader}_")), "{standby} says {waits}");
        Ok(())
    })
    .await?;
    let wrote: Vec<_> = cluster.written().await?;
    let by_standby: Vec<_> = wrote.iter().filter(|event| event.pod() == Some(standby)).collect();
    ensure!(by_standby.is_empty(), "the standby wrote: {}", by_standby[0].summary());
    Ok(())
}

/// How a leader comes to its end.
#[derive(Clone, Copy, PartialEq)]
enum End {
    /// SIGTERM, as a rollout sends it.
    ShutDown,
    /// SIGKILL; the container is started again in its Pod.
    Killed,
    /// SIGKILL, and the Pod is gone.
    Lost,
}

pub(crate) async fn shut_down(cluster: &Cluster) -> Result<()> {
    let mut times = Vec::new();
    for round in 0..SHUT_DOWN {
        times.push(handed_over(cluster, End::ShutDown, &format!("shut-down-{round}")).await?.0);
    }
    cluster
        .tell(format!("hand-over from SIGTERM to the first write of the next leader: {}", seconds(&times)));
    // A Lease that was not given back would have to run out.
    ensure!(times.iter().all(|time| *time < LEASE), "the Lease ran out: {}", seconds(&times));
    Ok(())
}

/// How soon a second replica takes over among so many logins. It ends with one replica.
pub(crate) async fn handed_over_among(cluster: &Cluster, logins: usize) -> Result<()> {
    cluster.helm("upgrade", json!({"replicas": 2})).await?;
    let mut times = Vec::new();
    for round in 0..3 {
        let work = format!("shut-down-among-{logins}-{round}");
        times.push(handed_over(cluster, End::ShutDown, &work).await?.0);
    }
    cluster.tell(format!(
        "hand-over among {logins} logins, from SIGTERM to the next write: {}",
        seconds(&times)
    ));
    cluster.helm("upgrade", json!({})).await?;
    cluster.settled(1).await.map(drop)
}

pub(crate) async fn killed(cluster: &Cluster) -> Result<()> {
    let (mut within, mut across) = (Vec::new(), Vec::new());
    for round in 0..KILLED {
        let end = if round % 2 == 0 { End::Lost } else { End::Killed };
        let (time, same) = handed_over(cluster, end, &format!("killed-{round}")).await?;
        if same { &mut within } else { &mut across }.push(time);
    }
    cluster.tell(format!("from SIGKILL to the next write, in the same Pod: {}", seconds(&within)));
    cluster.tell(format!("from SIGKILL to the next write, in the other Pod: {}", seconds(&across)));
    ensure!(across.iter().chain(&within).all(|time| *time < LEASE + SLACK), "nobody took over in time");
    Ok(())
}

/// Ends the leader, and tells after what time somebody wrote next, and whether in the same Pod.
async fn handed_over(cluster: &Cluster, end: End, work: &str) -> Result<(SignedDuration, bool)> {
    let leader = cluster.settled(2).await?.swap_remove(0);
    let process = Operator::of(&leader)?;
    let began = Clock::default().now();
    process.signal(if end == End::ShutDown { Signal::TERM } else { Signal::KILL })?;
    cluster.domain(work).await?;
    let mut delete = vec!["delete", "pod", "--namespace", OPERATOR, &leader, "--wait=false"];
    if end == End::Lost {
        delete.extend(["--grace-period=0", "--force"]);
    }
    if end != End::Killed {
        cluster.kubectl(&delete).await?;
    }
    wait_for("the next leader works", PODS, async || {
        let domain = cluster.node.control_plane.get("Domain", TEAM, work).await?;
        ensure!(harness::objects::holds(&domain, "Ready"), "{}", domain.data["status"]);
        Ok(())
    })
    .await?;
    let written = cluster.written().await?;
    let mut next = written.iter().filter(|event| event.stage_timestamp >= began);
    // Who is shut down finishes what is in flight.
    let next =
        next.find(|event| end == End::Killed || event.pod() != Some(&leader)).context("nobody wrote")?;
    Ok((next.stage_timestamp.duration_since(began), next.pod() == Some(&leader)))
}

fn seconds(times: &[SignedDuration]) -> String {
    let mut sorted = times.to_vec();
    sorted.sort();
    let shown: Vec<_> = sorted.iter().map(|time| format!("{:.2}", time.as_secs_f64())).collect();
    format!("{} s", shown.join(" "))
}

/// So many calls are under way when the leader is frozen, each of which is not the last one for its object.
const FROZEN: usize = 12;

/// The leader is frozen in the middle of calls to AWS, another takes over, and the answers come before the thaw.
pub(crate) async fn frozen(cluster: &Cluster) -> Result<()> {
    let mut pods = cluster.settled(2).await?;
    let (leader, standby) = (pods.remove(0), pods.remove(0));
    let address = address(cluster, &leader).await?;
    let process = Operator::of(&leader)?;
    cluster
        .emulator
        .set_faults(
            &json!([{"match": {"operation": "CreateRepository"}, "fault": {"hold": true}, "times": FROZEN}]),
        )
        .await?;
    let asked = cluster.emulator.last_call();
    let spec = json!({"domainRef": {"name": "acme"}, "externalConnection": "public:npmjs"});
    let repositories = (0..FROZEN).map(|number| object("Repository", &format!("frozen-{number}"), &spec));
    cluster.node.control_plane.create_many("Repository", TEAM, repositories.collect()).await?;
    wait_for("the leader waits for the answers of AWS", PODS, async || {
        ensure!(cluster.emulator.calls("CreateRepository", asked) == FROZEN, "not every call is made");
        Ok(())
    })
    .await?;
    process.signal(Signal::STOP)?;
    let thawed = thaw_after_another_leads(cluster, process, &leader, &standby).await;
    // A frozen process would outlive the step.
    process.signal(Signal::CONT)?;
    let (calls, at) = thawed?;
    wait_for("who has thawed ends", Duration::from_secs(30), async || {
        ensure!(process.has_ended(), "the process runs");
        Ok(())
    })
    .await?;
    let calls: Vec<_> =
        cluster.emulator.journal(calls).into_iter().filter(|call| call.from == address).collect();
    ensure!(calls.is_empty(), "who has thawed called AWS: {}", calls[0]);
    let written = cluster.written().await?;
    let wrote = written.iter().find(|event| event.pod() == Some(&leader) && event.stage_timestamp >= at);
    ensure!(wrote.is_none(), "who has thawed wrote: {}", wrote.map_or_else(String::new, AuditEvent::summary));
    cluster.settled(2).await.map(drop)
}

/// Lets the other replica do all the work. Returns the last call and the time before the thaw.
async fn thaw_after_another_leads(
    cluster: &Cluster,
    process: Operator,
    leader: &str,
    standby: &str,
) -> Result<(u64, Timestamp)> {
    wait_for("the standby leads", PODS, async || {
        let leads = cluster.leader().await?;
        ensure!(leads == standby, "{leads} leads");
        Ok(())
    })
    .await?;
    // What the frozen one will see when it thaws, and what its own timers ask for.
    cluster.domain("thawed").await?;
    cluster.node.control_plane.ready("Domain", TEAM, "thawed").await?;
    for number in 0..FROZEN {
        cluster.node.control_plane.ready("Repository", TEAM, &format!("frozen-{number}")).await?;
    }
    ensure!(!process.has_ended(), "{leader} ended before it could thaw");
    let before = (cluster.emulator.last_call(), Clock::default().now());
    cluster.emulator.clear_faults().await?;
    process.signal(Signal::CONT)?;
    Ok(before)
}

async fn address(cluster: &Cluster, pod: &str) -> Result<IpAddr> {
    let pods = cluster.node.operators().await?;
    let found = pods.iter().find(|candidate| name_of(candidate) == pod).context("no such Pod")?;
    let address = found.pointer("/status/podIP").and_then(Value::as_str).context("no address")?;
    Ok(address.parse()?)
}
