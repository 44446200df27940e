//! One login for registries of several AwsAccounts, each with grants of its own.

use anyhow::{Result, ensure};
use codeartifact_emulator::Options;
use harness::emulator::Emulator;
use harness::fixture::registry;
use harness::web::get_with_token;
use harness::{Fixture, unique};
use http::StatusCode;
use serde_json::{Value, json};

/// A fixture, and an AwsAccount in a second Region where the domain `acme` has a repository `store` too.
async fn two_regions() -> Result<(Fixture, Emulator, String)> {
    let fixture = Fixture::with_store().await?;
    let options = Options { region: "eu-west-1".into(), ..Options::default() };
    let (europe, eu) = (Emulator::start_with(options).await?, unique("eu"));
    let aws = europe.aws();
    aws.create_domain().domain("acme").send().await?;
    aws.create_repository().domain("acme").repository("store").send().await?;
    let endpoints = json!({"codeartifact": europe.url(), "sts": europe.url()});
    let spec =
        json!({"region": "eu-west-1", "endpoints": endpoints, "grants": granted(&fixture, &json!(["acme"]))});
    fixture.make_account(&eu, spec).await?;
    Ok((fixture, europe, eu))
}

fn granted(fixture: &Fixture, domains: &Value) -> Value {
    json!([{"namespaces": {"names": [fixture.namespace()]}, "credentials": [{"domains": domains}]}])
}

/// The same repository name under both AwsAccounts.
fn registries(eu: &str) -> Value {
    let mut scoped = registry(&["npm"]);
    scoped["scope"] = "@eu".into();
    scoped["accountRef"] = json!({"name": eu});
    json!({"registries": [registry(&["npm"]), scoped]})
}

/// The token behind each address of an `.npmrc`.
fn logins(npmrc: &str) -> Vec<(String, String)> {
    let login = |line: &str| {
        line.strip_prefix("//")?
            .split_once("/:_authToken=")
            .map(|(address, token)| (format!("http://{address}/-/ping"), token.trim_matches('"').to_owned()))
    };
    npmrc.lines().filter_map(login).collect()
}

#[tokio::test]
async fn one_file_holds_a_token_of_each_account_and_region() -> Result<()> {
    let (fixture, europe, eu) = two_regions().await?;
    let data = fixture.ready_login("login", &registries(&eu)).await?;
    ensure!(!data.contains_key("token"), "no token stands for both accounts");
    let logins = logins(&data[".npmrc"]);
    let [(first, here), (second, there)] = &logins[..] else { anyhow::bail!("{} logins", logins.len()) };
    ensure!(first.contains("127.0.0.1") && second.starts_with(&europe.url()), "{first} {second}");
    for (address, token, expected) in [
        (first, here, StatusCode::OK),
        (second, there, StatusCode::OK),
        (first, there, StatusCode::UNAUTHORIZED),
        (second, here, StatusCode::UNAUTHORIZED),
    ] {
        let (status, _) = get_with_token(address, token).await?;
        ensure!(status == expected, "{address} answered {status} instead of {expected}");
    }
    ensure!((fixture.emulator.mints(0), europe.mints(0)) == (1, 1), "each account mints once");
    let tokens = fixture.get("RegistryCredential", "login").await?.data["status"]["tokens"].clone();
    let accounts: Vec<_> = tokens.as_array().into_iter().flatten().map(|token| &token["account"]).collect();
    ensure!(accounts.contains(&&json!(eu)) && accounts.contains(&&json!(fixture.account())), "{tokens}");
    Ok(())
}

#[tokio::test]
async fn the_grants_of_each_account_count_for_its_own_registries() -> Result<()> {
    let (fixture, _europe, eu) = two_regions().await?;
    fixture.ready_login("login", &registries(&eu)).await?;
    let grants = |domains: Value| json!({"spec": {"grants": granted(&fixture, &domains)}});
    fixture.patch("AwsAccount", &eu, &grants(json!(["other"]))).await?;
    fixture.gone("Secret", "login").await?;
    let told = fixture.stalled("RegistryCredential", "login", &format!("AwsAccount {eu}")).await?;
    ensure!(told.reason == "GrantMissing", "{told:?}");
    fixture.patch("AwsAccount", &eu, &grants(json!(["acme"]))).await?;
    fixture.issued("login").await.map(drop)
}

#[tokio::test]
async fn an_account_that_is_not_there_is_named_with_its_field_and_takes_nothing_away() -> Result<()> {
    let (fixture, _europe, eu) = two_regions().await?;
    let before = fixture.ready_login("login", &registries(&eu)).await?;
    let missing = unique("missing");
    fixture.login("login", &registries(&missing)).await?;
    let told = fixture.login_ready_for("login", "AccountNotReady").await?;
    let expected = format!("spec.registries[1].accountRef: AwsAccount {missing} does not exist");
    ensure!(told.message.contains(&expected), "{told:?}");
    ensure!(fixture.data("login").await? == before, "the Secret was taken or changed");
    Ok(())
}
