//! Keys of the Secret that its owner wrote templates for.

use anyhow::{Result, ensure};
use harness::Fixture;
use harness::fixture::registry;
use serde_json::{Value, json};

const KIND: &str = "RegistryCredential";

fn templates(templates: &Value) -> Value {
    json!({"registries": [registry(&["npm"])], "secret": {"templates": templates}})
}

#[tokio::test]
async fn a_template_gives_a_key_and_a_change_of_it_rewrites_the_secret() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let first =
        json!({"auth.json": "{\"pass\": {{ token | json }}}\n", "login.env": "T={{ token | shell }}\n"});
    let data = fixture.ready_login("login", &templates(&first)).await?;
    let token = &data["token"];
    ensure!(
        data["auth.json"] == format!("{{\"pass\": \"{token}\"}}\n")
            && data["login.env"] == format!("T='{token}'\n")
    );

    let second = json!({"auth.json": "{{ registries[0].repository }} of {{ registries[0].region }}"});
    fixture.login("login", &templates(&second)).await?;
    fixture.issued("login").await?;
    let changed = fixture.data("login").await?;
    ensure!(changed["auth.json"] == "store of us-east-1", "{:?}", changed["auth.json"]);
    ensure!(!changed.contains_key("login.env") && changed["token"] == *token);
    fixture.until_event("Updated", "Secret login written as declared").await?;

    fixture.emulator.forward("8h").await?;
    let renewed = fixture.until_renewed("login", &changed).await?;
    ensure!(renewed["auth.json"] == changed["auth.json"]);
    fixture.login("login", &templates(&first)).await?;
    fixture.issued("login").await?;
    let last = fixture.data("login").await?;
    ensure!(last["login.env"] == format!("T='{}'\n", renewed["token"]), "the old token is in it");
    ensure!(fixture.emulator.mints(0) == 2, "{} mints", fixture.emulator.mints(0));
    Ok(())
}

#[tokio::test]
async fn a_template_that_says_the_same_writes_nothing() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    fixture.ready_login("login", &templates(&json!({"a": "{{ token }}{{ username }}"}))).await?;
    let version =
        || async { anyhow::Ok(fixture.secrets()?.get_metadata("login").await?.metadata.resource_version) };
    let before = version().await?;
    fixture.reconcile_now(KIND, "login").await?;
    fixture.login("login", &templates(&json!({"a": "{{ token ~ username }}{# the same #}"}))).await?;
    fixture.issued("login").await?;
    ensure!(version().await? == before, "the Secret was written");
    Ok(())
}

#[tokio::test]
async fn a_wrong_template_is_told_without_the_token_and_takes_nothing_away() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    fixture.login("login", &templates(&json!({"a": "\n{{ token | b64encode }}"}))).await?;
    let told = fixture
        .stalled(KIND, "login", "spec.secret.templates[\"a\"], line 2: there is no filter b64encode")
        .await?;
    ensure!(told.reason == "InvalidSpec" && fixture.emulator.mints(0) == 0, "{told:?}");

    fixture.login("login", &templates(&json!({"a": "{{ token }}"}))).await?;
    fixture.issued("login").await?;
    let data = fixture.data("login").await?;
    let token = &data["token"];
    for (wrong, says) in [
        (json!({"a": "{{ token - 1 }}"}), "an operator or a filter does not fit"),
        (json!({"a": "{{ token[token] }}"}), "a value is not defined here"),
        (
            json!({"a": "{% for a in token %}{% for b in token %}{{ token }}{% endfor %}{% endfor %}"}),
            "it takes more than",
        ),
        (json!({".npmrc": "{{ token }}"}), "one of the formats in spec.registries writes that key"),
    ] {
        fixture.login("login", &templates(&wrong)).await?;
        let told = fixture.stalled(KIND, "login", says).await?;
        ensure!(told.reason == "InvalidSpec" && !told.message.contains(&token[..8]), "{told:?}");
        fixture.until_holds("login", &data).await?;
    }
    let all = serde_json::to_string(&fixture.get(KIND, "login").await?.data["status"])?;
    ensure!(!all.contains(&token[..8]));
    fixture.login("login", &json!({"registries": [registry(&["npm"])]})).await?;
    fixture.issued("login").await?;
    ensure!(!fixture.data("login").await?.contains_key("a"));
    Ok(())
}
