//! Repositories: upstreams by identity, and the external connection.

use super::connection::Connection;
use super::domain::Domain;
use super::package::Packages;
use super::permissions::Permissions;
use super::tags::Tags;
use super::version::Checksum;
use crate::error::{Error, ResourceType, Result};
use crate::wire::timestamp;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A repository's identity: a repository made anew under the same name has another.
pub(crate) type RepositoryId = u64;

/// A repository.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Repository {
    pub(crate) id: RepositoryId,
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) administrator: String,
    pub(crate) tags: Tags,
    pub(crate) policy: Option<Permissions>,
    pub(crate) upstreams: Vec<Upstream>,
    /// The public registry.
    pub(crate) connection: Option<Connection>,
    pub(crate) description: Option<String>,
    pub(crate) created: Timestamp,
    /// They are lost with the repository.
    pub(crate) packages: Packages,
}

/// A reference to an upstream. It dies with the repository it was made for, though the name stays
/// listed; `UpdateRepository` makes it afresh.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Upstream {
    pub(crate) name: String,
    pub(crate) id: RepositoryId,
}

impl Repository {
    /// The assets held here: content hash and size.
    pub(crate) fn assets(&self) -> impl Iterator<Item = (Checksum<32>, u64)> {
        let versions = self.packages.values().flat_map(|package| package.versions.values());
        let assets = versions.flat_map(|version| &version.assets);
        assets.map(|asset| (asset.sha256(), asset.size()))
    }

    /// A `RepositorySummary`.
    pub(crate) fn summary(&self, domain: &Domain) -> Value {
        let mut summary = json!({
            "name": self.name,
            "administratorAccount": self.administrator,
            "domainName": domain.key.name,
            "domainOwner": domain.key.owner,
            "arn": self.arn,
            "createdTime": timestamp(self.created),
        });
        if let Some(description) = &self.description {
            summary["description"] = description.as_str().into();
        }
        summary
    }

    /// A `RepositoryDescription`.
    pub(crate) fn describe(&self, domain: &Domain) -> Value {
        let mut description = self.summary(domain);
        description["upstreams"] =
            self.upstreams.iter().map(|upstream| json!({ "repositoryName": upstream.name })).collect();
        description["externalConnections"] = self
            .connection
            .iter()
            .map(|connection| {
                json!({
                    "externalConnectionName": connection.name(),
                    "packageFormat": connection.format().name(),
                    // The model says `Available`; the live service sends this.
                    "status": "AVAILABLE",
                })
            })
            .collect();
        description
    }

    /// The repository that a reference means, unless it is gone or was made anew.
    pub(crate) fn resolve<'a>(domain: &'a Domain, upstream: &Upstream) -> Option<&'a Self> {
        let found = domain.repositories.get(&upstream.name)?;
        (found.id == upstream.id).then_some(found.as_ref())
    }

    /// Attach a public registry: one at most, and none beside upstreams.
    pub(crate) fn connect(&mut self, name: &str) -> Result<()> {
        let Some(connection) = Connection::parse(name) else {
            return Err(Error::invalid(format!("The external connection '{name}' is not known")));
        };
        if self.connection.is_some() {
            return Err(Error::invalid("ExternalConnections for repositories are currently limited to 1"));
        }
        if !self.upstreams.is_empty() {
            return Err(Error::invalid(format!(
                "Repository '{}' has upstreams and cannot have an external connection",
                self.name
            )));
        }
        self.connection = Some(connection);
        Ok(())
    }

    /// Detach a public registry.
    pub(crate) fn disconnect(&mut self, name: &str) -> Result<()> {
        if self.connection.is_none_or(|connection| connection.name() != name) {
            let message =
                format!("External connection '{name}' is not associated with repository '{}'", self.name);
            return Err(Error::not_found(ResourceType::Repository, &self.name, message));
        }
        self.connection = None;
        Ok(())
    }
}

/// References to the named upstreams, in order, for the repository `of`.
pub(crate) fn link(domain: &Domain, of: &str, names: &[String], limit: usize) -> Result<Vec<Upstream>> {
    if names.len() > limit {
        let message = format!("A repository can have at most {limit} direct upstreams");
        return Err(Error::quota(ResourceType::Repository, of, message));
    }
    let mut seen = BTreeSet::new();
    for name in names {
        if name == of {
            return Err(Error::invalid(format!("Repository '{of}' cannot be its own upstream")));
        }
        if !seen.insert(name) {
            return Err(Error::invalid(format!("The upstream '{name}' is given twice")));
        }
    }
    let upstreams =
        names.iter().map(|name| Ok(Upstream { name: name.clone(), id: domain.repository(name)?.id }));
    without_cycle(domain, of, upstreams.collect::<Result<_>>()?)
}

/// The same references made afresh by name. One whose repository is gone stays broken.
pub(crate) fn relink(domain: &Domain, of: &str, upstreams: &[Upstream]) -> Result<Vec<Upstream>> {
    let afresh = upstreams.iter().map(|upstream| Upstream {
        name: upstream.name.clone(),
        id: domain.repositories.get(&upstream.name).map_or(upstream.id, |found| found.id),
    });
    without_cycle(domain, of, afresh.collect())
}

/// The references, unless one of them leads back to the repository `of`.
fn without_cycle(domain: &Domain, of: &str, upstreams: Vec<Upstream>) -> Result<Vec<Upstream>> {
    let mut seen = BTreeSet::new();
    let found = |upstreams: &[Upstream]| -> Vec<_> {
        upstreams.iter().filter_map(|upstream| Repository::resolve(domain, upstream)).collect()
    };
    let mut open = found(&upstreams);
    while let Some(repository) = open.pop() {
        if repository.name == of {
            return Err(Error::invalid(format!("The upstreams of repository '{of}' lead back to it")));
        }
        if seen.insert(repository.id) {
            open.extend(found(&repository.upstreams));
        }
    }
    Ok(upstreams)
}
