//! From the spec's registries to what AWS calls them, and to the grants that open them.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use kube::ResourceExt;

use super::render::DomainKey;
use crate::api::{
    AwsAccount, EndpointType, Format, Identity, PackageFormat, Registry, RegistryCredential, RepositoryName,
};
use crate::engine::context::Caches;
use crate::engine::kind::interval;
use crate::engine::{ObjectKey, resolve};
use crate::error::{Error, Result};
use crate::repository::endpoints::Endpoints;

/// A registry of the spec, by what AWS calls it.
#[derive(Clone, Debug)]
pub(super) struct Resolved<'a> {
    pub(super) spec: &'a Registry,
    /// As seen from the AwsAccount that signs in.
    pub(super) identity: Identity,
    /// The addresses, if AWS need not be asked.
    pub(super) known: Endpoints,
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

/// For each domain the role that mints, if a grant says so. Refuses what no grant allows.
pub(super) fn roles(
    object: &RegistryCredential,
    account: &AwsAccount,
    caches: &Caches,
    registries: &[Resolved<'_>],
) -> Result<BTreeMap<DomainKey, Option<String>>> {
    let namespace = object.namespace().unwrap_or_default();
    let duration = interval(object.spec.token.duration);
    let mut roles = BTreeMap::new();
    for Resolved { identity, .. } in registries {
        let resource = identity.domain_resource();
        let grant = caches.credential_grant(account, &namespace, &resource)?;
        if let Some(most) = grant.max_duration.map(interval)
            && duration > most
        {
            return Err(too_long(account, &resource, duration, most));
        }
        roles.insert(domain(identity), grant.role_arn);
    }
    Ok(roles)
}

/// The domain of a registry.
pub(super) fn domain(identity: &Identity) -> DomainKey {
    DomainKey { owner: identity.owner.clone(), domain: identity.domain.clone() }
}

/// The package formats whose addresses the files need.
pub(super) fn package_formats(formats: &[Format]) -> Vec<PackageFormat> {
    let mut needed: Vec<_> = formats
        .iter()
        .map(|format| match format {
            // The host is the same for all of them.
            Format::Npm | Format::Netrc => PackageFormat::Npm,
            Format::Pip => PackageFormat::Pypi,
        })
        .collect();
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
        let (identity, known) = match (&spec.repository_ref, &spec.repository) {
            (Some(reference), _) => self.declared(index, &ObjectKey::named(reference, self.namespace))?,
            (None, Some(name)) => (self.named(name), Endpoints::new()),
            (None, None) => {
                let field = format!("spec.registries[{index}]");
                return Err(Error::invalid(field, "empty", "repositoryRef or repository is needed"));
            }
        };
        let known = match (&spec.endpoint, spec.endpoint_type.unwrap_or_default()) {
            (Some(endpoint), _) => private(endpoint, &identity),
            (None, EndpointType::Ipv4) => known,
            (None, EndpointType::Dualstack) => Endpoints::new(),
        };
        Ok(Resolved { spec, identity, known })
    }

    /// A Repository object: as it is pinned, but seen from our account.
    fn declared(&self, index: usize, key: &ObjectKey) -> Result<(Identity, Endpoints)> {
        let (repository, pinned) = resolve::repository(self.caches, key)?;
        if pinned.region != self.account.spec.region {
            return Err(Error::invalid(
                format!("spec.registries[{index}].repositoryRef"),
                format!("{key} in Region {}", pinned.region),
                format!(
                    "AwsAccount {} works in {}; choose another spec.accountRef",
                    self.account.name_any(),
                    self.account.spec.region
                ),
            ));
        }
        let known = repository.status.as_ref().map(|status| status.endpoints.clone());
        let identity = Identity { account: self.account.spec.account_id.clone(), ..pinned };
        Ok((identity, known.unwrap_or_default()))
    }

    fn named(&self, name: &RepositoryName) -> Identity {
        let account = self.account.spec.account_id.clone();
        Identity {
            owner: name.owner.clone().unwrap_or_else(|| account.clone()),
            account,
            region: self.account.spec.region.clone(),
            domain: name.domain.clone(),
            repository: Some(name.name.clone()),
        }
    }
}

/// The addresses behind a private endpoint, which serves all domains (CodeArtifact User Guide, "Create VPC endpoints").
fn private(endpoint: &str, identity: &Identity) -> Endpoints {
    let base = endpoint.trim_end_matches('/');
    let repository = identity.repository.as_deref().unwrap_or_default();
    let address = |format: PackageFormat| {
        format!("{base}/{}/d/{}-{}/{repository}/", format.as_str(), identity.domain, identity.owner)
    };
    PackageFormat::ALL.iter().map(|format| (format.as_str().to_owned(), address(*format))).collect()
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
