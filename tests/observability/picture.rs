//! Draws the dashboard from what its queries give on a real Prometheus, after some hours in which much happened to an operator.
//!
//! `make dashboard-picture` draws hours. As a test, some minutes are enough to see that no panel is empty.

use std::path::Path;

use anyhow::{Result, ensure};
use harness::evidence::Evidence;

use crate::dashboard::page::{Series, Time, page};
use crate::dashboard::{Dashboard, document, filled};
use crate::day::live;
use crate::prometheus::Prometheus;

/// The time in Prometheus at which the hours begin.
const BEGIN: i64 = 1_767_592_800;
/// Minutes in a scene of the picture, and of the test.
const PICTURE: usize = 60;
const TEST: usize = 4;
/// The window of rates that Grafana chooses for one scrape per minute.
const RATES: &str = "4m";

#[tokio::test]
async fn each_panel_of_the_dashboard_is_drawn_from_lively_hours() -> Result<()> {
    let pages = std::env::var_os("CODEARTIFACT_PAGES");
    let day = live(if pages.is_some() { PICTURE } else { TEST }).await?;
    let minutes = i64::try_from(day.recording.scrapes())? - 1;
    let time = Time { from: BEGIN, to: BEGIN + minutes * 60, step: 60 };
    let prometheus = Prometheus::of(&day.recording, time).await?;
    let dashboard = Dashboard::read(&document()?)?;
    let mut answers = Vec::new();
    for panel in &dashboard.panels {
        let mut of_panel: Vec<Vec<Series>> = Vec::new();
        for target in &panel.targets {
            let query = filled(&target.expr, RATES);
            let series = prometheus.range(&query, time).await?;
            ensure!(!series.is_empty(), "{}: no series: {query}", panel.title);
            of_panel.push(series);
        }
        answers.push(of_panel);
    }
    let page = page(&dashboard, &answers, time)?;
    std::fs::write(Evidence::of_this_test()?.fresh("dashboard", "html")?, &page)?;
    if let Some(folder) = pages {
        std::fs::write(Path::new(&folder).join("dashboard.html"), page)?;
    }
    Ok(())
}
