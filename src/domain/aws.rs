//! The SDK calls of a domain.

use aws_sdk_codeartifact::types::DomainDescription;

use super::plan::Step;
use super::state::{DomainFacts, is_active};
use crate::api::{Identity, Tags};
use crate::aws::{Aws, Named, tagging};
use crate::engine::pipeline::kind::Blocker;
use crate::engine::pipeline::tag_calls;
use crate::error::{Error, Result};
use crate::reason::Reason;

/// How many blockers are named; the others are counted.
const NAMED_BLOCKERS: usize = 10;

/// The domain as AWS describes it, and its tags; `None` when there is none. Tags that are `optional` may be denied.
pub(super) async fn describe(
    aws: &Aws,
    identity: &Identity,
    optional: bool,
) -> Result<Option<(DomainFacts, Option<Tags>)>> {
    let call = aws.reads().await.describe_domain().domain(&identity.domain).domain_owner(&identity.owner);
    let domain = match call.send().await.named("DescribeDomain") {
        Ok(output) => facts_of(identity, output.domain())?,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let tags = tagging::list_if_allowed(aws, domain.arn.as_deref().unwrap_or_default(), optional).await?;
    Ok(Some((domain, tags)))
}

/// Carries out one step.
pub(super) async fn execute(aws: &Aws, identity: &Identity, step: &Step) -> Result<Option<DomainFacts>> {
    match step {
        Step::Create { encryption_key, tags } => {
            create(aws, identity, encryption_key.clone(), tags).await.map(Some)
        }
        Step::Tags(step) => tag_calls::execute(aws, step).await.map(|()| None),
        Step::Delete => delete(aws, identity).await.map(|()| None),
    }
}

/// A domain is always created in the account that signs in; another owner's is refused before.
async fn create(aws: &Aws, identity: &Identity, key: Option<String>, tags: &Tags) -> Result<DomainFacts> {
    let call = aws.writes().await.create_domain().domain(&identity.domain).set_encryption_key(key);
    let output = call.set_tags(Some(tagging::to_aws(tags)?)).send().await.named("CreateDomain")?;
    facts_of(identity, output.domain())
}

async fn delete(aws: &Aws, identity: &Identity) -> Result<()> {
    let call = aws.writes().await.delete_domain().domain(&identity.domain).domain_owner(&identity.owner);
    match call.send().await.named("DeleteDomain") {
        Err(error) if !error.is_not_found() => Err(error.into()),
        _ => Ok(()),
    }
}

/// The repositories that AWS lists in the domain. A refused list is an error, so that nothing is deleted unseen.
pub(super) async fn blockers(aws: &Aws, identity: &Identity) -> Result<Vec<Blocker>> {
    let mut blockers = Vec::new();
    let mut count = 0_usize;
    let mut next = None;
    loop {
        let call = aws.reads().await.list_repositories_in_domain().domain(&identity.domain);
        let call = call.domain_owner(&identity.owner).set_next_token(next);
        let page = match call.send().await.named("ListRepositoriesInDomain") {
            Ok(page) => page,
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        count += page.repositories().len();
        let found = page.repositories().iter().filter_map(|repository| repository.name());
        let named = found.take(NAMED_BLOCKERS - blockers.len());
        blockers.extend(named.map(|name| Blocker::repository(name, format!("repository {name}"))));
        next = page.next_token;
        if next.is_none() {
            break;
        }
    }
    if count > blockers.len() {
        let more = count - blockers.len();
        blockers.push(Blocker::other(format!("{more} more repositories ({count} in all)")));
    }
    Ok(blockers)
}

fn facts_of(identity: &Identity, domain: Option<&DomainDescription>) -> Result<DomainFacts> {
    let domain = domain.ok_or_else(|| Error::Internal("AWS described no domain".into()))?;
    if !is_active(domain) {
        let status = domain.status().map_or("unknown", |status| status.as_str());
        return Err(Error::waiting(
            Reason::Progressing,
            format!("AWS gives domain {identity} the status {status}, not Active"),
        ));
    }
    Ok(DomainFacts::from(domain))
}
