//! What AWS calls the resource that an object stands for.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

/// What AWS calls the resource that an object stands for. The operator pins the identity in status before the first write.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
pub struct Identity {
    /// Account that the AwsAccount signs in to.
    pub account: String,
    /// AWS Region.
    pub region: String,
    /// Account that owns the domain.
    pub owner: String,
    /// Name of the domain that is the resource, or that the resource lies in.
    pub domain: String,
    /// The resource within the domain.
    pub resource: AwsResource,
}

/// A resource within a domain, or the domain itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum AwsResource {
    /// The domain.
    #[default]
    Domain,
    /// A repository, by its name.
    Repository(String),
    /// A package group, by its pattern.
    PackageGroup(String),
}

/// What AWS calls the resource that the object stands for. It is pinned before the first write.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Stored {
    /// Account that the AwsAccount signs in to.
    account: String,
    /// AWS Region.
    region: String,
    /// Account that owns the domain.
    owner: String,
    /// Name of the domain.
    domain: String,
    /// Name of the repository, where the object stands for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    repository: Option<String>,
    /// Pattern of the package group, of an object that manages one. No kind does so yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    package_group: Option<String>,
}

impl From<Identity> for Stored {
    fn from(identity: Identity) -> Self {
        let Identity { account, region, owner, domain, resource } = identity;
        let (repository, package_group) = match resource {
            AwsResource::Domain => (None, None),
            AwsResource::Repository(name) => (Some(name), None),
            AwsResource::PackageGroup(pattern) => (None, Some(pattern)),
        };
        Self { account, region, owner, domain, repository, package_group }
    }
}

impl TryFrom<Stored> for Identity {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let Stored { account, region, owner, domain, repository, package_group } = stored;
        let resource = match (repository, package_group) {
            (None, None) => AwsResource::Domain,
            (Some(name), None) => AwsResource::Repository(name),
            (None, Some(pattern)) => AwsResource::PackageGroup(pattern),
            (Some(_), Some(_)) => return Err("an identity names a repository and a package group"),
        };
        Ok(Self { account, region, owner, domain, resource })
    }
}

impl JsonSchema for Identity {
    fn schema_name() -> Cow<'static, str> {
        "Identity".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Stored::json_schema(generator)
    }
}

impl Identity {
    /// Another resource of the same domain.
    #[must_use]
    pub fn sibling(&self, resource: AwsResource) -> Self {
        Self { resource, ..self.clone() }
    }

    /// A repository of the same domain.
    #[must_use]
    pub fn repository_named(&self, name: impl Into<String>) -> Self {
        self.sibling(AwsResource::Repository(name.into()))
    }

    /// The name of the repository, when the resource is one.
    pub fn repository(&self) -> Option<&str> {
        match &self.resource {
            AwsResource::Repository(name) => Some(name),
            AwsResource::Domain | AwsResource::PackageGroup(_) => None,
        }
    }

    /// The name that grants speak of: `domain` or `domain/repository`, with `owner:` before it when the domain belongs to another
    /// account. A package group has the grants of its domain.
    pub fn grant_name(&self) -> String {
        let domain = self.domain_grant_name();
        self.repository().map_or_else(|| domain.clone(), |repository| format!("{domain}/{repository}"))
    }

    /// The domain's part of [`Identity::grant_name`].
    pub fn domain_grant_name(&self) -> String {
        if self.owner == self.account {
            self.domain.clone()
        } else {
            format!("{}:{}", self.owner, self.domain)
        }
    }

    /// The kind and the resource: `Domain acme`, `Repository acme/store` or `PackageGroup acme /npm/*`.
    pub fn with_kind(&self) -> String {
        let kind = match self.resource {
            AwsResource::Domain => "Domain",
            AwsResource::Repository(_) => "Repository",
            AwsResource::PackageGroup(_) => "PackageGroup",
        };
        format!("{kind} {self}")
    }

    /// The same resource as another account names it.
    #[must_use]
    pub fn seen_from(&self, account: &str) -> Self {
        Self { account: account.into(), ..self.clone() }
    }

    /// The resource as its owner names it: equal for all objects that stand for it, whichever account they sign in to.
    #[must_use]
    pub fn canonical(&self) -> Self {
        self.seen_from(&self.owner)
    }

    /// One text for each resource of AWS, whichever account signs. No two resources have the same text, because a domain's
    /// name has neither a space nor a slash.
    pub fn canonical_name(&self) -> String {
        format!("{} {}:{}{}", self.region, self.owner, self.domain, self.resource)
    }
}

/// The resource as a user knows it: `acme`, `acme/store` or `acme /npm/*`, with `owner:` before it when the domain belongs to
/// another account.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.domain_grant_name(), self.resource)
    }
}

/// What follows the name of the domain.
impl fmt::Display for AwsResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain => Ok(()),
            Self::Repository(name) => write!(f, "/{name}"),
            Self::PackageGroup(pattern) => write!(f, " {pattern}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn stored(rest: &Value) -> Value {
        let mut stored = json!({"account": "123456789012", "region": "us-east-1", "owner": "123456789012", "domain": "acme"});
        stored.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        stored
    }

    #[test]
    fn an_identity_is_stored_readably_and_comes_back_the_same() {
        let table = [
            (json!({}), "Domain acme", "acme"),
            (json!({"repository": "store"}), "Repository acme/store", "acme/store"),
            (json!({"packageGroup": "/npm/*"}), "PackageGroup acme /npm/*", "acme"),
        ];
        for (rest, named, grants) in table {
            let identity: Identity = serde_json::from_value(stored(&rest)).unwrap();
            assert_eq!(serde_json::to_value(&identity).unwrap(), stored(&rest));
            assert_eq!((identity.with_kind().as_str(), identity.grant_name().as_str()), (named, grants));
        }
        let both = stored(&json!({"repository": "store", "packageGroup": "/npm/*"}));
        assert!(serde_json::from_value::<Identity>(both).is_err());
    }

    #[test]
    fn a_domain_of_another_account_is_named_with_its_owner() {
        let own: Identity = serde_json::from_value(stored(&json!({"repository": "store"}))).unwrap();
        let seen = own.seen_from("999999999999");
        assert_eq!(seen.to_string(), "123456789012:acme/store");
        assert_eq!(seen.grant_name(), "123456789012:acme/store");
        assert_eq!((seen.canonical(), seen.canonical_name()), (own.canonical(), own.canonical_name()));
        assert_ne!(own.canonical_name(), own.repository_named("other").canonical_name());
        assert_ne!(
            own.canonical_name(),
            own.sibling(AwsResource::PackageGroup("/store".into())).canonical_name()
        );
    }
}
