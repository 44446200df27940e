//! The upstreams of a Repository that is Ready are edited.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::scene::{Scene, object, scene};

fn web(upstreams: &Value) -> String {
    object("Repository", "web", &json!({"domainRef": {"name": "acme"}, "upstreams": upstreams}))
}

/// The upstreams of `web` as AWS has them, in order.
async fn in_aws(scene: &Scene<'_>) -> Result<Vec<String>> {
    let answer = scene.aws().describe_repository().domain("acme").repository("web").send().await?;
    let repository = answer.repository.context("AWS described no repository")?;
    let names = repository.upstreams().iter().filter_map(|upstream| upstream.repository_name());
    Ok(names.map(Into::into).collect())
}

/// The upstreams of `web` as status names them, in order.
fn in_status(object: &kube::api::DynamicObject) -> Vec<String> {
    let upstreams = object.data.pointer("/status/upstreams").and_then(Value::as_array);
    let names = upstreams.into_iter().flatten().filter_map(|upstream| upstream["name"].as_str());
    names.map(Into::into).collect()
}

#[tokio::test]
async fn each_edit_reaches_aws_with_one_write_and_in_order() -> Result<()> {
    scene!(scene);
    scene.apply(&object("Domain", "acme", &json!({}))).await?;
    for name in ["one", "two", "three"] {
        scene.apply(&object("Repository", name, &json!({"domainRef": {"name": "acme"}}))).await?;
    }
    let reference = |name: &str| json!({"repositoryRef": {"name": name}});
    scene.apply(&web(&json!([reference("one"), {"name": "two"}]))).await?;
    scene.ready("Repository", "web").await?;
    ensure!(in_aws(&scene).await? == ["one", "two"], "{:?}", in_aws(&scene).await?);

    let edits: [(&str, Value, &[&str]); 5] = [
        ("the order", json!([{"name": "two"}, reference("one")]), &["two", "one"]),
        (
            "one more",
            json!([{"name": "two"}, reference("one"), reference("three")]),
            &["two", "one", "three"],
        ),
        ("one less", json!([reference("one"), reference("three")]), &["one", "three"]),
        ("by reference instead of by name", json!([{"name": "one"}, reference("three")]), &["one", "three"]),
        ("none", json!([]), &[]),
    ];
    let mut before = in_aws(&scene).await?;
    for (what, upstreams, expected) in edits {
        let writes = scene.took_effect("UpdateRepository");
        scene.apply(&web(&upstreams)).await?;
        let generation = scene.cluster.get("Repository", "team", "web").await?.metadata.generation;
        let done = |object: &kube::api::DynamicObject| {
            object.data.pointer("/status/observedGeneration").and_then(Value::as_i64) == generation
                && in_status(object) == expected
        };
        scene.until(what, "Repository", "web", done).await?;
        scene.ready("Repository", "web").await?;
        ensure!(in_aws(&scene).await? == expected, "{what}: {:?}", in_aws(&scene).await?);
        let needed = usize::from(before != expected);
        let written = scene.took_effect("UpdateRepository") - writes;
        ensure!(written == needed, "{what}: {written} writes, and {needed} would do");
        before = expected.iter().map(|name| (*name).to_owned()).collect();
    }
    Ok(())
}

#[tokio::test]
async fn an_upstream_that_comes_later_is_set_as_soon_as_it_is_there() -> Result<()> {
    scene!(scene);
    scene.apply(&object("Domain", "acme", &json!({}))).await?;
    scene.apply(&web(&json!([]))).await?;
    scene.ready("Repository", "web").await?;
    scene.apply(&web(&json!([{"repositoryRef": {"name": "late"}}]))).await?;
    scene.says(("Repository", "web"), "Ready", "Repository team/late does not exist").await?;
    ensure!(in_aws(&scene).await?.is_empty(), "{:?}", in_aws(&scene).await?);
    scene.apply(&object("Repository", "late", &json!({"domainRef": {"name": "acme"}}))).await?;
    scene.ready("Repository", "web").await?;
    ensure!(in_aws(&scene).await? == ["late"], "{:?}", in_aws(&scene).await?);
    Ok(())
}
