//! Private endpoints and proxies: the AwsAccount says where a token may be sent.

use anyhow::{Result, ensure};
use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use harness::Fixture;
use harness::emulator::ACCOUNT;
use harness::web::get_with_token;
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};
use tokio::net::TcpListener;

fn behind(endpoint: &str) -> Value {
    json!({"registries": [{"repository": {"domain": "acme", "name": "store"}, "formats": ["npm"], "endpoint": endpoint}]})
}

/// What a proxy of one domain does: the path that it is reached at goes, and the domain comes into the path.
async fn proxy(State(emulator): State<String>, uri: Uri, headers: HeaderMap) -> impl IntoResponse {
    let path = uri.path().strip_prefix("/any/path/npm/").unwrap_or("nowhere").to_owned();
    let token = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let url = format!("{emulator}/npm/d/acme-{ACCOUNT}/{path}");
    match get_with_token(&url, token.unwrap_or_default()).await {
        Ok(answer) => answer.into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

#[tokio::test]
async fn a_proxy_that_the_account_allows_gets_the_token_at_its_path() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let app = Router::new().fallback(proxy).with_state(fixture.emulator.url());
    let served = tokio::spawn(axum::serve(listener, app).into_future());

    let endpoint = format!("http://{address}/any/path");
    fixture.login("login", &behind(&endpoint)).await?;
    let told = fixture.stalled("RegistryCredential", "login", "spec.registries[0].endpoint is").await?;
    let remedy = format!("add 127.0.0.1 to spec.allowedEndpoints of AwsAccount {}", fixture.account());
    ensure!(told.reason == "InvalidSpec" && told.message.contains(&remedy), "{told:?}");
    ensure!(fixture.emulator.mints(0) == 0, "no token is minted for an address that is refused");

    fixture.patch_account(&json!({"allowedEndpoints": ["127.0.0.1"]})).await?;
    fixture.issued("login").await?;
    let data = fixture.data("login").await?;
    let registry = format!("{endpoint}/npm/store/");
    ensure!(data[".npmrc"].contains(&format!("registry={registry}")), "another address was written");
    let (refused, _) = get_with_token(&format!("{registry}-/ping"), "no token").await?;
    let (status, body) = get_with_token(&format!("{registry}-/ping"), &data["token"]).await?;
    ensure!(refused == StatusCode::UNAUTHORIZED && status == StatusCode::OK, "{refused}, {status}: {body}");
    served.abort();
    Ok(())
}

#[tokio::test]
async fn a_host_that_is_not_in_the_list_is_refused_and_takes_nothing_away() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let vpce = "https://vpce.example.com";
    let before = fixture.ready_login("login", &behind(vpce)).await?;
    fixture.patch_account(&json!({"allowedEndpoints": ["*.corp.example"]})).await?;
    let told = fixture.stalled("RegistryCredential", "login", "allows the hosts *.corp.example").await?;
    ensure!(told.message.contains(vpce) && told.message.contains(fixture.account()), "{told:?}");
    ensure!(fixture.data("login").await? == before, "the Secret was taken or changed");
    fixture.patch_account(&json!({"allowedEndpoints": ["vpce.example.com"]})).await?;
    fixture.issued("login").await.map(drop)
}
