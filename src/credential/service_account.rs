//! The ServiceAccount that a login is minted as, as the watch shows it.

use crate::api::TokenStatus;
use crate::engine::object::ObjectKey;
use crate::engine::watching::caches::Caches;
use crate::engine::watching::service_accounts::{Known, ROLE_ARN};
use crate::error::{Error, Result};
use crate::reason::Reason;
use crate::sessions::ServiceAccountRole;

/// A ServiceAccount with its role. One that is not there, or names no role, is waited for.
pub(super) fn role(caches: &Caches, key: &ObjectKey) -> Result<ServiceAccountRole> {
    match caches.service_accounts.known(key) {
        Known::There { uid, role_arn: Some(role_arn) } if is_role(&role_arn) => {
            Ok(ServiceAccountRole { key: key.clone(), uid, role_arn })
        }
        Known::There { role_arn: Some(text), .. } => Err(Error::waiting(
            Reason::RoleAnnotationMissing,
            format!(
                "the annotation {ROLE_ARN} of ServiceAccount {key} is {}, and must be the ARN of a role, such as \
                 arn:aws:iam::111122223333:role/builder",
                text.chars().take(100).collect::<String>().escape_debug()
            ),
        )),
        Known::There { role_arn: None, .. } => Err(Error::waiting(
            Reason::RoleAnnotationMissing,
            format!(
                "ServiceAccount {key} has no annotation {ROLE_ARN}; annotate it with the ARN of the IAM role that is to mint"
            ),
        )),
        Known::Gone => Err(Error::waiting(
            Reason::DependencyNotReady,
            format!("ServiceAccount {key} does not exist; create it, or correct spec.serviceAccountRef.name"),
        )),
        Known::NotSeen => Err(Error::waiting(
            Reason::DependencyNotReady,
            format!(
                "ServiceAccount {key} was not seen yet; the operator needs the right to get, list and watch it"
            ),
        )),
        Known::NotListed => Err(Error::denied(
            Reason::TokenRequestForbidden,
            format!(
                "the operator may not mint as ServiceAccount {key}; a cluster administrator can list it under `serviceAccounts` in the \
                 values of the chart"
            ),
        )),
    }
}

/// What took the right away from a token that a ServiceAccount of the namespace minted; `None` when nothing did, or nobody knows.
pub(super) fn lost(token: &TokenStatus, namespace: &str, caches: &Caches) -> Option<Lost> {
    let minted_by = token.service_account.as_ref()?;
    let key = ObjectKey::new(namespace, &minted_by.name);
    match caches.service_accounts.known(&key) {
        Known::Gone => {
            Some(Lost::Withdrawn(format!("ServiceAccount {key}, which minted the token, does not exist")))
        }
        Known::There { uid, .. } if uid != minted_by.uid => Some(Lost::Withdrawn(format!(
            "ServiceAccount {key} was made anew, and the token is of the earlier one"
        ))),
        Known::There { role_arn: None, .. } => Some(Lost::Withdrawn(format!(
            "ServiceAccount {key} does not name the role any more that minted the token"
        ))),
        // What is no ARN is a mistake, and takes nothing away.
        Known::There { role_arn, .. }
            if role_arn != token.role_arn && role_arn.as_deref().is_some_and(is_role) =>
        {
            Some(Lost::Wider(format!(
                "ServiceAccount {key} names another role than the one that minted the token"
            )))
        }
        // Nobody knows, or nothing has changed.
        Known::NotListed | Known::NotSeen | Known::There { .. } => None,
    }
}

/// How a token stands whose ServiceAccount has changed, and why.
#[derive(Debug)]
pub(super) enum Lost {
    /// Nobody allows it any more.
    Withdrawn(String),
    /// Another role is to mint.
    Wider(String),
}

fn is_role(text: &str) -> bool {
    let mut parts = text.splitn(6, ':');
    let mut next = || parts.next().unwrap_or_default();
    let (arn, partition, service, region, account, role) = (next(), next(), next(), next(), next(), next());
    text.len() <= 2048
        && (arn, service, region) == ("arn", "iam", "")
        && partition.starts_with("aws")
        && account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && role
            .strip_prefix("role/")
            .is_some_and(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()))
}
