//! Every leaf of values.yaml is set by a unit test of the chart, and what is rendered depends on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::render::Chart;

/// So many renderings at once; Helm is a process of its own each time.
const WORKERS: usize = 4;

#[test]
fn every_value_is_tested_and_does_something() -> Result<()> {
    let (leaves, idle) = idle(&Chart::ours())?;
    println!("{leaves} values");
    ensure!(idle.is_empty(), "{}", idle.join("\n"));
    Ok(())
}

#[test]
fn a_value_that_no_test_sets_or_that_does_nothing_is_found() -> Result<()> {
    let chart = Chart::copy()?;
    chart.write("values.yaml", &format!("{}\nplanted: {{here: 1}}\n", chart.read("values.yaml")?))?;
    let mut schema: Value = serde_json::from_str(&chart.read("values.schema.json")?)?;
    schema["properties"]["planted"] = json!({"type": "object"});
    chart.write("values.schema.json", &schema.to_string())?;
    let complaints = idle_among(&chart, &[vec!["planted".into(), "here".into()]])?;
    ensure!(complaints == ["no test of the chart sets planted.here"], "{complaints:?}");

    let suite = "suite: planted\ntests:\n- it: a value\n  set: {planted: {here: 2}, replicas: 2}\n";
    chart.write("tests/planted_test.yaml", suite)?;
    let complaints = idle_among(&chart, &[vec!["planted".into(), "here".into()]])?;
    ensure!(complaints == ["planted.here does nothing in any test that sets it"], "{complaints:?}");
    Ok(())
}

/// What Helm makes of values, by the values: most tests set several, and Helm takes a tenth of a second each time.
struct Renderings<'a> {
    chart: &'a Chart,
    known: Mutex<BTreeMap<String, Option<String>>>,
}

impl Renderings<'_> {
    /// What is rendered; nothing where Helm refuses the values.
    fn of(&self, values: &Value) -> Option<String> {
        let key = values.to_string();
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rendered) = known().get(&key) {
            return rendered.clone();
        }
        let rendered = self.chart.everything(values).ok();
        known().insert(key, rendered.clone());
        rendered
    }
}

/// How many leaves the values of a chart have, and what is wrong with them.
fn idle(chart: &Chart) -> Result<(usize, Vec<String>)> {
    let defaults: Value = serde_saphyr::from_str(&chart.read("values.yaml")?)?;
    let mut paths = Vec::new();
    leaves(&defaults, &mut Vec::new(), &mut paths);
    ensure!(paths.len() > 50, "values.yaml is not understood: {paths:?}");
    let shares: Vec<_> = paths.chunks(paths.len().div_ceil(WORKERS)).collect();
    let found: Result<Vec<_>> = std::thread::scope(|scope| {
        let workers: Vec<_> =
            shares.into_iter().map(|share| scope.spawn(move || idle_among(chart, share))).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().map_err(|_| anyhow::anyhow!("a worker panicked"))?)
            .collect()
    });
    Ok((paths.len(), found?.concat()))
}

fn idle_among(chart: &Chart, paths: &[Vec<String>]) -> Result<Vec<String>> {
    let defaults: Value = serde_saphyr::from_str(&chart.read("values.yaml")?)?;
    let tests = tests(chart)?;
    let renderings = Renderings { chart, known: Mutex::default() };
    let mut complaints = Vec::new();
    for path in paths {
        let pointer = format!("/{}", path.join("/"));
        let changes = |set: &&Value| {
            set.pointer(&pointer).is_some_and(|value| Some(value) != defaults.pointer(&pointer))
        };
        let sets: BTreeSet<String> = tests.iter().filter(changes).map(Value::to_string).collect();
        let name = path.join(".");
        if sets.is_empty() {
            complaints.push(format!("no test of the chart sets {name}"));
        } else if !sets.iter().any(|set| matters(&renderings, set, path)) {
            complaints.push(format!("{name} does nothing in any test that sets it"));
        }
    }
    Ok(complaints)
}

/// Whether these values can be rendered, and look otherwise without that leaf.
fn matters(renderings: &Renderings<'_>, set: &str, path: &[String]) -> bool {
    let Ok(mut set) = serde_json::from_str::<Value>(set) else { return false };
    let Some(with) = renderings.of(&set) else { return false };
    remove(&mut set, path);
    renderings.of(&set) != Some(with)
}

fn remove(values: &mut Value, path: &[String]) {
    match path {
        [] => {}
        [last] => drop(values.as_object_mut().and_then(|map| map.remove(last))),
        [first, rest @ ..] => remove(&mut values[first], rest),
    }
}

/// A map with something in it is no leaf.
fn leaves(value: &Value, path: &mut Vec<String>, into: &mut Vec<Vec<String>>) {
    match value.as_object().filter(|map| !map.is_empty()) {
        None => into.push(path.clone()),
        Some(map) => {
            for (key, value) in map {
                path.push(key.clone());
                leaves(value, path, into);
                path.pop();
            }
        }
    }
}

/// What each unit test sets.
fn tests(chart: &Chart) -> Result<Vec<Value>> {
    let mut sets = Vec::new();
    for entry in std::fs::read_dir(chart.folder().join("tests"))? {
        let path = entry?.path();
        if !path.to_string_lossy().ends_with("_test.yaml") {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        let suite: Value = serde_saphyr::from_str(&text).with_context(|| path.display().to_string())?;
        let tests = suite["tests"].as_array().with_context(|| format!("{} has no tests", path.display()))?;
        sets.extend(tests.iter().filter_map(|test| test.get("set").cloned()));
    }
    Ok(sets)
}
