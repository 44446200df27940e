//! Starts a control plane, prints the process ids of its servers and waits to be killed: for the test that kills it.

use std::io::Write;

use harness::{ControlPlane, Options};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let control_plane =
        ControlPlane::start(Options { audit: false, crds: false, ..Options::default() }).await?;
    let ids: Vec<String> = control_plane.process_ids().iter().map(u32::to_string).collect();
    writeln!(std::io::stdout(), "{}", ids.join(" "))?;
    std::future::pending().await
}
