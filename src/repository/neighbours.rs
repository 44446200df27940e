//! What AWS knows about a repository's neighbours: its upstreams, its users and its packages.

use aws_sdk_codeartifact::types::{PackageFormat, PackageSummary, RepositorySummary};
use futures::future::try_join_all;

use crate::api::Identity;
use crate::aws::{Aws, Named, repository_name, timestamp};
use crate::engine::pipeline::downstreams::Upstreams;
use crate::error::{Error, Result};
use crate::reason::Reason;
use crate::repository::aws::describe;
use crate::repository::state::{CreationTimes, UpstreamState};

/// How many repositories are described at once; the account's limits slow this down where needed.
const AT_ONCE: usize = 16;

/// Creation times of the upstreams that the spec gives by AWS name instead of by reference. The error waits when one of them does
/// not exist.
pub(super) async fn creation_times(
    aws: &Aws,
    identity: &Identity,
    upstreams: &[UpstreamState],
) -> Result<CreationTimes> {
    let unknown = upstreams.iter().filter(|upstream| upstream.created.is_none());
    let names: Vec<_> = unknown.map(|upstream| upstream.name.as_str()).collect();
    let found = match names.as_slice() {
        [] => CreationTimes::new(),
        // One call for one name; more are found in a list with fewer calls than names.
        [name] => {
            let described = describe(aws, identity, name).await?;
            let created = described.and_then(|described| described.created_time().and_then(timestamp));
            created.map(|created| ((*name).to_owned(), created)).into_iter().collect()
        }
        names => listed(aws, identity, names).await?,
    };
    match names.iter().find(|name| !found.contains_key(**name)) {
        None => Ok(found),
        Some(missing) => Err(Error::waiting(
            Reason::NotFound,
            format!(
                "upstream {missing} does not exist in domain {}; create the repository, or remove the upstream from spec.upstreams",
                identity.domain_grant_name()
            ),
        )),
    }
}

async fn listed(aws: &Aws, identity: &Identity, names: &[&str]) -> Result<CreationTimes> {
    let mut found = CreationTimes::new();
    let mut next = None;
    loop {
        let (page, token) = page(aws, identity, next).await?;
        let wanted = page.iter().filter_map(|repository| {
            let name = repository.name().filter(|name| names.contains(name))?;
            Some((name.to_owned(), timestamp(repository.created_time()?)?))
        });
        found.extend(wanted);
        next = token;
        if next.is_none() || found.len() == names.len() {
            return Ok(found);
        }
    }
}

/// The upstreams of all repositories of the domain. A refused read is an error, so that nothing is deleted unseen.
pub(super) async fn upstreams(aws: &Aws, identity: &Identity) -> Result<Upstreams> {
    let mut found = Upstreams::new();
    let mut next = None;
    loop {
        let (page, token) = page(aws, identity, next).await?;
        let names: Vec<_> = page.iter().filter_map(RepositorySummary::name).collect();
        for some in names.chunks(AT_ONCE) {
            let described = try_join_all(some.iter().map(|name| describe(aws, identity, name))).await?;
            found.extend(described.into_iter().flatten().filter_map(|repository| {
                let upstreams =
                    repository.upstreams().iter().filter_map(|upstream| upstream.repository_name());
                let upstreams: Vec<_> = upstreams.map(str::to_owned).collect();
                Some((repository.name?, upstreams)).filter(|(_, upstreams)| !upstreams.is_empty())
            }));
        }
        next = token;
        if next.is_none() {
            return Ok(found);
        }
    }
}

async fn page(
    aws: &Aws,
    identity: &Identity,
    next: Option<String>,
) -> Result<(Vec<RepositorySummary>, Option<String>)> {
    let call = aws.reads().await.list_repositories_in_domain().domain(&identity.domain);
    let call = call.domain_owner(&identity.owner).max_results(1000).set_next_token(next);
    let output = call.send().await.named("ListRepositoriesInDomain")?;
    Ok((output.repositories.unwrap_or_default(), output.next_token))
}

/// A package that holds a version, and how many packages the repository has; `None` when no package holds one.
pub(super) async fn packages_with_versions(
    aws: &Aws,
    identity: &Identity,
) -> Result<Option<(String, usize)>> {
    let (mut holding, mut count, mut next) = (None, 0, None);
    loop {
        let call = aws.reads().await.list_packages().domain(&identity.domain).domain_owner(&identity.owner);
        let call = call.repository(repository_name(identity)?).max_results(1000).set_next_token(next);
        let page = call.send().await.named("ListPackages")?;
        count += page.packages().len();
        for package in page.packages() {
            if holding.is_none() && has_versions(aws, identity, package).await? {
                holding = Some(display(package));
            }
        }
        next = page.next_token;
        if next.is_none() {
            return Ok(holding.map(|package| (package, count)));
        }
    }
}

async fn has_versions(aws: &Aws, identity: &Identity, package: &PackageSummary) -> Result<bool> {
    let call =
        aws.reads().await.list_package_versions().domain(&identity.domain).domain_owner(&identity.owner);
    let call = call
        .repository(repository_name(identity)?)
        .set_format(package.format.clone())
        .set_namespace(package.namespace.clone())
        .set_package(package.package.clone())
        .max_results(1);
    match call.send().await.named("ListPackageVersions") {
        Ok(page) => Ok(!page.versions().is_empty() || page.next_token().is_some()),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn display(package: &PackageSummary) -> String {
    let format = package.format().map(PackageFormat::as_str);
    [format, package.namespace(), package.package()].into_iter().flatten().collect::<Vec<_>>().join("/")
}
