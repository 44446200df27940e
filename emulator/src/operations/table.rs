//! The code of each of the API's 48 operations.

use super::{
    Handler, connections, domains, groups, packages, policies, repositories, tags, tokens, versions,
};
use crate::model::{self, Operation};
use http::Method;

/// The operation for a method and a path below `/v1`, and its code.
pub(super) fn find(method: &Method, path: &str) -> Option<(&'static Operation, Handler)> {
    let operation = model::find(method, path)?;
    let (_, handler) = HANDLERS.iter().find(|(name, _)| *name == operation.name)?;
    Some((operation, *handler))
}

/// They come in the order of the model.
static HANDLERS: &[(&str, Handler)] = &[
    ("AssociateExternalConnection", connections::associate),
    ("CopyPackageVersions", versions::copy),
    ("CreateDomain", domains::create),
    ("CreatePackageGroup", groups::create),
    ("CreateRepository", repositories::create),
    ("DeleteDomain", domains::delete),
    ("DeleteDomainPermissionsPolicy", policies::delete_domain),
    ("DeletePackage", packages::delete),
    ("DeletePackageGroup", groups::delete),
    ("DeletePackageVersions", versions::delete),
    ("DeleteRepository", repositories::delete),
    ("DeleteRepositoryPermissionsPolicy", policies::delete_repository),
    ("DescribeDomain", domains::describe),
    ("DescribePackage", packages::describe),
    ("DescribePackageGroup", groups::describe),
    ("DescribePackageVersion", versions::describe),
    ("DescribeRepository", repositories::describe),
    ("DisassociateExternalConnection", connections::disassociate),
    ("DisposePackageVersions", versions::dispose),
    ("GetAssociatedPackageGroup", groups::get_associated),
    ("GetAuthorizationToken", tokens::mint),
    ("GetDomainPermissionsPolicy", policies::get_domain),
    ("GetPackageVersionAsset", versions::asset),
    ("GetPackageVersionReadme", versions::readme),
    ("GetRepositoryEndpoint", repositories::endpoint),
    ("GetRepositoryPermissionsPolicy", policies::get_repository),
    ("ListAllowedRepositoriesForGroup", groups::list_allowed_repositories),
    ("ListAssociatedPackages", groups::list_associated),
    ("ListDomains", domains::list),
    ("ListPackageGroups", groups::list),
    ("ListPackageVersionAssets", versions::list_assets),
    ("ListPackageVersionDependencies", versions::list_dependencies),
    ("ListPackageVersions", packages::list_versions),
    ("ListPackages", packages::list),
    ("ListRepositories", repositories::list),
    ("ListRepositoriesInDomain", repositories::list_in_domain),
    ("ListSubPackageGroups", groups::list_sub),
    ("ListTagsForResource", tags::list),
    ("PublishPackageVersion", versions::publish),
    ("PutDomainPermissionsPolicy", policies::put_domain),
    ("PutPackageOriginConfiguration", packages::put_origin_configuration),
    ("PutRepositoryPermissionsPolicy", policies::put_repository),
    ("TagResource", tags::tag),
    ("UntagResource", tags::untag),
    ("UpdatePackageGroup", groups::update),
    ("UpdatePackageGroupOriginConfiguration", groups::update_origin),
    ("UpdatePackageVersionsStatus", versions::update_status),
    ("UpdateRepository", repositories::update),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_code() {
        let coded = HANDLERS.iter().map(|(name, _)| *name);
        assert!(coded.eq(model::names().map(|(name, _)| name)));
    }
}
