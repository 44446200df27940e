//! Versions as answers of the API tell of them.

use super::{Status, Version};
use crate::state::package::PackageKey;
use crate::wire::timestamp;
use serde_json::{Value, json};

impl Version {
    /// A `PackageVersionSummary`.
    pub(crate) fn summary(&self) -> Value {
        json!({
            "version": self.number,
            "revision": self.revision.to_string(),
            "status": self.status.name(),
            "origin": self.origin.describe(),
        })
    }

    /// A `PackageVersionDescription`.
    pub(crate) fn describe(&self, key: &PackageKey) -> Value {
        let mut description = json!({
            "format": key.format.name(),
            "packageName": key.name,
            "displayName": key.display_name(),
        });
        if let Some(namespace) = &key.namespace {
            description["namespace"] = namespace.as_str().into();
        }
        for (name, value) in self.details.describe() {
            description[name] = value;
        }
        description["version"] = self.number.as_str().into();
        if self.status != Status::Unfinished {
            description["publishedTime"] = timestamp(self.published);
        }
        description["revision"] = self.revision.to_string().into();
        description["status"] = self.status.name().into();
        description["origin"] = self.origin.describe();
        description
    }
}
