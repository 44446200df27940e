//! What the tests share.

mod emulator;

pub(crate) use emulator::{
    ACCOUNT, admin, client, client_as, control, exchange, send, try_control, with_domain,
};

use aws_credential_types::Credentials;
use aws_sdk_codeartifact::error::{ProvideErrorMetadata, SdkError};
use codeartifact_emulator::{Emulator, Options};
use std::sync::Arc;
use std::time::Duration;

/// An emulator as most tests want it.
pub(crate) async fn start() -> Arc<Emulator> {
    Arc::new(Emulator::start(Options::default()).await.unwrap())
}

pub(crate) fn sts_as(emulator: &Arc<Emulator>, credentials: Credentials) -> aws_sdk_sts::Client {
    aws_sdk_sts::Client::new(&emulator::config(emulator, credentials))
}

/// Create a repository in `acme`.
pub(crate) async fn create(client: &aws_sdk_codeartifact::Client, name: &str) {
    client.create_repository().domain("acme").repository(name).send().await.unwrap();
}

/// Status, code and message of a refusal.
pub(crate) fn refusal<T: std::fmt::Debug, E>(result: Result<T, SdkError<E>>) -> (u16, String, String)
where
    E: ProvideErrorMetadata + std::fmt::Debug,
{
    let error = result.unwrap_err();
    let status = error.raw_response().unwrap().status().as_u16();
    let service = error.as_service_error().unwrap();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    (status, text(service.code()), text(service.message()))
}

/// Assert status and code, and return the message.
pub(crate) fn refused<T: std::fmt::Debug, E>(
    result: Result<T, SdkError<E>>,
    status: u16,
    code: &str,
) -> String
where
    E: ProvideErrorMetadata + std::fmt::Debug,
{
    let (seen_status, seen_code, message) = refusal(result);
    assert_eq!((seen_status, seen_code.as_str()), (status, code), "{message}");
    message
}

/// Ask again until the answer suits, for ten seconds at most.
pub(crate) async fn until<F, Fut>(what: &str, mut ask: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    let asking = async {
        while !ask().await {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(10), asking).await;
    assert!(waited.is_ok(), "waited in vain until {what}");
}
