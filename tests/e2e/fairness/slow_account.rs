//! An AWS account that does not answer keeps its own objects waiting, and nobody else's.

use anyhow::{Result, ensure};
use harness::wait::PATIENCE;
use harness::{Emulator, Install, shared, unique, wait_for};
use serde_json::{Value, json};

/// Two workers an account. What waits for them all would wait for six times the time that a call is given, which is
/// longer than tests have patience.
const WORKERS: usize = 2;
const OBJECTS: usize = 12;

fn object(kind: &str, account: &str, name: &str, mut spec: Value) -> String {
    spec["accountRef"] = json!({"name": account});
    json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
        .to_string()
}

/// A second AWS account, with a key of its own, and an AwsAccount for it.
async fn other_account(install: &Install<'_>, grants: &Value) -> Result<String> {
    let name = unique("other");
    let principal = json!({"accessKeyId": "other", "secretAccessKey": "other", "arn": "arn:aws:iam::999999999999:user/other"});
    install.emulator.set_principal(&principal).await?;
    let keys = json!({"AWS_ACCESS_KEY_ID": "other", "AWS_SECRET_ACCESS_KEY": "other"});
    let secret =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "other"}, "stringData": keys});
    install.control_plane.apply(&install.operator_namespace, &secret.to_string()).await?;
    let url = install.emulator.url();
    let account = json!({
        "apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "AwsAccount", "metadata": {"name": name},
        "spec": {
            "accountId": "999999999999", "region": "us-east-1", "endpoints": {"codeartifact": url, "sts": url},
            "credentials": {"secretRef": {"namespace": install.operator_namespace, "name": "other"}},
            "grants": grants,
        },
    });
    install.apply(&account.to_string()).await?;
    Ok(name)
}

async fn until_held(install: &Install<'_>, calls: usize) -> Result<()> {
    let what = format!("{calls} calls are held");
    let waited = wait_for(&what, PATIENCE, async || {
        let faults = install.emulator.faults().await?;
        ensure!(faults[0]["held"] == calls, "{faults}");
        Ok(())
    });
    install.explain(waited.await)
}

#[tokio::test]
async fn an_account_that_does_not_answer_delays_no_object_of_another() -> Result<()> {
    let emulator = Emulator::start().await?;
    let request = Install::into(shared().await?, &emulator).namespaced(1);
    let install = request.values(json!({"concurrency": WORKERS})).start().await?;
    let grants = json!([{"namespaces": {"names": install.namespaces}, "manage": ["*", "*/*"]}]);
    let slow = unique("slow");
    install.account(&slow, &grants).await?;
    let other = other_account(&install, &grants).await?;
    for account in [&slow, &other] {
        install.apply(&object("Domain", account, account, json!({}))).await?;
        install.ready("Domain", install.namespace(), account).await?;
    }

    let calls_of_slow = json!({"operation": "DescribeRepository", "principal": "*:123456789012:*"});
    emulator.set_faults(&json!([{"match": calls_of_slow, "fault": {"hold": true}}])).await?;
    let names: Vec<_> = (0..OBJECTS).map(|number| format!("slow-{number}")).collect();
    for name in &names {
        install.apply(&object("Repository", &slow, name, json!({"domainRef": {"name": slow}}))).await?;
    }
    until_held(&install, WORKERS).await?;

    install.apply(&object("Repository", &other, "store", json!({"domainRef": {"name": other}}))).await?;
    install.ready("Repository", install.namespace(), "store").await?;
    until_held(&install, WORKERS).await?;

    emulator.clear_faults().await?;
    for name in &names {
        install.ready("Repository", install.namespace(), name).await?;
    }
    Ok(())
}
