//! What to do to make a domain as declared. Pure.

use std::fmt;

use super::state::DomainState;
use crate::api::Tags;
use crate::engine::pipeline::tag_step::TagStep;
use crate::engine::pipeline::tags;

/// One call to AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Create the domain, with its tags.
    Create {
        /// KMS key; AWS's own when left out.
        encryption_key: Option<String>,
        /// Tags.
        tags: Tags,
    },
    /// Change the tags.
    Tags(TagStep),
    /// Delete the domain.
    Delete,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { .. } => f.write_str("create the domain"),
            Self::Tags(step) => step.fmt(f),
            Self::Delete => f.write_str("delete the domain"),
        }
    }
}

/// The writes, in order, that turn `have` into `want`.
pub fn plan(want: Option<&DomainState>, have: Option<&DomainState>) -> Vec<Step> {
    match (want, have) {
        (None, None) => vec![],
        (None, Some(_)) => vec![Step::Delete],
        (Some(want), None) => {
            vec![Step::Create { encryption_key: want.encryption_key.0.clone(), tags: want.tags.clone() }]
        }
        (Some(want), Some(have)) => {
            TagStep::plan(&have.arn.0, &want.tags, &have.tags).map(Step::Tags).collect()
        }
    }
}

/// Whether AWS shows the effect of a step.
pub fn shows(step: &Step, have: Option<&DomainState>) -> bool {
    match (step, have) {
        (Step::Create { tags, .. }, Some(have)) => tags::same_owner(tags, &have.tags),
        (Step::Tags(step), Some(have)) => step.shows(&have.tags),
        (Step::Delete, have) => have.is_none(),
        (_, None) => false,
    }
}

/// The writes that let the domain go: our tag comes off.
pub fn release(have: &DomainState) -> Vec<Step> {
    TagStep::release(&have.arn.0, &have.tags).map(Step::Tags).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::OWNER_TAG;
    use crate::engine::pipeline::not_compared::NotCompared;

    const ARN: &str = "arn:aws:codeartifact:us-east-1:123456789012:domain/acme";

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
    }

    fn want(pairs: &[(&str, &str)]) -> DomainState {
        DomainState {
            tags: tags(pairs),
            encryption_key: NotCompared(Some("alias/k".into())),
            ..DomainState::default()
        }
    }

    fn have(pairs: &[(&str, &str)]) -> DomainState {
        DomainState { tags: tags(pairs), encryption_key: NotCompared(None), arn: NotCompared(ARN.into()) }
    }

    #[test]
    fn plans() {
        let tag = |pairs| Step::Tags(TagStep::Set { arn: ARN.into(), tags: tags(pairs) });
        let untag = |keys: &[&str]| {
            Step::Tags(TagStep::Remove {
                arn: ARN.into(),
                keys: keys.iter().map(ToString::to_string).collect(),
            })
        };
        let create = Step::Create { encryption_key: Some("alias/k".into()), tags: tags(&[("a", "1")]) };
        let table = [
            ("nothing is wanted and nothing is there", None, None, vec![]),
            ("what is missing is created with key and tags", Some(want(&[("a", "1")])), None, vec![create]),
            ("what is not wanted is deleted", None, Some(have(&[])), vec![Step::Delete]),
            ("another key is no difference", Some(want(&[("a", "1")])), Some(have(&[("a", "1")])), vec![]),
            (
                "a changed value is set",
                Some(want(&[("a", "2")])),
                Some(have(&[("a", "1")])),
                vec![tag(&[("a", "2")])],
            ),
            (
                "old tags go before new ones come",
                Some(want(&[("b", "1")])),
                Some(have(&[("a", "1")])),
                vec![untag(&["a"]), tag(&[("b", "1")])],
            ),
        ];
        for (sentence, want, have, steps) in table {
            assert_eq!(plan(want.as_ref(), have.as_ref()), steps, "{sentence}");
            for step in &steps {
                assert!(!shows(step, have.as_ref()) && shows(step, want.as_ref()), "{sentence}: {step}");
            }
        }
    }

    #[test]
    fn letting_go_removes_our_tag_and_nothing_else() {
        let ours = have(&[("a", "1"), (OWNER_TAG, "c/n/x")]);
        assert_eq!(
            release(&ours),
            [Step::Tags(TagStep::Remove { arn: ARN.into(), keys: vec![OWNER_TAG.into()] })]
        );
        assert_eq!(release(&have(&[("a", "1")])), []);
    }

    #[test]
    fn steps_read_as_parts_of_a_sentence() {
        let table = [
            (Step::Create { encryption_key: None, tags: tags(&[]) }, "create the domain"),
            (Step::Delete, "delete the domain"),
        ];
        for (step, expected) in table {
            assert_eq!(step.to_string(), expected);
        }
    }
}
