//! API writes until an object is Ready, counted in the audit log, which is off where time is measured.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use harness::objects::object;
use kube::runtime::watcher;
use serde_json::{Value, json};

use crate::{progress, say, stage};

/// Objects of each kind.
const OBJECTS: usize = 10;

pub(crate) async fn measure(program: &Path) -> Result<()> {
    let domain = json!({"tags": {"team": "a"}});
    let repository = json!({"domain": {"name": "acme"}, "description": "measured"});
    let registry = json!({"repository": {"domain": "acme", "name": "store"}, "formats": ["npm"]});
    let login = json!({"registries": [registry]});
    for (kind, spec) in [("Domain", domain), ("Repository", repository), ("RegistryCredential", login)] {
        say(&of_kind(program, kind, &spec).await?)?;
    }
    Ok(())
}

async fn of_kind(program: &Path, kind: &str, spec: &Value) -> Result<String> {
    let (control_plane, emulator) = stage::servers(true).await?;
    let install = stage::install(&control_plane, &emulator, program).await?;
    let aws = emulator.aws();
    aws.create_domain().domain("acme").send().await?;
    aws.create_repository().domain("acme").repository("store").send().await?;
    let objects = (0..OBJECTS).map(|number| {
        let name = format!("{}-{number}", kind.to_lowercase());
        ("default".to_owned(), object(kind, &name, spec))
    });
    stage::create(&control_plane, kind, objects.collect()).await?;
    let (before, calls) = (control_plane.audit_log().await?.len(), emulator.last_call());
    install.operator.start_again().await?;
    let api = control_plane.api(kind, "default").await?;
    progress::until(api, watcher::Config::default(), OBJECTS, Instant::now(), progress::is_ready).await?;
    stage::idle(&install, OBJECTS).await?;
    let asked = emulator.last_call() - calls;
    let log = control_plane.audit_log().await?;
    let writes =
        log.iter().skip(before).filter(|event| event.user.username == install.user && event.writes());
    let is_event = |resource: &str| resource == "events";
    let resource = |event: &&harness::control_plane::AuditEvent| {
        event.object_ref.as_ref().is_some_and(|object| is_event(&object.resource))
    };
    let (events, others): (Vec<_>, Vec<_>) = writes.partition(resource);
    let per = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / 10.0;
    Ok(format!(
        "writes of a {kind}: {:.1} to the API server and {:.1} events; {:.1} AWS calls, signing in and shared tokens included",
        per(others.len()),
        per(events.len()),
        per(usize::try_from(asked)?)
    ))
}
