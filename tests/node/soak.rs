//! Hours of the operator's life in minutes: rotations, churn, and servers that end, over and over.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::FutureExt;
use harness::node::{Operator, Signal};
use harness::wait_for;

use crate::Step;
use crate::cluster::Cluster;
use crate::crowd::{DOMAINS, login, mebibytes, namespace};
use crate::story;
use crate::workload::PODS;

pub(crate) const STEPS: &[(&str, Step)] = &[("soak", |cluster| soak(cluster).boxed_local())];

const LOGINS: usize = 500;
/// How many logins are made anew in each round, and how many Secrets are deleted.
const CHURN: usize = 50;
/// Memory is flat when it grows by less than that after the first rounds, in which caches fill.
const GROWTH: u64 = 4 << 20;
const WARM: usize = 3;

async fn soak(cluster: &Cluster) -> Result<()> {
    let lasts = std::env::var_os("SECONDS_OF_SOAK").context("make soak SECONDS=… says how long")?;
    let lasts = lasts.to_string_lossy();
    let lasts = Duration::from_secs(lasts.parse().with_context(|| format!("SECONDS is {lasts}"))?);
    story::install(cluster).await?;
    cluster.stores().await?;
    cluster.logins(0..LOGINS).await?;
    cluster.rest(LOGINS).await?;
    cluster.tell(format!("{LOGINS} logins of {DOMAINS} domains; in each round 8 h pass, {CHURN} logins are made anew, {CHURN} Secrets are deleted"));
    cluster.tell(format!(
        "{:>5} {:>7} {:<22} {:>6} {:>11} {:>9}",
        "round", "seconds", "what ended", "mints", "working set", "anonymous"
    ));
    let (began, mut seen) = (Instant::now(), Vec::new());
    while began.elapsed() < lasts || seen.len() <= WARM {
        let (round, started, calls) = (seen.len(), Instant::now(), cluster.emulator.last_call());
        let ended = end_something(cluster, round).await?;
        churn(cluster, round).await?;
        cluster.emulator.forward("8h").await?;
        wait_for("every token is new", PODS, async || {
            let mints = cluster.emulator.mints(calls);
            ensure!(mints >= DOMAINS, "{mints} mints");
            Ok(())
        })
        .await?;
        let memory = cluster.rest(LOGINS).await?.memory;
        cluster.every_login_has_its_secret(LOGINS).await?;
        let (working, anonymous) = (mebibytes(memory.working_set), mebibytes(memory.anonymous));
        cluster.tell(format!(
            "{round:>5} {:>7.1} {ended:<22} {:>6} {working:>11} {anonymous:>9}",
            started.elapsed().as_secs_f64(),
            cluster.emulator.mints(calls)
        ));
        seen.push(memory.anonymous);
    }
    let (first, later) = seen.split_at(WARM);
    let (first, most) = (first.iter().max().copied().unwrap_or(0), later.iter().max().copied().unwrap_or(0));
    ensure!(most < first + GROWTH, "memory grew from {} to {} MiB", mebibytes(first), mebibytes(most));
    Ok(())
}

/// Kills the API server, then the operator, then nothing, in turn.
async fn end_something(cluster: &Cluster, round: usize) -> Result<&'static str> {
    match round % 3 {
        0 => Ok("nothing"),
        1 => cluster.node.control_plane.restart_api_server().await.map(|()| "the API server"),
        _ => {
            let leader = cluster.settled(1).await?.swap_remove(0);
            Operator::of(&leader)?.signal(Signal::KILL)?;
            Ok("the operator")
        }
    }
}

/// Other logins in each round.
async fn churn(cluster: &Cluster, round: usize) -> Result<()> {
    let numbers = |offset: usize| (0..CHURN).map(move |step| (offset + step) % LOGINS);
    let first = round * 2 * CHURN % LOGINS;
    for number in numbers(first + CHURN) {
        let secrets = cluster.node.control_plane.api("Secret", &namespace(number)).await?;
        secrets.delete(&login(number), &kube::api::DeleteParams::default()).await?;
    }
    for number in numbers(first) {
        let logins = cluster.node.control_plane.api("RegistryCredential", &namespace(number)).await?;
        logins.delete(&login(number), &kube::api::DeleteParams::default()).await?;
    }
    cluster.login_again(first..first + CHURN).await
}
