//! The status page, as somebody sees it who reaches the operator's port.

use anyhow::{Context, Result, ensure};
use harness::fixture::Setup;
use harness::{Fixture, web};
use http::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn the_page_names_what_is_not_ready_and_never_a_token() -> Result<()> {
    let fixture = Setup::shared().values(json!({"statusPage": {"enabled": true}})).start().await?;
    fixture.make_store("acme").await?;
    fixture.ready_login("login", &json!({})).await?;
    fixture.apply(&fixture.object("Domain", "taken", &json!({"name": "acme"}))).await?;
    fixture.ready_for("Domain", "taken", "AdoptionRefused").await?;
    fixture.apply(&fixture.object("Repository", "team", &json!({"domain": {"name": "acme"}}))).await?;
    fixture.ready("Repository", "team").await?;
    fixture.emulator.fault("DescribeRepository", &json!({"error": "AccessDeniedException"})).await?;
    fixture.reconcile_now("Repository", "team").await?;
    fixture.ready_for("Repository", "team", "ReadDenied").await?;
    let html = json!({"error": "ValidationException", "message": "<script>alert('AWS')</script>"});
    fixture.emulator.fault("CreateDomain", &html).await?;
    fixture.apply(&fixture.object("Domain", "new", &json!({}))).await?;
    fixture.ready_for("Domain", "new", "AwsRejected").await?;
    fixture.install.operator.ready().await?;
    let page = fixture.install.operator.get("/").await?;
    let row = format!("<td class=\"word\">Domain</td><td>{}</td><td>taken</td>", fixture.namespace());
    for shown in [
        row.as_str(),
        "AdoptionRefused",
        "&lt;script&gt;alert('AWS')&lt;/script&gt;",
        "<td class=\"word\">11 h ",
        fixture.account(),
        "The operator works.",
    ] {
        ensure!(page.contains(shown), "{shown} is not in {page}");
    }
    let degraded = page.split_once("<h2>Degraded").context("no section of what is degraded")?.1;
    ensure!(degraded.contains("ReadDenied") && !degraded.contains("AdoptionRefused"), "{page}");
    let tokens = fixture.emulator.tokens_minted();
    ensure!(
        !tokens.is_empty() && tokens.iter().all(|token| !page.contains(token.as_str())),
        "a token is shown"
    );
    if let Some(folder) = std::env::var_os("CODEARTIFACT_PAGES") {
        std::fs::write(std::path::Path::new(&folder).join("status.html"), page)?;
    }
    Ok(())
}

#[tokio::test]
async fn there_is_no_page_unless_the_chart_asks_for_one() -> Result<()> {
    let fixture = Fixture::shared().await?;
    let url = format!("http://{}/", fixture.install.operator.address()?);
    let (status, _) = web::send(Method::GET, &url, "").await?;
    ensure!(status == StatusCode::NOT_FOUND, "{status}");
    Ok(())
}
