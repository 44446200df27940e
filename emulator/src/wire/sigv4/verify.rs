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
    ) -> Result<(), Refusal> {
        self.check_scope(scope)?;
        self.check_time(scope.now)?;
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
            // What cannot be signed again, such as a header that is not there, was not signed like that.
            if self.sign_again(request, secret, hash).is_some_and(|signature| signature == self.signature) {
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
        let limit = |away: SignedDuration| short(now.saturating_add(away).unwrap_or(now));
        let why = if age < -MAX_SKEW {
            format!(
                "Signature not yet current: {} is still later than {} ({} + 5 min.)",
                short(self.at),
                limit(MAX_SKEW),
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
                    "Signature expired: {} is now earlier than {} ({} - 5 min.)",
                    short(self.at),
                    limit(-MAX_SKEW),
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

    fn sign_again(&self, request: &Request<Bytes>, secret: &str, hash: &str) -> Option<String> {
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
            .ok()?
            .into();
        let headers = self.headers(request.headers())?;
        let headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
        let host = text(request.headers(), "host").unwrap_or_default();
        let signable = SignableRequest::new(
            request.method().as_str(),
            format!("http://{host}{}", self.path(request.uri())),
            headers,
            SignableBody::Precomputed(hash.to_owned()),
        )
        .ok()?;
        Some(sign(signable, &parameters).ok()?.signature().to_owned())
    }

    /// The signed headers with all of their values, but for those that the signing crate adds by itself.
    fn headers<'a>(&'a self, headers: &HeaderMap) -> Option<Vec<(&'a str, String)>> {
        let added: &[&str] = match (self.holds, &self.session_token) {
            (None, Some(_)) => &["host", "x-amz-date", "x-amz-security-token"],
            (None, None) => &["host", "x-amz-date"],
            (Some(_), _) => &["host"],
        };
        // It adds them whether the caller lists them or not.
        if !added.iter().all(|added| self.header_names.iter().any(|name| name == added)) {
            return None;
        }
        self.header_names
            .iter()
            .filter(|name| !added.contains(&name.as_str()))
            .map(|name| {
                let values = headers.get_all(name).iter().map(|value| value.to_str().ok().map(str::trim));
                let values: Vec<_> = values.collect::<Option<_>>()?;
                (!values.is_empty()).then(|| (name.as_str(), values.join(",")))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_is_too_far_off_is_told_with_the_limit() {
        for (signed, now, told) in [
            (
                "20261124T194258Z",
                "2026-11-24T20:03:57Z",
                "Signature expired: 20261124T194258Z is now earlier than 20261124T195857Z (20261124T200357Z - 5 min.)",
            ),
            (
                "20181120T211543Z",
                "2018-11-20T21:10:29Z",
                "Signature not yet current: 20181120T211543Z is still later than 20181120T211529Z \
                 (20181120T211029Z + 5 min.)",
            ),
        ] {
            let scope = "Credential=k/20261124/r/sts/aws4_request, SignedHeaders=host, Signature=ab";
            let request = Request::get("/").header("authorization", format!("AWS4-HMAC-SHA256 {scope}"));
            let request = request.header("x-amz-date", signed).body(Bytes::new()).unwrap();
            let refusal = crate::wire::sigv4::parse(&request).unwrap().check_time(now.parse().unwrap());
            assert!(matches!(&refusal, Err(Refusal::Mismatch(why)) if why == told), "{refusal:?}");
        }
    }
}
