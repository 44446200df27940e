//! An AWS account that does not answer keeps its own objects waiting, and nobody else's.

use anyhow::Result;
use harness::fixture::Setup;
use harness::objects::object;
use harness::{Fixture, unique};
use serde_json::{Value, json};

/// Two workers an account. What waits for them all would wait for six times the time that a call is given, which is
/// longer than tests have patience.
const WORKERS: usize = 2;
const OBJECTS: usize = 12;

/// An object that works with an account.
fn with(account: &str, kind: &str, name: &str, mut spec: Value) -> Value {
    spec["accountRef"] = json!({"name": account});
    object(kind, name, &spec)
}

/// A second AWS account, with a key of its own, and an AwsAccount for it.
async fn other_account(fixture: &Fixture) -> Result<String> {
    let name = unique("other");
    let principal = json!({"accessKeyId": "other", "secretAccessKey": "other", "arn": "arn:aws:iam::999999999999:user/other"});
    fixture.emulator.set_principal(&principal).await?;
    fixture.put_key("other", "other", "other").await?;
    let more = json!({"accountId": "999999999999", "credentials": {"secretRef": {"name": "other"}},
        "grants": [fixture.everything()]});
    fixture.make_account(&name, more).await?;
    Ok(name)
}

#[tokio::test]
async fn an_account_that_does_not_answer_delays_no_object_of_another() -> Result<()> {
    let fixture = Setup::shared().values(json!({"concurrency": WORKERS})).start().await?;
    let (slow, other) = (fixture.account(), other_account(&fixture).await?);
    for account in [slow, &other] {
        fixture.apply(&with(account, "Domain", account, json!({}))).await?;
        fixture.ready("Domain", account).await?;
    }

    let calls_of_slow = json!({"operation": "DescribeRepository", "principal": "*:123456789012:*"});
    fixture.emulator.set_faults(&json!([{"match": calls_of_slow, "fault": {"hold": true}}])).await?;
    let names: Vec<_> = (0..OBJECTS).map(|number| format!("slow-{number}")).collect();
    for name in &names {
        fixture.apply(&with(slow, "Repository", name, json!({"domainRef": {"name": slow}}))).await?;
    }
    fixture.until_held(WORKERS).await?;

    fixture.apply(&with(&other, "Repository", "store", json!({"domainRef": {"name": other}}))).await?;
    fixture.ready("Repository", "store").await?;
    fixture.until_held(WORKERS).await?;

    fixture.emulator.clear_faults().await?;
    for name in &names {
        fixture.ready("Repository", name).await?;
    }
    Ok(())
}
