//! One cheap request to a registry, which shows whether a token opens the registry.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use secrecy::{ExposeSecret, SecretString};

use super::sdk::connector;
use super::{AwsError, AwsErrorKind, Sdk};

/// The operation as messages and metrics call it.
const PING: &str = "NpmPing";
/// How long an answer is awaited.
const PATIENCE: Duration = Duration::from_secs(10);

impl Sdk {
    /// Sends `GET <address>-/ping` with the token, which every repository answers whatever its packages are; `address` is the
    /// repository's npm address and ends in a slash.
    ///
    /// # Errors
    /// `Denied` when the registry refuses the token, and `Unavailable` when no answer comes or the registry fails.
    pub(crate) async fn ping(&self, address: &str, token: &SecretString) -> Result<(), AwsError> {
        self.may_call().map_err(|error| failed(AwsErrorKind::Unavailable, error))?;
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(format!("{address}-/ping")).map_err(|_| {
            failed(AwsErrorKind::Rejected, format!("{address} is no address that can be asked"))
        })?;
        request.headers_mut().insert("authorization", format!("Bearer {}", token.expose_secret()));
        let settings = HttpConnectorSettings::builder().build();
        let answer = connector(Some(&settings), None).call(request);
        let answer = tokio::time::timeout(PATIENCE, answer).await.map_err(|_| {
            failed(AwsErrorKind::Unavailable, format!("{address} did not answer within {PATIENCE:?}"))
        })?;
        match answer {
            Ok(answer) => judge(address, answer.status()),
            Err(_) => Err(failed(AwsErrorKind::Unavailable, format!("{address} cannot be reached"))),
        }
    }
}

fn judge(address: &str, status: StatusCode) -> Result<(), AwsError> {
    match status.as_u16() {
        401 | 403 => Err(failed(
            AwsErrorKind::Denied,
            format!(
                "the registry at {address} refuses the new token ({}), so that the token is not used; allow the identity that mints \
                 codeartifact:ReadFromRepository there, correct the registry's endpoint, or set spec.token.verify to false",
                status.as_u16()
            ),
        )),
        429 => Err(failed(AwsErrorKind::Throttled(None), format!("{address} answers too many requests"))),
        500.. => Err(failed(
            AwsErrorKind::Unavailable,
            format!("{address} answers {}, so that the new token is not used yet", status.as_u16()),
        )),
        _ => Ok(()),
    }
}

fn failed(kind: AwsErrorKind, message: impl Into<String>) -> AwsError {
    AwsError { operation: PING, kind, message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_refuses_a_token_or_is_in_trouble_or_takes_it() {
        for (status, expected) in [
            (200, None),
            (404, None),
            (401, Some(AwsErrorKind::Denied)),
            (403, Some(AwsErrorKind::Denied)),
            (429, Some(AwsErrorKind::Throttled(None))),
            (500, Some(AwsErrorKind::Unavailable)),
            (503, Some(AwsErrorKind::Unavailable)),
        ] {
            let judged = judge("https://example.com/npm/app/", StatusCode::try_from(status).unwrap());
            assert_eq!(judged.err().map(|error| error.kind), expected, "{status}");
        }
    }
}
