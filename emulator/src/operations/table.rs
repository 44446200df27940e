//! The table of the API's 48 operations.

use super::{Handler, connections, domains, packages, repositories, tags, tokens};
use crate::perform::Access;
use crate::perform::Access::{Mint, Read, Write};
use http::Method;

/// One operation of the service model.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    method: &'static str,
    path: &'static str,
    pub(crate) access: Access,
    pub(crate) resource: Resource,
    /// None where the emulator does not know the operation yet.
    pub(crate) handler: Option<Handler>,
}

/// What kind of ARN an operation's permission is checked against.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Resource {
    /// No resource type: only policies for `*` apply.
    Any,
    Domain,
    Repository,
    Package,
    /// The request names an ARN itself.
    Named,
}

use Resource::{Any, Domain, Named, Package, Repository};

/// The operation for a method and a path below `/v1`.
pub(crate) fn find(method: &Method, path: &str) -> Option<&'static Operation> {
    let path = path.strip_prefix("/v1")?;
    OPERATIONS.iter().find(|operation| operation.path == path && operation.method == method.as_str())
}

const fn operation(
    name: &'static str,
    (method, path): (&'static str, &'static str),
    access: Access,
    resource: Resource,
    handler: Option<Handler>,
) -> Operation {
    Operation { name, method, path, access, resource, handler }
}

#[rustfmt::skip]
static OPERATIONS: &[Operation] = &[
    operation("AssociateExternalConnection", ("POST", "/repository/external-connection"), Write, Repository, Some(connections::associate)),
    operation("CopyPackageVersions", ("POST", "/package/versions/copy"), Write, Domain, None),
    operation("CreateDomain", ("POST", "/domain"), Write, Any, Some(domains::create)),
    operation("CreatePackageGroup", ("POST", "/package-group"), Write, Any, None),
    operation("CreateRepository", ("POST", "/repository"), Write, Any, Some(repositories::create)),
    operation("DeleteDomain", ("DELETE", "/domain"), Write, Domain, Some(domains::delete)),
    operation("DeleteDomainPermissionsPolicy", ("DELETE", "/domain/permissions/policy"), Write, Domain, None),
    operation("DeletePackage", ("DELETE", "/package"), Write, Package, None),
    operation("DeletePackageGroup", ("DELETE", "/package-group"), Write, Domain, None),
    operation("DeletePackageVersions", ("POST", "/package/versions/delete"), Write, Package, None),
    operation("DeleteRepository", ("DELETE", "/repository"), Write, Repository, Some(repositories::delete)),
    operation("DeleteRepositoryPermissionsPolicy", ("DELETE", "/repository/permissions/policies"), Write, Repository, None),
    operation("DescribeDomain", ("GET", "/domain"), Read, Domain, Some(domains::describe)),
    operation("DescribePackage", ("GET", "/package"), Read, Package, Some(packages::describe)),
    operation("DescribePackageGroup", ("GET", "/package-group"), Read, Domain, None),
    operation("DescribePackageVersion", ("GET", "/package/version"), Read, Package, None),
    operation("DescribeRepository", ("GET", "/repository"), Read, Repository, Some(repositories::describe)),
    operation("DisassociateExternalConnection", ("DELETE", "/repository/external-connection"), Write, Repository, Some(connections::disassociate)),
    operation("DisposePackageVersions", ("POST", "/package/versions/dispose"), Write, Package, None),
    operation("GetAssociatedPackageGroup", ("GET", "/get-associated-package-group"), Read, Domain, None),
    operation("GetAuthorizationToken", ("POST", "/authorization-token"), Mint, Domain, Some(tokens::mint)),
    operation("GetDomainPermissionsPolicy", ("GET", "/domain/permissions/policy"), Read, Domain, None),
    operation("GetPackageVersionAsset", ("GET", "/package/version/asset"), Read, Package, None),
    operation("GetPackageVersionReadme", ("GET", "/package/version/readme"), Read, Package, None),
    operation("GetRepositoryEndpoint", ("GET", "/repository/endpoint"), Read, Repository, Some(repositories::endpoint)),
    operation("GetRepositoryPermissionsPolicy", ("GET", "/repository/permissions/policy"), Read, Repository, None),
    operation("ListAllowedRepositoriesForGroup", ("GET", "/package-group-allowed-repositories"), Read, Domain, None),
    operation("ListAssociatedPackages", ("GET", "/list-associated-packages"), Read, Domain, None),
    operation("ListDomains", ("POST", "/domains"), Read, Any, Some(domains::list)),
    operation("ListPackageGroups", ("POST", "/package-groups"), Read, Domain, None),
    operation("ListPackageVersionAssets", ("POST", "/package/version/assets"), Read, Package, None),
    operation("ListPackageVersionDependencies", ("POST", "/package/version/dependencies"), Read, Package, None),
    operation("ListPackageVersions", ("POST", "/package/versions"), Read, Package, Some(packages::list_versions)),
    operation("ListPackages", ("POST", "/packages"), Read, Repository, Some(packages::list)),
    operation("ListRepositories", ("POST", "/repositories"), Read, Any, Some(repositories::list)),
    operation("ListRepositoriesInDomain", ("POST", "/domain/repositories"), Read, Domain, Some(repositories::list_in_domain)),
    operation("ListSubPackageGroups", ("POST", "/package-groups/sub-groups"), Read, Domain, None),
    operation("ListTagsForResource", ("POST", "/tags"), Read, Named, Some(tags::list)),
    operation("PublishPackageVersion", ("POST", "/package/version/publish"), Write, Package, None),
    operation("PutDomainPermissionsPolicy", ("PUT", "/domain/permissions/policy"), Write, Domain, None),
    operation("PutPackageOriginConfiguration", ("POST", "/package"), Write, Package, Some(packages::put_origin_configuration)),
    operation("PutRepositoryPermissionsPolicy", ("PUT", "/repository/permissions/policy"), Write, Repository, None),
    operation("TagResource", ("POST", "/tag"), Write, Named, Some(tags::tag)),
    operation("UntagResource", ("POST", "/untag"), Write, Named, Some(tags::untag)),
    operation("UpdatePackageGroup", ("PUT", "/package-group"), Write, Domain, None),
    operation("UpdatePackageGroupOriginConfiguration", ("PUT", "/package-group-origin-configuration"), Write, Domain, None),
    operation("UpdatePackageVersionsStatus", ("POST", "/package/versions/update_status"), Write, Package, None),
    operation("UpdateRepository", ("PUT", "/repository"), Write, Repository, Some(repositories::update)),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_operation_has_a_route_of_its_own() {
        let routes: BTreeSet<_> = OPERATIONS.iter().map(|one| (one.method, one.path)).collect();
        let names: BTreeSet<_> = OPERATIONS.iter().map(|one| one.name).collect();
        assert_eq!((routes.len(), names.len()), (48, 48));
    }

    #[test]
    fn unknown_paths_find_nothing() {
        assert!(find(&Method::GET, "/v1/domain").is_some());
        assert!(find(&Method::PATCH, "/v1/domain").is_none());
        assert!(find(&Method::GET, "/v1/domain/").is_none());
    }
}
