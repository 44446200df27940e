//! Signing in as a ServiceAccount's own IAM role: a short token of the cluster proves to AWS who it is.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use k8s_openapi::ByteString;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::Api;
use kube::api::PostParams;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use crate::aws::{AwsError, AwsErrorKind, DeniedBy, Named, denied_by};
use crate::engine::object::ObjectKey;
use crate::error::Error;
use crate::kubernetes::{KubeClient, is_gone, kube_call};
use crate::reason::Reason;

/// Whom the token is for.
const AUDIENCE: &str = "sts.amazonaws.com";
/// The shortest life that the API server gives; the token is used at once.
const TOKEN_SECONDS: i64 = 600;
/// What every role allows.
const SESSION_SECONDS: i32 = 3600;
const OPERATION: &str = "AssumeRoleWithWebIdentity";

/// A ServiceAccount and its role. A ServiceAccount that was made anew under the name is another one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServiceAccountRole {
    /// Namespace and name of the ServiceAccount.
    pub key: ObjectKey,
    /// metadata.uid of the ServiceAccount.
    pub uid: String,
    /// The role that it has.
    pub role_arn: String,
}

/// Credentials of a role, got with a token of a ServiceAccount.
#[derive(Debug)]
pub(super) struct WebIdentity {
    pub(super) client: KubeClient,
    /// Signs nothing: who asks has no key yet.
    pub(super) sts: aws_sdk_sts::Client,
    pub(super) account: ObjectKey,
    /// Where only this very ServiceAccount will do.
    pub(super) uid: Option<String>,
    pub(super) role_arn: String,
    pub(super) session_name: String,
}

impl WebIdentity {
    async fn assume(&self) -> provider::Result {
        let token = self.token().await.map_err(CredentialsError::provider_error)?;
        let assumed = self
            .sts
            .assume_role_with_web_identity()
            .role_arn(&self.role_arn)
            .role_session_name(&self.session_name)
            .duration_seconds(SESSION_SECONDS)
            .web_identity_token(token.expose_secret())
            .send()
            .await
            .named(OPERATION)
            .map_err(|error| CredentialsError::provider_error(self.explain(error)))?;
        let issued = assumed
            .credentials
            .ok_or_else(|| CredentialsError::unhandled("STS answered without credentials"))?;
        let expiry = SystemTime::try_from(issued.expiration).map_err(CredentialsError::unhandled)?;
        Ok(Credentials::new(
            issued.access_key_id,
            issued.secret_access_key,
            Some(issued.session_token),
            Some(expiry),
            OPERATION,
        ))
    }

    /// A token of the ServiceAccount, for STS alone.
    async fn token(&self) -> Result<SecretString, AwsError> {
        let request = TokenRequest {
            spec: TokenRequestSpec {
                audiences: vec![AUDIENCE.to_owned()],
                expiration_seconds: Some(TOKEN_SECONDS),
                ..TokenRequestSpec::default()
            },
            ..TokenRequest::default()
        };
        let api = Api::<ServiceAccount>::namespaced(self.client.0.clone(), &self.account.namespace);
        let params = PostParams::default();
        let answer = kube_call(api.create_token_request(&self.account.name, &params, &request)).await;
        let answer = answer.map_err(|error| self.no_token(&error))?;
        let token = SecretString::from(answer.status.map(|status| status.token).unwrap_or_default());
        let proven = uid(token.expose_secret());
        if self.uid.as_ref().is_some_and(|uid| proven.as_ref() != Some(uid)) {
            let message = format!("ServiceAccount {} was made anew and is looked at again", self.account);
            return Err(failure(AwsErrorKind::Unavailable, message));
        }
        Ok(token)
    }

    fn no_token(&self, error: &Error) -> AwsError {
        let account = &self.account;
        match error.reason() {
            Reason::KubernetesForbidden => failure(
                AwsErrorKind::Known(Reason::TokenRequestForbidden),
                format!(
                    "the operator may not have tokens of ServiceAccount {account}: list it under `serviceAccounts` in the values of the \
                     chart, which makes the Role and the RoleBinding ({error})"
                ),
            ),
            _ if is_gone(error) => failure(
                AwsErrorKind::Known(Reason::DependencyNotReady),
                format!("ServiceAccount {account} does not exist; create it, or name another one"),
            ),
            _ => failure(
                AwsErrorKind::Unavailable,
                format!("no token of ServiceAccount {account} could be had: {error}"),
            ),
        }
    }

    /// Adds what the administrator of the role can do about a refusal of STS.
    fn explain(&self, error: AwsError) -> AwsError {
        let (account, role) = (&self.account, &self.role_arn);
        let told = &error.message;
        let (reason, message) = if denied_by(told) == DeniedBy::Organization {
            let remedy = format!(
                "a policy of the AWS organization denies ServiceAccount {account} to assume the role {role}; ask whoever administers the \
                 organization ({told})"
            );
            (Reason::OrganizationDenied, remedy)
        } else if error.kind == AwsErrorKind::Denied {
            let remedy = format!(
                "the role {role} must exist, and its trust policy must allow sts:AssumeRoleWithWebIdentity to the OIDC provider of this \
                 cluster for the subject system:serviceaccount:{}:{} and the audience {AUDIENCE}; if both are so, a policy of the AWS \
                 organization denies the call ({told})",
                account.namespace, account.name
            );
            (Reason::TrustDenied, remedy)
        } else if told.contains("No OpenIDConnect provider") {
            let remedy = format!(
                "the AWS account of the role {role} does not know this cluster; register the cluster's issuer as an OIDC provider in IAM \
                 of that account ({told})"
            );
            (Reason::TrustDenied, remedy)
        } else {
            return error;
        };
        AwsError { kind: AwsErrorKind::Known(reason), message, ..error }
    }
}

impl ProvideCredentials for WebIdentity {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}

fn failure(kind: AwsErrorKind, message: String) -> AwsError {
    AwsError { operation: OPERATION, kind, message }
}

/// Which ServiceAccount a token stands for, as the API server wrote it. The signature is for AWS to check.
fn uid(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        #[serde(rename = "kubernetes.io")]
        kubernetes: Kubernetes,
    }
    #[derive(Deserialize)]
    struct Kubernetes {
        serviceaccount: Bound,
    }
    #[derive(Deserialize)]
    struct Bound {
        uid: String,
    }
    let claims = token.split('.').nth(1)?;
    let padded = format!("{claims}{}", "=".repeat((4 - claims.len() % 4) % 4));
    let standard = padded.replace('-', "+").replace('_', "/");
    let ByteString(bytes) = serde_json::from_value(json!(standard)).ok()?;
    let claims: Claims = serde_json::from_slice(&bytes).ok()?;
    Some(claims.kubernetes.serviceaccount.uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_which_service_account_it_is_of() {
        let token = |claims: &serde_json::Value| {
            let ByteString(text) = ByteString(claims.to_string().into_bytes());
            let encoded = serde_json::to_value(ByteString(text)).unwrap();
            let encoded = encoded.as_str().unwrap().trim_end_matches('=').replace('+', "-").replace('/', "_");
            format!("e30.{encoded}.c2ln")
        };
        for padding in ["", "a", "ab", "?>"] {
            let claims =
                json!({"sub": padding, "kubernetes.io": {"serviceaccount": {"name": "b", "uid": "u-1"}}});
            assert_eq!(uid(&token(&claims)).as_deref(), Some("u-1"), "{padding}");
        }
        for bad in ["", "a.b", "a.!.c", "a.e30.c", &token(&json!({"kubernetes.io": {}}))] {
            assert_eq!(uid(bad), None, "{bad}");
        }
    }
}
