//! Very many objects, and very large ones: the operator stays small, leads on, and serves the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use harness::objects::conditions;
use harness::wait::PATIENCE;
use harness::{Emulator, Options, wait_for};
use kube::api::{DeleteParams, ListParams};
use serde_json::{Value, json};

use crate::scene::{NAMESPACE, Scene, scene};

const MIB: usize = 1 << 20;

fn object(kind: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
}

fn login(name: &str, account: &str) -> Value {
    let registries = json!([{"repository": {"domain": "acme", "name": "store"}, "formats": ["npm"]}]);
    object("RegistryCredential", name, &json!({"accountRef": {"name": account}, "registries": registries}))
}

/// A domain and a repository in AWS, which logins may name.
async fn make_store(scene: &Scene<'_>) -> Result<()> {
    scene.aws().create_domain().domain("acme").send().await?;
    scene.aws().create_repository().domain("acme").repository("store").send().await?;
    Ok(())
}

/// Counts the open files of a process again and again until this value is dropped, and keeps the highest count.
struct FileWatch {
    most: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl FileWatch {
    fn of(process: u32) -> Self {
        let watch = Self { most: Arc::default(), stop: Arc::default() };
        let (most, stop) = (Arc::clone(&watch.most), Arc::clone(&watch.stop));
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                let open = std::fs::read_dir(format!("/proc/{process}/fd")).map_or(0, Iterator::count);
                most.fetch_max(open, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        watch
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }
}

impl Drop for FileWatch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The resident memory of a process, in bytes.
fn resident(process: u32) -> Result<usize> {
    memory(process, "VmRSS:")
}

/// The most that it had resident so far, in bytes.
fn most_resident(process: u32) -> Result<usize> {
    memory(process, "VmHWM:")
}

fn memory(process: u32, what: &str) -> Result<usize> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line =
        status.lines().find_map(|line| line.strip_prefix(what)).with_context(|| format!("no {what}"))?;
    let kib: usize = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024)
}

#[tokio::test]
async fn a_thousand_accounts_that_do_not_exist_open_no_file_each() -> Result<()> {
    const LOGINS: usize = 1000;
    const FILES: usize = 100;
    scene!(scene);
    make_store(&scene).await?;
    scene.install.operator.terminate().await?;
    let strays = (0..LOGINS).map(|number| login(&format!("stray-{number}"), &format!("absent-{number}")));
    scene.cluster.create_many("RegistryCredential", NAMESPACE, strays.collect()).await?;

    scene.install.operator.start_again().await?;
    let files = FileWatch::of(scene.install.operator.id()?);
    scene.install.operator.ready().await?;
    let lease = lease(&scene).await?;
    scene.apply(&login("login", "default").to_string()).await?;
    scene.ready("RegistryCredential", "login").await?;
    until_told(&scene, "RegistryCredential", "stray-", LOGINS).await?;
    ensure!(
        lease == self::lease(&scene).await?,
        "the Lease went from {lease} to {}",
        self::lease(&scene).await?
    );
    ensure!(scene.install.operator.metric("codeartifact_operator_leader").await? > 0.0, "it does not lead");
    ensure!((10..FILES).contains(&files.most()), "{} files were open at once", files.most());
    Ok(())
}

/// Who holds the Lease, and how often it changed hands.
async fn lease(scene: &Scene<'_>) -> Result<Value> {
    let lease =
        scene.cluster.get("Lease", &scene.install.operator_namespace, "codeartifact-operator").await?;
    Ok(json!([lease.data["spec"]["holderIdentity"], lease.data["spec"]["leaseTransitions"]]))
}

#[tokio::test]
async fn secrets_of_others_under_our_label_take_no_memory() -> Result<()> {
    const SECRETS: usize = 121;
    const KEYS: usize = 2500;
    scene!(scene);
    make_store(&scene).await?;
    scene.apply(&login("login", "default").to_string()).await?;
    scene.ready("RegistryCredential", "login").await?;
    let before = resident(scene.install.operator.id()?)?;

    let keys: serde_json::Map<_, _> =
        (0..KEYS).map(|number| (format!("{number:0>240}"), Value::from(""))).collect();
    let secret = |number| {
        let labels = json!({"app.kubernetes.io/managed-by": "codeartifact-operator"});
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": format!("foreign-{number}"), "labels": labels}, "data": keys})
    };
    scene.cluster.create_many("Secret", NAMESPACE, (0..SECRETS).map(secret).collect()).await?;
    until_secrets_are_seen(&scene).await?;
    let after = resident(scene.install.operator.id()?)?;
    println!("{} MiB before, {} MiB after", before / MIB, after / MIB);
    ensure!(after < before + 40 * MIB, "from {} to {} MiB", before / MIB, after / MIB);

    scene.install.operator.terminate().await?;
    scene.install.operator.start_again().await?;
    until_secrets_are_seen(&scene).await?;
    let again = most_resident(scene.install.operator.id()?)?;
    println!("{} MiB at most after a restart", again / MIB);
    ensure!(again < before + 60 * MIB, "from {} to {} MiB after a restart", before / MIB, again / MIB);
    remove_all(&scene, "Secret").await
}

#[tokio::test]
async fn large_annotations_of_our_kinds_take_no_memory() -> Result<()> {
    const OBJECTS: usize = 200;
    // An audit log would hold each of these objects several times.
    let cluster = harness::own(Options { audit: false, crds: true }).await?;
    let emulator = Emulator::start().await?;
    let scene = Scene::start(&cluster, &emulator).await?;
    make_store(&scene).await?;
    scene.apply(&login("login", "default").to_string()).await?;
    scene.ready("RegistryCredential", "login").await?;
    let before = resident(scene.install.operator.id()?)?;

    let text = "x".repeat(255 * 1024);
    let labels: serde_json::Map<_, _> =
        (0..400).map(|number| (format!("{number:a>63}"), Value::from("y".repeat(63)))).collect();
    let labels = Value::from(labels);
    let domain = |number| {
        let mut domain =
            object("Domain", &format!("large-{number}"), &json!({"accountRef": {"name": "absent"}}));
        domain["metadata"]["annotations"] = json!({"note": text});
        domain["metadata"]["labels"] = labels.clone();
        domain
    };
    scene.cluster.create_many("Domain", NAMESPACE, (0..OBJECTS).map(domain).collect()).await?;
    until_told(&scene, "Domain", "large-", OBJECTS).await?;
    let after = resident(scene.install.operator.id()?)?;
    println!("{} MiB before, {} MiB after", before / MIB, after / MIB);
    ensure!(after < before + 30 * MIB, "from {} to {} MiB", before / MIB, after / MIB);

    scene.install.operator.terminate().await?;
    scene.install.operator.start_again().await?;
    scene.ready("RegistryCredential", "login").await?;
    let most = most_resident(scene.install.operator.id()?)?;
    println!("{} MiB at most after a restart", most / MIB);
    ensure!(most < before + 60 * MIB, "from {} to {} MiB at most after a restart", before / MIB, most / MIB);
    remove_all(&scene, "Domain").await?;
    scene.gone("Domain", &format!("large-{}", OBJECTS - 1)).await
}

/// What is left is collected as evidence: not that much.
async fn remove_all(scene: &Scene<'_>, kind: &str) -> Result<()> {
    let all = scene.cluster.api(kind, NAMESPACE).await?;
    all.delete_collection(&DeleteParams::default(), &ListParams::default()).await?;
    Ok(())
}

/// Waits until so many objects, by the beginning of their names, say that their AwsAccount is absent.
async fn until_told(scene: &Scene<'_>, kind: &str, beginning: &str, count: usize) -> Result<()> {
    let all = scene.cluster.api(kind, NAMESPACE).await?;
    let waited = wait_for("all have been looked at", 3 * PATIENCE, async || {
        let list = all.list(&ListParams::default()).await?;
        let told = list.items.iter().filter(|object| {
            let named = object.metadata.name.as_ref().is_some_and(|name| name.starts_with(beginning));
            named && conditions(object).iter().any(|it| it.kind == "Ready" && it.message.contains("absent"))
        });
        let told = told.count();
        ensure!(told == count, "{told} of {count}");
        Ok(())
    });
    scene.install.explain(waited.await)
}

/// Waits until the operator has seen every change of Secrets so far: it puts back one that is deleted now.
async fn until_secrets_are_seen(scene: &Scene<'_>) -> Result<()> {
    let secrets = scene.cluster.api("Secret", NAMESPACE).await?;
    let old = secrets.get("login").await?.metadata.uid;
    secrets.delete("login", &DeleteParams::default()).await?;
    let waited = wait_for("the deleted Secret is put back", PATIENCE, async || {
        let new = secrets.get_opt("login").await?.and_then(|secret| secret.metadata.uid);
        ensure!(new.is_some() && new != old, "it is {new:?}");
        Ok(())
    });
    scene.install.explain(waited.await)
}
