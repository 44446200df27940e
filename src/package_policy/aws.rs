//! The SDK calls of a policy.

use aws_sdk_codeartifact::operation::describe_package::DescribePackageError;
use aws_sdk_codeartifact::types::{
    AllowPublish, AllowUpstream, PackageOriginRestrictions, PackageSummary, ResourceType,
};
use futures::future::try_join_all;

use super::plan::Step;
use super::state::{Packages, controls_of};
use crate::api::{Identity, OriginControls, PackageFormat, PackageName, Permission};
use crate::aws::{Aws, AwsError, Named, repository_name};
use crate::error::{Error, Result};

/// Up to so many packages are described one by one, and so many pages of the list of packages are read for more.
const FEW: usize = 3;
/// How many packages are described at once; the account's limits slow this down where needed.
const AT_ONCE: usize = 16;

/// The origin controls of the packages. A repository that does not exist is an error that waits.
pub(super) async fn read(aws: &Aws, identity: &Identity, wanted: &[&PackageName]) -> Result<Packages> {
    let (mut found, complete) =
        if wanted.len() > FEW { list(aws, identity, wanted).await? } else { (Packages::new(), false) };
    if complete {
        return Ok(found);
    }
    let missing: Vec<_> = wanted.iter().filter(|package| !found.contains_key(**package)).collect();
    for some in missing.chunks(AT_ONCE) {
        let described = some.iter().map(|package| describe(aws, identity, package));
        let controls = try_join_all(described).await?;
        found.extend(some.iter().map(|package| (**package).clone()).zip(controls));
    }
    Ok(found)
}

/// What the first pages of the list say, and whether those were all.
async fn list(aws: &Aws, identity: &Identity, wanted: &[&PackageName]) -> Result<(Packages, bool)> {
    let format = wanted.first().map(|package| package.format);
    let format = format.filter(|format| wanted.iter().all(|package| package.format == *format));
    let (mut found, mut next) = (Packages::new(), None);
    for _ in 0..FEW {
        let call = aws.reads().await.list_packages().domain(&identity.domain).domain_owner(&identity.owner);
        let call = call
            .repository(repository_name(identity)?)
            .set_format(format.map(|format| format.as_str().into()))
            .max_results(1000)
            .set_next_token(next);
        let page = call.send().await.named("ListPackages")?;
        found.extend(page.packages().iter().filter_map(|package| {
            let name = name_of(package).filter(|name| wanted.contains(&name))?;
            Some((name, controls_of(package.origin_configuration())))
        }));
        next = page.next_token;
        if next.is_none() || found.len() == wanted.len() {
            return Ok((found, true));
        }
    }
    Ok((found, false))
}

async fn describe(aws: &Aws, identity: &Identity, package: &PackageName) -> Result<Option<OriginControls>> {
    let call = aws.reads().await.describe_package().domain(&identity.domain).domain_owner(&identity.owner);
    let call = call
        .repository(repository_name(identity)?)
        .format(package.format.as_str().into())
        .set_namespace(package.namespace.clone())
        .package(&package.name);
    match call.send().await {
        Ok(output) => Ok(controls_of(output.package().and_then(|package| package.origin_configuration()))),
        Err(error) if error.as_service_error().is_some_and(only_the_package_is_missing) => Ok(None),
        Err(error) => Err(AwsError::new("DescribePackage", &error).into()),
    }
}

fn only_the_package_is_missing(error: &DescribePackageError) -> bool {
    let DescribePackageError::ResourceNotFoundException(missing) = error else { return false };
    !matches!(missing.resource_type(), Some(ResourceType::Domain | ResourceType::Repository))
}

/// Carries out one step.
pub(super) async fn execute(aws: &Aws, identity: &Identity, step: &Step) -> Result<()> {
    let Step::Restrict { package, controls } = step;
    let publish = match controls.publish {
        Permission::Allow => AllowPublish::Allow,
        Permission::Block => AllowPublish::Block,
    };
    let upstream = match controls.upstream {
        Permission::Allow => AllowUpstream::Allow,
        Permission::Block => AllowUpstream::Block,
    };
    let restrictions = PackageOriginRestrictions::builder().publish(publish).upstream(upstream).build();
    let restrictions = restrictions.map_err(|error| Error::Internal(error.to_string()))?;
    let call = aws.writes().await.put_package_origin_configuration().domain(&identity.domain);
    let call = call
        .domain_owner(&identity.owner)
        .repository(repository_name(identity)?)
        .format(package.format.as_str().into())
        .set_namespace(package.namespace.clone())
        .package(&package.name)
        .restrictions(restrictions);
    call.send().await.named("PutPackageOriginConfiguration")?;
    Ok(())
}

fn name_of(package: &PackageSummary) -> Option<PackageName> {
    let format = package.format()?.as_str();
    let format = PackageFormat::ALL.into_iter().find(|known| known.as_str() == format)?;
    let namespace = package.namespace().filter(|namespace| !namespace.is_empty()).map(Into::into);
    Some(PackageName { format, namespace, name: package.package()?.into() })
}
