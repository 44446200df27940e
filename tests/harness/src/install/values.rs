//! Values of the chart. Pure.

use serde_json::{Map, Value, json};

use crate::emulator::ACCOUNT;

/// Everything that the operator and its libraries can be made to log: the last stage searches it for tokens.
pub const LOG_LEVEL: &str = "trace,codeartifact_operator=trace";

/// The Secret from which the AwsAccount of [`account`] takes the key of the emulator's administrator.
const SECRET: &str = "aws";

/// The chart's AwsAccount `default` at an emulator, with these grants and the administrator's key from a Secret of the release's
/// namespace, which is the one of [`administrator`].
pub fn account(emulator: &str, namespace: &str, grants: &Value) -> Value {
    json!({"account": {
        "create": true,
        "accountId": ACCOUNT,
        "region": "us-east-1",
        "endpoints": {"codeartifact": emulator, "sts": emulator},
        "credentials": {"secretRef": {"namespace": namespace, "name": SECRET}},
        "grants": grants,
    }})
}

/// The Secret with the administrator's key.
pub fn administrator() -> Value {
    let keys = json!({"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"});
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": SECRET}, "stringData": keys})
}

/// Everything that can be granted, without saying to which namespaces.
pub fn everything() -> Value {
    json!({"manage": ["*", "*/*"], "connect": ["*"], "credentials": [{"domains": ["*"]}]})
}

/// Objects are merged, all else is replaced.
pub fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                let absent = || Value::Object(Map::new());
                merge(into.entry(key).or_insert_with(absent), value);
            }
        }
        (into, from) => *into = from,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_merged_and_lists_replaced() {
        let mut values = json!({"a": {"b": 1, "c": [1]}, "d": 1});
        merge(&mut values, json!({"a": {"c": [2], "e": {"f": 1}}, "d": null}));
        assert_eq!(values, json!({"a": {"b": 1, "c": [2], "e": {"f": 1}}, "d": null}));
    }
}
