//! The plugin of Poetry for CodeArtifact: which addresses it logs in at.

use crate::mode::Mode;
use crate::program::said;
use crate::tools::{Client, Poetry};
use crate::world::World;

/// Install a public package. How often the plugin asked for a token, and with which status the index was told.
async fn install(mode: Mode) -> (usize, Vec<u16>) {
    let world = World::of(mode).await;
    world.seed("public:pypi", &[("left-pad", "1.3.0")]).await;
    let poetry = Poetry::with_plugin(&world).await;
    let since = world.emulator.journal(0).last().map_or(0, |entry| entry.seq);
    let output = poetry.install("left-pad", None).await.unwrap();
    assert_eq!(output.status.success(), mode == Mode::Aws, "{}", said(&output));
    let entries = world.emulator.journal(since);
    let asked = entries.iter().filter(|entry| entry.operation == "GetAuthorizationToken").count();
    let indexes = entries.iter().filter(|entry| entry.operation == "PypiGetIndex");
    let mut statuses: Vec<_> = indexes.filter_map(|entry| entry.status).collect();
    statuses.dedup();
    (asked, statuses)
}

/// In both modes it would be given a token.
#[tokio::test]
async fn the_plugin_logs_in_at_the_services_own_names_only() {
    assert_eq!(install(Mode::Plain).await, (0, vec![401]));
    assert_eq!(install(Mode::Aws).await, (1, vec![200]));
}
