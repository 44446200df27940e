//! promtool finds nothing wrong with the metrics and the rules, and a rule that is wrong fails.

use anyhow::{Context, Result, ensure};
use harness::Fixture;
use harness::scratch::Scratch;
use serde_json::json;

use crate::promtool::{Expected, promtool, rules, test_rules_of};
use crate::recording::Recording;

#[tokio::test]
async fn promtool_finds_nothing_wrong_with_the_rules_and_the_metrics() -> Result<()> {
    promtool(&["check", "rules", "--lint=all", "--lint-fatal", rules().to_str().context("path")?], "")
        .await?;
    let fixture = Fixture::with_store().await?;
    fixture.ready_login("login", &json!({})).await?;
    let page = older_format(&fixture.install.operator.get("/metrics").await?);
    promtool(&["check", "metrics"], &page).await?;
    let spoilt = page.replace("codeartifact_operator_queue_depth", "codeartifact_operator_queueDepth");
    ensure!(promtool(&["check", "metrics"], &spoilt).await.is_err(), "a bad name passes");
    Ok(())
}

/// The page in the older text format of Prometheus, which is all that `promtool check metrics` reads: there a family has the name of its
/// samples, and the type `info` does not exist.
fn older_format(page: &str) -> String {
    let families = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let suffixes: Vec<_> = families
        .filter_map(|(name, kind)| match kind {
            "counter" => Some((format!(" {name} "), format!(" {name}_total "))),
            "info" => Some((format!(" {name} "), format!(" {name}_info "))),
            _ => None,
        })
        .collect();
    let lines = page.lines().filter(|line| *line != "# EOF").map(|line| {
        let comment = line.starts_with('#');
        let known = suffixes.iter().find(|(name, _)| comment && line.contains(name.as_str()));
        let line =
            known.map_or_else(|| line.to_owned(), |(name, full)| line.replacen(name.as_str(), full, 1));
        let info = line.starts_with("# TYPE ") && line.ends_with(" info");
        if info { line.replace(" info", " gauge") } else { line }
    });
    lines.map(|line| line + "\n").collect()
}

/// A rule that asks for a metric that nobody serves never fires: the tests above would notice.
#[tokio::test]
async fn an_alert_on_a_metric_that_does_not_exist_fails_its_test() -> Result<()> {
    let mut recording = Recording::default();
    for _ in 0..7 {
        recording.scraped(Some("codeartifact_operator_leader 0\n"))?;
    }
    let expected = [Expected::firing(6, "CodeArtifactNoLeader", "")];
    test_rules_of(&rules(), &recording, &expected).await?;
    let rules = std::fs::read_to_string(rules())?;
    let spoilt = rules
        .replace("sum by (job, namespace) (codeartifact_operator_leader)", "codeartifact_operator_leads");
    ensure!(spoilt != rules, "nothing was spoilt");
    let folder = Scratch::new()?;
    let file = folder.write("alerts.yaml", spoilt)?;
    ensure!(test_rules_of(&file, &recording, &expected).await.is_err(), "the spoilt rule fires");
    Ok(())
}
