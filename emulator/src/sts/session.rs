//! What a request says of the session that it wants: its life, its tags, its own policy.

use super::form::{Form, NAME, invalid, violation};
use crate::error::{Error, Result};
use crate::state::policy::{Context, Kind, Policy};
use crate::state::principal::{Session, SessionTags};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Sessions opened by a session last an hour at most.
const CHAINED_LIMIT: i64 = 3_600;
/// As long as a policy may be that is passed as text.
const LONGEST_POLICY: usize = 2_048;
pub(super) const MOST_TAGS: usize = 50;

/// What a session is to be marked with.
#[derive(Clone, Default)]
pub(super) struct Marks {
    pub(super) tags: SessionTags,
    pub(super) source_identity: Option<String>,
}

/// A session that somebody wants.
pub(super) struct Wanted {
    seconds: i64,
    /// What the request itself, or the proof of identity in it, asks for.
    asked: Marks,
    /// The same with what the opening session hands on.
    marks: Marks,
    policy: Option<Policy>,
}

impl Wanted {
    /// Read and check the parameters that all kinds of sessions share. `longest` is the role's limit.
    pub(super) fn parse(form: &Form, longest: i64, asked: Marks, opener: Option<&Session>) -> Result<Self> {
        let inherited = opener.and_then(|opener| opener.source_identity.as_ref());
        if asked.source_identity.as_ref().zip(inherited).is_some_and(|(asked, inherited)| asked != inherited)
        {
            let why = "The source identity of the calling session cannot be changed";
            return Err(Error::new("AccessDenied", why));
        }
        let marks = Marks {
            tags: combine(asked.tags.clone(), opener.map(|opener| &opener.tags))?,
            source_identity: asked.source_identity.as_ref().or(inherited).cloned(),
        };
        Ok(Self { seconds: seconds(form, longest, opener.is_some())?, asked, marks, policy: policy(form)? })
    }

    /// The condition keys that the request brings.
    pub(super) fn context(&self, form: &Form) -> Context {
        let tags = &self.asked.tags.values;
        Context::default()
            .with("sts:DurationSeconds", self.seconds.to_string())
            .with_some("sts:RoleSessionName", form.get("RoleSessionName"))
            .with_some("sts:SourceIdentity", self.marks.source_identity.as_deref())
            .with_all("sts:TransitiveTagKeys", self.marks.tags.transitive.iter().cloned())
            .with_all("aws:TagKeys", tags.keys().cloned())
            .with_tags("aws:RequestTag", tags.iter().map(|(key, value)| (key.as_str(), value.as_str())))
    }

    /// The actions that it takes to open it, beside the one that is asked for.
    pub(super) fn actions(&self, asked: &'static str) -> Vec<&'static str> {
        let Marks { tags, source_identity } = &self.marks;
        let tagging = (!tags.values.is_empty()).then_some("sts:TagSession");
        let setting = source_identity.is_some().then_some("sts:SetSourceIdentity");
        [Some(asked), tagging, setting].into_iter().flatten().collect()
    }

    pub(super) fn source_identity(&self) -> Option<&String> {
        self.marks.source_identity.as_ref()
    }

    pub(super) fn opened(self, now: Timestamp, provider: Option<String>) -> Session {
        let ends = now.saturating_add(SignedDuration::from_secs(self.seconds)).unwrap_or(Timestamp::MAX);
        Session {
            opened: now,
            ends,
            tags: self.marks.tags,
            source_identity: self.marks.source_identity,
            policy: self.policy,
            provider,
        }
    }
}

fn seconds(form: &Form, longest: i64, is_chained: bool) -> Result<i64> {
    let Some(text) = form.get("DurationSeconds") else { return Ok(CHAINED_LIMIT) };
    let seconds: i64 = text
        .parse()
        .map_err(|_| Error::new("MalformedInput", format!("DurationSeconds '{text}' is not a number")))?;
    let value = format!("'{seconds}'");
    if seconds < 900 {
        return Err(violation(
            "DurationSeconds",
            &value,
            "Member must have value greater than or equal to 900",
        ));
    }
    if seconds > 43_200 {
        return Err(violation(
            "DurationSeconds",
            &value,
            "Member must have value less than or equal to 43200",
        ));
    }
    if is_chained && seconds > CHAINED_LIMIT {
        return Err(invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        ));
    }
    if seconds > longest {
        return Err(invalid(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    Ok(seconds)
}

/// What a request to assume a role asks for by its own parameters.
pub(super) fn marks(form: &Form) -> Result<Marks> {
    let (keys, values) = (form.list("Tags", ".Key"), form.list("Tags", ".Value"));
    if keys.len() != values.len() {
        return Err(violation("Tags", "null", "Member must not be null"));
    }
    let transitive = form.list("TransitiveTagKeys", "").into_iter().map(str::to_owned).collect();
    Ok(Marks {
        tags: SessionTags { values: distinct(&keys, &values)?, transitive },
        source_identity: form.text("SourceIdentity", &NAME)?.map(str::to_owned),
    })
}

fn distinct(keys: &[&str], values: &[&str]) -> Result<BTreeMap<String, String>> {
    let conflict = |message: String| Err(Error::new("InvalidParameterValue", message));
    if keys.len() > MOST_TAGS {
        return Err(violation(
            "Tags",
            "***",
            &format!("Member must have length less than or equal to {MOST_TAGS}"),
        ));
    }
    let mut folded = BTreeSet::new();
    for (key, value) in keys.iter().zip(values) {
        let (key_length, value_length) = (key.chars().count(), value.chars().count());
        if !(1..=128).contains(&key_length) || value_length > 256 {
            let constraint = "Member must have a key of 1 to 128 characters and a value of 256 at most";
            return Err(violation("Tags", &format!("'{key}'"), constraint));
        }
        if key.to_lowercase().starts_with("aws:") {
            return conflict(format!("The tag key '{key}' is reserved"));
        }
        if !folded.insert(key.to_lowercase()) {
            return conflict(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.".into(),
            );
        }
    }
    Ok(keys.iter().zip(values).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
}

/// A transitive tag of the opening session stays, and cannot be set again.
fn combine(mut asked: SessionTags, opener: Option<&SessionTags>) -> Result<SessionTags> {
    let is_set = |key: &&String| asked.values.keys().any(|set| set.eq_ignore_ascii_case(key));
    if let Some(unknown) = asked.transitive.iter().find(|key| !is_set(key)) {
        let message = format!("The transitive tag key '{unknown}' is not among the requested tags");
        return Err(Error::new("InvalidParameterValue", message));
    }
    let Some(opener) = opener else { return Ok(asked) };
    if opener.transitive.iter().any(|key| is_set(&key)) {
        return Err(Error::new(
            "InvalidParameterValue",
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag \
             key from the calling session.",
        ));
    }
    let is_handed_on = |key: &String| opener.transitive.iter().any(|one| one.eq_ignore_ascii_case(key));
    let handed_on = opener.values.iter().filter(|(key, _)| is_handed_on(key));
    asked.values.extend(handed_on.map(|(key, value)| (key.clone(), value.clone())));
    asked.transitive.extend(opener.transitive.iter().cloned());
    Ok(asked)
}

fn policy(form: &Form) -> Result<Option<Policy>> {
    if form.get("PolicyArns.member.1.arn").is_some() {
        return Err(invalid("There are no managed policies here: PolicyArns cannot be given"));
    }
    let Some(text) = form.get("Policy") else { return Ok(None) };
    let length = text.chars().count();
    if length > LONGEST_POLICY {
        let message = format!("The session policy has {length} characters, of {LONGEST_POLICY} at most");
        return Err(Error::new("PackedPolicyTooLarge", message));
    }
    let malformed = |why: String| Error::new("MalformedPolicyDocument", why);
    Policy::parse(Kind::Identity, &Value::from(text)).map(Some).map_err(malformed)
}
