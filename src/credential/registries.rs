//! From the spec's registries to what AWS calls them, and to the grants that open them.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use kube::ResourceExt;

use super::render::{DomainKey, Registry as Rendered};
use crate::api::{
    AwsAccount, AwsResource, EndpointType, Format, Identity, KindName, PackageFormat, Registry,
    RegistryCredential, RepositoryName,
};
use crate::credential::token_store::Templates;
use crate::credential::usage;
use crate::engine::object::ObjectKey;
use crate::engine::pipeline::kind::interval;
use crate::engine::watching::caches::Caches;
use crate::engine::watching::resolve;
use crate::error::{Error, Result};
use crate::reason::Reason;
use crate::repository::endpoints::{self, Endpoints, of_service};

/// The longest life that the service gives a token; asked for when neither the spec nor the grant names a shorter one.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(12);

/// A registry of the spec, by what AWS calls it.
#[derive(Clone, Debug)]
pub(super) struct Resolved<'a> {
    pub(super) spec: &'a Registry,
    /// As seen from the AwsAccount that signs in.
    pub(super) identity: Identity,
    /// The addresses behind the private endpoint that the spec names; AWS need not be asked then.
    pub(super) private: Option<Endpoints>,
    /// The addresses derived from the AWS names alone, for an identity that may not call `GetRepositoryEndpoint`; `None` where the
    /// layout of the addresses is not known.
    pub(super) by_name: Option<Endpoints>,
}

impl Resolved<'_> {
    /// The registry as the files need it.
    pub(super) fn rendered(&self, endpoints: Endpoints) -> Rendered {
        Rendered {
            domain: domain(&self.identity),
            repository: self.identity.repository().unwrap_or_default().to_owned(),
            region: self.identity.region.clone(),
            formats: self.spec.formats.clone(),
            scopes: self.spec.all_scopes(),
            endpoints,
            is_private: self.private.is_some(),
        }
    }
}

/// What AWS calls the registries. A reference that does not resolve is an error that waits.
pub(super) fn resolve<'a>(
    object: &'a RegistryCredential,
    account: &AwsAccount,
    caches: &Caches,
) -> Result<Vec<Resolved<'a>>> {
    let namespace = object.namespace().unwrap_or_default();
    let scope = Scope { account, caches, namespace: &namespace };
    object.spec.registries.iter().enumerate().map(|(index, spec)| scope.resolve(index, spec)).collect()
}

/// On which terms the tokens of a domain are minted, as the grant says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    /// The role that mints; the account's own identity without one.
    pub(super) role_arn: Option<String>,
    /// The life of a token.
    pub(super) duration: SignedDuration,
}

/// The terms of each domain. Refuses what no grant allows.
pub(super) fn terms(
    object: &RegistryCredential,
    account: &AwsAccount,
    caches: &Caches,
    registries: &[Resolved<'_>],
) -> Result<BTreeMap<DomainKey, Terms>> {
    let namespace = object.namespace().unwrap_or_default();
    let declared = object.spec.token.duration.map(interval);
    let mut terms = BTreeMap::new();
    for Resolved { identity, .. } in registries {
        let resource = identity.domain_grant_name();
        let grant = caches.credential_grant(account, &namespace, &resource)?;
        let most = grant.max_duration.map_or(LONGEST_LIFE, interval);
        let duration = declared.unwrap_or(LONGEST_LIFE.min(most));
        if duration > most {
            return Err(too_long(account, &resource, duration, most));
        }
        if let Some(before) =
            object.spec.token.renew_before.map(interval).filter(|before| *before > duration / 2)
        {
            return Err(too_early(account, &resource, before, duration));
        }
        terms.insert(domain(identity), Terms { role_arn: grant.role_arn, duration });
    }
    Ok(terms)
}

/// Templates of the addresses that AWS gave, for each domain.
pub(super) fn templates(resolved: &[Resolved<'_>], rendered: &[Rendered]) -> BTreeMap<DomainKey, Templates> {
    let mut all: BTreeMap<_, Templates> = BTreeMap::new();
    for (resolved, rendered) in
        resolved.iter().zip(rendered).filter(|(resolved, _)| resolved.private.is_none())
    {
        let known = PackageFormat::ALL.iter().find_map(|format| {
            endpoints::template(rendered.endpoints.get(format.as_str())?, *format, &resolved.identity)
        });
        let kind = resolved.spec.endpoint_type.unwrap_or_default();
        all.entry(rendered.domain.clone()).or_default().extend(known.map(|template| (kind, template)));
    }
    all
}

/// The domain of a registry.
pub(super) fn domain(identity: &Identity) -> DomainKey {
    DomainKey { owner: identity.owner.clone(), domain: identity.domain.clone() }
}

/// The package formats whose addresses the files need; at least one, because files that need no address need the host.
pub(super) fn package_formats(formats: &[Format]) -> Vec<PackageFormat> {
    let mut needed: Vec<_> = formats.iter().flat_map(|format| usage::of(*format).packages).copied().collect();
    if needed.is_empty() {
        needed.push(PackageFormat::Npm);
    }
    needed.sort();
    needed.dedup();
    needed
}

/// What a registry is resolved against.
struct Scope<'a> {
    account: &'a AwsAccount,
    caches: &'a Caches,
    namespace: &'a str,
}

impl Scope<'_> {
    fn resolve<'s>(&self, index: usize, spec: &'s Registry) -> Result<Resolved<'s>> {
        let identity = match (&spec.repository_ref, &spec.repository) {
            (Some(reference), _) => self.declared(&ObjectKey::named(reference, self.namespace))?,
            (None, Some(name)) => self.named(name),
            (None, None) => {
                let field = format!("spec.registries[{index}]");
                return Err(Error::invalid(field, "empty", "repositoryRef or repository is needed"));
            }
        };
        let private = spec.endpoint.as_ref().map(|endpoint| private(endpoint, &identity));
        let own = self.account.spec.endpoints.as_ref().is_none_or(|own| own.codeartifact.is_none());
        let by_name = (own && spec.endpoint_type.unwrap_or_default() == EndpointType::Ipv4)
            .then(|| of_service(&identity))
            .flatten();
        Ok(Resolved { spec, identity, private, by_name })
    }

    /// A Repository object: its names in AWS, seen from our account. Nothing else in its status is believed: whoever may write
    /// that could send our token elsewhere.
    fn declared(&self, key: &ObjectKey) -> Result<Identity> {
        let pinned = self.pinned(key)?;
        resolve::refuse_other_region(self.account, KindName::Repository, key, &pinned)?;
        Ok(self.seen_from_here(pinned))
    }

    /// The AWS names of a Repository object. The answer tells nothing about an object of another namespace that no grant covers.
    fn pinned(&self, key: &ObjectKey) -> Result<Identity> {
        let found = resolve::repository(self.caches, key).map(|(_, pinned)| pinned);
        if key.namespace == self.namespace {
            return found;
        }
        let status = self.caches.repositories.get(key).and_then(|repository| repository.status.clone());
        let pinned = status.and_then(|status| status.identity).map(|pinned| self.seen_from_here(pinned));
        let granted = pinned.is_some_and(|pinned| {
            self.caches.credential_grant(self.account, self.namespace, &pinned.domain_grant_name()).is_ok()
        });
        if granted {
            return found;
        }
        Err(self.not_granted(key))
    }

    /// The same answer whether the Repository exists or not.
    fn not_granted(&self, key: &ObjectKey) -> Error {
        let (account, namespace) = (self.account.name_any(), self.namespace);
        if self.caches.may_have_tokens(self.account, namespace) {
            let missing = format!(
                "no grant of AwsAccount {account} gives namespace {namespace} `credentials` for its domain"
            );
            return resolve::out_of_reach(KindName::Repository, key, &missing);
        }
        Error::stalled(
            Reason::GrantMissing,
            format!(
                "no grant of AwsAccount {account} gives namespace {namespace} `credentials` for the domain of Repository {key}, or for any \
                 other; a cluster administrator can add the domain to spec.grants[].credentials"
            ),
        )
    }

    fn seen_from_here(&self, pinned: Identity) -> Identity {
        Identity { account: self.account.spec.account_id.clone(), ..pinned }
    }

    fn named(&self, name: &RepositoryName) -> Identity {
        let account = self.account.spec.account_id.clone();
        Identity {
            owner: name.owner.clone().unwrap_or_else(|| account.clone()),
            account,
            region: self.account.spec.region.clone(),
            domain: name.domain.clone(),
            resource: AwsResource::Repository(name.name.clone()),
        }
    }
}

/// The addresses behind a private endpoint, which serves all domains (CodeArtifact User Guide, "Create VPC endpoints").
pub(super) fn private(endpoint: &str, identity: &Identity) -> Endpoints {
    let base = endpoint.trim_end_matches('/');
    let repository = identity.repository().unwrap_or_default();
    let address = |format: PackageFormat| {
        format!("{base}/{}/d/{}-{}/{repository}/", format.as_str(), identity.domain, identity.owner)
    };
    PackageFormat::ALL.iter().map(|format| (format.as_str().to_owned(), address(*format))).collect()
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
