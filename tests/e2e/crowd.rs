//! Very many objects, and very large ones: the operator stays small, leads on, and serves the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use harness::fixture::{Setup, registry};
use harness::objects::{conditions, object};
use harness::wait::PATIENCE;
use harness::{Fixture, wait_for};
use kube::api::{DeleteParams, ListParams};
use serde_json::{Value, json};

const MIB: usize = 1 << 20;

/// A login with a registry that exists, and an AwsAccount.
fn login(name: &str, account: &str) -> Value {
    let spec = json!({"accountRef": {"name": account}, "registries": [registry(&["npm"])]});
    object("RegistryCredential", name, &spec)
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

#[tokio::test]
async fn a_thousand_accounts_that_do_not_exist_open_no_file_each() -> Result<()> {
    const LOGINS: usize = 1000;
    const FILES: usize = 100;
    let fixture = Fixture::own().await?;
    fixture.make_store("acme").await?;
    fixture.install.operator.terminate().await?;
    let strays = (0..LOGINS).map(|number| login(&format!("stray-{number}"), &format!("absent-{number}")));
    fixture.cluster.create_many("RegistryCredential", fixture.namespace(), strays.collect()).await?;

    fixture.install.operator.start_again().await?;
    let files = FileWatch::of(fixture.install.operator.id()?);
    fixture.install.operator.ready().await?;
    let lease = lease(&fixture).await?;
    fixture.apply(&login("login", "default").to_string()).await?;
    fixture.ready("RegistryCredential", "login").await?;
    until_told(&fixture, "RegistryCredential", "stray-", LOGINS).await?;
    ensure!(
        lease == self::lease(&fixture).await?,
        "the Lease went from {lease} to {}",
        self::lease(&fixture).await?
    );
    ensure!(fixture.install.operator.metric("codeartifact_operator_leader").await? > 0.0, "it does not lead");
    ensure!((10..FILES).contains(&files.most()), "{} files were open at once", files.most());
    Ok(())
}

/// Who holds the Lease, and how often it changed hands.
async fn lease(fixture: &Fixture) -> Result<Value> {
    let lease =
        fixture.cluster.get("Lease", &fixture.install.operator_namespace, "codeartifact-operator").await?;
    Ok(json!([lease.data["spec"]["holderIdentity"], lease.data["spec"]["leaseTransitions"]]))
}

#[tokio::test]
async fn secrets_of_others_under_our_label_take_no_memory() -> Result<()> {
    const SECRETS: usize = 121;
    const KEYS: usize = 2500;
    let fixture = Fixture::own().await?;
    fixture.make_store("acme").await?;
    fixture.apply(&login("login", "default").to_string()).await?;
    fixture.ready("RegistryCredential", "login").await?;
    let before = fixture.install.operator.resident()?;

    let keys: serde_json::Map<_, _> =
        (0..KEYS).map(|number| (format!("{number:0>240}"), Value::from(""))).collect();
    let secret = |number| {
        let labels = json!({"app.kubernetes.io/managed-by": "codeartifact-operator"});
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": format!("foreign-{number}"), "labels": labels}, "data": keys})
    };
    fixture.cluster.create_many("Secret", fixture.namespace(), (0..SECRETS).map(secret).collect()).await?;
    fixture.until_put_back("login").await?;
    let after = fixture.install.operator.resident()?;
    println!("{} MiB before, {} MiB after", before / MIB, after / MIB);
    ensure!(after < before + 40 * MIB, "from {} to {} MiB", before / MIB, after / MIB);

    fixture.install.operator.terminate().await?;
    fixture.install.operator.start_again().await?;
    fixture.until_put_back("login").await?;
    let again = fixture.install.operator.most_resident()?;
    println!("{} MiB at most after a restart", again / MIB);
    ensure!(again < before + 60 * MIB, "from {} to {} MiB after a restart", before / MIB, again / MIB);
    remove_all(&fixture, "Secret").await
}

#[tokio::test]
async fn large_annotations_of_our_kinds_take_no_memory() -> Result<()> {
    const OBJECTS: usize = 200;
    // An audit log would hold each of these objects several times.
    let fixture = Setup::own().without_audit_log().start().await?;
    fixture.make_store("acme").await?;
    fixture.apply(&login("login", "default").to_string()).await?;
    fixture.ready("RegistryCredential", "login").await?;
    let before = fixture.install.operator.resident()?;

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
    fixture.cluster.create_many("Domain", fixture.namespace(), (0..OBJECTS).map(domain).collect()).await?;
    until_told(&fixture, "Domain", "large-", OBJECTS).await?;
    let after = fixture.install.operator.resident()?;
    println!("{} MiB before, {} MiB after", before / MIB, after / MIB);
    ensure!(after < before + 30 * MIB, "from {} to {} MiB", before / MIB, after / MIB);

    fixture.install.operator.terminate().await?;
    fixture.install.operator.start_again().await?;
    fixture.ready("RegistryCredential", "login").await?;
    let most = fixture.install.operator.most_resident()?;
    println!("{} MiB at most after a restart", most / MIB);
    ensure!(most < before + 60 * MIB, "from {} to {} MiB at most after a restart", before / MIB, most / MIB);
    remove_all(&fixture, "Domain").await?;
    fixture.gone("Domain", &format!("large-{}", OBJECTS - 1)).await
}

/// What is left is collected as evidence: not that much.
async fn remove_all(fixture: &Fixture, kind: &str) -> Result<()> {
    let all = fixture.cluster.api(kind, fixture.namespace()).await?;
    all.delete_collection(&DeleteParams::default(), &ListParams::default()).await?;
    Ok(())
}

/// Waits until so many objects, by the beginning of their names, say that their AwsAccount is absent.
async fn until_told(fixture: &Fixture, kind: &str, beginning: &str, count: usize) -> Result<()> {
    let all = fixture.cluster.api(kind, fixture.namespace()).await?;
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
    fixture.install.explain(waited.await)
}
