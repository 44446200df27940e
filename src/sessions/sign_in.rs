//! Signing in: find the credentials, ask STS whose they are, and check that it is the declared account.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use kube::ResourceExt;

use crate::api::AwsAccount;
use crate::aws::{Aws, AwsError, AwsErrorKind, DeniedBy, Limits, Named, Sdk, denied_by};
use crate::engine::object::ObjectKey;
use crate::kubernetes::KubeClient;
use crate::reason::Reason;
use crate::sessions::failure::Failure;
use crate::sessions::proof::{self, Basis, unique_id, without_session_name};
use crate::sessions::role::{RoleCredentials, session_name};
use crate::sessions::service_account::{ServiceAccountRole, WebIdentity};
use crate::sessions::{Session, SignInAs, secret};

/// How long an answer is awaited to the question who a session is: all users of the session wait meanwhile.
const IDENTITY_PATIENCE: Duration = Duration::from_secs(5);

/// What signing in needs.
#[derive(Debug)]
pub(super) struct SignIn {
    client: KubeClient,
    pub(super) sdk: Sdk,
    session_name: String,
}

/// The part of a session that only signing in looks at.
#[derive(Clone, Debug)]
pub(super) struct SignedIn {
    /// AWS refused it since.
    refused: Arc<AtomicBool>,
    sts: aws_sdk_sts::Client,
    /// Of the keys, where they came from a Secret.
    digest: Option<[u8; 32]>,
}

/// Who STS says that we are.
struct Caller {
    account: String,
    /// Without the name of an assumed role's session.
    arn: String,
    /// The id of the user or role, which no later user or role of that name gets.
    unique_id: String,
}

impl Session {
    /// Whether STS still says that the session is the same user or role. A user or role that was deleted and made again under
    /// its name is another one: AWS ended all that the earlier one had been given. An answer that does not come says nothing.
    pub(super) async fn is_still(&self) -> bool {
        let Ok(answer) = tokio::time::timeout(IDENTITY_PATIENCE, ask(&self.signed_in.sts)).await else {
            return true;
        };
        match answer {
            Ok(caller) => caller.arn == self.identity_arn && caller.unique_id == self.unique_id,
            Err(error) => matches!(error.kind, AwsErrorKind::Throttled(_) | AwsErrorKind::Unavailable),
        }
    }
}

impl SignedIn {
    /// Returns whether it was not known yet.
    pub(super) fn refuse(&self) -> bool {
        !self.refused.swap(true, Ordering::Relaxed)
    }

    pub(super) fn is_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }
}

impl SignIn {
    pub(super) fn new(client: KubeClient, sdk: Sdk, cluster: &str) -> Self {
        Self { client, sdk, session_name: session_name(cluster) }
    }

    /// The account's own identity.
    pub(super) async fn own(&self, account: &AwsAccount, limits: Arc<Limits>) -> Result<Session, Failure> {
        let (config, digest) = self.credentials(account).await?;
        let sts = self.sdk.sts(&config, account);
        let caller = ask(&sts).await.map_err(|error| explain(account, error))?;
        if caller.account != account.spec.account_id {
            return Err(Failure::Stalled(format!(
                "AwsAccount {} is for account {}, but its credentials belong to account {} ({}); correct the credentials, or make \
                 an AwsAccount for {}",
                account.name_any(),
                account.spec.account_id,
                caller.account,
                caller.arn,
                caller.account
            )));
        }
        tracing::info!(account = account.name_any(), identity = caller.arn, "signed in to AWS");
        Ok(Session {
            account: account.name_any(),
            aws: self.client(account, &config, limits, caller.account),
            proof: proof(account, &[&caller.arn, &caller.unique_id], None),
            identity_arn: caller.arn,
            unique_id: caller.unique_id,
            source: super::source(account, &SignInAs::own()),
            signed_in: SignedIn { refused: Arc::default(), sts, digest },
            base: None,
        })
    }

    /// A role, assumed by the account's own identity.
    pub(super) async fn role(
        &self,
        account: &AwsAccount,
        base: &Arc<Session>,
        role_arn: &str,
        limits: Arc<Limits>,
    ) -> Result<Session, Failure> {
        let credentials = RoleCredentials {
            sts: base.signed_in.sts.clone(),
            role_arn: role_arn.to_owned(),
            session_name: self.session_name.clone(),
        };
        let config = self.sdk.config(&account.spec.region, SharedCredentialsProvider::new(credentials)).await;
        let sts = self.sdk.sts(&config, account);
        let caller = ask(&sts).await.map_err(|error| explain_role(base, role_arn, error))?;
        tracing::info!(account = account.name_any(), role = role_arn, "assumed a role in AWS");
        Ok(Session {
            account: account.name_any(),
            aws: self.client(account, &config, limits, caller.account),
            proof: proof(account, &[&base.identity_arn, &base.unique_id, &caller.unique_id], Some(role_arn)),
            identity_arn: caller.arn,
            unique_id: caller.unique_id,
            source: super::source(account, &SignInAs::Account { role_arn: Some(role_arn.to_owned()) }),
            signed_in: SignedIn { refused: Arc::default(), sts, digest: None },
            base: Some(Arc::clone(base)),
        })
    }

    /// The role of a ServiceAccount, by a token of that ServiceAccount.
    pub(super) async fn service_account(
        &self,
        account: &AwsAccount,
        service_account: &ServiceAccountRole,
        limits: Arc<Limits>,
    ) -> Result<Session, Failure> {
        let ServiceAccountRole { key, uid, role_arn } = service_account;
        let credentials = self.web_identity(account, key.clone(), Some(uid.clone()), role_arn.clone()).await;
        let config = self.sdk.config(&account.spec.region, SharedCredentialsProvider::new(credentials)).await;
        let sts = self.sdk.sts(&config, account);
        let caller = ask(&sts).await?;
        let who = format!("{}/{}", key.namespace, key.name);
        tracing::info!(
            account = account.name_any(),
            service_account = who,
            "signed in to AWS as a ServiceAccount"
        );
        let uid = account.uid().unwrap_or_default();
        let identity = [&*caller.arn, &*caller.unique_id];
        Ok(Session {
            account: account.name_any(),
            aws: self.client(account, &config, limits, caller.account.clone()),
            proof: proof::of_service_account(&uid, &Basis::of(&account.spec), service_account, &identity),
            source: super::source(account, &SignInAs::ServiceAccount(service_account.clone())),
            identity_arn: caller.arn,
            unique_id: caller.unique_id,
            signed_in: SignedIn { refused: Arc::default(), sts, digest: None },
            base: None,
        })
    }

    async fn web_identity(
        &self,
        account: &AwsAccount,
        service_account: ObjectKey,
        uid: Option<String>,
        role_arn: String,
    ) -> WebIdentity {
        let unsigned = self.sdk.unsigned(&account.spec.region).await;
        WebIdentity {
            client: self.client.clone(),
            sts: self.sdk.sts(&unsigned, account),
            account: service_account,
            uid,
            role_arn,
            session_name: self.session_name.clone(),
        }
    }

    /// Whether the account's Secret holds the keys that the session was signed in with.
    pub(super) async fn same_keys(&self, account: &AwsAccount, session: &Session) -> Result<bool, Failure> {
        let Some(reference) = &account.spec.credentials.secret_ref else { return Ok(true) };
        let keys = secret::read(&self.client, reference).await?;
        Ok(session.signed_in.digest == Some(keys.digest))
    }

    async fn credentials(&self, account: &AwsAccount) -> Result<(SdkConfig, Option<[u8; 32]>), Failure> {
        let region = &account.spec.region;
        let (credentials, digest) = match &account.spec.credentials.secret_ref {
            Some(reference) => {
                let keys = secret::read(&self.client, reference).await?;
                (SharedCredentialsProvider::new(keys.credentials), Some(keys.digest))
            }
            None => (self.sdk.own_credentials(region).await, None),
        };
        Ok((self.sdk.config(region, credentials).await, digest))
    }

    fn client(
        &self,
        account: &AwsAccount,
        config: &SdkConfig,
        limits: Arc<Limits>,
        signed_in_to: String,
    ) -> Aws {
        let client = self.sdk.codeartifact(config, account);
        Aws::new(client, limits, signed_in_to, account.spec.region.clone())
    }
}

fn proof(account: &AwsAccount, identity: &[&str], role_arn: Option<&str>) -> String {
    proof::proof(&account.uid().unwrap_or_default(), &Basis::of(&account.spec), identity, role_arn)
}

async fn ask(sts: &aws_sdk_sts::Client) -> Result<Caller, AwsError> {
    let caller = sts.get_caller_identity().send().await.named("GetCallerIdentity")?;
    Ok(Caller {
        account: caller.account.unwrap_or_default(),
        arn: without_session_name(&caller.arn.unwrap_or_default()),
        unique_id: unique_id(&caller.user_id.unwrap_or_default()),
    })
}

/// Adds what an administrator can do about it.
fn explain(account: &AwsAccount, error: AwsError) -> AwsError {
    let remedy = match (&account.spec.credentials.secret_ref, error.kind) {
        (_, AwsErrorKind::SignIn) if error.message.contains("scoped to a valid region") => format!(
            "spec.region of AwsAccount {} is {}, and AWS expects another Region at this endpoint; correct \
             spec.endpoints.sts, or make a new AwsAccount with the right region (spec.region is immutable)",
            account.name_any(),
            account.spec.region
        ),
        (Some(reference), AwsErrorKind::SignIn) => {
            format!("AWS does not accept the keys in {}; put valid ones there", secret::named(reference))
        }
        (None, AwsErrorKind::SignIn) => {
            "the operator's pod has no valid AWS credentials; give its ServiceAccount an IAM role (EKS \
             Pod Identity or IRSA), or set spec.credentials.secretRef"
                .to_owned()
        }
        (_, AwsErrorKind::Rejected | AwsErrorKind::Unavailable)
            if error.message.contains("is the endpoint right?") =>
        {
            "check spec.endpoints.sts; where spec.region is wrong, make a new AwsAccount".to_owned()
        }
        _ => return error,
    };
    AwsError { message: format!("{remedy} ({})", error.message), ..error }
}

fn explain_role(base: &Session, role_arn: &str, error: AwsError) -> AwsError {
    if error.kind != AwsErrorKind::Denied {
        return error;
    }
    let who = &base.identity_arn;
    let (reason, remedy) = match denied_by(&error.message) {
        DeniedBy::Organization => (
            Reason::OrganizationDenied,
            format!(
                "a policy of the AWS organization denies {who} to assume the role {role_arn}; ask whoever administers the organization"
            ),
        ),
        DeniedBy::Identity { .. } => (
            Reason::AccessDenied,
            format!(
                "allow {who} the call sts:AssumeRole on the role {role_arn}, whose trust policy must allow {who}, too"
            ),
        ),
        _ => (
            Reason::TrustDenied,
            format!(
                "the role {role_arn} must exist, its trust policy must allow {who}, and {who} must be allowed sts:AssumeRole on it"
            ),
        ),
    };
    let message = format!("{remedy} ({})", error.message);
    AwsError { operation: "AssumeRole", kind: AwsErrorKind::Known(reason), message }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sign_in_that_fails_says_which_field_is_wrong() {
        let secret = json!({"secretRef": {"namespace": "platform", "name": "keys"}});
        let region = "Credential should be scoped to a valid region, not 'us-east-11', but 'us-east-1'.";
        let table = [
            (secret.clone(), AwsErrorKind::SignIn, region, "spec.region of AwsAccount default is us-east-11"),
            (json!({}), AwsErrorKind::SignIn, region, "spec.region of AwsAccount default is us-east-11"),
            (
                secret,
                AwsErrorKind::SignIn,
                "The security token is invalid.",
                "the keys in Secret platform/keys",
            ),
            (json!({}), AwsErrorKind::SignIn, "no credentials", "IAM role"),
            (json!({}), AwsErrorKind::Unavailable, "404; is the endpoint right?", "spec.endpoints.sts"),
            (json!({}), AwsErrorKind::Unavailable, "refused", "refused"),
        ];
        for (credentials, kind, message, expected) in table {
            let spec =
                json!({"accountId": "123456789012", "region": "us-east-11", "credentials": credentials});
            let account = AwsAccount::new("default", serde_json::from_value(spec).unwrap());
            let error = AwsError { operation: "GetCallerIdentity", kind, message: message.into() };
            let told = explain(&account, error).message;
            assert!(told.contains(expected) && told.contains(message), "{told}");
        }
    }
}
