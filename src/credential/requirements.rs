//! What a login needs before AWS is asked anything: its registries, and the terms on which the tokens of each domain are minted.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use kube::ResourceExt;

use crate::api::{
    AccountRef, AwsAccount, Registry, RegistryCredentialSpec, ServiceAccountRef, TokenSettings,
};
use crate::credential::registries::{GrantedBy, Resolved, Scope};
use crate::credential::render::DomainKey;
use crate::credential::service_account;
use crate::engine::object::ObjectKey;
use crate::engine::pipeline::grants::Access;
use crate::engine::pipeline::kind::interval;
use crate::engine::watching::caches::Caches;
use crate::error::{Error, Result};
use crate::sessions::SignInAs;

/// The longest life that the service gives a token; asked for when neither the spec nor the grant names a shorter one.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(12);

/// What a spec asks for, whatever the namespace that the login is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish<'a> {
    /// The AwsAccount of the registries that name none.
    pub(super) account: &'a AccountRef,
    /// The registries.
    pub(super) registries: &'a [Registry],
    /// How long tokens live.
    pub(super) token: &'a TokenSettings,
    /// The ServiceAccount that mints, in the namespace that the login is for.
    pub(super) service_account: Option<&'a ServiceAccountRef>,
}

/// On which terms the tokens of a domain are minted, as the grant says.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    /// The AwsAccount that signs in.
    pub(super) account: Arc<AwsAccount>,
    /// Who mints.
    pub(super) signs_in: SignInAs,
    /// The life of a token.
    pub(super) duration: SignedDuration,
    /// The spec names no life, and the grant allows less than the service gives.
    pub(super) limited: bool,
}

/// The registries of a login in one namespace, and the terms of each domain.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    /// In the order of the spec.
    pub(super) registries: Vec<Resolved<'a>>,
    /// Who mints the tokens of each domain, and for how long.
    pub(super) terms: BTreeMap<DomainKey, Terms>,
}

/// Whether a suspended AwsAccount counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suspended {
    /// A login under it rests.
    Refused,
    /// Its grants are asked all the same.
    Asked,
}

impl<'a> Wish<'a> {
    pub(super) fn of(spec: &'a RegistryCredentialSpec) -> Self {
        Self {
            account: &spec.account_ref,
            registries: &spec.registries,
            token: &spec.token,
            service_account: spec.service_account_ref.as_ref(),
        }
    }

    /// The names of the AwsAccounts of the registries.
    pub(super) fn accounts(self) -> impl Iterator<Item = &'a str> {
        self.registries.iter().map(move |registry| &*self.account_of(registry).name)
    }

    fn account_of(self, registry: &'a Registry) -> &'a AccountRef {
        registry.account_ref.as_ref().unwrap_or(self.account)
    }
}

impl<'a> Plan<'a> {
    /// Refuses what no grant allows the namespace. A reference that does not resolve is an error that waits.
    pub(super) fn of(wish: Wish<'a>, namespace: &str, caches: &Caches, suspended: Suspended) -> Result<Self> {
        let (mut registries, mut terms) = (Vec::with_capacity(wish.registries.len()), BTreeMap::new());
        for (index, spec) in wish.registries.iter().enumerate() {
            let account = account(wish, index, caches, suspended)?;
            let by = if wish.service_account.is_some() { GrantedBy::Use } else { GrantedBy::Credentials };
            let registry = Scope { account: &account, caches, namespace, by }.resolve(index, spec)?;
            registries.push((registry, account));
        }
        for (registry, account) in &registries {
            terms.insert(registry.domain.clone(), granted(wish, registry, account, namespace, caches)?);
        }
        for (index, (registry, account)) in registries.iter_mut().enumerate() {
            registry.find_endpoint(index, account)?;
        }
        Ok(Self { registries: registries.into_iter().map(|(registry, _)| registry).collect(), terms })
    }
}

/// The AwsAccount of a registry.
fn account(wish: Wish<'_>, index: usize, caches: &Caches, suspended: Suspended) -> Result<Arc<AwsAccount>> {
    let own = wish.registries.get(index).and_then(|registry| registry.account_ref.as_ref());
    let name = &own.unwrap_or(wish.account).name;
    let known = match suspended {
        Suspended::Refused => caches.account(name),
        Suspended::Asked => caches.known_account(name),
    };
    known.map_err(|error| match own {
        Some(_) => error.after(&format!("spec.registries[{index}].accountRef")),
        None => error,
    })
}

/// The terms of a registry's domain, as the grant of its AwsAccount says.
fn granted(
    wish: Wish<'_>,
    registry: &Resolved<'_>,
    account: &Arc<AwsAccount>,
    namespace: &str,
    caches: &Caches,
) -> Result<Terms> {
    let resource = registry.identity.domain_grant_name();
    let (signs_in, most) = if let Some(reference) = wish.service_account {
        caches.check_grants(account, namespace, &[Access::Use(resource.clone())])?;
        let key = ObjectKey::new(namespace, &reference.name);
        (SignInAs::ServiceAccount(service_account::role(caches, &key)?), LONGEST_LIFE)
    } else {
        let grant = caches.credential_grant(account, namespace, &resource)?;
        let most = grant.max_duration.map_or(LONGEST_LIFE, interval);
        (SignInAs::Account { role_arn: grant.role_arn }, most)
    };
    let duration = wish.token.duration.map_or(LONGEST_LIFE.min(most), interval);
    if duration > most {
        return Err(too_long(account, &resource, duration, most));
    }
    let before = wish.token.renew_before.map(interval);
    if let Some(before) = before.filter(|before| *before > duration / 2) {
        return Err(too_early(account, &resource, before, duration));
    }
    let limited = wish.token.duration.is_none() && most < LONGEST_LIFE;
    Ok(Terms { account: Arc::clone(account), signs_in, duration, limited })
}

fn too_early(account: &AwsAccount, domain: &str, asked: SignedDuration, life: SignedDuration) -> Error {
    Error::invalid(
        "spec.token.renewBefore",
        format!("{asked:#}"),
        format!(
            "tokens for domain {domain} live {life:#} under the grant of AwsAccount {}, and at most half of that is possible; shorten it to \
             {:#}",
            account.name_any(),
            life / 2
        ),
    )
}

fn too_long(account: &AwsAccount, domain: &str, asked: SignedDuration, most: SignedDuration) -> Error {
    Error::invalid(
        "spec.token.duration",
        format!("{asked:#}"),
        format!(
            "the grant of AwsAccount {} allows at most {most:#} for domain {domain}; shorten it",
            account.name_any()
        ),
    )
}

#[cfg(test)]
mod tests;
