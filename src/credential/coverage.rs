//! Whether the grants still cover a token that a Secret holds. Pure.

use jiff::SignedDuration;
use kube::ResourceExt;

use crate::api::{AwsAccount, AwsResource, CredentialGrant, Identity, TokenStatus};
use crate::credential::service_account::{self, Lost};
use crate::engine::object::ObjectKey;
use crate::engine::pipeline::grants::{self, Access, Requester};
use crate::engine::pipeline::kind::interval;
use crate::engine::watching::caches::Caches;
use crate::error::Error;
use crate::reason::Reason;

/// What is known of the AwsAccount under which a token was minted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seen<'a> {
    /// It is as it was last read.
    Known(&'a AwsAccount),
    /// It exists and does not parse.
    Unreadable,
    /// It does not exist.
    Deleted(&'a str),
}

/// How a token stands.
#[derive(Debug)]
pub(super) enum Coverage {
    /// The grants cover it, or nothing says that they do not.
    Covered,
    /// The grant has become narrower than the token is.
    Wider(Error),
    /// Nobody allows it any more.
    Withdrawn(Error),
}

/// How a token stands that a Secret in the asker's namespace holds.
pub(super) fn judge(token: &TokenStatus, account: Seen<'_>, requester: Requester<'_>) -> Coverage {
    let account = match account {
        Seen::Known(account) => account,
        Seen::Unreadable => return Coverage::Covered,
        Seen::Deleted(name) => {
            let message = format!("AwsAccount {name}, which allowed it, does not exist");
            return Coverage::Withdrawn(Error::waiting(Reason::GrantMissing, message));
        }
    };
    let resource = domain_of(token, account);
    let granted = if token.service_account.is_some() {
        grants::check(account, requester, &[Access::Use(resource)]).map(|()| None)
    } else {
        grants::credential(account, requester, &resource).map(Some)
    };
    match granted {
        Ok(Some(grant)) => wider(token, account, grant).map_or(Coverage::Covered, Coverage::Wider),
        Ok(None) => Coverage::Covered,
        // A namespace that was not seen yet may have just the labels that a grant asks for.
        Err(_) if requester.labels.is_none() && selects_by_label(account) => Coverage::Covered,
        Err(error) => Coverage::Withdrawn(error),
    }
}

/// The worst verdict of all tokens that the Secret in a namespace holds. `account`: under which a token was minted whose status says
/// nothing of that.
pub(super) fn of_all(tokens: &[TokenStatus], account: &str, namespace: &str, caches: &Caches) -> Coverage {
    let labels = caches.labels(namespace);
    let requester = Requester { namespace, labels: labels.as_ref() };
    let mut worst = Coverage::Covered;
    for token in tokens {
        let name = token.account.as_deref().unwrap_or(account);
        let key = ObjectKey::new("", name);
        let known = caches.accounts.get(&key);
        let seen = match &known {
            Some(account) => Seen::Known(account),
            None if caches.accounts.is_unreadable(&key) => Seen::Unreadable,
            None => Seen::Deleted(name),
        };
        let own = service_account::lost(token, namespace, caches).map(|lost| match lost {
            Lost::Withdrawn(why) => Coverage::Withdrawn(Error::waiting(Reason::GrantMissing, why)),
            Lost::Wider(why) => Coverage::Wider(Error::waiting(Reason::GrantMissing, why)),
        });
        let granted = judge(token, seen, requester);
        match own.filter(|_| !matches!(granted, Coverage::Withdrawn(_))).unwrap_or(granted) {
            withdrawn @ Coverage::Withdrawn(_) => return withdrawn,
            wider @ Coverage::Wider(_) => worst = wider,
            Coverage::Covered => {}
        }
    }
    worst
}

fn domain_of(token: &TokenStatus, account: &AwsAccount) -> String {
    let identity = Identity {
        account: account.spec.account_id.clone(),
        region: account.spec.region.clone(),
        owner: token.owner.clone(),
        domain: token.domain.clone(),
        resource: AwsResource::Domain,
    };
    identity.domain_grant_name()
}

fn selects_by_label(account: &AwsAccount) -> bool {
    account.spec.grants.iter().any(|grant| grant.namespaces.selector.is_some())
}

/// In what the token exceeds the grant: its life, or the role that minted it.
fn wider(token: &TokenStatus, account: &AwsAccount, grant: &CredentialGrant) -> Option<Error> {
    let says = |what: String| {
        let message = format!(
            "the grant of AwsAccount {} for domain {} has changed: {what}",
            account.name_any(),
            token.domain
        );
        Error::stalled(Reason::GrantMissing, message)
    };
    let life = token.expires_at.duration_since(token.issued_at);
    let most = grant.max_duration.map_or(SignedDuration::MAX, interval);
    if life > most {
        return Some(says(format!("it allows at most {most:#}, and the token was minted for {life:#}")));
    }
    // A status without the AwsAccount was written before roles were told.
    if token.account.is_some() && token.role_arn != grant.role_arn {
        let named = |role: Option<&String>| {
            role.map_or_else(|| "the account's own identity".to_owned(), |role| format!("role {role}"))
        };
        let (now, then) = (named(grant.role_arn.as_ref()), named(token.role_arn.as_ref()));
        return Some(says(format!("tokens are minted by {now}, and the token was minted by {then}")));
    }
    None
}

#[cfg(test)]
mod tests;
