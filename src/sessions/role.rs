//! A role's credentials, assumed anew before they expire.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};

use crate::aws::Named;

/// One hour is what every role allows, and all that a role assumed by a role may have.
const SESSION_SECONDS: i32 = 3600;

/// Assumes a role. Not the SDK's own provider, which knows no source identity and hides AWS's words.
#[derive(Debug)]
pub(super) struct RoleCredentials {
    pub(super) sts: aws_sdk_sts::Client,
    pub(super) role_arn: String,
    pub(super) session_name: String,
}

impl RoleCredentials {
    async fn assume(&self) -> provider::Result {
        let assumed = self
            .sts
            .assume_role()
            .role_arn(&self.role_arn)
            .role_session_name(&self.session_name)
            .duration_seconds(SESSION_SECONDS)
            .send()
            .await
            .named("AssumeRole")
            .map_err(CredentialsError::provider_error)?;
        let issued = assumed
            .credentials
            .ok_or_else(|| CredentialsError::unhandled("STS answered without credentials"))?;
        let expiry = SystemTime::try_from(issued.expiration).map_err(CredentialsError::unhandled)?;
        Ok(Credentials::new(
            issued.access_key_id,
            issued.secret_access_key,
            Some(issued.session_token),
            Some(expiry),
            "AssumeRole",
        ))
    }
}

impl ProvideCredentials for RoleCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}

/// The session's name, which `CloudTrail` shows: who we are and on which cluster. STS takes 2 to 64 of these characters.
pub(super) fn session_name(cluster: &str) -> String {
    let legal = |c: char| if c.is_ascii_alphanumeric() || "_+=,.@-".contains(c) { c } else { '-' };
    format!("codeartifact-operator@{cluster}").chars().map(legal).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_names_are_legal_and_carry_the_cluster() {
        assert_eq!(session_name("prod"), "codeartifact-operator@prod");
        assert_eq!(session_name("a/b c"), "codeartifact-operator@a-b-c");
        assert_eq!(session_name(&"x".repeat(63)).len(), 64);
    }
}
