use anyhow::Context;
use serde_json::{Value, json};

use super::*;
use crate::dashboard::document;

const TIME: Time = Time { from: 0, to: 600, step: 60 };

/// Series for each target: two lines, of which one looks like HTML.
fn answers(dashboard: &Dashboard) -> Vec<Vec<Vec<Series>>> {
    let line = |kind: &str, value: f64| Series {
        labels: [("kind".to_owned(), kind.to_owned())].into(),
        points: (0..=10).map(|minute| (minute * 60, value)).collect(),
    };
    let series = vec![line("<b>Domain</b>", 3.0), line("Repository", 1.0)];
    dashboard.panels.iter().map(|panel| vec![series.clone(); panel.targets.len()]).collect()
}

/// A dashboard of one panel, which may differ from one with lines.
fn one(change: &Value) -> Value {
    let mut panel = json!({
        "type": "timeseries", "title": "<i>Lines</i>", "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8},
        "fieldConfig": {"defaults": {"unit": "short", "min": 0, "thresholds": {"steps": []}}, "overrides": []},
        "targets": [{"expr": "up", "legendFormat": "{{kind}}"}],
    });
    for (pointer, value) in change.as_object().into_iter().flatten() {
        if let Some(place) = panel.pointer_mut(pointer) {
            *place = value.clone();
        }
    }
    json!({"title": "planted", "panels": [panel]})
}

fn drawn(document: &Value) -> Result<String> {
    let dashboard = Dashboard::read(document)?;
    page(&dashboard, &answers(&dashboard), TIME)
}

#[test]
fn every_panel_of_the_dashboard_is_drawn() -> Result<()> {
    let dashboard = Dashboard::read(&document()?)?;
    let page = page(&dashboard, &answers(&dashboard), TIME)?;
    let of = |kind: Kind| dashboard.panels.iter().filter(|panel| panel.kind == kind).count();
    ensure!(
        of(Kind::Row) > 0 && of(Kind::Stat) > 0 && of(Kind::Timeseries) > 0,
        "a type of panel is missing"
    );
    for panel in &dashboard.panels {
        ensure!(page.contains(&format!("<h2>{}</h2>", panel.title)), "{} is not drawn", panel.title);
    }
    ensure!(page.matches("<svg ").count() == of(Kind::Timeseries), "not each chart is drawn");
    ensure!(page.matches("class=\"value\"").count() == of(Kind::Stat), "not each value is drawn");
    ensure!(!page.contains("No data"), "a panel is empty");
    for outside in ["src=", "href=", "url(", "@import", "<script"] {
        ensure!(!page.contains(outside), "the page has {outside}");
    }
    Ok(())
}

#[test]
fn whatever_looks_like_html_is_drawn_as_text() -> Result<()> {
    let page = drawn(&one(&json!({})))?;
    for text in ["&lt;b&gt;Domain&lt;/b&gt;", "&lt;i&gt;Lines&lt;/i&gt;"] {
        ensure!(page.contains(text), "{text} is not in {page}");
    }
    ensure!(!page.contains("<b>") && !page.contains("<i>"), "{page}");
    Ok(())
}

#[test]
fn what_the_page_cannot_draw_is_an_error_that_names_the_panel() -> Result<()> {
    for change in [
        json!({"/type": "gauge"}),
        json!({"/fieldConfig/defaults/unit": "bytes"}),
        json!({"/fieldConfig/overrides": [{"matcher": {"id": "byName", "options": "a"}, "properties": [{"id": "unit", "value": "s"}]}]}),
        json!({"/fieldConfig/overrides": [{"matcher": {"id": "byRegexp", "options": "a"}, "properties": []}]}),
    ] {
        let error = drawn(&one(&change)).err().with_context(|| format!("{change} is drawn"))?;
        ensure!(error.to_string() == "the panel <i>Lines</i> cannot be drawn", "{change}: {error:#}");
    }
    let colored = json!({"matcher": {"id": "byName", "options": "Repository"},
        "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": "plaid"}}]});
    let error = drawn(&one(&json!({"/fieldConfig/overrides": [colored]}))).err().context("plaid is drawn")?;
    ensure!(error.to_string() == "the page knows no colour plaid", "{error:#}");
    let dashboard = Dashboard::read(&one(&json!({})))?;
    ensure!(page(&dashboard, &[vec![]], TIME).is_err(), "a target without an answer is drawn");
    Ok(())
}

#[test]
fn a_line_may_have_another_name_and_colour_and_a_value_a_text() -> Result<()> {
    let renamed = json!({"matcher": {"id": "byName", "options": "Repository"}, "properties": [
        {"id": "displayName", "value": "Repositories"}, {"id": "color", "value": {"mode": "fixed", "fixedColor": "gray"}}]});
    let page = drawn(&one(&json!({"/fieldConfig/overrides": [renamed]})))?;
    ensure!(page.contains("<i style=\"background:rgb(142,142,142)\"></i>Repositories</li>"), "{page}");
    let stat = json!({"unit": "s", "mappings": [{"type": "value", "options": {"3": {"text": "three"}}}],
        "thresholds": {"steps": [{"color": "red", "value": null}, {"color": "blue", "value": 2}, {"color": "green", "value": 4}]}});
    let page = drawn(&one(&json!({"/type": "stat", "/fieldConfig/defaults": stat})))?;
    ensure!(page.contains("style=\"color:rgb(31,96,196)\">three</p>"), "{page}");
    Ok(())
}

#[test]
fn a_panel_without_a_series_says_so() -> Result<()> {
    for kind in ["stat", "timeseries"] {
        let dashboard = Dashboard::read(&one(&json!({ "/type": kind })))?;
        let page = page(&dashboard, &[vec![vec![]]], TIME)?;
        ensure!(page.contains("<p class=\"nothing\">No data</p>"), "{page}");
    }
    Ok(())
}
