//! Tags, and what is refused of them.

use crate::error::{Error, ResourceType, Result};
use crate::wire::members::{Members, field};
use crate::wire::text::{TAG_KEY, TAG_VALUE};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The most tags that one request may list.
pub(crate) const TAGS_PER_REQUEST: usize = 200;

/// Tags by key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tags(BTreeMap<String, String>);

impl Tags {
    /// The `tags` member of a request's body.
    pub(crate) fn from_members(members: &Members) -> Result<Self> {
        let mut tags = BTreeMap::new();
        for tag in members.body_list("tags", TAGS_PER_REQUEST)?.unwrap_or_default() {
            let key = field(tag, "key", "tags.member", &TAG_KEY)?;
            let value = field(tag, "value", "tags.member", &TAG_VALUE)?;
            if key.to_ascii_lowercase().starts_with("aws:") {
                return Err(Error::invalid(format!(
                    "The tag key '{key}' is invalid: keys that begin with aws: are reserved"
                )));
            }
            if tags.insert(key.to_owned(), value.to_owned()).is_some() {
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
