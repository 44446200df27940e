//! From a deleted object to AWS: let go, or delete. Works from the pinned identity, not from the spec.

use kube::ResourceExt;

use crate::api::{AwsAccount, DeletionPolicy, Identity, Mode, OWNER_TAG, ObjectStatus};
use crate::aws::Aws;
use crate::engine::object::{Controlled as _, EventRecord, Success};
use crate::engine::pipeline::converge::Reconcile;
use crate::engine::pipeline::deletions::{STALENESS, Unseen};
use crate::engine::pipeline::kind::{Kind, Ownership, Settings};
use crate::engine::pipeline::signatory::signatory;
use crate::engine::pipeline::steps::leaves_doubt;
use crate::engine::pipeline::tags;
use crate::error::{Error, Result};
use crate::reason::{Outlook, Reason};
use kube::core::object::HasStatus as _;

/// How long letting go may wait for AWS before it goes without.
const RELEASE_PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// Whether an object may be kept until answers of AWS cannot be late any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Patience {
    /// The object stays and is reconciled again.
    Waits,
    /// The operator releases the object now. An event says that AWS did not confirm that the resource is gone.
    Goes,
}

/// Ends what the object stands for, as its policy says.
pub(in crate::engine) async fn release_or_delete<K: Kind>(
    reconcile: &mut Reconcile<'_, K>,
) -> Result<Success> {
    end(reconcile, K::settings(reconcile.object), Patience::Waits).await
}

/// Ends it as Retain does, at once.
pub(in crate::engine) async fn release<K: Kind>(reconcile: &mut Reconcile<'_, K>) -> Result<Success> {
    let settings = Settings { deletion: DeletionPolicy::Retain, ..K::settings(reconcile.object) };
    end(reconcile, settings, Patience::Goes).await
}

async fn end<K: Kind>(
    reconcile: &mut Reconcile<'_, K>,
    settings: Settings,
    patience: Patience,
) -> Result<Success> {
    let Some(identity) = reconcile.status.identity().cloned() else { return Ok(Success::gone()) };
    if !K::OWNED || settings.mode == Mode::Observe {
        return Ok(Success::gone());
    }
    if reconcile.object.suspended() {
        reconcile.events.push(EventRecord::normal(
            Reason::Released,
            format!("{identity} is left as it is: the object is suspended"),
        ));
        return Ok(Success::gone());
    }
    let namespace = reconcile.object.namespace().unwrap_or_default();
    let needed = K::required_grants(&identity, settings.mode);
    let account =
        match signatory(&reconcile.context.caches, &settings.account, &identity, (&namespace, &needed)) {
            Ok(account) => account,
            Err(error)
                if error.reason() == Reason::Suspended && settings.deletion == DeletionPolicy::Delete =>
            {
                return Err(error);
            }
            Err(error) => return Ok(left_behind(reconcile, &identity, &error.to_string())),
        };
    match settings.deletion {
        DeletionPolicy::Retain => let_go(reconcile, &account, &identity, patience).await,
        DeletionPolicy::Delete => delete(reconcile, &account, &identity).await,
    }
}

/// The error of a deletion as the object tells it: what somebody must allow is in the way (`DeletionBlocked`), and what AWS does not find
/// may be an answer that is late.
pub(in crate::engine) fn blocked_by<K: Kind>(object: &K::Object, error: Error) -> Error {
    let identity = object.status().and_then(ObjectStatus::identity);
    let settings = K::settings(object);
    // One answer shows the resource and the next one does not: as a rule after its deletion, while answers are late.
    if let Some(identity) = identity.filter(|_| error.reason() == Reason::NotFound && K::OWNED) {
        return look_again(&identity.to_string(), &error.to_string());
    }
    let needs_somebody = error.outlook() == Outlook::Denied || error.reason() == Reason::Suspended;
    match identity {
        Some(identity) if needs_somebody && K::OWNED && settings.deletion == DeletionPolicy::Delete => {
            Error::waiting(
                Reason::DeletionBlocked,
                format!(
                    "{identity} cannot be deleted in AWS: {error}; mend that, or set spec.deletionPolicy to Retain to let go of it"
                ),
            )
        }
        _ => error,
    }
}

/// Whose the resource was when it was let go.
enum Found {
    /// It was not there.
    Nothing,
    /// It was not ours; this says why.
    NotOurs(String),
    /// It was ours, and our tag is off it now.
    Ours,
}

/// Takes our tag off if that can be done now; lets go in any case.
async fn let_go<K: Kind>(
    reconcile: &mut Reconcile<'_, K>,
    account: &AwsAccount,
    identity: &Identity,
    patience: Patience,
) -> Result<Success> {
    let resource = identity.to_string();
    let unseen =
        match tokio::time::timeout(RELEASE_PATIENCE, untag_signed_in(reconcile, account, identity)).await {
            Ok(Ok(Found::Ours)) => {
                reconcile.context.references.written(identity);
                let message = format!("{resource} stays in AWS, and our owner tag is off it");
                reconcile.events.push(EventRecord::normal(Reason::Released, message));
                return Ok(Success::gone());
            }
            Ok(Ok(Found::Nothing)) => "AWS does not show it".to_owned(),
            Ok(Ok(Found::NotOurs(why))) => why,
            Ok(Err(error)) => return Ok(left_behind(reconcile, identity, &error.to_string())),
            Err(_) => return Ok(left_behind(reconcile, identity, "AWS did not answer in time")),
        };
    match reconcile.unseen() {
        Unseen::Unconfirmed if patience == Patience::Waits => Err(look_again(&resource, &unseen)),
        Unseen::Unconfirmed => {
            Ok(left_behind(reconcile, identity, &format!("{unseen}, which may be out of date")))
        }
        Unseen::Confirmed | Unseen::Deleted => {
            let message = format!("there was nothing of {resource} to let go of: {unseen}");
            reconcile.events.push(EventRecord::normal(Reason::Released, message));
            Ok(Success::gone())
        }
    }
}

/// Signs in anew and tries once more when AWS refuses the session.
async fn untag_signed_in<K: Kind>(
    reconcile: &mut Reconcile<'_, K>,
    account: &AwsAccount,
    identity: &Identity,
) -> Result<Found> {
    match untag(reconcile, account, identity).await {
        Err(error) if reconcile.drop_refused_session(&error) => untag(reconcile, account, identity).await,
        outcome => outcome,
    }
}

async fn untag<K: Kind>(
    reconcile: &mut Reconcile<'_, K>,
    account: &AwsAccount,
    identity: &Identity,
) -> Result<Found> {
    let aws = reconcile.sign_in(account).await?;
    let Some(have) = K::observe(&aws, identity, reconcile.object, None).await? else {
        return Ok(Found::Nothing);
    };
    if let Some(why) = not_ours(reconcile, account, tags::owner::<K>(&have.state)) {
        return Ok(Found::NotOurs(why));
    }
    reconcile.report_shown(identity, Some(&have.state), &[]);
    for step in K::release(&have.state) {
        match reconcile.execute(&aws, identity, &step).await {
            // The answer may be lost, and the tag off all the same.
            Err(error) if leaves_doubt(&error) => {
                let now = K::observe(&aws, identity, reconcile.object, None).await?;
                if !now.is_some_and(|now| K::shows(&step, Some(&now.state))) {
                    return Err(error);
                }
            }
            other => drop(other?),
        }
    }
    Ok(Found::Ours)
}

fn look_again(resource: &str, unseen: &str) -> Error {
    let seconds = STALENESS.as_secs();
    Error::waiting(
        Reason::Deleting,
        format!(
            "{resource}: {unseen}; that may be out of date for {seconds} s, so that it is looked at again"
        ),
    )
}

fn left_behind<K: Kind>(reconcile: &mut Reconcile<'_, K>, identity: &Identity, why: &str) -> Success {
    let message = format!(
        "{identity} stays in AWS, perhaps with our owner tag still on it: {why}; before another object adopts it, remove its tag {OWNER_TAG} by hand"
    );
    reconcile.events.push(EventRecord::warning(Reason::Released, message));
    Success::gone()
}

async fn delete<K: Kind>(
    reconcile: &mut Reconcile<'_, K>,
    account: &AwsAccount,
    identity: &Identity,
) -> Result<Success> {
    let aws = reconcile.sign_in(account).await?;
    let have = K::observe(&aws, identity, reconcile.object, None).await?;
    let Some(have) = have.filter(|have| !K::is_deleted(identity, Some(&have.state))) else {
        return absent(reconcile, identity);
    };
    if let Some(why) = not_ours(reconcile, account, tags::owner::<K>(&have.state)) {
        return match reconcile.unseen() {
            Unseen::Unconfirmed => Err(look_again(&identity.to_string(), &why)),
            // Somebody made another one of that name after we deleted ours.
            Unseen::Confirmed | Unseen::Deleted => Ok(left_alone(reconcile, identity, &why)),
        };
    }
    reconcile.seen();
    reconcile.report_shown(identity, Some(&have.state), &[]);
    refuse_while_blocked(reconcile, &aws, identity).await?;
    reconcile.deletion_sent();
    for step in K::plan(None, Some(&have.state)) {
        match reconcile.execute(&aws, identity, &step).await {
            // Something slipped in between the check and the delete: look again, and name it.
            Err(Error::Aws(error)) if error.is_conflict() => {
                refuse_while_blocked(reconcile, &aws, identity).await.and(Err(error.into()))?;
            }
            other => other.map(|_| ())?,
        }
    }
    reconcile.deletion_accepted();
    let have = K::observe(&aws, identity, reconcile.object, None).await?;
    if K::is_deleted(identity, have.as_ref().map(|have| &have.state)) {
        return absent(reconcile, identity);
    }
    Err(Error::waiting(Reason::Deleting, format!("AWS still shows {identity}")))
}

/// AWS does not show the resource.
fn absent<K: Kind>(reconcile: &mut Reconcile<'_, K>, identity: &Identity) -> Result<Success> {
    let resource = identity.to_string();
    let message = match reconcile.unseen() {
        Unseen::Unconfirmed => return Err(look_again(&resource, "AWS does not show it")),
        Unseen::Deleted => format!("{resource} is deleted in AWS"),
        Unseen::Confirmed => format!("{resource} was not there in AWS any more: nothing was left to delete"),
    };
    reconcile.events.push(EventRecord::normal(Reason::Deleted, message));
    Ok(Success::gone())
}

/// A resource that this object does not own is not deleted.
fn left_alone<K: Kind>(reconcile: &mut Reconcile<'_, K>, identity: &Identity, why: &str) -> Success {
    let message = format!("{identity} stays in AWS: {why}");
    reconcile.events.push(EventRecord::warning(Reason::Released, message));
    Success::gone()
}

async fn refuse_while_blocked<K: Kind>(
    reconcile: &Reconcile<'_, K>,
    aws: &Aws,
    identity: &Identity,
) -> Result<()> {
    let before = reconcile.context.references.writes();
    let blockers =
        K::blockers(&reconcile.context.caches.downstreams, aws, identity, reconcile.object).await?;
    if blockers.is_empty() {
        return Ok(());
    }
    let repositories = blockers.iter().filter_map(|blocker| blocker.repository.clone());
    let awaited: Vec<_> = repositories.map(|repository| identity.repository_named(repository)).collect();
    reconcile.context.references.depends_on_aws(&reconcile.target(), &awaited, before);
    let blockers: Vec<_> = blockers.into_iter().map(|blocker| blocker.text).collect();
    Err(Error::waiting(
        Reason::DeletionBlocked,
        format!(
            "{} cannot be deleted in AWS because of {}; remove what is named here, or set spec.deletionPolicy to Retain, which leaves the \
             resource in AWS",
            identity,
            blockers.join(", ")
        ),
    ))
}

/// Why the resource is not this object's; nothing when it is.
fn not_ours<K: Kind>(
    reconcile: &Reconcile<'_, K>,
    account: &AwsAccount,
    owner: Ownership<'_>,
) -> Option<String> {
    match owner {
        Ownership::Tagged(tag) if reconcile.owner(account).is(tag) => None,
        Ownership::Tagged(tag) => Some(format!("its tag {OWNER_TAG} says that {tag} owns it")),
        Ownership::Untagged | Ownership::Shared => Some(format!("it has no tag {OWNER_TAG}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Domain;
    use crate::aws::{AwsError, AwsErrorKind};
    use crate::domain::DomainKind;
    use serde_json::json;

    #[test]
    fn what_one_answer_shows_and_the_next_does_not_is_being_deleted() {
        let identity = json!({"account": "123456789012", "region": "us-east-1", "owner": "123456789012", "domain": "acme"});
        let domain: Domain = serde_json::from_value(json!({
            "apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "Domain", "metadata": {"namespace": "team", "name": "acme"},
            "spec": {"deletionPolicy": "Delete"}, "status": {"identity": identity}
        }))
        .unwrap();
        let aws =
            |kind| AwsError { operation: "ListTagsForResource", kind, message: "no such domain".into() };
        for (kind, reason) in [
            (AwsErrorKind::NotFound, Reason::Deleting),
            (AwsErrorKind::Denied, Reason::DeletionBlocked),
            (AwsErrorKind::Unavailable, Reason::AwsUnavailable),
        ] {
            let told = blocked_by::<DomainKind>(&domain, aws(kind).into());
            assert_eq!(told.reason(), reason, "{told}");
            assert!(told.to_string().contains("no such domain"), "{told}");
        }
    }
}
