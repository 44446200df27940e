//! The parameters of a Query request, and their constraints.

use super::session::MOST_TAGS;
use super::{VERSION, unknown};
use crate::error::{Error, Result};
use crate::state::policy::is_account;
use crate::wire::sigv4::PRESIGNING;
use axum::body::Bytes;
use http::{Method, Request};
use serde_json::{Map, Value};

/// The parameters of a Query request: of the query, and of the body unless it is a GET.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) fn parse(request: &Request<Bytes>) -> Self {
        let query = request.uri().query().unwrap_or_default().as_bytes();
        let body: &[u8] = if request.method() == Method::GET { b"" } else { request.body() };
        let [query, body] = [query, body].map(|text| form_urlencoded::parse(text).into_owned());
        let members = query.chain(body);
        Self(members.filter(|(name, _)| !PRESIGNING.contains(&name.as_str())).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn action(&self) -> Result<&str> {
        let missing = || Error::new("MissingAction", "The request must contain the parameter Action");
        let action = self.get("Action").filter(|action| !action.is_empty()).ok_or_else(missing)?;
        match self.get("Version") {
            Some(VERSION) => Ok(action),
            Some(other) => Err(unknown(action, other)),
            None => Err(unknown(action, "NO_VERSION_SPECIFIED")),
        }
    }

    /// What the journal keeps: nothing that proves who somebody is.
    pub(super) fn journaled(&self) -> Value {
        let proofs = ["WebIdentityToken", "SAMLAssertion", "TokenCode", "ExternalId"];
        let kept = self.0.iter().filter(|(name, _)| !proofs.contains(&name.as_str()));
        let kept: Map<_, _> = kept.map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        Value::Object(kept)
    }

    /// The entries of a list: `Tags.member.1.Key`, and so on, in order and without gaps. One more than
    /// there may be is enough to know that there are too many.
    pub(super) fn list(&self, name: &str, field: &str) -> Vec<&str> {
        let entry = |number: usize| self.get(&format!("{name}.member.{number}{field}"));
        (1..=MOST_TAGS + 1).map_while(entry).collect()
    }

    pub(super) fn text(&self, name: &str, rule: &Rule) -> Result<Option<&str>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        rule.check(name, value)?;
        Ok(Some(value))
    }

    pub(super) fn required(&self, name: &str, rule: &Rule) -> Result<&str> {
        self.text(name, rule)?.ok_or_else(|| violation(name, "null", "Member must not be null"))
    }
}

/// A constraint of the model on a string.
pub(super) struct Rule {
    pub(super) shortest: usize,
    pub(super) longest: usize,
    /// The characters beside letters, digits and `_`; none means any.
    pub(super) signs: Option<&'static str>,
}

/// Names of sessions, and source identities.
pub(super) const NAME: Rule = Rule { shortest: 2, longest: 64, signs: Some("+=,.@-") };
pub(super) const ARN: Rule = Rule { shortest: 20, longest: 2_048, signs: None };
pub(super) const EXTERNAL_ID: Rule = Rule { shortest: 2, longest: 1_224, signs: Some("+=,.@:/-") };
pub(super) const WEB_TOKEN: Rule = Rule { shortest: 4, longest: 20_000, signs: None };

impl Rule {
    pub(super) fn check(&self, name: &str, value: &str) -> Result<()> {
        let length = value.chars().count();
        let legal = |letter: char| {
            self.signs
                .is_none_or(|signs| letter.is_ascii_alphanumeric() || letter == '_' || signs.contains(letter))
        };
        let constraint = if length < self.shortest {
            format!("Member must have length greater than or equal to {}", self.shortest)
        } else if length > self.longest {
            format!("Member must have length less than or equal to {}", self.longest)
        } else if value.chars().all(legal) {
            return Ok(());
        } else {
            format!(
                "Member must satisfy regular expression pattern: [\\w{}]*",
                self.signs.unwrap_or_default()
            )
        };
        // A token does not belong into a message.
        let shown = if name == "WebIdentityToken" { "***".to_owned() } else { format!("'{value}'") };
        Err(violation(name, &shown, &constraint))
    }
}

/// What an ARN of IAM names in its account. None: it is no such ARN.
pub(super) fn resource(arn: &str) -> Option<&str> {
    let ["arn", partition, "iam", "", account, resource] = arn.splitn(6, ':').collect::<Vec<_>>()[..] else {
        return None;
    };
    (is_account(account) && !partition.is_empty() && !resource.is_empty()).then_some(resource)
}

/// A parameter that breaks a constraint of the model, in AWS's words.
pub(super) fn violation(name: &str, value: &str, constraint: &str) -> Error {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    let member: String = first.into_iter().chain(letters).collect();
    invalid(format!(
        "1 validation error detected: Value {value} at '{member}' failed to satisfy constraint: {constraint}"
    ))
}

pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::new("ValidationError", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_are_those_of_the_model() {
        for (rule, good, bad) in [
            (&NAME, "a_b+=,.@-", "a b"),
            (&NAME, "ab", "a"),
            (&EXTERNAL_ID, "a:b/c", "a#b"),
            (&ARN, "arn:aws:iam::1:role/x", "arn"),
        ] {
            assert!(rule.check("X", good).is_ok(), "{good}");
            assert!(rule.check("X", bad).is_err(), "{bad}");
        }
        let error = NAME.check("RoleSessionName", "ü!").unwrap_err();
        assert!(error.message.contains("Value 'ü!' at 'roleSessionName'"), "{error}");
        let error = WEB_TOKEN.check("WebIdentityToken", "abc").unwrap_err();
        assert!(!error.message.contains("abc"), "{error}");
    }

    #[test]
    fn arns_of_iam_name_something_in_an_account() {
        assert_eq!(resource("arn:aws:iam::123456789012:role/a:b"), Some("role/a:b"));
        for wrong in [
            "not-an-arn-of-a-role-at-all",
            "arn:aws:iam::123456789012",
            "arn:aws:iam::123456789012:",
            "arn:aws:iam::12345678901x:role/x",
            "arn:aws:iam::1234567890123:role/x",
            "arn::iam::123456789012:role/x",
            "arn:aws:iam:us-east-1:123456789012:role/x",
            "arn:aws:s3::123456789012:role/x",
        ] {
            assert_eq!(resource(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn parameters_are_those_of_query_and_body() {
        let form = |method: &str| {
            let request = Request::builder().method(method).uri("/?Action=A&X-Amz-Signature=s");
            Form::parse(&request.body(Bytes::from("Version=1&Action=B")).unwrap())
        };
        for (method, version) in [("POST", Some("1")), ("GET", None)] {
            let form = form(method);
            assert_eq!((form.get("Action"), form.get("Version")), (Some("A"), version), "{method}");
            assert_eq!(form.get("X-Amz-Signature"), None);
        }
    }

    #[test]
    fn lists_are_counted_from_one() {
        let body = "Tags.member.1.Key=a&Tags.member.2.Key=b&Tags.member.4.Key=d";
        let request = Request::post("/").body(Bytes::from(body)).unwrap();
        assert_eq!(Form::parse(&request).list("Tags", ".Key"), ["a", "b"]);
    }
}
