//! Many Repositories of one Domain.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use harness::objects::object;
use kube::runtime::watcher;
use serde_json::json;

use crate::{progress, say, stage};

pub(crate) async fn measure(program: &Path, count: usize) -> Result<()> {
    let (control_plane, emulator) = stage::servers(false).await?;
    let install = stage::install(&control_plane, &emulator, program).await?;
    emulator.aws().create_domain().domain("acme").send().await?;
    let objects = (0..count).map(|number| {
        let spec = json!({"domain": {"name": "acme"}, "description": "measured"});
        ("default".to_owned(), object("Repository", &format!("repository-{number}"), &spec))
    });
    stage::create(&control_plane, "Repository", objects.collect()).await?;

    let (calls, begin) = (emulator.last_call(), Instant::now());
    install.operator.start_again().await?;
    let api = control_plane.api("Repository", "default").await?;
    let ready = progress::until(api, watcher::Config::default(), count, begin, progress::is_ready).await?;
    let (count_f, asked) =
        (f64::from(u32::try_from(count)?), f64::from(u32::try_from(emulator.last_call() - calls)?));
    say(&format!(
        "repositories_per_second: {:.0} ({count} in {:.2} s, start included); each {:.2} AWS calls; {:.1} MiB resident",
        count_f / ready.as_secs_f64(),
        ready.as_secs_f64(),
        asked / count_f,
        stage::resident(&install)?
    ))?;
    say(&format!("  {}", stage::restart(&install, count).await?))
}
