//! How a policy document is kept and comes back: in another shape than it was sent, with the same
//! meaning. Lists are sorted, a list of one is its entry, and accounts are named by their root.

use super::requester::is_account;
use serde_json::{Map, Value};

/// A document that was read before, in its normal form.
pub(super) fn normal(document: &Value) -> Value {
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().map(statement).collect(),
        Some(one) => Value::Array(vec![statement(one)]),
        None => Value::Null,
    };
    let mut normal = pick(document, &["Version", "Id"], Value::clone);
    normal.insert("Statement".into(), statements);
    Value::Object(normal)
}

fn statement(written: &Value) -> Value {
    let mut normal = pick(written, &["Sid", "Effect"], Value::clone);
    normal.extend(pick(written, &["Principal", "NotPrincipal"], principals));
    normal.extend(pick(written, &["Action", "NotAction", "Resource", "NotResource"], list));
    normal.extend(pick(written, &["Condition"], |operators| each(operators, |keys| each(keys, list))));
    Value::Object(normal)
}

/// Members in this order, where they are.
fn pick(written: &Value, names: &[&str], shape: impl Fn(&Value) -> Value) -> Map<String, Value> {
    let member = |name: &&str| Some(((*name).to_owned(), shape(written.get(*name)?)));
    names.iter().filter_map(member).collect()
}

fn principals(written: &Value) -> Value {
    let Some(types) = written.as_object() else { return written.clone() };
    let root = |named: &str| is_account(named).then(|| format!("arn:aws:iam::{named}:root"));
    types.iter().map(|(name, named)| (name.clone(), renamed(named, root))).collect()
}

/// A name or a list of names, some of them with another one.
fn renamed(named: &Value, rename: impl Fn(&str) -> Option<String>) -> Value {
    let one = |named: &Value| named.as_str().and_then(&rename).map_or_else(|| named.clone(), Value::from);
    match named {
        Value::Array(entries) => list(&entries.iter().map(one).collect()),
        named => one(named),
    }
}

/// A normal document in which a principal has another name.
pub(super) fn with_principal_renamed(document: &Value, from: &str, to: &str) -> Value {
    let mut document = document.clone();
    let statements = document.get_mut("Statement").and_then(Value::as_array_mut);
    for statement in statements.into_iter().flatten() {
        for element in ["Principal", "NotPrincipal"] {
            if let Some(named) = statement.get_mut(element).and_then(|types| types.get_mut("AWS")) {
                *named = renamed(named, |named| (named == from).then(|| to.to_owned()));
            }
        }
    }
    document
}

fn list(written: &Value) -> Value {
    let Some(entries) = written.as_array() else { return written.clone() };
    let mut entries = entries.clone();
    entries.sort_by_key(Value::to_string);
    entries.dedup();
    if entries.len() == 1 { entries.swap_remove(0) } else { Value::Array(entries) }
}

fn each(written: &Value, shape: impl Fn(&Value) -> Value) -> Value {
    let members = written.as_object().into_iter().flatten();
    let mut members: Vec<_> = members.map(|(name, value)| (name.clone(), shape(value))).collect();
    members.sort_by(|(one, _), (other, _)| one.cmp(other));
    Value::Object(members.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents_that_mean_the_same_come_back_the_same() {
        let one = json!({
            "Statement": {
                "Action": ["codeartifact:B", "codeartifact:A", "codeartifact:B"],
                "Principal": { "AWS": ["444455556666", "arn:aws:iam::111122223333:root"] },
                "Effect": "Allow",
                "Resource": ["*"],
                "Condition": { "StringLike": { "b:b": ["y", "x"], "a:a": "z" } },
            },
            "Version": "2012-10-17",
        });
        let expected = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "AWS": ["arn:aws:iam::111122223333:root", "arn:aws:iam::444455556666:root"] },
                "Action": ["codeartifact:A", "codeartifact:B"],
                "Resource": "*",
                "Condition": { "StringLike": { "a:a": "z", "b:b": ["x", "y"] } },
            }],
        });
        assert_eq!(normal(&one).to_string(), expected.to_string());
        assert_eq!(normal(&expected), expected);
        let everybody = json!({ "Statement": [{ "Principal": "*" }] });
        assert_eq!(normal(&everybody), everybody);
    }
}
