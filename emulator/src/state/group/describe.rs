//! Package groups as answers show them.

use super::origin::{Mode, Way};
use super::pattern::Pattern;
use super::tree::Group;
use crate::state::{Domain, Settings};
use crate::wire::timestamp;
use serde_json::{Map, Value, json};

impl Group {
    /// A `PackageGroupDescription`; a `PackageGroupSummary` has the same members.
    pub(crate) fn describe(&self, domain: &Domain, settings: &Settings) -> Value {
        let mut description = reference(&self.pattern, domain, settings);
        description["domainName"] = domain.key.name.as_str().into();
        description["domainOwner"] = domain.key.owner.as_str().into();
        description["createdTime"] = timestamp(self.created);
        let texts = [("contactInfo", &self.contact_info), ("description", &self.description)];
        for (name, text) in texts {
            if let Some(text) = text {
                description[name] = text.as_str().into();
            }
        }
        let restrictions = Way::ALL.map(|way| (way.name().into(), self.restriction(way, domain, settings)));
        description["originConfiguration"] = json!({ "restrictions": Map::from_iter(restrictions) });
        if let Some(parent) = domain.groups.parent(&self.pattern) {
            description["parent"] = reference(&parent.pattern, domain, settings);
        }
        description
    }

    fn restriction(&self, way: Way, domain: &Domain, settings: &Settings) -> Value {
        let own = self.origin.setting(way);
        let (from, effective) = domain.groups.effective(self, way);
        let mut restriction = json!({
            "mode": own.mode.name(),
            "effectiveMode": effective.mode.name(),
            "repositoriesCount": own.repositories.len(),
        });
        if own.mode == Mode::Inherit {
            restriction["inheritedFrom"] = reference(&from.pattern, domain, settings);
        }
        restriction
    }
}

/// A `PackageGroupReference`.
fn reference(pattern: &Pattern, domain: &Domain, settings: &Settings) -> Value {
    let arn = domain.group_arn(pattern.text(), settings);
    json!({ "arn": arn, "pattern": pattern.text() })
}
