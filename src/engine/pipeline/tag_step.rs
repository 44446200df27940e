//! The steps that change the tags of a resource, the same for every kind that has tags. Pure.

use std::fmt;

use crate::api::{OWNER_TAG, Tags};
use crate::engine::pipeline::tags;

/// One call to AWS that changes tags. Both calls take the ARN of the resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagStep {
    /// Remove tags.
    Remove {
        /// ARN of the resource.
        arn: String,
        /// Keys of the tags.
        keys: Vec<String>,
    },
    /// Set tags; other tags stay.
    Set {
        /// ARN of the resource.
        arn: String,
        /// Tags.
        tags: Tags,
    },
}

impl fmt::Display for TagStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remove { keys, .. } => {
                write!(f, "remove {} {}", if keys.len() == 1 { "tag" } else { "tags" }, keys.join(", "))
            }
            Self::Set { tags, .. } => {
                let each = tags.iter().map(|(key, value)| format!("{key} to {value:?}"));
                let each = each.collect::<Vec<_>>().join(", ");
                write!(f, "set {} {each}", if tags.len() == 1 { "tag" } else { "tags" })
            }
        }
    }
}

impl TagStep {
    /// The steps, in order, that turn `have` into `want`. Tags are removed before others are set, so that AWS's limit of 50 tags is
    /// never passed midway.
    pub fn plan(arn: &str, want: &Tags, have: &Tags) -> impl Iterator<Item = Self> {
        let (stale, fresh) = tags::changes(want, have);
        let remove = (!stale.is_empty()).then(|| Self::Remove { arn: arn.to_owned(), keys: stale });
        let set = (!fresh.is_empty()).then(|| Self::Set { arn: arn.to_owned(), tags: fresh });
        [remove, set].into_iter().flatten()
    }

    /// The step that removes our owner tag, if the resource has one: the operator lets the resource go.
    pub fn release(arn: &str, have: &Tags) -> Option<Self> {
        let keys = have.contains_key(OWNER_TAG).then(|| vec![OWNER_TAG.to_owned()]);
        keys.map(|keys| Self::Remove { arn: arn.to_owned(), keys })
    }

    /// Whether the tags in AWS show the effect of the step.
    pub fn shows(&self, have: &Tags) -> bool {
        match self {
            Self::Remove { keys, .. } => !keys.iter().any(|key| have.contains_key(key)),
            Self::Set { tags, .. } => tags.iter().all(|(key, value)| have.get(key) == Some(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
    }

    fn remove(keys: &[&str]) -> TagStep {
        TagStep::Remove { arn: "arn".into(), keys: keys.iter().map(ToString::to_string).collect() }
    }

    fn set(pairs: &[(&str, &str)]) -> TagStep {
        TagStep::Set { arn: "arn".into(), tags: tags(pairs) }
    }

    #[test]
    fn old_tags_go_before_new_ones_come() {
        let (a1, a2, b1) = (tags(&[("a", "1")]), tags(&[("a", "2")]), tags(&[("b", "1")]));
        let table = [
            (&a1, &a1, vec![]),
            (&a2, &a1, vec![set(&[("a", "2")])]),
            (&b1, &a1, vec![remove(&["a"]), set(&[("b", "1")])]),
        ];
        for (want, have, expected) in table {
            let steps: Vec<_> = TagStep::plan("arn", want, have).collect();
            assert_eq!(steps, expected);
            assert!(steps.iter().all(|step| !step.shows(have) && step.shows(want)), "{steps:?}");
        }
    }

    #[test]
    fn letting_go_removes_our_tag_and_nothing_else() {
        let ours = tags(&[("a", "1"), (OWNER_TAG, "c/n/x")]);
        assert_eq!(TagStep::release("arn", &ours), Some(remove(&[OWNER_TAG])));
        assert_eq!(TagStep::release("arn", &tags(&[("a", "1")])), None);
    }

    #[test]
    fn steps_read_as_parts_of_a_sentence() {
        for (step, expected) in [
            (remove(&["a"]), "remove tag a"),
            (remove(&["env", "team"]), "remove tags env, team"),
            (set(&[("team", "a")]), r#"set tag team to "a""#),
            (set(&[("env", ""), ("team", "a")]), r#"set tags env to "", team to "a""#),
        ] {
            assert_eq!(step.to_string(), expected);
        }
    }
}
