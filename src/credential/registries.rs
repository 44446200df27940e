//! From the spec's registries to what AWS calls them.

use std::collections::BTreeMap;

use kube::ResourceExt;

use super::render::{DomainKey, Registry as Rendered};
use crate::api::{
    AwsAccount, AwsResource, EndpointType, Format, Identity, KindName, PackageFormat, Registry,
    RepositoryName,
};
use crate::credential::private_endpoint;
use crate::credential::token_store::Templates;
use crate::credential::usage;
use crate::engine::object::ObjectKey;
use crate::engine::pipeline::grants::Access;
use crate::engine::watching::caches::Caches;
use crate::engine::watching::resolve;
use crate::error::{Error, Result};
use crate::reason::Reason;
use crate::repository::endpoints::{self, Endpoints, of_service};

/// A registry of the spec, by what AWS calls it.
#[derive(Clone, Debug)]
pub(super) struct Resolved<'a> {
    pub(super) spec: &'a Registry,
    /// The domain, and the AwsAccount under which its tokens are minted.
    pub(super) domain: DomainKey,
    /// As seen from the AwsAccount that signs in.
    pub(super) identity: Identity,
    /// The addresses behind the private endpoint that the spec names; AWS need not be asked then.
    pub(super) private: Option<Endpoints>,
    /// The addresses derived from the AWS names alone, for an identity that may not call `GetRepositoryEndpoint`; `None` where the
    /// layout of the addresses is not known.
    pub(super) by_name: Option<Endpoints>,
}

impl Resolved<'_> {
    /// Looks at the endpoint that the spec names. Only who has the grant learns which endpoints the AwsAccount allows.
    pub(super) fn find_endpoint(&mut self, index: usize, account: &AwsAccount) -> Result<()> {
        let Some(endpoint) = &self.spec.endpoint else { return Ok(()) };
        let field = format!("spec.registries[{index}].endpoint");
        self.private = Some(private_endpoint::addresses(endpoint, &field, &self.identity, account)?);
        Ok(())
    }

    /// The registry as the files need it.
    pub(super) fn rendered(&self, endpoints: Endpoints) -> Rendered {
        Rendered {
            domain: self.domain.clone(),
            repository: self.identity.repository().unwrap_or_default().to_owned(),
            formats: self.spec.formats.clone(),
            scopes: self.spec.all_scopes(),
            endpoints,
            is_private: self.private.is_some(),
        }
    }
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
pub(super) struct Scope<'a> {
    pub(super) account: &'a AwsAccount,
    pub(super) caches: &'a Caches,
    /// The namespace that the login is for.
    pub(super) namespace: &'a str,
    /// Which grant opens a domain.
    pub(super) by: GrantedBy,
}

/// Which grant opens a domain to a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GrantedBy {
    /// `credentials`: the AwsAccount mints.
    Credentials,
    /// `use`: a ServiceAccount mints, and IAM decides the rest.
    Use,
}

impl Scope<'_> {
    /// What AWS calls a registry, before its endpoint is looked at. A reference that does not resolve is an error that waits.
    pub(super) fn resolve<'s>(&self, index: usize, spec: &'s Registry) -> Result<Resolved<'s>> {
        let identity = match (&spec.repository_ref, &spec.repository) {
            (Some(reference), _) => self.declared(&ObjectKey::named(reference, self.namespace))?,
            (None, Some(name)) => self.named(name),
            (None, None) => {
                let field = format!("spec.registries[{index}]");
                return Err(Error::invalid(field, "empty", "repositoryRef or repository is needed"));
            }
        };
        let own = self.account.spec.endpoints.as_ref().is_none_or(|own| own.codeartifact.is_none());
        let by_name = (own && spec.endpoint_type.unwrap_or_default() == EndpointType::Ipv4)
            .then(|| of_service(&identity))
            .flatten();
        Ok(Resolved { spec, domain: self.domain(&identity), identity, private: None, by_name })
    }

    fn domain(&self, identity: &Identity) -> DomainKey {
        DomainKey {
            account: self.account.name_any(),
            region: identity.region.clone(),
            owner: identity.owner.clone(),
            domain: identity.domain.clone(),
        }
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
        let granted = pinned.is_some_and(|pinned| self.is_granted(pinned.domain_grant_name()));
        if granted {
            return found;
        }
        Err(self.not_granted(key))
    }

    fn is_granted(&self, domain: String) -> bool {
        match self.by {
            GrantedBy::Credentials => {
                self.caches.credential_grant(self.account, self.namespace, &domain).is_ok()
            }
            GrantedBy::Use => {
                self.caches.check_grants(self.account, self.namespace, &[Access::Use(domain)]).is_ok()
            }
        }
    }

    /// The same answer whether the Repository exists or not.
    fn not_granted(&self, key: &ObjectKey) -> Error {
        let (account, namespace) = (self.account.name_any(), self.namespace);
        let (any, verb) = match self.by {
            GrantedBy::Credentials => (self.caches.may_have_tokens(self.account, namespace), "credentials"),
            GrantedBy::Use => (self.caches.may_use_anything(self.account, namespace), "use"),
        };
        if any {
            let missing = format!(
                "no grant of AwsAccount {account} gives namespace {namespace} `{verb}` for its domain"
            );
            return resolve::out_of_reach(KindName::Repository, key, &missing);
        }
        Error::stalled(
            Reason::GrantMissing,
            format!(
                "no grant of AwsAccount {account} gives namespace {namespace} `{verb}` for the domain of Repository {key}, or for any \
                 other; a cluster administrator can add the domain to spec.grants[].{verb}"
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

#[cfg(test)]
mod tests;
