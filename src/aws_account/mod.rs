//! Reports whether an AwsAccount can be used, and keeps it while it is.

mod object;

use std::sync::Arc;

use jiff::SignedDuration;
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, ResourceExt};

use crate::api::{AwsAccount, AwsAccountStatus};
use crate::engine::context::Context;
use crate::engine::object::{ObjectId, ObjectKey, Report, Success};
use crate::engine::reconciler::Reconciler;
use crate::error::{Error, Result};
use crate::kubernetes::kube_call;
use crate::reason::Reason;

/// STS is asked this often whether we still are who we were, and the Secret, where there is one, is read.
const INTERVAL: SignedDuration = SignedDuration::from_mins(1);
/// A credential that belongs to another account can be corrected where no event shows it.
const STALLED_INTERVAL: SignedDuration = SignedDuration::from_mins(5);
/// How many users a message names.
const NAMED_USERS: usize = 5;

/// Reconciles AwsAccounts. The first object that needs a session signs in.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccountReconciler;

impl Reconciler for AccountReconciler {
    type Object = AwsAccount;

    async fn reconcile(&self, account: Arc<AwsAccount>, context: &Context) -> Report<AwsAccountStatus> {
        let mut status = account.status.clone().unwrap_or_default();
        let outcome = if account.metadata.deletion_timestamp.is_some() {
            release(&account, context)
        } else {
            sign_in(&account, context, &mut status).await
        };
        Report { status, outcome, events: Vec::new() }
    }

    fn needs_finalizer(&self, _account: &AwsAccount) -> bool {
        true
    }

    fn interval(&self, _account: &AwsAccount) -> SignedDuration {
        STALLED_INTERVAL
    }
}

async fn sign_in(account: &AwsAccount, context: &Context, status: &mut AwsAccountStatus) -> Result<Success> {
    watch_keys(account, context).await;
    let session = context.accounts.check(account).await?;
    let message = format!("signed in as {}", session.identity_arn);
    status.identity_arn = Some(session.identity_arn.clone());
    Ok(Success::synced(message, INTERVAL))
}

/// Has the account woken when the Secret with its keys changes after this. A Secret that cannot be read is told of by the sign-in.
async fn watch_keys(account: &AwsAccount, context: &Context) {
    let Some(reference) = &account.spec.credentials.secret_ref else { return };
    let secrets = Api::<Secret>::namespaced(context.client.0.clone(), &reference.namespace);
    if let Ok(seen) = kube_call(secrets.get_metadata_opt(&reference.name)).await {
        let key = ObjectKey::new(&reference.namespace, &reference.name);
        let known = seen.and_then(|seen| seen.metadata.resource_version);
        context.secret_watches.wake_on_change(&key, known, ObjectId::account(&account.name_any()));
    }
}

/// Those who still use the account need it to let go of what they have in AWS.
fn release(account: &AwsAccount, context: &Context) -> Result<Success> {
    let name = account.name_any();
    let mut users = context.references.users(&ObjectId::account(&name));
    users.retain(|user| context.caches.uses_aws(user));
    if users.is_empty() {
        context.accounts.remove(&name);
        return Ok(Success::gone());
    }
    Err(Error::waiting(Reason::DeletionBlocked, blocked(&users)))
}

fn blocked(users: &[ObjectId]) -> String {
    let named: Vec<_> =
        users.iter().take(NAMED_USERS).map(|user| format!("{} {}", user.kind.as_str(), user.key)).collect();
    let more = match users.len().saturating_sub(NAMED_USERS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "still used by {}{more}; delete what uses it, or let that refer to another AwsAccount",
        named.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::KindName;
    use crate::engine::object::ObjectKey;

    #[test]
    fn the_message_names_five_users_and_counts_the_rest() {
        let user = |name: &str| ObjectId { kind: KindName::Domain, key: ObjectKey::new("team", name) };
        let some: Vec<_> = ["a", "b"].map(user).into();
        assert!(
            blocked(&some).starts_with("still used by Domain team/a, Domain team/b; delete what uses it")
        );
        let many: Vec<_> = ["a", "b", "c", "d", "e", "f", "g"].map(user).into();
        assert!(blocked(&many).contains("Domain team/e and 2 more;"));
    }
}
