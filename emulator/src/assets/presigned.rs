//! Addresses that are good for a while: what is in them, and whether they are as they were made.

use crate::error::{Error, Result};
use crate::wire::sigv4::date;
use http::Method;
use jiff::{SignedDuration, Timestamp};
use ring::hmac::{self, HMAC_SHA256, Key};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// How long an address is good. How long those of the service are is not documented.
pub(super) const LIFE: SignedDuration = SignedDuration::from_mins(10);

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const SIGNATURE: &str = "X-Amz-Signature";

/// Signs addresses, with a key that nobody else has and that is made anew at each start.
pub(super) struct Presigner {
    key: Key,
    region: String,
}

impl Presigner {
    pub(super) fn new(region: &str) -> Self {
        let secret: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(32).collect();
        Self { key: Key::new(HMAC_SHA256, &secret), region: region.into() }
    }

    /// The query of an address that is good for that method, and when it expires.
    pub(super) fn query(&self, method: &Method, path: &str, now: Timestamp) -> (String, Timestamp) {
        let (day, second) = (now.strftime("%Y%m%d"), now.strftime("%Y%m%dT%H%M%SZ").to_string());
        let credential = format!("codeartifact/{day}/{}/s3/aws4_request", self.region);
        let seconds = LIFE.as_secs();
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("X-Amz-Algorithm", ALGORITHM)
            .append_pair("X-Amz-Credential", &credential)
            .append_pair("X-Amz-Date", &second)
            .append_pair("X-Amz-Expires", &seconds.to_string())
            .append_pair("X-Amz-SignedHeaders", "host");
        let query = query.finish();
        let signature = hmac::sign(&self.key, signed(method, path, &query).as_bytes());
        let expires = now.saturating_add(LIFE).unwrap_or(Timestamp::MAX);
        (format!("{query}&{SIGNATURE}={}", hex::encode(signature)), expires)
    }

    /// Refuse what was not signed here, or too long ago, in the order in which S3 looks.
    pub(super) fn check(
        &self,
        (method, path, query): (&Method, &str, &str),
        is_authorized: bool,
        now: Timestamp,
    ) -> Result<()> {
        let members: BTreeMap<_, _> = form_urlencoded::parse(query.as_bytes()).collect();
        if is_authorized {
            return Err(authorized());
        }
        if !members.keys().any(|name| name.starts_with("X-Amz-")) {
            return Err(Error::new("AccessDenied", "Access Denied"));
        }
        let (begins, expires) = life(&members)?;
        if begins > now {
            return Err(Error::new("AccessDenied", "Request is not valid yet"));
        }
        if expires <= now {
            return Err(Error::new("AccessDenied", "Request has expired"));
        }
        let signature = members.get(SIGNATURE).and_then(|signature| hex::decode(&**signature).ok());
        let text = signed(method, path, query);
        let is_ours = |signature: Vec<u8>| hmac::verify(&self.key, text.as_bytes(), &signature).is_ok();
        if signature.is_some_and(is_ours) { Ok(()) } else { Err(changed()) }
    }
}

/// What is signed. A client may write the members of the query in another order, or escape them differently.
fn signed(method: &Method, path: &str, query: &str) -> String {
    let members = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != SIGNATURE);
    let mut members: Vec<_> = members.collect();
    members.sort();
    format!("{method}\n{path}\n{members:?}")
}

/// From when to when the address says that it is good.
fn life(members: &BTreeMap<Cow<'_, str>, Cow<'_, str>>) -> Result<(Timestamp, Timestamp)> {
    let member = |name: &str| members.get(name).map(|value| &**value).ok_or_else(incomplete);
    for name in ["X-Amz-Credential", "X-Amz-SignedHeaders", SIGNATURE] {
        member(name)?;
    }
    if member("X-Amz-Algorithm")? != ALGORITHM {
        return Err(malformed("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\""));
    }
    let from = date(member("X-Amz-Date")?)
        .ok_or_else(|| malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""))?;
    let seconds = member("X-Amz-Expires")?.parse::<u32>();
    let seconds = seconds.map_err(|_| malformed("X-Amz-Expires should be a number"))?;
    Ok((from, from.saturating_add(SignedDuration::from_secs(seconds.into())).unwrap_or(Timestamp::MAX)))
}

/// The service's words for a token that was repeated to S3. They do not repeat the token here.
fn authorized() -> Error {
    Error::new(
        "InvalidArgument",
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string \
         parameter or the Authorization header should be specified",
    )
}

fn incomplete() -> Error {
    malformed(
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, \
         X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
    )
}

fn malformed(message: &str) -> Error {
    Error::new("AuthorizationQueryParametersError", message)
}

fn changed() -> Error {
    Error::new(
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and \
         signing method.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/bucket/key";

    #[test]
    fn an_address_is_good_in_any_order_and_only_as_it_is() {
        let presigner = Presigner::new("us-east-1");
        let now: Timestamp = "2026-01-01T00:00:00.5Z".parse().unwrap();
        let (query, expires) = presigner.query(&Method::GET, PATH, now);
        let check = |method: Method, path: &str, query: &str, now| {
            presigner.check((&method, path, query), false, now).map_err(|error| error.code.into_owned())
        };
        assert_eq!(check(Method::GET, PATH, &query, now), Ok(()));
        let mut members: Vec<_> = query.split('&').collect();
        members.reverse();
        let other = members.join("&").replace("%2F", "/");
        assert_eq!(check(Method::GET, PATH, &other, now), Ok(()));
        let mismatch = Err("SignatureDoesNotMatch".to_owned());
        for (method, path, query) in [
            (Method::HEAD, PATH, query.clone()),
            (Method::GET, "/bucket/other", query.clone()),
            (Method::GET, PATH, query.replace("Expires=600", "Expires=601")),
            (Method::GET, PATH, query.replace("us-east-1", "us-east-2")),
            (Method::GET, PATH, format!("{query}&a=b")),
            (Method::GET, PATH, format!("{query}0")),
            (Method::GET, PATH, query[..query.len() - 2].to_owned()),
        ] {
            assert_eq!(check(method, path, &query, now), mismatch, "{path} {query}");
        }
        let stranger = Presigner::new("us-east-1");
        assert!(stranger.check((&Method::GET, PATH, &query), false, now).is_err());
        // Seconds are whole in it.
        assert_eq!(check(Method::GET, PATH, &query, expires), Err("AccessDenied".into()));
        // The clock went back.
        let before = now - SignedDuration::from_secs(1);
        assert_eq!(check(Method::GET, PATH, &query, before), Err("AccessDenied".into()));
        assert_eq!(check(Method::GET, PATH, &query, now + LIFE - SignedDuration::from_secs(1)), Ok(()));
    }

    #[test]
    fn what_is_no_address_is_told_what_it_lacks() {
        let presigner = Presigner::new("us-east-1");
        let now = Timestamp::UNIX_EPOCH;
        let (query, _) = presigner.query(&Method::GET, PATH, now);
        for (query, code) in [
            (String::new(), "AccessDenied"),
            ("a=b".into(), "AccessDenied"),
            ("X-Amz-Expires=1".into(), "AuthorizationQueryParametersError"),
            (query.replace("X-Amz-Date", "X-Amz-Day"), "AuthorizationQueryParametersError"),
            (query.replace("=1970", "=70"), "AuthorizationQueryParametersError"),
            (query.replace("=600", "=-1"), "AuthorizationQueryParametersError"),
            (query.replace("HMAC-SHA256", "HMAC-MD5"), "AuthorizationQueryParametersError"),
        ] {
            let refused = presigner.check((&Method::GET, PATH, &query), false, now).unwrap_err();
            assert_eq!(refused.code, code, "{query}");
        }
    }
}
