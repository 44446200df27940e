//! The IAM policies allow what the operator calls, and nothing that it never calls.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// A policy, and the sources whose calls it must allow.
const FEATURES: [(&str, &[&str]); 3] = [
    ("domains-and-repositories", &["src/domain", "src/repository", "src/aws/tagging.rs"]),
    ("package-policies", &["src/package_policy"]),
    ("tokens", &["src/credential"]),
];
/// AWS asks for the first when a repository becomes an upstream, there is no call of that name; the second is what the
/// policy for tokens is for.
const NEEDED_ANYWAY: [&str; 2] = ["AssociateWithDownstreamRepository", "GetAuthorizationToken"];

#[test]
fn every_call_of_a_feature_is_allowed_by_its_policy() -> Result<()> {
    for (feature, sources) in FEATURES {
        let allowed = actions(feature)?;
        let called = sources.iter().map(|source| calls(&root().join(source))).collect::<Result<Vec<_>>>()?;
        let denied: BTreeSet<String> =
            called.into_iter().flatten().filter(|call| !allowed.contains(call)).collect();
        ensure!(denied.is_empty(), "deploy/iam/{feature}.json does not allow {denied:?}");
    }
    Ok(())
}

#[test]
fn nothing_is_allowed_that_is_never_called() -> Result<()> {
    let called = calls(&root().join("src"))?;
    ensure!(called.contains("CreateDomain"), "calls are not recognised any more: {called:?}");
    for (feature, _) in FEATURES {
        let mut needless = actions(feature)?;
        needless.retain(|action| !called.contains(action) && !NEEDED_ANYWAY.contains(&action.as_str()));
        ensure!(needless.is_empty(), "deploy/iam/{feature}.json allows {needless:?} for nothing");
    }
    Ok(())
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The actions of CodeArtifact in a policy.
fn actions(feature: &str) -> Result<BTreeSet<String>> {
    let text = std::fs::read_to_string(root().join(format!("deploy/iam/{feature}.json")))
        .with_context(|| feature.to_owned())?;
    let policy: Value = serde_json::from_str(&text).with_context(|| feature.to_owned())?;
    let mut named = BTreeSet::new();
    for statement in policy["Statement"].as_array().into_iter().flatten() {
        let action = &statement["Action"];
        let listed = action.as_array().into_iter().flatten().chain(std::iter::once(action));
        let ours = listed.filter_map(|action| action.as_str()?.strip_prefix("codeartifact:"));
        named.extend(ours.map(String::from));
    }
    Ok(named)
}

/// The operations that the sources call, as AWS names them: a limiter of the account, then the SDK's method.
fn calls(path: &Path) -> Result<BTreeSet<String>> {
    // What a test calls, the operator need not be allowed.
    if path.file_name().is_some_and(|name| name == "tests.rs" || name == "tests") {
        return Ok(BTreeSet::new());
    }
    if path.is_dir() {
        let entries =
            std::fs::read_dir(path)?.map(|entry| calls(&entry?.path())).collect::<Result<Vec<_>>>()?;
        return Ok(entries.into_iter().flatten().collect());
    }
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let own = text.split_once("#[cfg(test)]\nmod tests {").map_or(text.as_str(), |(own, _)| own);
    let dense: String = own.split_whitespace().collect();
    let methods = [".reads().await.", ".writes().await.", ".mints().await."]
        .into_iter()
        .flat_map(|limiter| dense.split(limiter).skip(1))
        .filter_map(|rest| rest.split_once('('));
    Ok(methods.map(|(method, _)| camel(method)).collect())
}

fn camel(method: &str) -> String {
    let words = method.split('_').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    });
    words.collect()
}
