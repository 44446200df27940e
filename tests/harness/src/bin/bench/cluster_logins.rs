//! One ClusterRegistryCredential in many namespaces: from cold, one rotation of all, new namespaces, and deletions that are put back; and
//! the same Secrets by a bare client.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use harness::Install;
use harness::objects::object;
use k8s_openapi::api::core::v1::{Namespace, Secret};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Client;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, PostParams};
use kube::core::ApiResource;
use kube::runtime::watcher;
use serde_json::json;

use crate::logins::{OURS, apply, make_namespaces, samples};
use crate::{bare, progress, say, stage};

const KIND: &str = "ClusterRegistryCredential";
/// How many namespaces are made one after another.
const NEW: usize = 100;
/// How many Secrets are deleted at once.
const DELETED: usize = 1_000;
/// How soon a Secret is looked for again.
const POLL: Duration = Duration::from_millis(2);

pub(crate) async fn measure(program: &Path, count: usize) -> Result<()> {
    let (control_plane, emulator) = stage::servers(false).await?;
    let install = stage::install(&control_plane, &emulator, program).await?;
    let aws = emulator.aws();
    aws.create_domain().domain("acme").send().await?;
    aws.create_repository().domain("acme").repository("store").send().await?;
    make_namespaces(&control_plane, count).await?;
    let excluded = json!(["default", "kube-*", "codeartifact-operator"]);
    let registry =
        json!({"repository": {"domain": "acme", "name": "store"}, "formats": ["npm", "pip", "netrc"]});
    let spec = json!({"namespaceSelector": {}, "excludedNamespaces": excluded, "registries": [registry]});
    stage::create(&control_plane, KIND, vec![(String::new(), object(KIND, "login", &spec))]).await?;

    let (calls, begin) = (emulator.last_call(), Instant::now());
    install.operator.start_again().await?;
    let client = control_plane.client()?;
    let objects = control_plane.api(KIND, "").await?;
    let (exist, ready) = tokio::try_join!(
        written_since(&client, 0, count, begin),
        progress::until(objects, watcher::Config::default(), 1, begin, progress::is_ready),
    )?;
    let (exist, ready) = (exist.as_secs_f64(), ready.as_secs_f64());
    say(&format!(
        "cluster login: {count} namespaces; Secrets after {exist:.2} s, Ready after {ready:.2} s, start included"
    ))?;
    let mints = emulator.mints(calls);
    say(&format!("  {mints} mints; {:.1} MiB resident", stage::resident(&install)?))?;
    rotate(&client, &install, count).await?;
    say(&new_namespaces(&client, count).await?)?;
    say(&put_back(&client, count.min(DELETED)).await?)?;
    let restart = stage::restart(&install, count).await?;
    say(&format!("  {restart}"))?;
    install.operator.terminate().await?;

    let samples = samples(&client, count).await?;
    let copies = (0..count).map(|number| (format!("bench-{number}"), number)).collect();
    let bare = bare::timed(bare::all(copies, move |(namespace, number): (String, usize)| {
        let (client, sample) = (client.clone(), samples[number % samples.len()].clone());
        async move { apply(client, &namespace, number, sample).await }
    }));
    let bare = bare.await?.as_secs_f64();
    say(&format!("  bare client, the same Secrets: {bare:.2} s"))?;
    say(&format!("cluster_secrets_ratio: {:.2}", exist / bare))
}

/// Waits until so many Secrets of ours have a version that is later than the given one.
async fn written_since(client: &Client, version: u64, count: usize, begin: Instant) -> Result<Duration> {
    let secrets: Api<DynamicObject> = Api::all_with(client.clone(), &ApiResource::erase::<Secret>(&()));
    let later = move |secret: &DynamicObject| {
        let now = secret.metadata.resource_version.as_ref().and_then(|version| version.parse::<u64>().ok());
        now.is_some_and(|now| now > version)
    };
    progress::until(secrets, watcher::Config::default().labels(OURS), count, begin, later).await
}

/// The version of the cluster now.
async fn version(client: &Client) -> Result<u64> {
    let list = Api::<Secret>::all(client.clone()).list_metadata(&ListParams::default().limit(1)).await?;
    list.metadata
        .resource_version
        .context("a list without a version")?
        .parse()
        .context("a version is a number")
}

async fn rotate(client: &Client, install: &Install, count: usize) -> Result<()> {
    let (before, calls, begin) = (version(client).await?, install.emulator.last_call(), Instant::now());
    install.emulator.forward("8h").await?;
    let took = written_since(client, before, count, begin).await?;
    let mints = install.emulator.mints(calls);
    say(&format!("  one rotation of all: {:.2} s, {mints} mints", took.as_secs_f64()))
}

async fn new_namespaces(client: &Client, first: usize) -> Result<String> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let mut took = Vec::new();
    for number in first..first + NEW {
        let name = format!("bench-{number}");
        let metadata = ObjectMeta { name: Some(name.clone()), ..ObjectMeta::default() };
        let begin = Instant::now();
        namespaces.create(&PostParams::default(), &Namespace { metadata, ..Namespace::default() }).await?;
        let secrets: Api<Secret> = Api::namespaced(client.clone(), &name);
        while secrets.get_metadata_opt("login").await?.is_none() {
            anyhow::ensure!(begin.elapsed() < stage::PATIENCE, "no Secret in namespace {name}");
            tokio::time::sleep(POLL).await;
        }
        took.push(begin.elapsed().as_secs_f64() * 1000.0);
    }
    took.sort_by(f64::total_cmp);
    let at =
        |part: usize| took.get((took.len() * part / 100).min(took.len() - 1)).copied().unwrap_or_default();
    Ok(format!(
        "  a new namespace has its Secret after {:.0} ms (median), {:.0} ms (p99 of {NEW})",
        at(50),
        at(99)
    ))
}

async fn put_back(client: &Client, count: usize) -> Result<String> {
    let (before, begin, deleter) = (version(client).await?, Instant::now(), client.clone());
    let deletions = bare::all((0..count).collect(), move |number: usize| {
        let secrets: Api<Secret> = Api::namespaced(deleter.clone(), &format!("bench-{number}"));
        async move {
            secrets.delete("login", &DeleteParams::default()).await?;
            Ok(())
        }
    });
    let (took, back) = tokio::try_join!(bare::timed(deletions), written_since(client, before, count, begin))?;
    Ok(format!(
        "  {count} deletions took {:.2} s, and all were put back after {:.2} s",
        took.as_secs_f64(),
        back.as_secs_f64()
    ))
}
