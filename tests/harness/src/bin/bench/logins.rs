//! Many logins in many namespaces, 20 token keys, from cold; and the same Secrets by a bare client.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use harness::ControlPlane;
use harness::objects::object;
use k8s_openapi::api::core::v1::{Namespace, Secret};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{Api, ListParams, Patch, PatchParams, PostParams};
use kube::runtime::watcher;
use serde_json::json;

use crate::{bare, progress, say, stage};

/// Domains, and so tokens.
const DOMAINS: usize = 20;
/// What selects the Secrets that the operator wrote.
pub(crate) const OURS: &str =
    "app.kubernetes.io/managed-by=codeartifact-operator,!codeartifact-operator.dev/component";

pub(crate) async fn measure(program: &Path, count: usize, namespaces: usize) -> Result<()> {
    let (control_plane, emulator) = stage::servers(false).await?;
    let install = stage::install(&control_plane, &emulator, program).await?;
    let aws = emulator.aws();
    for number in 0..DOMAINS {
        let domain = format!("domain-{number}");
        aws.create_domain().domain(&domain).send().await?;
        aws.create_repository().domain(&domain).repository("store").send().await?;
    }
    make_namespaces(&control_plane, namespaces).await?;
    let objects = (0..count).map(|number| {
        let repository = json!({"domain": format!("domain-{}", number % DOMAINS), "name": "store"});
        let spec = json!({"registries": [{"repository": repository, "formats": ["npm", "pip", "netrc"]}]});
        let namespace = format!("bench-{}", number % namespaces);
        (namespace, object("RegistryCredential", &format!("login-{number}"), &spec))
    });
    stage::create(&control_plane, "RegistryCredential", objects.collect()).await?;

    let (calls, begin) = (emulator.last_call(), Instant::now());
    install.operator.start_again().await?;
    let client = control_plane.client()?;
    let secrets = control_plane.api("Secret", "").await?.into_client();
    let secrets = Api::all_with(secrets, &kube::core::ApiResource::erase::<Secret>(&()));
    let logins = Api::all_with(client.clone(), &stage::resource("RegistryCredential"));
    let ours = watcher::Config::default().labels(OURS);
    let (exist, ready) = tokio::try_join!(
        progress::until(secrets, ours, count, begin, |_| true),
        progress::until(logins, watcher::Config::default(), count, begin, progress::is_ready),
    )?;
    let mints = emulator.mints(calls);
    let resident = stage::resident(&install)?;
    let after = stage::restart(&install, count).await?;
    install.operator.terminate().await?;

    let samples = samples(&client, count).await?;
    let copies = (0..count).map(|number| (format!("bench-{}", number % namespaces), number)).collect();
    let bare = bare::timed(bare::all(copies, move |(namespace, number): (String, usize)| {
        let (client, sample) = (client.clone(), samples[number % samples.len()].clone());
        async move { apply(client, &namespace, number, sample).await }
    }))
    .await?;
    let (exist, ready, bare) = (exist.as_secs_f64(), ready.as_secs_f64(), bare.as_secs_f64());
    say(&format!(
        "logins: {count} in {namespaces} namespaces; Secrets after {exist:.2} s, Ready after {ready:.2} s, start included"
    ))?;
    say(&format!("  bare client, the same Secrets: {bare:.2} s"))?;
    say(&format!("secrets_ratio: {:.2}", exist / bare))?;
    say(&format!("ready_ratio: {:.2}", ready / bare))?;
    say(&format!("  {mints} mints; {resident:.1} MiB resident"))?;
    say(&format!("  {after}"))
}

/// Makes the namespaces `bench-0`, `bench-1` and so on.
pub(crate) async fn make_namespaces(control_plane: &ControlPlane, count: usize) -> Result<()> {
    let api: Api<Namespace> = Api::all(control_plane.client()?);
    bare::all((0..count).collect(), move |number: usize| {
        let api = api.clone();
        async move {
            let metadata = ObjectMeta { name: Some(format!("bench-{number}")), ..ObjectMeta::default() };
            api.create(&PostParams::default(), &Namespace { metadata, ..Namespace::default() }).await?;
            Ok(())
        }
    })
    .await
}

/// Some of the Secrets that the operator wrote: the bare client writes the same bytes.
pub(crate) async fn samples(client: &kube::Client, count: usize) -> Result<Vec<Secret>> {
    let limit = u32::try_from(count.min(100))?;
    let list =
        Api::<Secret>::all(client.clone()).list(&ListParams::default().labels(OURS).limit(limit)).await?;
    let first = list.items.first().context("no Secret to copy")?;
    anyhow::ensure!(first.data.as_ref().is_some_and(|data| !data.is_empty()), "an empty Secret");
    Ok(list.items)
}

/// Applies the copy of a sample.
pub(crate) async fn apply(
    client: kube::Client,
    namespace: &str,
    number: usize,
    sample: Secret,
) -> Result<()> {
    let name = format!("bare-{number}");
    let ObjectMeta { labels, annotations, .. } = sample.metadata;
    let metadata = ObjectMeta { name: Some(name.clone()), labels, annotations, ..ObjectMeta::default() };
    let copy = Secret { metadata, data: sample.data, type_: sample.type_, ..Secret::default() };
    let api: Api<Secret> = Api::namespaced(client, namespace);
    api.patch(&name, &PatchParams::apply("bench").force(), &Patch::Apply(&copy)).await?;
    Ok(())
}
