//! Where the versions of a package come from: the repository itself, its upstreams depth first in
//! list order, and the public registries behind them.

use super::group::{Ruling, Way};
use super::package::{Package, PackageKey, Restriction};
use super::pending::{Due, Ingestion};
use super::public::PublicRegistries;
use super::repository::{Repository, RepositoryId};
use super::version::{Origin, Version};
use super::{Domain, DomainKey, Format, State};
use crate::error::{Error, Result};
use crate::options::Quotas;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A place that has the package.
pub(crate) struct Place<'a> {
    pub(crate) package: &'a Package,
    /// The repository that holds it, or the one that is connected to the registry that does.
    pub(crate) repository: &'a Repository,
    /// Whether it is the public registry, and not the repository.
    pub(crate) is_public: bool,
    /// How many steps upstream it is.
    pub(crate) depth: usize,
}

/// All places that have the package and may be reached from `repository`, the nearest first.
pub(crate) fn search<'a>(
    domain: &'a Domain,
    public: &'a PublicRegistries,
    repository: &'a Repository,
    key: &'a PackageKey,
    quotas: &Quotas,
) -> Result<Vec<Place<'a>>> {
    let limit = quotas.upstreams_searched;
    let ruling = domain.groups.ruling(key);
    let retains = ruling.lets(Way::InternalUpstream, &repository.name);
    let (visited, places) = (Vec::new(), Vec::new());
    let mut walk = Walk { domain, public, key, limit, ruling, retains, visited, places };
    walk.visit(repository, 0)?;
    Ok(walk.places)
}

/// The versions that package managers are told of. The nearest place that has a version decides,
/// also when it hides the version from them.
pub(crate) fn versions<'a>(places: &[Place<'a>]) -> BTreeMap<&'a str, &'a Version> {
    let mut found = BTreeMap::new();
    for (name, version) in places.iter().flat_map(|place| &place.package.versions) {
        found.entry(name.as_str()).or_insert(version.as_ref());
    }
    found.retain(|_, version: &mut &Version| version.status.is_listed());
    found
}

struct Walk<'a> {
    domain: &'a Domain,
    public: &'a PublicRegistries,
    key: &'a PackageKey,
    /// How many repositories one request looks into.
    limit: usize,
    ruling: Ruling<'a>,
    /// Whether versions of other repositories may be retained in the one that was asked.
    retains: bool,
    visited: Vec<RepositoryId>,
    places: Vec<Place<'a>>,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, repository: &'a Repository, depth: usize) -> Result<()> {
        if self.visited.contains(&repository.id) || self.visited.len() >= self.limit {
            return Ok(());
        }
        self.visited.push(repository.id);
        let own = repository.packages.get(self.key);
        self.places.extend(own.map(|package| Place {
            package: package.as_ref(),
            repository,
            is_public: false,
            depth,
        }));
        // Generic packages are never looked for elsewhere.
        if self.key.format == Format::Generic {
            return Ok(());
        }
        // A broken reference fails every request through it, also for a package that would not
        // have been looked for there.
        let upstreams = repository.upstreams.iter().map(|upstream| {
            Repository::resolve(self.domain, upstream).ok_or_else(|| broken(repository, &upstream.name))
        });
        let upstreams = upstreams.collect::<Result<Vec<_>>>()?;
        if own.is_some_and(|package| package.origin.upstream == Restriction::Block) {
            return Ok(());
        }
        let ingests = self.ruling.lets(Way::ExternalUpstream, &repository.name);
        let connection = repository.connection.filter(|_| ingests);
        let ingested = connection.and_then(|connection| self.public.package(connection, self.key));
        let depth = depth + 1;
        self.places.extend(ingested.map(|package| Place { package, repository, is_public: true, depth }));
        if !self.retains {
            return Ok(());
        }
        upstreams.into_iter().try_for_each(|upstream| self.visit(upstream, depth))
    }
}

fn broken(repository: &Repository, upstream: &str) -> Error {
    Error::invalid(format!(
        "The upstream repository '{upstream}' of repository '{}' was deleted. Call UpdateRepository on \
         '{}' to use the repository that now has that name, or to remove the upstream",
        repository.name, repository.name
    ))
}

impl State {
    /// All places from which a request to the repository may be served.
    pub(crate) fn places<'a>(
        &'a self,
        domain: &DomainKey,
        repository: &str,
        key: &'a PackageKey,
    ) -> Result<Vec<Place<'a>>> {
        let domain = self.domain(domain)?;
        search(domain, &self.public, domain.repository(repository)?, key, &self.settings.quotas)
    }

    /// A version for a client that downloads from it. One from elsewhere is retained in the
    /// repository that was asked and, when it was ingested, in the connected one; never between.
    pub(crate) fn fetch(
        &mut self,
        domain: &DomainKey,
        repository: &str,
        (key, version): (&PackageKey, &str),
        now: Timestamp,
    ) -> Result<Arc<Version>> {
        let places = self.places(domain, repository, key)?;
        let Some((place, found)) =
            places.iter().find_map(|place| Some((place, place.package.versions.get(version)?)))
        else {
            return Err(key.version_not_found(version));
        };
        if !found.status.is_downloadable() {
            return Err(key.version_not_served(version, found.status));
        }
        self.check_readable(domain)?;
        let grown = in_registry(found, &places).filter(|(_, whole)| found.can_gain(key, whole));
        let mut served = Arc::clone(found);
        if place.is_public {
            Arc::make_mut(&mut served).published = now;
        } else if let Some((_, whole)) = grown {
            Arc::make_mut(&mut served).gain(whole);
        } else if place.repository.name == repository {
            return Ok(served);
        }
        let registry = grown.map(|(registry, _)| registry).or(place.is_public.then_some(place));
        let asked = self.domain(domain)?.repository(repository)?;
        let mut repositories = vec![(asked.name.clone(), asked.id)];
        if let Some(Place { repository: connected, .. }) =
            registry.filter(|one| one.repository.id != asked.id)
        {
            repositories.push((connected.name.clone(), connected.id));
        }
        let (domain, key, is_new) = (domain.clone(), key.clone(), place.is_public);
        let delay = if registry.is_some() { self.settings.ingest_delay } else { SignedDuration::ZERO };
        let ingestion = Ingestion { domain, repositories, key, version: served.clone(), is_new };
        if !self.is_ingesting(&ingestion) {
            self.await_due(Due::Ingestion(ingestion), now, delay);
        }
        Ok(served)
    }
}

/// The registry that a version came from, and what it has of it, as long as it can be reached.
pub(crate) fn in_registry<'a, 'b>(
    version: &Version,
    places: &'b [Place<'a>],
) -> Option<(&'b Place<'a>, &'a Version)> {
    let is_origin = |place: &&Place<'_>| {
        place.is_public && place.repository.connection.map(Origin::External).as_ref() == Some(&version.origin)
    };
    let mut registries = places.iter().filter(is_origin);
    registries.find_map(|place| Some((place, place.package.versions.get(&version.number)?.as_ref())))
}

#[cfg(test)]
mod tests;
