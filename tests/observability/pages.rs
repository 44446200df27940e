//! Each alert has a page, and says what operators need.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::promtool::rules;

const BASE: &str = "https://codeartifact-operator.dev/docs/runbooks/";

#[test]
fn each_alert_says_what_it_means_and_has_a_page() -> Result<()> {
    let rules: Value = serde_saphyr::from_str(&std::fs::read_to_string(rules())?)?;
    let mut names = BTreeSet::new();
    for rule in rules["groups"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|group| group["rules"].as_array())
        .flatten()
    {
        let name = rule["alert"].as_str().context("a rule that is no alert")?;
        let text =
            |part: &str| rule["annotations"][part].as_str().with_context(|| format!("{name} has no {part}"));
        ensure!(text("runbook_url")? == format!("{BASE}{name}.md"), "{name}: {}", text("runbook_url")?);
        ensure!(
            text("summary")?.ends_with('.') && text("description")?.ends_with('.'),
            "{name}: no sentences"
        );
        ensure!(
            ["warning", "critical"].map(Value::from).contains(&rule["labels"]["severity"]),
            "{name}: severity"
        );
        ensure!(rule["for"].is_string(), "{name}: for");
        names.insert(format!("{name}.md"));
    }
    let pages = std::fs::read_dir(harness::repository().join("docs/runbooks"))?;
    let pages = pages
        .map(|page| Ok(page?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<BTreeSet<_>>>()?;
    ensure!(names == pages, "alerts {names:?}\npages {pages:?}");
    Ok(())
}
