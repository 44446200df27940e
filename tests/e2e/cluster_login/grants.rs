//! The grants decide in each namespace, no matter who had the namespace picked.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::{KIND, PICKED, applied, apply, failures, is_there, label, stage, until_counts, until_there};

fn grant(namespaces: &[&str], more: &Value) -> Value {
    let mut credentials = json!({"domains": ["acme"]});
    for (key, value) in more.as_object().into_iter().flatten() {
        credentials[key] = value.clone();
    }
    json!({"namespaces": {"names": namespaces}, "credentials": [credentials]})
}

#[tokio::test]
async fn each_namespace_has_the_token_that_its_grant_gives_and_none_without_one() -> Result<()> {
    let fixture = stage(&["long", "short", "bare"]).await?;
    let grants = [grant(&["long"], &json!({})), grant(&["short"], &json!({"maxDuration": "4h"}))];
    fixture.set_grants(&grants).await?;
    apply(&fixture, &json!({})).await?;
    let object = until_counts(&fixture, [3, 2, 1, 0]).await?;
    let told = failures(&object);
    ensure!(told.len() == 1 && told[0][..2] == ["bare", "GrantMissing"], "{told:?}");
    ensure!(told[0][2].contains("namespace bare has no grant"), "{told:?}");
    let ready = fixture.ready_for(KIND, "login", "PartlyFilled").await?;
    ensure!(ready.status == "True" && ready.message.contains("in 2 of 3 namespaces"), "{ready:?}");
    ensure!(!is_there(&fixture, "bare").await?);
    let mut lives = Vec::new();
    for namespace in ["long", "short"] {
        let ends = until_there(&fixture, namespace).await?["expires_at"].parse::<i64>()?;
        lives.push((ends - fixture.emulator.now().as_second() + 1800) / 3600);
    }
    ensure!(lives == [12, 4], "hours: {lives:?}");
    ensure!(object.data["status"]["tokens"].as_array().is_some_and(|tokens| tokens.len() == 2), "{object:?}");

    fixture.set_grants(&grants[1..]).await?;
    fixture.at("long").gone("Secret", "login").await?;
    until_counts(&fixture, [3, 1, 2, 0]).await?;
    ensure!(is_there(&fixture, "short").await?, "a namespace lost its login with the grant of another one");
    fixture.set_grants(&[]).await?;
    fixture.at("short").gone("Secret", "login").await?;
    let told = fixture.stalled(KIND, "login", "no namespace has a login").await?;
    ensure!(told.reason == "GrantMissing", "{told:?}");
    fixture.at("default").until_event("GrantMissing", "removed, because a grant is gone").await
}

/// Whoever may label his namespace can have it picked; that alone opens nothing.
#[tokio::test]
async fn a_namespace_that_picks_itself_gets_nothing_without_a_grant() -> Result<()> {
    let fixture = stage(&["a"]).await?;
    fixture.set_grants(&[grant(&["a"], &json!({}))]).await?;
    applied(&fixture, &json!({})).await?;
    label(&fixture, "team", json!("yes")).await?;
    let object = until_counts(&fixture, [2, 1, 1, 0]).await?;
    ensure!(failures(&object)[0][..2] == ["team", "GrantMissing"], "{:?}", failures(&object));
    ensure!(!is_there(&fixture, "team").await?);
    ensure!(fixture.emulator.mints(0) == 1, "{} mints", fixture.emulator.mints(0));
    Ok(())
}

#[tokio::test]
async fn a_grant_that_went_while_the_operator_was_away_takes_its_secret() -> Result<()> {
    let fixture = stage(&["a", "b"]).await?;
    applied(&fixture, &json!({})).await?;
    fixture.install.operator.kill().await?;
    fixture.set_grants(&[grant(&["a"], &json!({}))]).await?;
    fixture.install.operator.start_again().await?;
    fixture.at("b").gone("Secret", "login").await?;
    until_counts(&fixture, [2, 1, 1, 0]).await?;
    ensure!(is_there(&fixture, "a").await?);
    Ok(())
}

#[tokio::test]
async fn a_spec_that_is_wrong_takes_no_login_away() -> Result<()> {
    let fixture = stage(&["a"]).await?;
    fixture.set_grants(&[grant(&["a"], &json!({}))]).await?;
    applied(&fixture, &json!({})).await?;
    let data = until_there(&fixture, "a").await?;
    let typo = json!({"repository": {"domain": "acmee", "name": "store"}, "formats": ["npm"]});
    apply(&fixture, &json!({"registries": [typo]})).await?;
    fixture.stalled(KIND, "login", "`credentials` for acmee").await?;
    ensure!(until_there(&fixture, "a").await? == data);
    let unknown = json!({"matchExpressions": [{"key": "logins", "operator": "Like", "values": ["yes"]}]});
    apply(&fixture, &json!({"namespaceSelector": unknown})).await?;
    fixture.stalled(KIND, "login", "spec.namespaceSelector").await?;
    ensure!(until_there(&fixture, "a").await? == data);
    Ok(())
}

#[tokio::test]
async fn the_status_names_twenty_failures_of_many() -> Result<()> {
    const BARE: usize = 30;
    let fixture = stage(&["a"]).await?;
    fixture.set_grants(&[grant(&["a"], &json!({}))]).await?;
    for number in 0..BARE {
        fixture.cluster.namespace(&format!("bare-{number:02}"), &PICKED).await?;
    }
    apply(&fixture, &json!({})).await?;
    let object = until_counts(&fixture, [31, 1, 30, 0]).await?;
    let told = failures(&object);
    ensure!(told.len() == 20 && told[0][0] == "bare-00" && told[19][0] == "bare-19", "{told:?}");
    ensure!(told.iter().all(|failure| failure[2].chars().count() <= 256), "{told:?}");
    Ok(())
}
