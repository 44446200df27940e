//! The signature made again, and compared.

use super::parse::text;
use super::{PRESIGNING, Refusal, Scope, Signed};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use axum::body::Bytes;
use http::{HeaderMap, Request, Uri};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::time::{Duration, SystemTime};

/// How far a signature's time may be from ours.
const MAX_SKEW: SignedDuration = SignedDuration::from_mins(5);
const PAYLOAD_HASH: &str = "x-amz-content-sha256";

impl Signed {
    /// Sign the request again with the secret, and compare scope, time and signature.
    pub(crate) fn verify(
        &self,
        request: &Request<Bytes>,
        secret: &str,
        scope: &Scope<'_>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.check_scope(scope)?;
        self.check_time(now)?;
        let mismatch = |why: &str| Err(Refusal::Mismatch(why.into()));
        if !self.header_names.iter().any(|name| name == "host") {
            return mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
        }
        let claimed = self.claimed_hash(request.headers());
        let actual = hex::encode(Sha256::digest(request.body()));
        if !scope.hash_is_a_member && claimed.is_some_and(|claimed| claimed != actual) {
            return mismatch("The provided 'x-amz-content-sha256' header does not match what was computed.");
        }
        for hash in [Some(actual.as_str()), claimed].into_iter().flatten() {
            if self.sign_again(request, secret, hash).map_err(Refusal::Incomplete)? == self.signature {
                return Ok(());
            }
        }
        mismatch(
            "The request signature we calculated does not match the signature you provided. Check your \
             AWS Secret Access Key and signing method. Consult the service documentation for details.",
        )
    }

    fn check_scope(&self, scope: &Scope<'_>) -> Result<(), Refusal> {
        let date = self.at.strftime("%Y%m%d").to_string();
        let why = if self.date != date {
            format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != '{date}'.",
                self.date
            )
        } else if self.region != scope.region {
            format!(
                "Credential should be scoped to a valid region, not '{}', but '{}'.",
                self.region, scope.region
            )
        } else if self.service != scope.service {
            format!("Credential should be scoped to correct service: '{}'.", scope.service)
        } else {
            return Ok(());
        };
        Err(Refusal::Mismatch(why))
    }

    fn check_time(&self, now: Timestamp) -> Result<(), Refusal> {
        let short = |at: Timestamp| at.strftime("%Y%m%dT%H%M%SZ").to_string();
        let age = now.duration_since(self.at);
        let why = if age < -MAX_SKEW {
            format!(
                "Signature not yet current: {} is still later than {} + 5 min.",
                short(self.at),
                short(now)
            )
        } else if age > self.holds.unwrap_or(MAX_SKEW) {
            match self.holds {
                Some(_) => format!(
                    "Signature expired: {} has passed its 'X-Amz-Expires' at {}",
                    short(self.at),
                    short(now)
                ),
                None => format!(
                    "Signature expired: {} is now earlier than {} - 5 min.",
                    short(self.at),
                    short(now)
                ),
            }
        } else {
            return Ok(());
        };
        Err(Refusal::Mismatch(why))
    }

    /// The hash of the body that was signed as a header.
    fn claimed_hash<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let is_signed = self.header_names.iter().any(|name| name == PAYLOAD_HASH);
        text(headers, PAYLOAD_HASH).filter(|_| is_signed)
    }

    fn sign_again(&self, request: &Request<Bytes>, secret: &str, hash: &str) -> Result<String, String> {
        let credentials =
            Credentials::new(&self.access_key_id, secret, self.session_token.clone(), None, "emulator");
        let identity = credentials.into();
        let mut settings = SigningSettings::default();
        // The caller's list of signed headers decides, nothing else.
        settings.excluded_headers = None;
        if let Some(holds) = self.holds {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = Some(Duration::from_secs(holds.as_secs().unsigned_abs()));
        }
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(&self.service)
            .time(SystemTime::from(self.at))
            .settings(settings)
            .build()
            .map_err(|error| error.to_string())?
            .into();
        let headers = self.headers(request.headers())?;
        let host = text(request.headers(), "host").unwrap_or_default();
        let signable = SignableRequest::new(
            request.method().as_str(),
            format!("http://{host}{}", self.path(request.uri())),
            headers.into_iter(),
            SignableBody::Precomputed(hash.to_owned()),
        )
        .map_err(|error| error.to_string())?;
        let signed = sign(signable, &parameters).map_err(|error| error.to_string())?;
        Ok(signed.signature().to_owned())
    }

    /// The signed headers, but for those that the signing crate adds by itself.
    fn headers<'a>(&'a self, headers: &'a HeaderMap) -> Result<Vec<(&'a str, &'a str)>, String> {
        let added: &[&str] = match self.holds {
            None => &["host", "x-amz-date", "x-amz-security-token"],
            Some(_) => &["host"],
        };
        self.header_names
            .iter()
            .filter(|name| !added.contains(&name.as_str()))
            .map(|name| match text(headers, name) {
                Some(value) => Ok((name.as_str(), value)),
                None => Err(format!("the signed header '{name}' is not in the request")),
            })
            .collect()
    }

    /// Path and query, without what the signing crate adds to a query.
    fn path(&self, uri: &Uri) -> String {
        let whole = uri.path_and_query().map_or("/", |path| path.as_str());
        if self.holds.is_none() {
            return whole.to_owned();
        }
        let query = uri.query().unwrap_or_default();
        let kept = query.split('&').filter(|member| {
            let name = member.split('=').next().unwrap_or_default();
            !member.is_empty() && !PRESIGNING.contains(&name)
        });
        format!("{}?{}", uri.path(), kept.collect::<Vec<_>>().join("&"))
    }
}
