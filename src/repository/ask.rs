//! The addresses of a repository, asked of AWS.

use aws_sdk_codeartifact::operation::get_repository_endpoint::GetRepositoryEndpointError;
use aws_sdk_codeartifact::types::ResourceType;

use crate::api::{EndpointType, Identity, PackageFormat};
use crate::aws::{self, Aws, AwsError, AwsErrorKind, Named, repository_name};
use crate::error::{Error, Result};
use crate::repository::endpoints::{Endpoints, derive};

/// The addresses for at least these formats: AWS is asked once when the other addresses follow from the answer, else for each format.
pub async fn endpoints(
    aws: &Aws,
    identity: &Identity,
    kind: EndpointType,
    formats: &[PackageFormat],
) -> Result<Endpoints> {
    let mut endpoints = Endpoints::new();
    for format in formats {
        let address = endpoint(aws, identity, kind, *format).await?;
        if let Some(all) = derive(&address, *format, identity) {
            return Ok(all);
        }
        endpoints.insert(format.as_str().into(), address);
    }
    Ok(endpoints)
}

async fn endpoint(
    aws: &Aws,
    identity: &Identity,
    kind: EndpointType,
    format: PackageFormat,
) -> Result<String> {
    let kind = match kind {
        EndpointType::Ipv4 => aws_sdk_codeartifact::types::EndpointType::Ipv4,
        EndpointType::Dualstack => aws_sdk_codeartifact::types::EndpointType::Dualstack,
    };
    let call = aws.reads().await.get_repository_endpoint().endpoint_type(kind);
    let call = call.format(format.as_str().into()).domain(&identity.domain).domain_owner(&identity.owner);
    let answer = call.repository(repository_name(identity)?).send().await;
    let no_domain = answer.as_ref().is_err_and(|error| {
        matches!(error.as_service_error(), Some(GetRepositoryEndpointError::ResourceNotFoundException(absent))
            if absent.resource_type() == Some(&ResourceType::Domain))
    });
    let output = answer.named("GetRepositoryEndpoint").map_err(|error| {
        if !no_domain {
            return error;
        }
        let (reason, remedy) =
            aws::no_domain(&identity.domain, &identity.owner, &identity.account, &identity.region);
        AwsError { kind: AwsErrorKind::Known(reason), message: remedy, ..error }
    })?;
    output.repository_endpoint.ok_or_else(|| Error::Internal("AWS gave no endpoint".into()))
}
