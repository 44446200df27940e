//! What AWS calls the registries of a login, by the other documents of the manifest. Pure.

use kube::ResourceExt;

use super::{Documents, Known, Problems, names};
use crate::api::{
    AwsAccount, AwsResource, Domain, Identity, ObjectRef, Registry, RegistryCredential, Repository,
};
use crate::credential::preview::Place;

/// The manifest, and what the command line adds.
pub(super) struct Resolver<'a> {
    pub(super) documents: &'a Documents,
    pub(super) known: &'a Known,
}

/// An AwsAccount: its account and Region, and its document where the manifest has one.
struct Found<'a> {
    id: String,
    region: String,
    document: Option<&'a AwsAccount>,
}

impl<'a> Resolver<'a> {
    /// The registries, in the order of the spec.
    pub(super) fn places(&self, login: &RegistryCredential) -> Result<Vec<Place<'a>>, Problems> {
        let (mut places, mut problems) = (Vec::new(), Problems::new());
        for (index, registry) in login.spec.registries.iter().enumerate() {
            match self.place(index, registry, login) {
                Ok(place) => places.push(place),
                Err(problem) if problems.contains(&problem) => {}
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(places) } else { Err(problems) }
    }

    /// An AwsAccount. The command line may stand for that of the login, and for no other.
    fn account(&self, name: &str, login: &RegistryCredential) -> Result<Found<'a>, String> {
        let document = self.documents.accounts.iter().find(|account| account.name_any() == name);
        let own = name == login.spec.account_ref.name;
        let (id, region) = match (document, &self.known.account_id, &self.known.region) {
            (Some(found), ..) => (found.spec.account_id.clone(), found.spec.region.clone()),
            (None, Some(id), Some(region)) if own => (id.clone(), region.clone()),
            _ => {
                let more = if own { ", or say --account-id and --region" } else { "" };
                return Err(format!("AwsAccount {name} is not in the file; add it to the file{more}"));
            }
        };
        names::account("the account", &id)?;
        names::region("the Region", &region)?;
        Ok(Found { id, region, document })
    }

    fn place(
        &self,
        index: usize,
        registry: &Registry,
        login: &RegistryCredential,
    ) -> Result<Place<'a>, String> {
        let name = &registry.account_ref.as_ref().unwrap_or(&login.spec.account_ref).name;
        let account = self.account(name, login)?;
        let identity = self.identity(index, registry, login, &account)?;
        Ok(Place { identity, account: account.document })
    }

    fn identity(
        &self,
        index: usize,
        registry: &Registry,
        login: &RegistryCredential,
        account: &Found<'_>,
    ) -> Result<Identity, String> {
        let field = format!("spec.registries[{index}]");
        let (domain, owner, name) = match (&registry.repository_ref, &registry.repository) {
            (Some(reference), None) => {
                let field = format!("{field}.repositoryRef");
                let (found, other) = self.repository(&field, reference, login)?;
                if other != account.region {
                    return Err(format!(
                        "{field} names a Repository in the Region {other}, and the AwsAccount of the registry is in {}",
                        account.region
                    ));
                }
                found
            }
            (None, Some(name)) => (
                name.domain.clone(),
                name.owner.clone().unwrap_or_else(|| account.id.clone()),
                name.name.clone(),
            ),
            _ => return Err(format!("{field} needs exactly one of repositoryRef and repository")),
        };
        names::domain(&format!("{field}, its domain"), &domain)?;
        names::account(&format!("{field}, the owner of its domain"), &owner)?;
        names::repository(&format!("{field}, its name"), &name)?;
        let resource = AwsResource::Repository(name);
        Ok(Identity { account: account.id.clone(), region: account.region.clone(), owner, domain, resource })
    }

    /// Domain, owner and name of a Repository object, and its Region.
    fn repository(
        &self,
        field: &str,
        reference: &ObjectRef,
        login: &RegistryCredential,
    ) -> Result<((String, String, String), String), String> {
        let namespace = &login.namespace().unwrap_or_default();
        let found = find(&self.documents.repositories, reference, namespace).ok_or_else(|| {
            absent("Repository", field, reference, namespace)
                + ", or name the repository by `repository: {domain, name}`"
        })?;
        let title = super::documents::title(found);
        let told = |problem: String| format!("{field}, {title}: {problem}");
        let account = self.account(&found.spec.management.account_ref.name, login).map_err(told)?;
        let own = found.namespace().unwrap_or_default();
        let (domain, owner) = self.domain(found, &own, &account.id).map_err(told)?;
        let name = found.spec.name.clone().unwrap_or_else(|| found.name_any());
        Ok(((domain, owner, name), account.region))
    }

    fn domain(&self, repository: &Repository, namespace: &str, id: &str) -> Result<(String, String), String> {
        let owned = |owner: &Option<String>| owner.clone().unwrap_or_else(|| id.to_owned());
        match (&repository.spec.domain_ref, &repository.spec.domain) {
            (Some(reference), None) => {
                let found: &Domain = find(&self.documents.domains, reference, namespace)
                    .ok_or_else(|| absent("Domain", "spec.domainRef", reference, namespace))?;
                let name = found.spec.name.clone().unwrap_or_else(|| found.name_any());
                Ok((name, owned(&found.spec.owner)))
            }
            (None, Some(domain)) => Ok((domain.name.clone(), owned(&domain.owner))),
            _ => Err("exactly one of domainRef and domain is needed".into()),
        }
    }
}

fn find<'a, K: ResourceExt>(objects: &'a [K], reference: &ObjectRef, namespace: &str) -> Option<&'a K> {
    let namespace = reference.namespace.as_deref().unwrap_or(namespace);
    objects.iter().find(|object| {
        object.name_any() == reference.name && object.namespace().as_deref() == Some(namespace)
    })
}

fn absent(kind: &str, field: &str, reference: &ObjectRef, namespace: &str) -> String {
    let namespace = reference.namespace.as_deref().unwrap_or(namespace);
    format!(
        "{field} names {kind} {namespace}/{}, which is not in the file; add it to the file",
        reference.name
    )
}
