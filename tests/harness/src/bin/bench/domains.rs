//! Domains from nothing, with AWS calls that take 20 ms each.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use harness::objects::object;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use kube::runtime::watcher;
use serde_json::json;

use crate::{bare, progress, say, stage};

/// Writes to the API server that a Domain needs: finalizer, pin, status.
const WRITES: usize = 3;

pub(crate) async fn measure(program: &Path, count: usize) -> Result<()> {
    let (control_plane, emulator) = stage::servers(false).await?;
    let install = stage::install(&control_plane, &emulator, program).await?;
    let name = |number: usize| format!("domain-{number}");
    let objects = (0..count).map(|number| {
        ("default".to_owned(), object("Domain", &name(number), &json!({"tags": {"team": "a"}})))
    });
    stage::create(&control_plane, "Domain", objects.collect()).await?;
    emulator.set_faults(&json!([{"match": {}, "fault": {"delay": "20ms"}}])).await?;

    let (calls, begin) = (emulator.last_call(), Instant::now());
    install.operator.start_again().await?;
    let api = control_plane.api("Domain", "default").await?;
    let ready =
        progress::until(api.clone(), watcher::Config::default(), count, begin, progress::is_ready).await?;
    let asked = emulator.last_call() - calls;
    install.operator.terminate().await?;

    let rounds = (0..count * WRITES).map(|number| (name(number % count), number)).collect();
    let bare = bare::timed(bare::all(rounds, write(api))).await?;
    say(&format!(
        "domains_seconds: {:.2} for {count} Domains at 20 ms a call, start included; bare client, {} writes: {:.2} s",
        ready.as_secs_f64(),
        count * WRITES,
        bare.as_secs_f64()
    ))?;
    say(&format!("domains_ratio: {:.2}", ready.as_secs_f64() / bare.as_secs_f64()))?;
    let (count, asked) = (f64::from(u32::try_from(count)?), f64::from(u32::try_from(asked)?));
    say(&format!("  a Domain: {:.2} AWS calls", asked / count))
}

/// One write to a Domain, as bare as can be.
fn write(
    api: Api<DynamicObject>,
) -> impl Fn((String, usize)) -> futures::future::BoxFuture<'static, Result<()>> {
    move |(name, number)| {
        let api = api.clone();
        Box::pin(async move {
            let patch = json!({"metadata": {"annotations": {"bench": number.to_string()}}});
            api.patch(&name, &PatchParams::default(), &Patch::Merge(patch)).await?;
            Ok(())
        })
    }
}
