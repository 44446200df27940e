//! Signature Version 4, header form: the request is signed again with AWS's own crate, and compared.

use crate::error::Error;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::HeaderMap;
use http::Request;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, civil};
use std::time::SystemTime;

/// How far a signature's time may be from ours.
const MAX_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// What a request says about its signature.
pub(crate) struct Signed {
    pub(crate) access_key_id: String,
    pub(crate) session_token: Option<String>,
    scope: Scope,
    header_names: Vec<String>,
    signature: String,
    at: Timestamp,
}

/// The credential scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) date: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

/// Why a request is not let in. Each service has its own codes for these.
#[derive(Debug)]
pub(crate) enum Refusal {
    Missing,
    Incomplete(String),
    UnknownKey,
    ExpiredSession,
    Mismatch(String),
}

impl Refusal {
    /// As CodeArtifact answers.
    pub(crate) fn for_codeartifact(self) -> Error {
        self.to_error([
            "MissingAuthenticationTokenException",
            "UnrecognizedClientException",
            "ExpiredTokenException",
            "InvalidSignatureException",
        ])
    }

    /// As STS answers.
    pub(crate) fn for_sts(self) -> Error {
        self.to_error([
            "MissingAuthenticationToken",
            "InvalidClientTokenId",
            "ExpiredToken",
            "SignatureDoesNotMatch",
        ])
    }

    fn to_error(&self, [missing, unknown, expired, mismatch]: [&'static str; 4]) -> Error {
        match self {
            Self::Missing => Error::new(missing, "Missing Authentication Token"),
            Self::Incomplete(what) => Error::new("IncompleteSignature", what.as_str()),
            Self::UnknownKey => Error::new(unknown, "The security token included in the request is invalid."),
            Self::ExpiredSession => {
                Error::new(expired, "The security token included in the request is expired")
            }
            Self::Mismatch(why) => Error::new(mismatch, why.as_str()),
        }
    }
}

/// Read the `Authorization` header and what belongs to it.
pub(crate) fn parse(headers: &HeaderMap) -> Result<Signed, Refusal> {
    let authorization = text(headers, "authorization").ok_or(Refusal::Missing)?;
    let incomplete = |what: &str| Refusal::Incomplete(format!("Authorization header {what}"));
    let fields = authorization
        .strip_prefix("AWS4-HMAC-SHA256")
        .ok_or_else(|| incomplete("must use AWS4-HMAC-SHA256"))?;
    let field = |name: &str| {
        fields
            .split(',')
            .filter_map(|field| field.trim().split_once('='))
            .find_map(|(key, value)| (key == name).then(|| value.to_owned()))
            .ok_or_else(|| incomplete(&format!("requires '{name}' parameter")))
    };
    let credential = field("Credential")?;
    let [access_key_id, date, region, service, "aws4_request"] =
        credential.split('/').collect::<Vec<_>>()[..]
    else {
        return Err(incomplete("has a malformed 'Credential' parameter"));
    };
    let at = text(headers, "x-amz-date")
        .and_then(|date| civil::DateTime::strptime("%Y%m%dT%H%M%SZ", date).ok())
        .and_then(|date| date.to_zoned(TimeZone::UTC).ok())
        .ok_or_else(|| incomplete("requires the existence of an 'X-Amz-Date' header"))?;
    Ok(Signed {
        access_key_id: access_key_id.into(),
        session_token: text(headers, "x-amz-security-token").map(str::to_owned),
        scope: Scope { date: date.into(), region: region.into(), service: service.into() },
        header_names: field("SignedHeaders")?.split(';').map(str::to_owned).collect(),
        signature: field("Signature")?,
        at: at.timestamp(),
    })
}

impl Signed {
    /// Sign the request again with the secret, and compare scope, time and signature.
    pub(crate) fn verify(
        &self,
        request: &Request<axum::body::Bytes>,
        secret: &str,
        expected: (&str, &str),
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let mismatch = |why: String| Err(Refusal::Mismatch(why));
        let (service, region) = expected;
        let scope = Scope {
            date: self.at.strftime("%Y%m%d").to_string(),
            region: region.into(),
            service: service.into(),
        };
        if self.scope != scope {
            return mismatch(format!("Credential should be scoped to {}/{region}/{service}", scope.date));
        }
        if self.at.duration_since(now).abs() > MAX_SKEW {
            return mismatch(format!("Signature expired: {} is not within 5 min. of {now}", self.at));
        }
        let signature = self.sign_again(request, secret).map_err(Refusal::Incomplete)?;
        if signature != self.signature {
            return mismatch(
                "The request signature we calculated does not match the signature you provided. \
                 Check your AWS Secret Access Key and signing method."
                    .into(),
            );
        }
        Ok(())
    }

    fn sign_again(&self, request: &Request<axum::body::Bytes>, secret: &str) -> Result<String, String> {
        let credentials =
            Credentials::new(&self.access_key_id, secret, self.session_token.clone(), None, "emulator");
        let identity = credentials.into();
        let mut settings = SigningSettings::default();
        // The caller's list of signed headers decides, nothing else.
        settings.excluded_headers = None;
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.scope.region)
            .name(&self.scope.service)
            .time(SystemTime::from(self.at))
            .settings(settings)
            .build()
            .map_err(|error| error.to_string())?
            .into();
        let headers = self.headers(request.headers())?;
        let host = text(request.headers(), "host").unwrap_or_default();
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let signable = SignableRequest::new(
            request.method().as_str(),
            format!("http://{host}{path}"),
            headers.into_iter(),
            SignableBody::Bytes(request.body()),
        )
        .map_err(|error| error.to_string())?;
        let signed = sign(signable, &parameters).map_err(|error| error.to_string())?;
        Ok(signed.signature().to_owned())
    }

    /// The signed headers, but for those that the signing crate adds by itself.
    fn headers<'a>(&'a self, headers: &'a HeaderMap) -> Result<Vec<(&'a str, &'a str)>, String> {
        let added = ["host", "x-amz-date", "x-amz-security-token"];
        self.header_names
            .iter()
            .filter(|name| !added.contains(&name.as_str()))
            .map(|name| match text(headers, name) {
                Some(value) => Ok((name.as_str(), value)),
                None => Err(format!("the signed header '{name}' is not in the request")),
            })
            .collect()
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
