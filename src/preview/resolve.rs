//! What AWS calls the registries of a login, by the other documents of the manifest. Pure.

use kube::ResourceExt;

use super::{Documents, Known, Problems, names};
use crate::api::{AwsResource, Domain, Identity, ObjectRef, Registry, RegistryCredential, Repository};

/// The manifest, and what the command line adds.
pub(super) struct Resolver<'a> {
    pub(super) documents: &'a Documents,
    pub(super) known: &'a Known,
}

/// An account and a Region.
type Place = (String, String);

impl Resolver<'_> {
    /// The registries, in the order of the spec.
    pub(super) fn identities(&self, login: &RegistryCredential) -> Result<Vec<Identity>, Problems> {
        let namespace = login.namespace().unwrap_or_default();
        let place = self.place(&login.spec.account_ref.name).map_err(|problem| vec![problem])?;
        let (mut identities, mut problems) = (Vec::new(), Problems::new());
        for (index, registry) in login.spec.registries.iter().enumerate() {
            match self.identity(index, registry, &namespace, &place) {
                Ok(identity) => identities.push(identity),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(identities) } else { Err(problems) }
    }

    /// The account and Region of an AwsAccount.
    fn place(&self, name: &str) -> Result<Place, String> {
        let found = self.documents.accounts.iter().find(|account| account.name_any() == name);
        let (account, region) = match (found, &self.known.account_id, &self.known.region) {
            (Some(found), ..) => (found.spec.account_id.clone(), found.spec.region.clone()),
            (None, Some(account), Some(region)) => (account.clone(), region.clone()),
            (None, ..) => {
                return Err(format!(
                    "AwsAccount {name} is not in the file; add it to the file, or say --account-id and --region"
                ));
            }
        };
        names::account("the account", &account)?;
        names::region("the Region", &region)?;
        Ok((account, region))
    }

    fn identity(
        &self,
        index: usize,
        registry: &Registry,
        namespace: &str,
        place: &Place,
    ) -> Result<Identity, String> {
        let field = format!("spec.registries[{index}]");
        let (account, region) = place;
        let (domain, owner, name) = match (&registry.repository_ref, &registry.repository) {
            (Some(reference), None) => {
                let field = format!("{field}.repositoryRef");
                let (found, (_, other)) = self.repository(&field, reference, namespace)?;
                if other != *region {
                    return Err(format!(
                        "{field} names a Repository in the Region {other}, and the AwsAccount of the login is in {region}"
                    ));
                }
                found
            }
            (None, Some(name)) => (
                name.domain.clone(),
                name.owner.clone().unwrap_or_else(|| account.clone()),
                name.name.clone(),
            ),
            _ => return Err(format!("{field} needs exactly one of repositoryRef and repository")),
        };
        names::domain(&format!("{field}, its domain"), &domain)?;
        names::account(&format!("{field}, the owner of its domain"), &owner)?;
        names::repository(&format!("{field}, its name"), &name)?;
        let resource = AwsResource::Repository(name);
        Ok(Identity { account: account.clone(), region: region.clone(), owner, domain, resource })
    }

    /// Domain, owner and name of a Repository object, and where it is.
    fn repository(
        &self,
        field: &str,
        reference: &ObjectRef,
        namespace: &str,
    ) -> Result<((String, String, String), Place), String> {
        let found = find(&self.documents.repositories, reference, namespace).ok_or_else(|| {
            absent("Repository", field, reference, namespace)
                + ", or name the repository by `repository: {domain, name}`"
        })?;
        let title = super::documents::title(found);
        let told = |problem: String| format!("{field}, {title}: {problem}");
        let place = self.place(&found.spec.management.account_ref.name).map_err(told)?;
        let own = found.namespace().unwrap_or_default();
        let (domain, owner) = self.domain(found, &own, &place).map_err(told)?;
        let name = found.spec.name.clone().unwrap_or_else(|| found.name_any());
        Ok(((domain, owner, name), place))
    }

    fn domain(
        &self,
        repository: &Repository,
        namespace: &str,
        place: &Place,
    ) -> Result<(String, String), String> {
        let owned = |owner: &Option<String>| owner.clone().unwrap_or_else(|| place.0.clone());
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
