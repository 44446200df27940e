//! The upstreams of a Repository: declared in any order, edited, and in a cycle.

use anyhow::{Context as _, Result, ensure};
use codeartifact_emulator::Entry;
use harness::Fixture;
use harness::objects::object;
use kube::api::DynamicObject;
use serde_json::{Value, json};

/// A Repository of the Domain `acme`.
fn repository(name: &str, upstreams: &Value) -> Value {
    object("Repository", name, &json!({"domainRef": {"name": "acme"}, "upstreams": upstreams}))
}

/// The upstreams of a repository as AWS has them, in order.
async fn in_aws(fixture: &Fixture, name: &str) -> Result<Vec<String>> {
    let answer = fixture.emulator.aws().describe_repository().domain("acme").repository(name).send().await?;
    let repository = answer.repository.context("AWS described no repository")?;
    let names = repository.upstreams().iter().filter_map(|upstream| upstream.repository_name());
    Ok(names.map(Into::into).collect())
}

/// The upstreams of a Repository as status names them, in order.
fn in_status(object: &DynamicObject) -> Vec<String> {
    let upstreams = object.data.pointer("/status/upstreams").and_then(Value::as_array);
    let names = upstreams.into_iter().flatten().filter_map(|upstream| upstream["name"].as_str());
    names.map(Into::into).collect()
}

#[tokio::test]
async fn each_edit_reaches_aws_with_one_write_and_in_order() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&object("Domain", "acme", &json!({}))).await?;
    for name in ["one", "two", "three"] {
        fixture.apply(&repository(name, &json!([]))).await?;
    }
    let reference = |name: &str| json!({"repositoryRef": {"name": name}});
    fixture.apply(&repository("web", &json!([reference("one"), {"name": "two"}]))).await?;
    fixture.ready("Repository", "web").await?;
    ensure!(in_aws(&fixture, "web").await? == ["one", "two"], "{:?}", in_aws(&fixture, "web").await?);

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
    let mut before = in_aws(&fixture, "web").await?;
    for (what, upstreams, expected) in edits {
        let writes = fixture.emulator.took_effect("UpdateRepository");
        fixture.apply(&repository("web", &upstreams)).await?;
        let generation = fixture.get("Repository", "web").await?.metadata.generation;
        let done = |object: &DynamicObject| {
            object.data.pointer("/status/observedGeneration").and_then(Value::as_i64) == generation
                && in_status(object) == expected
        };
        fixture.until(what, "Repository", "web", done).await?;
        fixture.ready("Repository", "web").await?;
        ensure!(in_aws(&fixture, "web").await? == expected, "{what}: {:?}", in_aws(&fixture, "web").await?);
        let needed = usize::from(before != expected);
        let written = fixture.emulator.took_effect("UpdateRepository") - writes;
        ensure!(written == needed, "{what}: {written} writes, and {needed} would do");
        before = expected.iter().map(|name| (*name).to_owned()).collect();
    }
    Ok(())
}

#[tokio::test]
async fn an_upstream_that_comes_later_is_set_as_soon_as_it_is_there() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&object("Domain", "acme", &json!({}))).await?;
    fixture.apply(&repository("web", &json!([]))).await?;
    fixture.ready("Repository", "web").await?;
    fixture.apply(&repository("web", &json!([{"repositoryRef": {"name": "late"}}]))).await?;
    fixture.says("Repository", "web", "Ready", "Repository team/late does not exist").await?;
    ensure!(in_aws(&fixture, "web").await?.is_empty(), "{:?}", in_aws(&fixture, "web").await?);
    fixture.apply(&repository("late", &json!([]))).await?;
    fixture.ready("Repository", "web").await?;
    ensure!(in_aws(&fixture, "web").await? == ["late"], "{:?}", in_aws(&fixture, "web").await?);
    Ok(())
}

#[tokio::test]
async fn objects_in_the_wrong_order_become_ready_and_a_domain_costs_three_calls() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&repository("team", &json!([{"repositoryRef": {"name": "base"}}]))).await?;
    let waiting = fixture.condition("Repository", "team", "Ready", "False").await?;
    ensure!(waiting.reason == "DependencyNotReady" && waiting.message.contains("acme"), "{waiting:?}");
    fixture.apply(&object("Domain", "acme", &json!({"tags": {"team": "a"}}))).await?;
    fixture.ready("Domain", "acme").await?;
    let calls = fixture.emulator.journal(0);
    let of_domain = |call: &&Entry| call.parameters["repository"].is_null() && call.service == "codeartifact";
    let calls = calls.iter().filter(of_domain).count();
    ensure!(calls <= 3, "a domain took {calls} calls");
    fixture.apply(&repository("base", &json!([]))).await?;
    fixture.ready("Repository", "team").await?;
    let upstreams = in_aws(&fixture, "team").await?;
    ensure!(upstreams == ["base"], "{upstreams:?}");
    Ok(())
}

#[tokio::test]
async fn a_cycle_by_aws_names_is_over_for_all_when_one_of_them_leaves_it() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&object("Domain", "acme", &json!({}))).await?;
    fixture.apply(&repository("right", &json!([{"name": "left"}]))).await?;
    fixture.apply(&repository("left", &json!([{"name": "right"}]))).await?;
    for name in ["left", "right"] {
        fixture.condition("Repository", name, "Stalled", "True").await?;
    }
    fixture.apply(&repository("left", &json!([]))).await?;
    fixture.ready("Repository", "left").await?;
    fixture.ready("Repository", "right").await?;
    Ok(())
}

/// Whoever may use a repository may name it as upstream: that must not stop the one whose upstream was there before.
#[tokio::test]
async fn who_closes_a_cycle_is_stalled_and_who_has_its_upstream_goes_on() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&object("Domain", "acme", &json!({}))).await?;
    fixture.apply(&repository("left", &json!([]))).await?;
    fixture.ready("Repository", "left").await?;
    fixture.apply(&repository("right", &json!([{"name": "left"}]))).await?;
    fixture.ready("Repository", "right").await?;
    fixture.apply(&repository("left", &json!([{"name": "right"}]))).await?;
    fixture.condition("Repository", "left", "Stalled", "True").await?;
    fixture.patch("Repository", "right", &json!({"spec": {"description": "new"}})).await?;
    fixture.ready("Repository", "right").await?;
    let described =
        fixture.emulator.aws().describe_repository().domain("acme").repository("right").send().await?;
    let described = described.repository().and_then(|repository| repository.description());
    ensure!(described == Some("new"), "{described:?}");
    Ok(())
}
