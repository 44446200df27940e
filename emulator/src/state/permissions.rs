//! Permissions policies of domains and repositories: what may be put, and the lock on its revision.

use super::policy::{Kind, Policy};
use super::principal::Principals;
use crate::error::{Error, ResourceType, Result};
use crate::model::is_action;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The policy of a domain or a repository.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Permissions {
    pub(crate) policy: Policy,
    /// The text that a repository's policy was put with, until a principal in it is gone.
    given: Option<String>,
    revision: String,
}

/// The resource that a policy is of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) kind: ResourceType,
    pub(crate) name: &'a str,
    pub(crate) arn: &'a str,
    /// What the ARNs begin with of everything that lies in it.
    pub(crate) within: &'a [String],
    /// The ARN of the domain around a repository, which the repository's policy may name.
    pub(crate) domain: Option<&'a str>,
}

impl Permissions {
    /// From the document that a request carries. Each put has a revision of its own.
    pub(crate) fn new(document: &str, subject: Subject<'_>, known: &Principals, id: u64) -> Result<Self> {
        let parsed: Value = serde_json::from_str(document)
            .map_err(|error| Error::unparsable(format!("The policy document is not valid JSON: {error}")))?;
        let malformed = |why: String| Error::invalid(format!("The policy document is malformed: {why}"));
        if !parsed.is_object() {
            return Err(malformed("it is not an object".into()));
        }
        let policy = Policy::parse(Kind::Resource, &parsed).map_err(malformed)?;
        check_subjects(&policy, subject).map_err(malformed)?;
        if let Some(stranger) = policy.named_identities().find(|arn| !known.knows(arn)) {
            return Err(malformed(format!("Invalid principal in policy: \"AWS\":\"{stranger}\"")));
        }
        let revision = BASE64_STANDARD.encode(Sha256::digest(format!("{id} {document}")));
        let given = (subject.kind == ResourceType::Repository).then(|| document.to_owned());
        Ok(Self { policy, given, revision })
    }

    /// Mean nobody any more by the ARN of a user or role that is gone.
    pub(super) fn forget(&mut self, arn: &str, unique_id: &str) {
        self.policy.forget(arn, unique_id);
        self.given = None;
    }

    /// A `ResourcePolicy`.
    pub(crate) fn to_json(&self, arn: &str) -> Value {
        json!({
            "resourceArn": arn,
            "revision": self.revision,
            "document": self.given.clone().unwrap_or_else(|| self.policy.document().to_string()),
        })
    }
}

/// Refuse a revision that is not the current one. Without a policy none is.
pub(crate) fn check_revision(
    current: Option<&Permissions>,
    given: Option<&str>,
    subject: Subject<'_>,
) -> Result<()> {
    match given {
        Some(given) if current.is_none_or(|current| current.revision != given) => {
            let message = format!("The policy revision of {} is not the current one", subject.arn);
            Err(Error::conflict(subject.kind, subject.name, message))
        }
        _ => Ok(()),
    }
}

/// The model has no resource type for a policy, so the error tells none.
pub(crate) fn no_policy(subject: Subject<'_>) -> Error {
    Error::new("ResourceNotFoundException", format!("No policy is set on {}", subject.arn))
}

/// Actions that there are not, or of other services, and resources that lie elsewhere would never have an effect.
fn check_subjects(policy: &Policy, subject: Subject<'_>) -> Result<(), String> {
    for (actions, resources) in policy.subjects() {
        let belongs = |action: &&String| {
            *action == "*"
                || *action == "sts:getservicebearertoken"
                || action.strip_prefix("codeartifact:").is_some_and(is_action)
        };
        if let Some(action) = actions.iter().find(|action| !belongs(action)) {
            return Err(format!("the action {action:?} is not one of CodeArtifact"));
        }
        if let Some(resource) = resources.iter().find(|resource| !lies_in(resource, subject)) {
            return Err(format!("the resource {resource:?} does not belong to {}", subject.arn));
        }
    }
    Ok(())
}

/// Whether a pattern can mean the resource, something in it or its domain, by the text before its first wildcard.
fn lies_in(pattern: &str, subject: Subject<'_>) -> bool {
    let mut whole = std::iter::once(subject.arn).chain(subject.domain);
    match pattern.split_once(['*', '?']) {
        None => {
            whole.any(|arn| pattern == arn)
                || subject.within.iter().any(|start| pattern.starts_with(start.as_str()))
        }
        Some((fixed, _)) => {
            whole.any(|arn| arn.starts_with(fixed))
                || subject
                    .within
                    .iter()
                    .any(|start| start.starts_with(fixed) || fixed.starts_with(start.as_str()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_must_lie_in_what_the_policy_is_of() {
        let arn = "arn:aws:codeartifact:us-east-1:1:repository/acme/team";
        let within = ["arn:aws:codeartifact:us-east-1:1:package/acme/team/".to_owned()];
        let domain = Some("arn:aws:codeartifact:us-east-1:1:domain/acme");
        let subject = Subject { kind: ResourceType::Repository, name: "team", arn, within: &within, domain };
        for (pattern, expected) in [
            ("*", true),
            (arn, true),
            ("arn:aws:codeartifact:us-east-1:1:repository/acme/t*", true),
            ("arn:aws:codeartifact:us-east-1:1:package/acme/team/npm/*", true),
            ("arn:aws:codeartifact:us-east-1:1:package/acme/*", true),
            ("arn:aws:codeartifact:us-east-1:1:domain/acme", true),
            ("arn:aws:codeartifact:us-east-1:1:domain/a*", true),
            ("arn:aws:codeartifact:us-east-1:1:domain/other", false),
            ("arn:aws:codeartifact:us-east-1:1:domain/other*", false),
            ("arn:aws:codeartifact:us-east-1:1:repository/acme/other", false),
            ("arn:aws:codeartifact:eu-*", false),
            ("arn:aws:s3:::*", false),
        ] {
            assert_eq!(lies_in(pattern, subject), expected, "{pattern}");
        }
    }
}
