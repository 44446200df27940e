//! A domain in normal form, from the spec and from AWS. Pure.

use aws_sdk_codeartifact::types::DomainDescription;
use jiff::Timestamp;

use crate::api::{DomainSpec, DomainStatus, Tags};
use crate::aws::timestamp;
use crate::engine::pipeline::not_compared::NotCompared;
use crate::engine::pipeline::tags;

/// What the operator manages of a domain.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DomainState {
    /// Tags, the owner tag among them.
    pub tags: Tags,
    /// The key that a new domain gets. AWS fixes it at creation and answers with the ARN of what it was given.
    pub encryption_key: NotCompared<Option<String>>,
    /// ARN, once AWS has given one.
    pub arn: NotCompared<String>,
}

/// What AWS says about a domain, for status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DomainFacts {
    /// ARN of the domain.
    pub arn: Option<String>,
    /// Account that owns it.
    pub owner: Option<String>,
    /// ARN of the KMS key.
    pub encryption_key: Option<String>,
    /// The bucket that holds the assets.
    pub s3_bucket_arn: Option<String>,
    /// When AWS created it.
    pub created_time: Option<Timestamp>,
    /// Whether AWS denied to list its tags, so that they are taken to be as declared.
    pub tags_denied: bool,
}

impl DomainState {
    /// What a spec declares; `tags` are the resolved ones.
    pub fn declared(spec: &DomainSpec, tags: Tags) -> Self {
        Self { tags, encryption_key: NotCompared(spec.encryption_key.clone()), arn: NotCompared::default() }
    }

    /// What AWS holds, narrowed to the tags that the object may change.
    pub fn observed(facts: &DomainFacts, all_tags: Tags, want: Option<&Self>, tag_keys: &[String]) -> Self {
        Self {
            tags: tags::managed(all_tags, want.map(|want| &want.tags), tag_keys),
            encryption_key: NotCompared(facts.encryption_key.clone()),
            arn: NotCompared(facts.arn.clone().unwrap_or_default()),
        }
    }
}

impl From<&DomainDescription> for DomainFacts {
    fn from(domain: &DomainDescription) -> Self {
        Self {
            arn: domain.arn().map(Into::into),
            owner: domain.owner().map(Into::into),
            encryption_key: domain.encryption_key().map(Into::into),
            s3_bucket_arn: domain.s3_bucket_arn().map(Into::into),
            created_time: domain.created_time().and_then(timestamp),
            tags_denied: false,
        }
    }
}

/// Whether AWS lets the domain be used. The service's answers differ from its model in case elsewhere, so case does not count.
pub fn is_active(domain: &DomainDescription) -> bool {
    domain.status().is_none_or(|status| status.as_str().eq_ignore_ascii_case("active"))
}

/// Puts into status what is known. Without `state` nothing was declared in AWS, and what was set before stays remembered.
pub fn fill_status(status: &mut DomainStatus, state: Option<&DomainState>, facts: Option<&DomainFacts>) {
    let facts_or_none = facts.cloned().unwrap_or_default();
    status.arn = facts_or_none.arn;
    status.owner = facts_or_none.owner;
    status.encryption_key = facts_or_none.encryption_key;
    status.s3_bucket_arn = facts_or_none.s3_bucket_arn;
    status.created_time = facts_or_none.created_time;
    match (state, facts) {
        (Some(state), _) => status.tag_keys = tags::keys(&state.tags),
        (None, None) => status.tag_keys.clear(),
        (None, Some(_)) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::OWNER_TAG;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
    }

    #[test]
    fn an_alias_that_comes_back_as_an_arn_is_no_difference() {
        let spec = DomainSpec { encryption_key: Some("alias/packages".into()), ..DomainSpec::default() };
        let want = DomainState::declared(&spec, tags(&[("team", "a")]));
        let facts = DomainFacts {
            encryption_key: Some("arn:aws:kms:us-east-1:123456789012:key/1".into()),
            arn: Some("arn:aws:codeartifact:us-east-1:123456789012:domain/acme".into()),
            ..DomainFacts::default()
        };
        let have = DomainState::observed(&facts, tags(&[("team", "a"), ("cost", "7")]), Some(&want), &[]);
        assert_eq!(have, want);
    }

    #[test]
    fn status_remembers_the_keys_that_were_set_while_only_watching() {
        let mut status = DomainStatus::default();
        let state =
            DomainState { tags: tags(&[("team", "a"), (OWNER_TAG, "c/n/x")]), ..DomainState::default() };
        let facts = DomainFacts { arn: Some("arn".into()), ..DomainFacts::default() };
        fill_status(&mut status, Some(&state), Some(&facts));
        assert_eq!(
            (status.arn.as_deref(), status.tag_keys.as_slice()),
            (Some("arn"), &["team".to_owned()][..])
        );
        fill_status(&mut status, None, Some(&facts));
        assert_eq!(status.tag_keys, ["team"]);
        fill_status(&mut status, None, None);
        assert_eq!(status, DomainStatus::default());
    }

    #[test]
    fn only_an_active_domain_is_usable() {
        let domain = |status: &str| DomainDescription::builder().status(status.into()).build();
        assert!(is_active(&domain("Active")) && is_active(&domain("ACTIVE")));
        assert!(!is_active(&domain("Deleted")) && !is_active(&domain("Creating")));
        assert!(is_active(&DomainDescription::builder().build()), "an answer without a status hides nothing");
    }

    #[test]
    fn what_is_declared_and_what_aws_describes_is_kept() {
        let spec = DomainSpec { encryption_key: Some("alias/packages".into()), ..DomainSpec::default() };
        let declared = DomainState::declared(&spec, tags(&[("team", "a")]));
        assert_eq!(declared.tags, tags(&[("team", "a")]));
        assert_eq!(declared.encryption_key.0.as_deref(), Some("alias/packages"));
        let described = DomainDescription::builder()
            .arn("arn:aws:codeartifact:us-east-1:123456789012:domain/acme")
            .owner("123456789012")
            .encryption_key("arn:aws:kms:us-east-1:123456789012:key/1")
            .s3_bucket_arn("arn:aws:s3:::bucket")
            .created_time(aws_sdk_codeartifact::primitives::DateTime::from_secs(7))
            .build();
        let facts = DomainFacts {
            arn: Some("arn:aws:codeartifact:us-east-1:123456789012:domain/acme".into()),
            owner: Some("123456789012".into()),
            encryption_key: Some("arn:aws:kms:us-east-1:123456789012:key/1".into()),
            s3_bucket_arn: Some("arn:aws:s3:::bucket".into()),
            created_time: Timestamp::from_second(7).ok(),
            tags_denied: false,
        };
        assert_eq!(DomainFacts::from(&described), facts);
    }
}
