//! AwsAccounts: signing in, and one client for each identity.

use std::sync::Arc;

use crate::api::AwsAccount;
use crate::aws::Aws;
use crate::clock::Clock;
use crate::engine::context::KubeClient;
use crate::error::{Error, Reason, Result};

/// Signed-in clients by account and role. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Accounts {
    _client: KubeClient,
    _clock: Clock,
}

/// A signed-in identity.
#[derive(Clone, Debug)]
pub struct Session {
    /// CodeArtifact, behind the account's limits.
    pub aws: Aws,
    /// ARN that STS gave for it.
    pub identity_arn: String,
    /// Changes whenever tokens minted before must not be used any more: the AwsAccount's uid, its credentials and the role.
    pub proof: String,
}

impl Accounts {
    /// The account's own identity, checked against `accountId`. Signs in when first used.
    pub async fn session(&self, account: &AwsAccount) -> Result<Arc<Session>> {
        let _ = account;
        Err(Error::waiting(Reason::AccountNotReady, "sign-in is not built yet"))
    }

    /// A role that a grant names, assumed from the account's own identity.
    pub async fn session_as(&self, account: &AwsAccount, role_arn: Option<&str>) -> Result<Arc<Session>> {
        let _ = role_arn;
        self.session(account).await
    }
}
