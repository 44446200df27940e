//! Whether a document fits the structural part of a schema: fields, types, words and limits. Pure.

use serde_json::Value;

use super::documents::shown;

/// What does not fit, with the path of the field.
pub(super) fn check(document: &Value, schema: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    object(document, schema, "", &mut problems);
    problems
}

fn value(value: &Value, schema: &Value, path: &str, problems: &mut Vec<String>) {
    let kind = schema["type"].as_str().unwrap_or_default();
    let fits = match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        _ => true,
    };
    if !fits {
        if !(value.is_null() && schema["nullable"] == true) {
            problems.push(format!("{path} must be of type {kind}"));
        }
        return;
    }
    match value {
        Value::Object(_) => object(value, schema, path, problems),
        Value::Array(_) => array(value, schema, path, problems),
        Value::String(text) => string(text, schema, path, problems),
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or_default();
            let (least, most) = (schema["minimum"].as_f64(), schema["maximum"].as_f64());
            if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
                let named = |bound: Option<f64>| bound.map_or_else(|| "…".into(), |bound| bound.to_string());
                problems.push(format!("{path} must lie between {} and {}", named(least), named(most)));
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

fn object(document: &Value, schema: &Value, path: &str, problems: &mut Vec<String>) {
    let within = |name: &str| {
        let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match (path, plain) {
            ("", _) => name.to_owned(),
            (_, true) => format!("{path}.{name}"),
            (_, false) => format!("{path}[\"{}\"]", shown(name)),
        }
    };
    let members = document.as_object().into_iter().flatten();
    for (name, member) in members {
        // metadata is judged by the API server alone, and status is nobody's to write.
        if path.is_empty() && ["apiVersion", "kind", "metadata", "status"].contains(&name.as_str()) {
            continue;
        }
        let known = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
        match known {
            Some(known) => value(member, known, &within(name), problems),
            None if schema["x-kubernetes-preserve-unknown-fields"] == true => {}
            None => problems.push(format!("there is no field {}; {}", within(name), fields(schema))),
        }
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if document.get(name).is_none() {
            problems.push(format!("{} is missing", within(name)));
        }
    }
    let count = document.as_object().map_or(0, serde_json::Map::len);
    if let Some(most) = schema["maxProperties"].as_u64().filter(|most| count as u64 > *most) {
        problems.push(format!("{path} has {count} entries, and at most {most} are possible"));
    }
}

fn fields(schema: &Value) -> String {
    let known: Vec<_> = schema["properties"]
        .as_object()
        .into_iter()
        .flat_map(|known| known.keys())
        .map(String::as_str)
        .collect();
    format!("known are {}", known.join(", "))
}

fn array(list: &Value, schema: &Value, path: &str, problems: &mut Vec<String>) {
    let items = list.as_array().map_or(&[][..], Vec::as_slice);
    let (least, most) = (schema["minItems"].as_u64(), schema["maxItems"].as_u64());
    if !within(items.len(), least, most) {
        problems.push(format!(
            "{path} has {} entries, and {} are possible",
            items.len(),
            bounds(least, most)
        ));
    }
    for (index, item) in items.iter().enumerate() {
        value(item, &schema["items"], &format!("{path}[{index}]"), problems);
    }
}

fn string(text: &str, schema: &Value, path: &str, problems: &mut Vec<String>) {
    let (least, most) = (schema["minLength"].as_u64(), schema["maxLength"].as_u64());
    let length = text.chars().count();
    if !within(length, least, most) {
        problems.push(format!("{path} has {length} characters, and {} are possible", bounds(least, most)));
    }
    let words: Vec<_> = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if !words.is_empty() && !words.contains(&text) {
        problems.push(format!("{path} is {}; write one of {}", shown(text), words.join(", ")));
    }
}

fn within(count: usize, least: Option<u64>, most: Option<u64>) -> bool {
    let count = count as u64;
    least.is_none_or(|least| count >= least) && most.is_none_or(|most| count <= most)
}

fn bounds(least: Option<u64>, most: Option<u64>) -> String {
    let most = most.map_or_else(|| "any number".into(), |most| most.to_string());
    format!("{} to {most}", least.unwrap_or(0))
}
