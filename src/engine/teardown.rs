//! From a deleted object to AWS: let go, or delete. Works from the pinned identity, not from the spec.

use std::sync::Arc;

use kube::ResourceExt;

use super::Claim;
use super::converge::Pass;
use super::kind::{Kind, Ownership, Settings};
use super::object::{Controlled as _, Done, Note};
use crate::api::{AwsAccount, DeletionPolicy, Identity, Mode};
use crate::aws::Aws;
use crate::error::{Error, Reason, Result};

/// How long letting go may wait for AWS before it goes without.
const RELEASE_PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// Ends what the object stands for, as its policy says.
pub(super) async fn release_or_delete<K: Kind>(pass: &mut Pass<'_, K>) -> Result<Done> {
    end(pass, K::settings(pass.object)).await
}

/// Ends it as Retain does.
pub(super) async fn release<K: Kind>(pass: &mut Pass<'_, K>) -> Result<Done> {
    end(pass, Settings { deletion: DeletionPolicy::Retain, ..K::settings(pass.object) }).await
}

async fn end<K: Kind>(pass: &mut Pass<'_, K>, settings: Settings) -> Result<Done> {
    let Some(identity) = K::pinned(&pass.status).cloned() else { return Ok(Done::gone()) };
    if !K::OWNED || settings.mode == Mode::Observe {
        return Ok(Done::gone());
    }
    if pass.object.suspended() {
        pass.notes.push(Note::normal(
            Reason::Released,
            format!("{} is left as it is: the object is suspended", identity.resource()),
        ));
        return Ok(Done::gone());
    }
    let account = match permitted(pass, &settings.account, &identity) {
        Ok(account) => account,
        Err(error) if error.reason() == Reason::Suspended && settings.deletion == DeletionPolicy::Delete => {
            return Err(error);
        }
        Err(error) => return Ok(left_behind(pass, &identity, &error.to_string())),
    };
    match settings.deletion {
        DeletionPolicy::Retain => Ok(let_go(pass, &account, &identity).await),
        DeletionPolicy::Delete => delete(pass, &account, &identity).await,
    }
}

/// The account, if it is still there, still the same one, and still grants the resource to the namespace.
fn permitted<K: Kind>(pass: &Pass<'_, K>, account: &str, identity: &Identity) -> Result<Arc<AwsAccount>> {
    let account = pass.context.caches.account(account)?;
    if account.spec.account_id != identity.account || account.spec.region != identity.region {
        return Err(Error::stalled(
            Reason::IdentityChanged,
            format!("AwsAccount {} is another account or Region now", account.name_any()),
        ));
    }
    let namespace = pass.object.namespace().unwrap_or_default();
    pass.context.caches.check_grants(&account, &namespace, &[Claim::Manage(identity.resource())])?;
    Ok(account)
}

/// Takes our tag off if that can be done now; lets go in any case.
async fn let_go<K: Kind>(pass: &mut Pass<'_, K>, account: &AwsAccount, identity: &Identity) -> Done {
    let untagged = tokio::time::timeout(RELEASE_PATIENCE, async {
        let aws = pass.sign_in(account).await?;
        let Some(have) = K::observe(&aws, identity, pass.object, None).await? else { return Ok(()) };
        if is_ours(pass, account, K::owner(&have.state)) {
            for step in K::release(&have.state) {
                K::execute(&aws, identity, &step).await?;
            }
        }
        Ok::<(), Error>(())
    });
    match untagged.await {
        Ok(Ok(())) => {
            pass.notes.push(Note::normal(
                Reason::Released,
                format!("{} stays in AWS and is nobody's now", identity.resource()),
            ));
            Done::gone()
        }
        Ok(Err(error)) => left_behind(pass, identity, &error.to_string()),
        Err(_) => left_behind(pass, identity, "AWS did not answer in time"),
    }
}

fn left_behind<K: Kind>(pass: &mut Pass<'_, K>, identity: &Identity, why: &str) -> Done {
    let message =
        format!("{} stays in AWS, perhaps with our owner tag still on it: {why}", identity.resource());
    pass.notes.push(Note::warning(Reason::Released, message));
    Done::gone()
}

async fn delete<K: Kind>(pass: &mut Pass<'_, K>, account: &AwsAccount, identity: &Identity) -> Result<Done> {
    let aws = pass.sign_in(account).await?;
    let Some(have) = K::observe(&aws, identity, pass.object, None).await? else {
        return Ok(Done::gone());
    };
    if !is_ours(pass, account, K::owner(&have.state)) {
        return Ok(left_behind(pass, identity, "its owner tag is not this object's any more"));
    }
    refuse_while_blocked(pass, &aws, identity).await?;
    for step in K::plan(None, Some(&have.state)) {
        match K::execute(&aws, identity, &step).await {
            // Something slipped in between the check and the delete: look again, and name it.
            Err(Error::Aws(error)) if error.is_conflict() => {
                refuse_while_blocked(pass, &aws, identity).await.and(Err(error.into()))?;
            }
            other => other.map(|_| ())?,
        }
    }
    match K::observe(&aws, identity, pass.object, None).await? {
        None => {
            pass.notes
                .push(Note::normal(Reason::Deleted, format!("{} is deleted in AWS", identity.resource())));
            Ok(Done::gone())
        }
        Some(_) => Err(Error::waiting(Reason::Deleting, format!("AWS still shows {}", identity.resource()))),
    }
}

async fn refuse_while_blocked<K: Kind>(pass: &Pass<'_, K>, aws: &Aws, identity: &Identity) -> Result<()> {
    let blockers = K::blockers(aws, identity, pass.object).await?;
    if blockers.is_empty() {
        return Ok(());
    }
    Err(Error::waiting(
        Reason::DeletionBlocked,
        format!(
            "{} cannot be deleted in AWS because of {}; remove that, or set spec.deletionPolicy to Retain to let go of it",
            identity.resource(),
            blockers.join(", ")
        ),
    ))
}

fn is_ours<K: Kind>(pass: &Pass<'_, K>, account: &AwsAccount, owner: Ownership<'_>) -> bool {
    match owner {
        Ownership::Tagged(tag) => pass.owner(account).is(tag),
        Ownership::Untagged | Ownership::Shared => false,
    }
}
