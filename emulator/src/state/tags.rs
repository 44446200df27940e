//! Tags, and what is refused of them.

use crate::error::{Error, ResourceType, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Tags by key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tags(BTreeMap<String, String>);

impl Tags {
    /// From the entries of the `tags` member of a request's body.
    pub(crate) fn of(entries: &[Value]) -> Result<Self> {
        let mut tags = BTreeMap::new();
        for tag in entries {
            let text = |name: &str| tag[name].as_str().unwrap_or_default();
            let key = text("key");
            if key.to_ascii_lowercase().starts_with("aws:") {
                return Err(Error::invalid(format!(
                    "The tag key '{key}' is invalid: keys that begin with aws: are reserved"
                )));
            }
            if tags.insert(key.to_owned(), text("value").to_owned()).is_some() {
                return Err(Error::invalid(format!("The tag key '{key}' is given twice")));
            }
        }
        Ok(Self(tags))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Refuse more tags than a resource may have.
    pub(crate) fn check_quota(&self, kind: ResourceType, id: &str, limit: usize) -> Result<()> {
        if self.0.len() > limit {
            let message = format!("A resource can have at most {limit} tags");
            return Err(Error::quota(kind, id, message));
        }
        Ok(())
    }

    /// Keys and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// These tags with others over them.
    pub(crate) fn merged(&self, over: Self) -> Self {
        let mut merged = self.0.clone();
        merged.extend(over.0);
        Self(merged)
    }

    /// Remove a key; one that is not there is ignored.
    pub(crate) fn remove(&mut self, key: &str) {
        self.0.remove(key);
    }

    /// As a list of key and value, ordered by key.
    pub(crate) fn to_json(&self) -> Value {
        self.0.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
    }
}
