//! A request's values: as they came, and as the model takes them.

use super::shape::{Findings, Shape};
use super::{Member, Members, Place};
use crate::error::{Error, Result};
use crate::wire::sigv4::PRESIGNING;
use axum::body::Bytes;
use http::{HeaderMap, Request};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What a request carries, before it is known whether that is right.
pub(crate) struct Raw {
    query: Vec<(String, String)>,
    body: Map<String, Value>,
    /// Why the body could not be read.
    broken: Option<Error>,
}

/// The checked values of a request, under the model's names.
pub(crate) struct Values(BTreeMap<&'static str, Value>);

impl Raw {
    /// Take a request apart. An empty body is a body without members; that of an operation with a
    /// payload is left alone.
    pub(crate) fn parse(request: &Request<Bytes>, has_payload: bool) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let query = form_urlencoded::parse(query.as_bytes()).into_owned();
        let query = query.filter(|(name, _)| !PRESIGNING.contains(&name.as_str())).collect();
        let bytes = request.body();
        let read = if bytes.is_empty() || has_payload { Ok(Map::new()) } else { object(bytes) };
        let (body, broken) = match read {
            Ok(body) => (body, None),
            Err(error) => (Map::new(), Some(error)),
        };
        Self { query, body, broken }
    }

    /// What the journal keeps: query members under their wire names, and the body.
    pub(crate) fn journaled(&self) -> Value {
        let mut parameters: Map<String, Value> =
            self.query.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
        if !self.body.is_empty() {
            parameters.insert("body".into(), Value::Object(self.body.clone()));
        }
        Value::Object(parameters)
    }

    /// A string as it came, from wherever it travels.
    pub(crate) fn text(&self, wire: &str) -> Option<&str> {
        let query = self.query.iter().find(|(name, _)| name == wire);
        query.map(|(_, value)| value.as_str()).or_else(|| self.body.get(wire)?.as_str())
    }

    /// The values of an operation's members, all of them checked. Members that the model does not
    /// have are ignored, as the service does; JSON null counts as absent.
    pub(crate) fn check(&self, members: Members, headers: &HeaderMap) -> Result<Values> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        let mut values = BTreeMap::new();
        let mut findings = Findings::default();
        for member in members.iter().copied().flatten() {
            match self.value(member, headers)? {
                Some(value) => {
                    member.shape.check(member.name, &value, &mut findings);
                    values.insert(member.name, value);
                }
                None if member.required && member.place != Place::Payload => findings.missing(member.name),
                None => {}
            }
        }
        match (findings.misfit, findings.violations.is_empty()) {
            (Some(misfit), _) => Err(Error::unparsable(misfit)),
            (None, true) => Ok(Values(values)),
            (None, false) => Err(Error::constraints(&findings.violations)),
        }
    }

    fn value(&self, member: &Member, headers: &HeaderMap) -> Result<Option<Value>> {
        let given = match member.place {
            Place::Payload => return Ok(None),
            Place::Body => return Ok(self.body.get(member.wire).filter(|value| !value.is_null()).cloned()),
            Place::Header => headers.get(member.wire).and_then(|value| value.to_str().ok()),
            Place::Query => self.query.iter().find(|(name, _)| name == member.wire).map(|(_, text)| &**text),
        };
        given.map(|text| typed(member, text)).transpose()
    }
}

/// A value that travels as text.
fn typed(member: &Member, text: &str) -> Result<Value> {
    let unparsable = |wanted| Error::unparsable(format!("'{text}' at '{}' is not {wanted}", member.name));
    match member.shape {
        Shape::Integer(..) | Shape::ZeroOr(..) => {
            text.parse::<i64>().map(Value::from).map_err(|_| unparsable("a whole number"))
        }
        Shape::Flag => text.parse::<bool>().map(Value::from).map_err(|_| unparsable("true or false")),
        _ => Ok(text.into()),
    }
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Error::unparsable("The request body must be a JSON object")),
        Err(error) => Err(Error::unparsable(format!("Could not parse request body into json: {error}"))),
    }
}

impl Values {
    /// A value of any shape.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A string. The model's name must be one of a string; others read as absent.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// All values but those that choose a page, as one text: what a page's token is bound to.
    pub(crate) fn query(&self) -> String {
        let choosing = |(name, _): &(&&str, &Value)| !matches!(**name, "maxResults" | "nextToken");
        let lines = self.0.iter().filter(choosing).map(|(name, value)| format!("{name}={value}"));
        lines.collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use super::*;

    fn check(members: Members, uri: &str, body: &'static str) -> Result<Values> {
        let request = Request::builder().uri(uri).body(Bytes::from(body)).unwrap();
        Raw::parse(&request, false).check(members, request.headers())
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let error = check(GET_TOKEN, "/?domain=acme_&duration=43201", "").err().unwrap();
        assert_eq!(
            error.message,
            "2 validation errors detected: Value 'acme_' at 'domain' failed to satisfy constraint: \
             Member must satisfy regular expression pattern: [a-z][a-z0-9\\-]{0,48}[a-z0-9]; Value \
             '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less \
             than or equal to 43200"
        );
        let error = check(REPOSITORY_ONLY, "/?repository=team", "").err().unwrap();
        assert!(error.message.starts_with("1 validation error detected: Value null at 'domain'"));
    }

    #[test]
    fn what_cannot_be_read_is_told_apart() {
        for (uri, body) in [
            ("/?domain=acme&duration=x", ""),
            ("/?domain=acme&duration=99999999999999999999", ""),
            ("/?domain=acme", "{"),
            ("/?domain=acme", "[]"),
        ] {
            let error = check(GET_TOKEN, uri, body).err().unwrap();
            assert!(error.to_string().contains("ValidationException"), "{error}");
            assert!(!error.message.contains("detected"), "{error}");
        }
    }

    #[test]
    fn values_have_the_names_of_the_model() {
        let values =
            check(GET_TOKEN, "/?domain=acme&domain-owner=123456789012&duration=900&x=1", "").unwrap();
        assert_eq!(values.text("domainOwner"), Some("123456789012"));
        assert_eq!(values.get("durationSeconds"), Some(&900.into()));
        assert_eq!(values.get("x"), None);
        let values =
            check(PUT_DOMAIN_POLICY, "/", r#"{"domain":"acme","policyDocument":"{}","policyRevision":null}"#);
        assert_eq!(values.unwrap().text("domain"), Some("acme"));
    }

    #[test]
    fn a_page_belongs_to_its_query() {
        let query = |uri| check(LIST_REPOSITORIES, uri, "").unwrap().query();
        assert_eq!(query("/?max-results=3&next-token=a"), query("/"));
        assert_ne!(query("/?repository-prefix=ab"), query("/"));
    }
}
