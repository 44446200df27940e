//! The members of a request, taken from query and body, checked as the model says.

use super::text::{self, Text, check_enum};
use crate::error::{Error, Result};
use http::Request;
use http::header::HeaderMap;
use serde_json::{Map, Value, json};

/// A request's members by where they travel.
pub(crate) struct Members {
    query: Vec<(String, String)>,
    body: Map<String, Value>,
}

impl Members {
    /// Parse. An empty body is a body without members; a raw asset body is left alone.
    pub(crate) fn parse(request: &Request<axum::body::Bytes>) -> Result<Self> {
        let query = request.uri().query().unwrap_or_default();
        let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let bytes = request.body();
        let body = if bytes.is_empty() || carries_an_asset(request.headers()) {
            Map::new()
        } else {
            match serde_json::from_slice(bytes) {
                Ok(Value::Object(members)) => members,
                Ok(_) => return Err(Error::unparsable("The request body must be a JSON object")),
                Err(error) => {
                    return Err(Error::unparsable(format!(
                        "Could not parse request body into json: {error}"
                    )));
                }
            }
        };
        Ok(Self { query, body })
    }

    /// What the journal keeps of a request.
    pub(crate) fn journaled(&self) -> Value {
        let mut parameters: Map<String, Value> =
            self.query.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
        if !self.body.is_empty() {
            parameters.insert("body".into(), Value::Object(self.body.clone()));
        }
        Value::Object(parameters)
    }

    /// A query member as it came, unchecked.
    pub(crate) fn raw_query(&self, wire: &str) -> Option<&str> {
        self.query.iter().find(|(name, _)| name == wire).map(|(_, value)| value.as_str())
    }

    /// A body member as it came, unchecked. JSON null counts as absent.
    pub(crate) fn raw_body(&self, name: &str) -> Option<&Value> {
        self.body.get(name).filter(|value| !value.is_null())
    }

    /// An optional query member.
    pub(crate) fn query(&self, wire: &str, kind: &Text) -> Result<Option<&str>> {
        let value = self.raw_query(wire);
        value.map(|value| kind.check(&member_name(wire), value)).transpose()?;
        Ok(value)
    }

    /// A required query member.
    pub(crate) fn required_query(&self, wire: &str, kind: &Text) -> Result<&str> {
        self.query(wire, kind)?.ok_or_else(|| missing(&member_name(wire)))
    }

    /// An optional query member of an enumeration.
    pub(crate) fn query_enum(&self, wire: &str, known: &[&str]) -> Result<Option<&str>> {
        let value = self.raw_query(wire);
        value.map(|value| check_enum(&member_name(wire), value, known)).transpose()?;
        Ok(value)
    }

    /// An optional whole number in the query, within the model's range.
    pub(crate) fn query_integer(&self, wire: &str, range: (i64, i64)) -> Result<Option<i64>> {
        let Some(text) = self.raw_query(wire) else { return Ok(None) };
        let value: i64 = text
            .parse()
            .map_err(|_| Error::unparsable(format!("'{text}' at '{}' is not a number", member_name(wire))))?;
        check_range(&member_name(wire), value, range)?;
        Ok(Some(value))
    }

    /// An optional string in the body.
    pub(crate) fn body_text(&self, name: &str, kind: &Text) -> Result<Option<&str>> {
        let Some(value) = self.raw_body(name) else { return Ok(None) };
        let text = string(name, value)?;
        kind.check(name, text)?;
        Ok(Some(text))
    }

    /// An optional whole number in the body, within the model's range.
    pub(crate) fn body_integer(&self, name: &str, range: (i64, i64)) -> Result<Option<i64>> {
        let Some(value) = self.raw_body(name) else { return Ok(None) };
        let value = value.as_i64().ok_or_else(|| wrong_type(name, "a number"))?;
        check_range(name, value, range)?;
        Ok(Some(value))
    }

    /// An optional list in the body, with at most as many entries as the model allows.
    pub(crate) fn body_list(&self, name: &str, max: usize) -> Result<Option<&[Value]>> {
        let Some(value) = self.raw_body(name) else { return Ok(None) };
        let list = value.as_array().ok_or_else(|| wrong_type(name, "a list"))?;
        if list.len() > max {
            let constraint = format!("Member must have length less than or equal to {max}");
            return Err(Error::constraint(&json!(list), name, &constraint));
        }
        Ok(Some(list))
    }

    /// The `format` query member, required.
    pub(crate) fn format(&self) -> Result<&str> {
        self.query_enum("format", text::PACKAGE_FORMATS)?.ok_or_else(|| missing("format"))
    }
}

/// A string in the body or inside one of its structures.
pub(crate) fn string<'a>(member: &str, value: &'a Value) -> Result<&'a str> {
    value.as_str().ok_or_else(|| wrong_type(member, "a string"))
}

/// A required string of a structure in the body, such as a tag's key.
pub(crate) fn field<'a>(structure: &'a Value, name: &str, member: &str, kind: &Text) -> Result<&'a str> {
    let value = structure
        .get(name)
        .filter(|value| !value.is_null())
        .ok_or_else(|| missing(&format!("{member}.{name}")))?;
    let text = string(member, value)?;
    kind.check(&format!("{member}.{name}"), text)?;
    Ok(text)
}

/// A required member that is not there.
pub(crate) fn missing(member: &str) -> Error {
    Error::constraint(&Value::Null, member, "Member must not be null")
}

fn wrong_type(member: &str, wanted: &str) -> Error {
    Error::unparsable(format!("The member '{member}' must be {wanted}"))
}

fn check_range(member: &str, value: i64, (min, max): (i64, i64)) -> Result<()> {
    let constraint = if value < min {
        format!("Member must have value greater than or equal to {min}")
    } else if value > max {
        format!("Member must have value less than or equal to {max}")
    } else {
        return Ok(());
    };
    Err(Error::constraint(&value.into(), member, &constraint))
}

/// `domain-owner` on the wire is `domainOwner` in the model, and in messages.
fn member_name(wire: &str) -> String {
    match wire {
        "duration" => return "durationSeconds".into(),
        "version" => return "packageVersion".into(),
        _ => {}
    }
    let mut words = wire.split('-');
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

/// Published assets travel as the raw body, and only they carry their hash in a header.
fn carries_an_asset(headers: &HeaderMap) -> bool {
    let json = headers
        .get(http::header::CONTENT_TYPE)
        .is_none_or(|kind| kind.as_bytes().starts_with(b"application/json"));
    headers.contains_key("x-amz-content-sha256") && !json
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(uri: &str, body: &'static str) -> Result<Members> {
        let request = Request::builder().uri(uri).body(axum::body::Bytes::from(body)).unwrap();
        Members::parse(&request)
    }

    #[test]
    fn wire_names_become_member_names() {
        assert_eq!(member_name("domain-owner"), "domainOwner");
        assert_eq!(member_name("max-results"), "maxResults");
        assert_eq!(member_name("resourceArn"), "resourceArn");
    }

    #[test]
    fn missing_and_malformed_members_are_told_apart() {
        let parsed = members("/v1/domain?domain=A%20b&duration=x", "").unwrap();
        let missing = parsed.required_query("repository", &text::REPOSITORY_NAME).unwrap_err();
        assert!(missing.message.contains("Value null at 'repository'"), "{missing}");
        let malformed = parsed.required_query("domain", &text::DOMAIN_NAME).unwrap_err();
        assert!(malformed.message.contains("Value 'A b' at 'domain'"), "{malformed}");
        assert!(parsed.query_integer("duration", (0, 1)).is_err());
    }

    #[test]
    fn only_json_objects_are_bodies() {
        assert!(members("/v1/domain", "[]").is_err());
        assert!(members("/v1/domain", "{").is_err());
        let parsed = members("/v1/domain", r#"{"description":null,"upstreams":{}}"#).unwrap();
        assert!(parsed.raw_body("description").is_none());
        assert!(parsed.body_list("upstreams", 10).is_err());
    }
}
