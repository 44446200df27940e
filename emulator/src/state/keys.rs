//! The KMS keys that were declared, and their aliases.

use super::encryption_key::Named;
use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A key as the control route takes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeySpec {
    /// Its id, or its ARN when it is of another account.
    key: String,
    /// Such as `alias/team`, in the key's account.
    #[serde(default)]
    aliases: OrdSet<String>,
    /// A disabled key can neither encrypt nor decrypt.
    #[serde(default = "enabled")]
    enabled: bool,
}

/// The keys by their ARNs.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Keys(OrdMap<String, Declared>);

/// What is known of a key.
#[derive(Clone, Serialize, Deserialize)]
struct Declared {
    aliases: OrdSet<String>,
    enabled: bool,
}

/// Why a key was not put.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyNotPut {
    #[error("{0}")]
    Senseless(String),
    #[error("{0:?} is an alias of {1}")]
    Taken(String, String),
}

impl Keys {
    /// Declare a key, or other aliases of one that is declared.
    pub(crate) fn put(&mut self, spec: KeySpec, region: &str, account: &str) -> Result<(), KeyNotPut> {
        let Some(Named::Key(arn)) = Named::parse(region, account, &spec.key) else {
            let told = format!("{:?} is neither the id nor the ARN of a KMS key in {region}", spec.key);
            return Err(KeyNotPut::Senseless(told));
        };
        let owner = arn.split(':').nth(4).unwrap_or_default();
        for alias in &spec.aliases {
            let is_alias = alias.starts_with("alias/") && Named::parse(region, owner, alias).is_some();
            if !is_alias || alias.starts_with("alias/aws/") {
                return Err(KeyNotPut::Senseless(format!("{alias:?} is no alias, such as \"alias/team\"")));
            }
            let place = format!("arn:aws:kms:{region}:{owner}:{alias}");
            if let Some(other) = self.meant(&Named::Alias(place)).filter(|other| **other != arn) {
                return Err(KeyNotPut::Taken(alias.clone(), other.clone()));
            }
        }
        self.0.insert(arn, Declared { aliases: spec.aliases, enabled: spec.enabled });
        Ok(())
    }

    /// Forget a key. Whether it was there.
    pub(crate) fn remove(&mut self, arn: &str) -> bool {
        self.0.remove(arn).is_some()
    }

    /// All of them.
    pub(crate) fn show(&self) -> Value {
        let show = |(arn, Declared { aliases, enabled }): (&String, &Declared)| json!({ "arn": arn, "aliases": aliases, "enabled": enabled });
        self.0.iter().map(show).collect()
    }

    /// Whether any key is declared. If so, no other key exists.
    pub(super) fn are_declared(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether a key can be used.
    pub(super) fn is_usable(&self, arn: &str) -> bool {
        self.0.get(arn).is_some_and(|key| key.enabled)
    }

    /// The ARN of the key that is meant, if it is declared.
    pub(super) fn meant(&self, named: &Named) -> Option<&String> {
        match named {
            Named::Key(arn) => self.0.get_key_value(arn).map(|(arn, _)| arn),
            Named::Alias(arn) => {
                let (place, alias) = arn.split_once(":alias/")?;
                let alias = format!("alias/{alias}");
                let is_of_place =
                    |key: &str| key.strip_prefix(place).is_some_and(|rest| rest.starts_with(":key/"));
                let mut keys =
                    self.0.iter().filter(|(arn, key)| is_of_place(arn) && key.aliases.contains(&alias));
                keys.next().map(|(arn, _)| arn)
            }
        }
    }
}

fn enabled() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
    const OTHER: &str = "99999999-12ab-34cd-56ef-1234567890ab";
    const ACCOUNT: &str = "123456789012";

    fn put(keys: &mut Keys, key: &str, aliases: &[&str]) -> Result<(), KeyNotPut> {
        let aliases = aliases.iter().map(|&alias| alias.to_owned()).collect();
        keys.put(KeySpec { key: key.into(), aliases, enabled: true }, "us-east-1", ACCOUNT)
    }

    #[test]
    fn a_key_is_found_by_each_of_its_names() {
        let mut keys = Keys::default();
        put(&mut keys, ID, &["alias/team", "alias/b"]).unwrap();
        let foreign = format!("arn:aws:kms:us-east-1:210987654321:key/{OTHER}");
        put(&mut keys, &foreign, &["alias/team"]).unwrap();
        let own = format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/{ID}");
        for (named, found) in [
            (ID, Some(&own)),
            (&own, Some(&own)),
            ("alias/team", Some(&own)),
            ("arn:aws:kms:us-east-1:123456789012:alias/b", Some(&own)),
            ("arn:aws:kms:us-east-1:210987654321:alias/team", Some(&foreign)),
            ("arn:aws:kms:us-east-1:210987654321:alias/b", None),
            (OTHER, None),
            ("alias/c", None),
        ] {
            let named = Named::parse("us-east-1", ACCOUNT, named).unwrap();
            assert_eq!(keys.meant(&named), found);
        }
        put(&mut keys, ID, &[]).unwrap();
        let named = Named::parse("us-east-1", ACCOUNT, "alias/team").unwrap();
        assert_eq!(keys.meant(&named), None, "it has the aliases that were given last");
    }

    #[test]
    fn what_is_no_key_and_what_is_another_keys_is_refused() {
        let mut keys = Keys::default();
        put(&mut keys, ID, &["alias/team"]).unwrap();
        for (key, aliases, is_taken) in [
            ("team", &[][..], false),
            ("alias/team", &[], false),
            ("arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab", &[], false),
            (OTHER, &["team"], false),
            (OTHER, &["alias/aws/codeartifact"], false),
            (OTHER, &["arn:aws:kms:us-east-1:123456789012:alias/b"], false),
            (OTHER, &["alias/b", "alias/team"], true),
        ] {
            let refused = put(&mut keys, key, aliases).unwrap_err();
            assert_eq!(matches!(refused, KeyNotPut::Taken(..)), is_taken, "{key} {aliases:?} {refused}");
        }
        assert_eq!(keys.show().as_array().unwrap().len(), 1);
    }
}
