//! What a request says about its signature.

use super::{Refusal, Signed};
use http::{HeaderMap, Request};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, civil};
use std::borrow::Cow;

/// The members of a query that carry a signature. They are no members of the operation.
pub(crate) const PRESIGNING: [&str; 7] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
    "X-Amz-Security-Token",
];

/// The headers that count as one value each.
const SINGLE: [&str; 5] =
    ["authorization", "host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"];

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// A week, AWS's limit on signatures in a query.
const LONGEST: i64 = 604_800;

/// Read the signature, wherever it is.
pub(crate) fn parse(request: &Request<axum::body::Bytes>) -> Result<Signed, Refusal> {
    let query = request.uri().query().unwrap_or_default();
    let query: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    no_repetition(request.headers(), &query)?;
    let in_query = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref());
    match (text(request.headers(), "authorization"), in_query("X-Amz-Algorithm")) {
        (Some(authorization), None) => from_headers(authorization, request.headers()),
        (None, Some(algorithm)) => from_query(algorithm, in_query),
        (None, None) => Err(Refusal::Missing),
        (Some(_), Some(_)) => {
            Err(Refusal::Incomplete("The request is signed both in its headers and in its query".into()))
        }
    }
}

/// Of what comes twice it is not certain which one was signed.
fn no_repetition(headers: &HeaderMap, query: &[(Cow<'_, str>, Cow<'_, str>)]) -> Result<(), Refusal> {
    let comes_again = |name: &&str| headers.get_all(*name).iter().nth(1).is_some();
    let is_in_query_again = |name: &&str| query.iter().filter(|(key, _)| key == name).nth(1).is_some();
    let header = SINGLE.into_iter().find(comes_again);
    match header.or_else(|| PRESIGNING.into_iter().find(is_in_query_again)) {
        Some(name) => Err(Refusal::Incomplete(format!("The request has more than one '{name}'"))),
        None => Ok(()),
    }
}

fn from_headers(authorization: &str, headers: &HeaderMap) -> Result<Signed, Refusal> {
    let incomplete = |what: &str| Refusal::Incomplete(format!("Authorization header {what}"));
    let fields =
        authorization.strip_prefix(ALGORITHM).ok_or_else(|| incomplete(&format!("must use {ALGORITHM}")))?;
    let field = |name: &str| {
        fields
            .split(',')
            .filter_map(|field| field.trim().split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
            .ok_or_else(|| incomplete(&format!("requires '{name}' parameter")))
    };
    let at = text(headers, "x-amz-date").and_then(date);
    let at = at.ok_or_else(|| incomplete("requires the existence of an 'X-Amz-Date' header"))?;
    let token = text(headers, "x-amz-security-token");
    let parts = [field("Credential")?, field("SignedHeaders")?, field("Signature")?];
    signed(parts, token, (at, None)).ok_or_else(|| incomplete("has a malformed 'Credential' parameter"))
}

fn from_query<'a>(algorithm: &str, query: impl Fn(&str) -> Option<&'a str>) -> Result<Signed, Refusal> {
    let incomplete = |what: &str| Refusal::Incomplete(format!("AWS query-string parameters {what}"));
    if algorithm != ALGORITHM {
        return Err(incomplete(&format!("must use {ALGORITHM}")));
    }
    let field = |name: &str| query(name).ok_or_else(|| incomplete(&format!("must include '{name}'")));
    let at = date(field("X-Amz-Date")?).ok_or_else(|| incomplete("have a malformed 'X-Amz-Date'"))?;
    let seconds = field("X-Amz-Expires")?.parse().ok().filter(|seconds| (1..=LONGEST).contains(seconds));
    let seconds =
        seconds.ok_or_else(|| incomplete("have an 'X-Amz-Expires' that is not from 1 to 604800"))?;
    let parts = [field("X-Amz-Credential")?, field("X-Amz-SignedHeaders")?, field("X-Amz-Signature")?];
    signed(parts, query("X-Amz-Security-Token"), (at, Some(SignedDuration::from_secs(seconds))))
        .ok_or_else(|| incomplete("have a malformed 'X-Amz-Credential'"))
}

fn signed(
    [credential, header_names, signature]: [&str; 3],
    session_token: Option<&str>,
    (at, holds): (Timestamp, Option<SignedDuration>),
) -> Option<Signed> {
    let [access_key_id, date, region, service, "aws4_request"] =
        credential.split('/').collect::<Vec<_>>()[..]
    else {
        return None;
    };
    let header_names: Vec<_> = header_names.split(';').map(str::to_owned).collect();
    // Signers sort them. A name that comes again would be signed again with all of its value.
    if !header_names.is_sorted_by(|one, next| one < next) {
        return None;
    }
    Some(Signed {
        access_key_id: access_key_id.into(),
        session_token: session_token.map(str::to_owned),
        date: date.into(),
        region: region.into(),
        service: service.into(),
        header_names,
        signature: signature.into(),
        at,
        holds,
    })
}

/// A time as signatures have it, such as `20260101T000000Z`.
pub(crate) fn date(text: &str) -> Option<Timestamp> {
    let date = civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;

    const QUERY: &str = "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=k%2F20260101%2Fr%2Fsts%2Faws4_request\
                         &X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=ab";

    fn outcome(uri: &str, authorization: Option<&str>) -> Result<Signed, Refusal> {
        let mut request = Request::builder().uri(uri).header("x-amz-date", "20260101T000000Z");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        parse(&request.body(Bytes::new()).unwrap())
    }

    #[test]
    fn no_header_is_signed_twice() {
        let signed = |names: &str| {
            let credential = "Credential=k/20260101/r/sts/aws4_request";
            outcome("/", Some(&format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature=ab")))
        };
        assert!(signed("a;host").is_ok());
        assert!(signed("host;a").is_err());
        assert!(signed(&vec!["a"; 25_000].join(";")).is_err());
    }

    #[test]
    fn what_counts_as_one_value_comes_once() {
        let authorization =
            "AWS4-HMAC-SHA256 Credential=k/20260101/r/sts/aws4_request, SignedHeaders=host, Signature=ab";
        let request = || {
            let request = Request::get("/").header("authorization", authorization);
            request.header("x-amz-date", "20260101T000000Z").header("x-foo", "1").header("x-foo", "2")
        };
        assert!(parse(&request().body(Bytes::new()).unwrap()).is_ok());
        for name in ["authorization", "x-amz-date"] {
            let twice = request().header(name, "1").body(Bytes::new()).unwrap();
            assert!(matches!(parse(&twice).err(), Some(Refusal::Incomplete(_))), "{name}");
        }
        for name in ["host", "x-amz-security-token", "x-amz-content-sha256"] {
            let once = || request().header(name, "1");
            assert!(parse(&once().body(Bytes::new()).unwrap()).is_ok(), "{name}");
            let twice = once().header(name, "1").body(Bytes::new()).unwrap();
            assert!(matches!(parse(&twice).err(), Some(Refusal::Incomplete(_))), "{name}");
        }
        assert!(outcome(&format!("{QUERY}&a=1&a=2"), None).is_ok());
        let twice = outcome(&format!("{QUERY}&X-Amz-Signature=ab"), None);
        assert!(matches!(twice.err(), Some(Refusal::Incomplete(_))));
    }

    #[test]
    fn signatures_are_found_in_headers_and_in_the_query() {
        let header =
            "AWS4-HMAC-SHA256 Credential=k/20260101/r/sts/aws4_request, SignedHeaders=host, Signature=ab";
        let from_header = outcome("/", Some(header)).unwrap();
        let from_query = outcome(QUERY, None).unwrap();
        for signed in [&from_header, &from_query] {
            assert_eq!((signed.access_key_id.as_str(), signed.region.as_str()), ("k", "r"));
            assert_eq!((signed.service.as_str(), signed.signature.as_str()), ("sts", "ab"));
        }
        assert_eq!(from_header.holds, None);
        assert_eq!(from_query.holds, Some(SignedDuration::from_secs(60)));
    }

    #[test]
    fn what_is_missing_or_malformed_is_told() {
        assert!(matches!(outcome("/", None), Err(Refusal::Missing)));
        let incomplete = [
            (QUERY.to_owned(), Some("AWS4-HMAC-SHA256 Credential=x")),
            ("/".into(), Some("Bearer x")),
            ("/".into(), Some("AWS4-HMAC-SHA256")),
            ("/".into(), Some("AWS4-HMAC-SHA256 Credential=k/r, SignedHeaders=host, Signature=ab")),
            (QUERY.replace("=60", "=0"), None),
            (QUERY.replace("=60", "=604801"), None),
            (QUERY.replace("HMAC", "ECDSA"), None),
            (QUERY.replace("20260101T", "20261301T"), None),
            (QUERY.replace("&X-Amz-Signature=ab", ""), None),
        ];
        for (uri, authorization) in incomplete {
            let refusal = outcome(&uri, authorization).err();
            assert!(matches!(refusal, Some(Refusal::Incomplete(_))), "{uri} {authorization:?} {refusal:?}");
        }
    }
}
