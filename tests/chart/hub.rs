//! What Artifact Hub shows of the chart agrees with the rest of it.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use codeartifact_operator::api::crds;
use serde_json::Value;

use crate::render::Chart;

#[test]
fn artifact_hub_knows_every_kind_and_the_image_of_this_version() -> Result<()> {
    let chart: Value = serde_saphyr::from_str(&Chart::ours().read("Chart.yaml")?)?;
    let annotation = |name: &str| -> Result<Vec<Value>> {
        let text =
            chart["annotations"][format!("artifacthub.io/{name}")].as_str().context(name.to_owned())?;
        serde_saphyr::from_str(text).with_context(|| name.to_owned())
    };
    let listed = annotation("crds")?;
    let field = |object: &Value, name: &str| object[name].as_str().unwrap_or_default().to_owned();
    let listed: BTreeSet<_> =
        listed.iter().map(|crd| ["name", "kind", "version"].map(|name| field(crd, name))).collect();
    let defined: BTreeSet<_> = crds()
        .into_iter()
        .map(|crd| {
            let version =
                crd.spec.versions.into_iter().map(|version| version.name).next().unwrap_or_default();
            [crd.metadata.name.unwrap_or_default(), crd.spec.names.kind, version]
        })
        .collect();
    ensure!(listed == defined, "Chart.yaml lists {listed:?}, and the operator defines {defined:?}");

    let image = format!("codeartifact-operator:{}", field(&chart, "appVersion"));
    let images = annotation("images")?;
    ensure!(
        images.len() == 1 && images.iter().all(|listed| listed["image"] == *image),
        "{images:?}, not {image}"
    );
    let kinds = ["added", "changed", "deprecated", "removed", "fixed", "security"];
    let known = |change: &Value| kinds.iter().any(|kind| change["kind"] == *kind);
    ensure!(annotation("changes")?.iter().all(known), "a change is of no kind that Artifact Hub knows");
    for link in annotation("links")? {
        ensure!(field(&link, "url").starts_with("https://"), "{link}");
    }
    Ok(())
}
