//! The SDK calls of a repository.

use aws_sdk_codeartifact::types::{RepositoryDescription, UpstreamRepository};

use super::ask;
use super::endpoints::Endpoints;
use super::plan::Step;
use super::state::{CreationTimes, RepositoryFacts, UpstreamState};
use crate::api::{EndpointType, Identity, PackageFormat, Tags};
use crate::aws::{Aws, AwsError, AwsErrorKind, Named, repository_name, tagging};
use crate::engine::pipeline::tag_calls;
use crate::error::{Error, Result};
use crate::repository::{explain_cycle, neighbours};

/// The external connections that the service's documentation names; AWS refuses one of these only for what the repository has.
const KNOWN_CONNECTIONS: [&str; 10] = [
    "public:npmjs",
    "public:pypi",
    "public:nuget-org",
    "public:ruby-gems-org",
    "public:crates-io",
    "public:maven-central",
    "public:maven-googleandroid",
    "public:maven-gradleplugins",
    "public:maven-commonsware",
    "public:maven-clojars",
];

/// A repository of the same domain as AWS describes it; `None` when there is none.
pub(super) async fn describe(
    aws: &Aws,
    identity: &Identity,
    name: &str,
) -> Result<Option<RepositoryDescription>> {
    let call = aws.reads().await.describe_repository().domain(&identity.domain).domain_owner(&identity.owner);
    match call.repository(name).send().await.named("DescribeRepository") {
        Ok(output) => described(output.repository).map(Some),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The addresses of all formats; `None` where AWS denies the call: a login derives the addresses from the names then.
pub(super) async fn endpoints_if_allowed(aws: &Aws, identity: &Identity) -> Result<Option<Endpoints>> {
    match ask::endpoints(aws, identity, EndpointType::Ipv4, &PackageFormat::ALL).await {
        Err(Error::Aws(error)) if error.kind == AwsErrorKind::Denied => Ok(None),
        endpoints => endpoints.map(Some),
    }
}

/// Carries out one step.
pub(super) async fn execute(aws: &Aws, identity: &Identity, step: &Step) -> Result<Option<RepositoryFacts>> {
    match step {
        Step::Create { description, upstreams, tags } => {
            return create(aws, identity, (description, upstreams), tags).await.map(Some);
        }
        Step::Disconnect(name) => disconnect(aws, identity, name).await?,
        Step::Update { description, upstreams } => {
            update(aws, identity, description.clone(), upstreams.as_deref()).await?;
        }
        Step::Connect(name) => connect(aws, identity, name).await?,
        Step::Tags(step) => tag_calls::execute(aws, step).await?,
        Step::Delete => delete(aws, identity).await?,
    }
    Ok(None)
}

/// The upstreams' creation times are read before the upstreams are set. If an upstream is recreated in between, the recorded time is
/// stale and the next reconcile sets the upstreams again; the other order would hide the change.
async fn create(
    aws: &Aws,
    identity: &Identity,
    (description, upstreams): (&str, &[UpstreamState]),
    tags: &Tags,
) -> Result<RepositoryFacts> {
    let upstreams_created = match neighbours::creation_times(aws, identity, upstreams).await {
        // Setting an upstream needs no right to describe that upstream. Without that right, a recreated upstream is not noticed.
        Err(Error::Aws(error)) if error.kind == AwsErrorKind::Denied => CreationTimes::new(),
        found => found?,
    };
    let names: Vec<_> = upstreams.iter().map(|upstream| upstream.name.clone()).collect();
    let call = aws.writes().await.create_repository().domain(&identity.domain).domain_owner(&identity.owner);
    let call = call
        .repository(repository_name(identity)?)
        .set_description((!description.is_empty()).then(|| description.to_owned()))
        .set_upstreams((!names.is_empty()).then(|| to_aws(&names)).transpose()?)
        .set_tags(Some(tagging::to_aws(tags)?));
    let output = call.send().await.named("CreateRepository");
    let output = match output.map_err(|error| about_upstreams(error, &names)) {
        // The repository may exist although this identity may not read it: describing it decides what to do next.
        Err(error) if error.is_conflict() => {
            return describe(aws, identity, repository_name(identity)?).await.and(Err(error.into()));
        }
        output => output?,
    };
    let endpoints = endpoints_if_allowed(aws, identity).await?;
    Ok(RepositoryFacts {
        endpoints,
        upstreams_created,
        ..RepositoryFacts::from(&described(output.repository)?)
    })
}

async fn update(
    aws: &Aws,
    identity: &Identity,
    description: Option<String>,
    upstreams: Option<&[String]>,
) -> Result<()> {
    let call = aws.writes().await.update_repository().domain(&identity.domain).domain_owner(&identity.owner);
    let call = call.repository(repository_name(identity)?).set_description(description);
    let call = call.set_upstreams(upstreams.map(to_aws).transpose()?).send().await;
    let Err(error) = call.named("UpdateRepository") else { return Ok(()) };
    Err(match upstreams {
        // The spec is not wrong: an external connection was attached after the repository was observed. A conflict makes the next
        // reconcile plan again.
        Some([]) => moved_on(error).into(),
        names => {
            let names = names.unwrap_or_default();
            explain_cycle::explain(aws, identity, names, about_upstreams(error, names)).await
        }
    })
}

async fn connect(aws: &Aws, identity: &Identity, connection: &str) -> Result<()> {
    let call = aws.writes().await.associate_external_connection().external_connection(connection);
    let call =
        call.domain(&identity.domain).domain_owner(&identity.owner).repository(repository_name(identity)?);
    let Err(error) = call.send().await.named("AssociateExternalConnection") else { return Ok(()) };
    if !matches!(error.kind, AwsErrorKind::Rejected | AwsErrorKind::Conflict) {
        return Err(error.into());
    }
    // A second connection is refused as invalid, and attaching the same one twice may be refused in the same way.
    let now = describe(aws, identity, repository_name(identity)?).await?;
    let attached = now.iter().flat_map(RepositoryDescription::external_connections);
    if attached.filter_map(|one| one.external_connection_name()).any(|name| name == connection) {
        return Ok(());
    }
    let known = KNOWN_CONNECTIONS.contains(&connection);
    Err(if known { moved_on(error) } else { unknown_connection(error) }.into())
}

async fn disconnect(aws: &Aws, identity: &Identity, connection: &str) -> Result<()> {
    let call = aws.writes().await.disassociate_external_connection().external_connection(connection);
    let call =
        call.domain(&identity.domain).domain_owner(&identity.owner).repository(repository_name(identity)?);
    absent_is_done(call.send().await.named("DisassociateExternalConnection"))
}

async fn delete(aws: &Aws, identity: &Identity) -> Result<()> {
    let call = aws.writes().await.delete_repository().domain(&identity.domain).domain_owner(&identity.owner);
    absent_is_done(call.repository(repository_name(identity)?).send().await.named("DeleteRepository"))
}

fn absent_is_done<T>(result: Result<T, AwsError>) -> Result<()> {
    match result {
        Err(error) if !error.is_not_found() => Err(error.into()),
        _ => Ok(()),
    }
}

/// A refusal that comes from the state of the repository, not from the spec: to be planned afresh.
fn moved_on(error: AwsError) -> AwsError {
    match error.kind {
        AwsErrorKind::Rejected => AwsError { kind: AwsErrorKind::Conflict, ..error },
        _ => error,
    }
}

fn unknown_connection(mut error: AwsError) -> AwsError {
    error.message.push_str("; the documented names are ");
    error.message.push_str(&KNOWN_CONNECTIONS.join(", "));
    error
}

/// What is refused may be an action on an upstream that AWS does not name.
fn about_upstreams(error: AwsError, upstreams: &[String]) -> AwsError {
    if error.kind != AwsErrorKind::Denied || upstreams.is_empty() {
        return error;
    }
    let message = format!(
        "{}; besides {} on the repository, this identity needs codeartifact:AssociateWithDownstreamRepository on each upstream: {}",
        error.message,
        error.operation,
        upstreams.join(", ")
    );
    AwsError { message, ..error }
}

fn to_aws(names: &[String]) -> Result<Vec<UpstreamRepository>> {
    let built = names.iter().map(|name| UpstreamRepository::builder().repository_name(name).build());
    built.collect::<Result<_, _>>().map_err(|error| Error::Internal(error.to_string()))
}

fn described(repository: Option<RepositoryDescription>) -> Result<RepositoryDescription> {
    repository.ok_or_else(|| Error::Internal("AWS described no repository".into()))
}
