//! Each query of the dashboard gives something in a real Prometheus, and so do the texts of alerts.

use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};
use harness::evidence::Evidence;
use harness::wait::PATIENCE;
use harness::{Fixture, wait_for};
use serde_json::{Value, json};

use crate::dashboard::{document, filled};
use crate::prometheus::Prometheus;

/// The window of rates in this test.
const RATES: &str = "1m";

/// One query of a panel.
#[derive(Clone, Debug)]
struct Query {
    panel: String,
    text: String,
}

/// The queries of all panels and variables, with the variables as Grafana would fill them in.
fn queries(dashboard: &Value) -> Result<Vec<Query>> {
    let list = |of: &Value, name: &str| of[name].as_array().cloned().unwrap_or_default();
    let mut queries = Vec::new();
    for variable in list(&dashboard["templating"], "list") {
        let Some(text) = variable["query"]["query"].as_str() else { continue };
        let asked = text.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')'));
        let (metric, label) =
            asked.and_then(|asked| asked.rsplit_once(", ")).with_context(|| text.to_owned())?;
        let panel = format!("variable {}", variable["name"].as_str().unwrap_or_default());
        queries.push(Query { panel, text: filled(&format!("count by ({label}) ({metric})"), RATES) });
    }
    for panel in list(dashboard, "panels") {
        let title = panel["title"].as_str().context("a panel without a title")?.to_owned();
        for target in list(&panel, "targets") {
            let text = target["expr"].as_str().with_context(|| format!("{title}: no query"))?;
            queries.push(Query { panel: title.clone(), text: filled(text, RATES) });
        }
    }
    Ok(queries)
}

/// How many series a query gives, with a number each; at least one.
async fn series(prometheus: &Prometheus, query: &Query) -> Result<usize> {
    let found = prometheus.query(&query.text).await?;
    let numbers =
        found.iter().filter(|series| series["value"][1].as_str().is_some_and(|value| value != "NaN"));
    let count = numbers.count();
    ensure!(count > 0, "{}: no series: {}", query.panel, query.text);
    Ok(count)
}

/// An operator with something to show in each panel: a login, and objects that are not ready, one of them stalled.
async fn busy() -> Result<Fixture> {
    let fixture = Fixture::with_store().await?;
    fixture.ready_login("login", &json!({})).await?;
    fixture.apply(&fixture.object("Domain", "acme", &json!({}))).await?;
    fixture.apply(&fixture.object("Repository", "team", &json!({"domainRef": {"name": "missing"}}))).await?;
    fixture.ready_for("Domain", "acme", "AdoptionRefused").await?;
    fixture.ready_for("Repository", "team", "DependencyNotReady").await?;
    Ok(fixture)
}

#[tokio::test]
async fn each_query_of_the_dashboard_gives_series_and_alerts_have_texts() -> Result<()> {
    let fixture = busy().await?;
    let prometheus = Prometheus::start(&fixture).await?;
    let mut table = String::new();
    for query in queries(&document()?)? {
        let waited = wait_for(&query.panel, PATIENCE, async || {
            let count = series(&prometheus, &query).await;
            if count.is_err() {
                // Rates need calls between two scrapes.
                fixture.reconcile_now("Domain", "acme").await?;
            }
            count
        });
        writeln!(table, "{:2} series: {}: {}", waited.await?, query.panel, query.text)?;
    }
    println!("{table}");
    std::fs::write(Evidence::of_this_test()?.fresh("queries", "txt")?, table)?;
    texts(&prometheus).await?;

    let mut spoilt = document()?;
    let expression = &mut spoilt["panels"][1]["targets"][0]["expr"];
    *expression = json!(expression.as_str().context("a query")?.replace("_leader", "_leads"));
    let query = queries(&spoilt)?.into_iter().find(|query| query.text.contains("_leads"));
    let found = series(&prometheus, &query.context("nothing was spoilt")?).await;
    ensure!(found.is_err(), "a query for a metric that does not exist passes");
    Ok(())
}

/// The texts of the alert about the stalled Domain name what it is about.
async fn texts(prometheus: &Prometheus) -> Result<()> {
    let waited = wait_for("the alert about the stalled Domain", PATIENCE, async || {
        let alerts = prometheus.alerts().await?;
        let alert =
            alerts.into_iter().find(|alert| alert["labels"]["alertname"] == "CodeArtifactObjectsStalled");
        alert.context("it is not there")
    });
    let alert = waited.await?;
    let summary = alert["annotations"]["summary"].as_str().context("a summary")?;
    ensure!(summary == "1 objects of the kind Domain are stalled: AdoptionRefused.", "{summary}");
    Ok(())
}

#[test]
fn each_panel_says_what_it_shows_and_in_which_unit() -> Result<()> {
    let dashboard = document()?;
    ensure!(dashboard["uid"] == "codeartifact-operator", "{}", dashboard["uid"]);
    let panels = dashboard["panels"].as_array().context("panels")?;
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        let title = &panel["title"];
        let text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
        ensure!(text(title) && text(&panel["description"]), "{title} has no description");
        ensure!(text(&panel["fieldConfig"]["defaults"]["unit"]), "{title} has no unit");
        ensure!(panel["datasource"]["uid"] == "${datasource}", "{title} names a data source");
    }
    Ok(())
}
