//! What a namespace must not do without a grant: tried, and refused for the stated reason.

mod cycles;
mod missing;
mod withdrawn;

use anyhow::Result;
use harness::Fixture;
use harness::fixture::Setup;
use serde_json::{Value, json};

/// Two namespaces of one operator: the first is granted everything and has the Domain `acme` and in it the Repository
/// `npm-store`; the second is granted what the test says, or nothing.
async fn tenants(second: Value) -> Result<(Fixture, Fixture)> {
    let first = Setup::shared().namespaces(2).grant(1, second).start().await?;
    first.apply(&first.object("Domain", "acme", &json!({"deletionPolicy": "Delete"}))).await?;
    first.ready("Domain", "acme").await?;
    first.apply(&first.object("Repository", "npm-store", &json!({"domainRef": {"name": "acme"}}))).await?;
    first.ready("Repository", "npm-store").await?;
    let second = first.in_namespace(1);
    Ok((first, second))
}
