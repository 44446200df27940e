//! The API's 48 operations, as the service model names them.

use super::{self as input, Members, Place};
use crate::call::Access;
use crate::call::Access::{Mint, Read, Write};
use crate::glob;
use http::Method;

/// One operation of the service model.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    method: &'static str,
    path: &'static str,
    pub(crate) access: Access,
    pub(crate) resource: Resource,
    pub(crate) input: Members,
}

/// What kind of ARN an operation's permission is checked against.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Resource {
    /// No resource type: only policies for `*` apply.
    Any,
    Domain,
    Repository,
    Package,
    /// The package in the repository that a copy goes to. The repository itself is asked about by the handler.
    CopiedPackage,
    PackageGroup,
    /// The group that the package belongs to, which the request does not name.
    AssociatedGroup,
    /// The request names an ARN itself.
    Named,
}

impl Operation {
    /// Whether a member travels there.
    pub(crate) fn has(&self, place: Place) -> bool {
        self.input.iter().copied().flatten().any(|member| member.place == place)
    }
}

use Resource::{Any, AssociatedGroup, CopiedPackage, Domain, Named, Package, PackageGroup, Repository};

/// The operation for a method and a path below `/v1`.
pub(crate) fn find(method: &Method, path: &str) -> Option<&'static Operation> {
    let path = path.strip_prefix("/v1")?;
    OPERATIONS.iter().find(|operation| operation.path == path && operation.method == method.as_str())
}

/// What the operations are called.
pub(crate) fn names() -> impl Iterator<Item = (&'static str, Access)> {
    OPERATIONS.iter().map(|operation| (operation.name, operation.access))
}

/// Whether an operation has that name.
pub(crate) fn is_operation(name: &str) -> bool {
    names().any(|(known, _)| known == name)
}

/// What policies allow beside the operations.
const OTHER_ACTIONS: &[&str] =
    &["AssociateWithDownstreamRepository", "PutPackageMetadata", "ReadFromRepository"];

/// Whether a lower-case pattern means something that policies can allow here. The service's prefix is left out.
pub(crate) fn is_action(pattern: &str) -> bool {
    let mut names = names().map(|(name, _)| name).chain(OTHER_ACTIONS.iter().copied());
    names.any(|name| glob::matches(pattern, &name.to_ascii_lowercase()))
}

const fn operation(
    name: &'static str,
    (method, path): (&'static str, &'static str),
    (access, resource): (Access, Resource),
    input: Members,
) -> Operation {
    Operation { name, method, path, access, resource, input }
}

#[rustfmt::skip]
static OPERATIONS: &[Operation] = &[
    operation("AssociateExternalConnection", ("POST", "/repository/external-connection"), (Write, Repository), input::EXTERNAL_CONNECTION),
    operation("CopyPackageVersions", ("POST", "/package/versions/copy"), (Write, CopiedPackage), input::COPY),
    operation("CreateDomain", ("POST", "/domain"), (Write, Any), input::CREATE_DOMAIN),
    operation("CreatePackageGroup", ("POST", "/package-group"), (Write, Any), input::CREATE_GROUP),
    operation("CreateRepository", ("POST", "/repository"), (Write, Any), input::CREATE_REPOSITORY),
    operation("DeleteDomain", ("DELETE", "/domain"), (Write, Domain), input::DOMAIN_ONLY),
    operation("DeleteDomainPermissionsPolicy", ("DELETE", "/domain/permissions/policy"), (Write, Domain), input::DOMAIN_POLICY_LOCK),
    operation("DeletePackage", ("DELETE", "/package"), (Write, Package), input::PACKAGE_ONLY),
    operation("DeletePackageGroup", ("DELETE", "/package-group"), (Write, PackageGroup), input::DELETE_GROUP),
    operation("DeletePackageVersions", ("POST", "/package/versions/delete"), (Write, Package), input::DELETE_VERSIONS),
    operation("DeleteRepository", ("DELETE", "/repository"), (Write, Repository), input::REPOSITORY_ONLY),
    operation("DeleteRepositoryPermissionsPolicy", ("DELETE", "/repository/permissions/policies"), (Write, Repository), input::REPOSITORY_POLICY_LOCK),
    operation("DescribeDomain", ("GET", "/domain"), (Read, Domain), input::DOMAIN_ONLY),
    operation("DescribePackage", ("GET", "/package"), (Read, Package), input::PACKAGE_ONLY),
    operation("DescribePackageGroup", ("GET", "/package-group"), (Read, PackageGroup), input::GROUP_ONLY),
    operation("DescribePackageVersion", ("GET", "/package/version"), (Read, Package), input::VERSION_ONLY),
    operation("DescribeRepository", ("GET", "/repository"), (Read, Repository), input::REPOSITORY_ONLY),
    operation("DisassociateExternalConnection", ("DELETE", "/repository/external-connection"), (Write, Repository), input::EXTERNAL_CONNECTION),
    operation("DisposePackageVersions", ("POST", "/package/versions/dispose"), (Write, Package), input::DISPOSE_VERSIONS),
    operation("GetAssociatedPackageGroup", ("GET", "/get-associated-package-group"), (Read, AssociatedGroup), input::GET_ASSOCIATED),
    operation("GetAuthorizationToken", ("POST", "/authorization-token"), (Mint, Domain), input::GET_TOKEN),
    operation("GetDomainPermissionsPolicy", ("GET", "/domain/permissions/policy"), (Read, Domain), input::DOMAIN_ONLY),
    operation("GetPackageVersionAsset", ("GET", "/package/version/asset"), (Read, Package), input::GET_ASSET),
    operation("GetPackageVersionReadme", ("GET", "/package/version/readme"), (Read, Package), input::VERSION_ONLY),
    operation("GetRepositoryEndpoint", ("GET", "/repository/endpoint"), (Read, Repository), input::GET_ENDPOINT),
    operation("GetRepositoryPermissionsPolicy", ("GET", "/repository/permissions/policy"), (Read, Repository), input::REPOSITORY_ONLY),
    operation("ListAllowedRepositoriesForGroup", ("GET", "/package-group-allowed-repositories"), (Read, PackageGroup), input::LIST_ALLOWED),
    operation("ListAssociatedPackages", ("GET", "/list-associated-packages"), (Read, PackageGroup), input::LIST_ASSOCIATED),
    operation("ListDomains", ("POST", "/domains"), (Read, Any), input::LIST_DOMAINS),
    operation("ListPackageGroups", ("POST", "/package-groups"), (Read, Domain), input::LIST_GROUPS),
    operation("ListPackageVersionAssets", ("POST", "/package/version/assets"), (Read, Package), input::LIST_ASSETS),
    operation("ListPackageVersionDependencies", ("POST", "/package/version/dependencies"), (Read, Package), input::LIST_DEPENDENCIES),
    operation("ListPackageVersions", ("POST", "/package/versions"), (Read, Package), input::LIST_VERSIONS),
    operation("ListPackages", ("POST", "/packages"), (Read, Repository), input::LIST_PACKAGES),
    operation("ListRepositories", ("POST", "/repositories"), (Read, Any), input::LIST_REPOSITORIES),
    operation("ListRepositoriesInDomain", ("POST", "/domain/repositories"), (Read, Domain), input::LIST_REPOSITORIES_IN_DOMAIN),
    operation("ListSubPackageGroups", ("POST", "/package-groups/sub-groups"), (Read, PackageGroup), input::LIST_SUB_GROUPS),
    operation("ListTagsForResource", ("POST", "/tags"), (Read, Named), input::RESOURCE_ONLY),
    operation("PublishPackageVersion", ("POST", "/package/version/publish"), (Write, Package), input::PUBLISH),
    operation("PutDomainPermissionsPolicy", ("PUT", "/domain/permissions/policy"), (Write, Domain), input::PUT_DOMAIN_POLICY),
    operation("PutPackageOriginConfiguration", ("POST", "/package"), (Write, Package), input::PUT_ORIGIN),
    operation("PutRepositoryPermissionsPolicy", ("PUT", "/repository/permissions/policy"), (Write, Repository), input::PUT_REPOSITORY_POLICY),
    operation("TagResource", ("POST", "/tag"), (Write, Named), input::TAG_RESOURCE),
    operation("UntagResource", ("POST", "/untag"), (Write, Named), input::UNTAG_RESOURCE),
    operation("UpdatePackageGroup", ("PUT", "/package-group"), (Write, PackageGroup), input::UPDATE_GROUP),
    operation("UpdatePackageGroupOriginConfiguration", ("PUT", "/package-group-origin-configuration"), (Write, PackageGroup), input::UPDATE_GROUP_ORIGIN),
    operation("UpdatePackageVersionsStatus", ("POST", "/package/versions/update_status"), (Write, Package), input::UPDATE_STATUS),
    operation("UpdateRepository", ("PUT", "/repository"), (Write, Repository), input::UPDATE_REPOSITORY),
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
    fn the_documentation_lists_all_of_them() {
        let documentation = include_str!("../../../docs/emulator.md");
        let rows = documentation.lines().filter(|line| line.contains("` | `") && line.contains(" /v1/"));
        let told: BTreeSet<_> = rows.filter_map(|row| Some(row.rsplit_once(" | ")?.0.to_owned())).collect();
        let row = |one: &Operation| {
            let kind = format!("{:?}", one.access).to_lowercase();
            format!("| `{}` | `{} /v1{}` | {kind}", one.name, one.method, one.path)
        };
        assert_eq!(told, OPERATIONS.iter().map(row).collect());
    }

    #[test]
    fn actions_are_those_of_the_service() {
        for (pattern, expected) in [
            ("*", true),
            ("createdomain", true),
            ("readfromrepository", true),
            ("putpackagemetadata", true),
            ("associatewithdownstreamrepository", true),
            ("get*", true),
            ("?reatedomain", true),
            ("bogus", false),
            ("createdomains", false),
            ("bogus*", false),
            ("", false),
        ] {
            assert_eq!(is_action(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn unknown_paths_find_nothing() {
        assert!(find(&Method::GET, "/v1/domain").is_some());
        assert!(find(&Method::PATCH, "/v1/domain").is_none());
        assert!(find(&Method::GET, "/v1/domain/").is_none());
    }
}
