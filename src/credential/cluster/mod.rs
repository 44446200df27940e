//! ClusterRegistryCredential: the same login in every namespace that a selector picks.
//!
//! The object itself is reconciled only to survey its namespaces and to sum them up. Each namespace is visited by itself
//! (`deliveries.rs`, `visit.rs`), from a queue of its own.

mod deeds;
mod deliveries;
mod fleet;
mod selection;
mod summary;
mod visit;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kube::{Resource, ResourceExt};

use crate::api::{
    ClusterRegistryCredential, ClusterRegistryCredentialStatus, KindName, RECONCILE_AT, RENEW_AT,
};
use crate::credential::requirements::Wish;
use crate::credential::{COMPARED_EVERY, CredentialReconciler, LOOK_AGAIN};
use crate::engine::context::Context;
use crate::engine::object::{
    Controlled, EventRecord, ObjectId, ObjectKey, ReadByUsers, Report, Requeue, Success,
};
use crate::engine::reconciler::{OWN_SUSPENSION, Reconciler};
use crate::engine::status::summary::{is_ready, ready};
use crate::error::Result;
use crate::reason::Reason;

pub use deliveries::Deliveries;
use selection::Selection;
use summary::{About, Standing, Summary, summarize};

/// How many tokens the status tells of.
const MOST_TOKENS: usize = 20;
/// How long a reconcile waits for the namespaces that it has visited: few of them need no second look.
const PATIENCE: Duration = Duration::from_millis(300);
/// As [`PATIENCE`], when the user asked to look: the answer is to be about what was found.
const PATIENCE_WHEN_ASKED: Duration = Duration::from_secs(5);
/// How soon the status is told again while namespaces are still to be visited.
const PROGRESS: SignedDuration = SignedDuration::from_secs(1);

/// Surveys the namespaces of each ClusterRegistryCredential, and sums them up.
#[derive(Clone, Debug)]
pub struct ClusterCredentialReconciler(Deliveries);

impl ClusterCredentialReconciler {
    /// Shares tokens with every RegistryCredential. `share` is how many namespaces are visited at once for one AwsAccount.
    pub fn beside(credentials: &CredentialReconciler, context: &Context, share: usize) -> Self {
        Self(Deliveries::new(context, credentials.0.beside(), share))
    }

    /// What visits the namespaces. It must run.
    pub fn deliveries(&self) -> Deliveries {
        self.0.clone()
    }

    async fn report(
        &self,
        object: &ClusterRegistryCredential,
        context: &Context,
    ) -> Report<ClusterRegistryCredentialStatus> {
        let mut status = object.status.clone().unwrap_or_default();
        let (outcome, events) = match self.sum_up(object, context, &mut status).await {
            Ok((outcome, events)) => (outcome, events),
            Err(error) => (Err(error), Vec::new()),
        };
        Report { status, outcome, events }
    }

    /// Visits the namespaces if they must be visited, and says how they stand. While an object that is ready is surveyed, it stays as it
    /// was told: a restart writes nothing.
    async fn sum_up(
        &self,
        object: &ClusterRegistryCredential,
        context: &Context,
        status: &mut ClusterRegistryCredentialStatus,
    ) -> Result<(Result<Success>, Vec<EventRecord>)> {
        self.0.survey(object)?;
        let (name, uid) = (object.name_any(), object.uid().unwrap_or_default());
        let patience = if asked_to_look(object) { PATIENCE_WHEN_ASKED } else { PATIENCE };
        self.0.settled(&name, &uid, patience).await;
        let now = context.clock.now();
        let (under_way, tokens, events) = self.0.fleets.ask(&name, &uid, |fleet| {
            (fleet.is_under_way(), fleet.tokens(), fleet.deeds().take(&secret_name(object)))
        });
        if object.meta().deletion_timestamp.is_some() {
            if tokens.is_empty() && !under_way {
                status.tokens = Vec::new();
            }
            return Ok((Ok(Success::gone()), events));
        }
        if let Some(as_told) = as_told(object, later(now, PROGRESS)).filter(|_| under_way) {
            return Ok((Ok(as_told), events));
        }
        if !(under_way && tokens.is_empty()) {
            status.tokens = tokens.into_iter().take(MOST_TOKENS).collect();
        }
        let domains: BTreeSet<_> = status.tokens.iter().map(|token| token.domain.as_str()).collect();
        let domains = domains.into_iter().collect::<Vec<_>>().join(", ");
        let wait = if under_way { PROGRESS } else { COMPARED_EVERY };
        let secret = secret_name(object);
        let about = About {
            secret: &secret,
            domains: &domains,
            settled: is_settled(object),
            again: Requeue::Check(later(now, wait)),
        };
        let Summary { counts, failures, outcome } = self.standings(object, context, about)?;
        if counts.filled > 0 {
            status.secret_name = Some(secret);
        }
        if !under_way && outcome.as_ref().is_ok_and(|done| done.reason != Reason::RenewalFailing) {
            status.last_handled_renew_at = object.annotations().get(RENEW_AT).cloned();
        }
        (status.namespaces, status.failures) = (counts, failures);
        Ok((outcome, events))
    }

    /// How the namespaces stand that are picked.
    fn standings(
        &self,
        object: &ClusterRegistryCredential,
        context: &Context,
        about: About<'_>,
    ) -> Result<Summary> {
        let (name, uid) = (object.name_any(), object.uid().unwrap_or_default());
        let picked = self.0.picked(object)?;
        let absent = Selection::of(&object.spec)?
            .names()
            .into_iter()
            .filter(|name| context.caches.namespaces.get(&ObjectKey::new("", *name)).is_none());
        let mut standings: Vec<_> = self.0.fleets.ask(&name, &uid, |fleet| {
            picked.iter().map(|namespace| (namespace.as_str(), fleet.standing(namespace))).collect()
        });
        standings.extend(absent.map(|name| (name, Standing::Absent)));
        standings.sort_by_key(|(name, _)| *name);
        Ok(summarize(&standings, about))
    }
}

impl Reconciler for ClusterCredentialReconciler {
    type Object = ClusterRegistryCredential;

    async fn reconcile(
        &self,
        object: Arc<ClusterRegistryCredential>,
        context: &Context,
    ) -> Report<ClusterRegistryCredentialStatus> {
        self.report(&object, context).await
    }

    /// The namespaces are visited all the same: a Secret whose grant is withdrawn is removed.
    async fn while_suspended(
        &self,
        object: &ClusterRegistryCredential,
        context: &Context,
    ) -> Report<ClusterRegistryCredentialStatus> {
        let report = self.report(object, context).await;
        let outcome = match report.outcome {
            Err(error) if !error.is_suspension() && error.reason() != Reason::Progressing => Err(error),
            outcome => {
                let again =
                    outcome.map_or(Requeue::Check(later(context.clock.now(), PROGRESS)), |done| done.again);
                Ok(Success { again, ..Success::suspended(OWN_SUSPENSION) })
            }
        };
        Report { outcome, ..report }
    }

    fn forget(&self, key: &ObjectKey) {
        self.0.forget(&key.name);
    }

    /// The Secrets go with the object that controls them.
    fn needs_finalizer(&self, _object: &ClusterRegistryCredential) -> bool {
        false
    }

    /// As long as the object is there, its Secrets are there.
    fn reconciles_until_gone(&self) -> bool {
        true
    }

    fn interval(&self, _object: &ClusterRegistryCredential) -> SignedDuration {
        LOOK_AGAIN
    }
}

impl Controlled for ClusterRegistryCredential {
    const KIND: KindName = KindName::ClusterRegistryCredential;

    fn references(&self) -> Vec<ObjectId> {
        let repositories =
            self.spec.registries.iter().filter_map(|registry| registry.repository_ref.as_ref());
        let tokens = self.status.iter().flat_map(|status| &status.tokens);
        let held = tokens.filter_map(|token| token.account.as_deref()).map(ObjectId::account);
        repositories
            .map(|reference| ObjectId::new(KindName::Repository, ObjectKey::named(reference, "")))
            .chain(wish(self).accounts().map(ObjectId::account))
            .chain(held)
            .collect()
    }

    /// Nobody refers to a login.
    fn read_by_users(&self) -> ReadByUsers<'_> {
        ReadByUsers::default()
    }

    fn suspended(&self) -> bool {
        self.spec.suspend
    }
}

/// The name of the Secret that the spec asks for.
fn secret_name(object: &ClusterRegistryCredential) -> String {
    object.spec.secret.name.clone().unwrap_or_else(|| object.name_any())
}

/// What the spec asks for in each namespace. A ServiceAccount is looked up in the namespace that the login is for.
fn wish(object: &ClusterRegistryCredential) -> Wish<'_> {
    let spec = &object.spec;
    Wish {
        account: &spec.account_ref,
        registries: &spec.registries,
        token: &spec.token,
        service_account: spec.service_account_ref.as_ref(),
    }
}

/// Whether the present spec was carried out before, and that ended well.
fn is_settled(object: &ClusterRegistryCredential) -> bool {
    let common = object.status.as_ref().map(|status| &status.common);
    common.is_some_and(|common| common.observed_generation == object.meta().generation && is_ready(common))
}

/// What the status says of an object that is ready, as the end of one more reconcile.
fn as_told(object: &ClusterRegistryCredential, again: Timestamp) -> Option<Success> {
    let told =
        object.status.as_ref().filter(|_| is_settled(object)).and_then(|status| ready(&status.common))?;
    Some(Success::ready(Reason::named(&told.reason)?, told.message.clone(), Requeue::Check(again)))
}

fn asked_to_look(object: &ClusterRegistryCredential) -> bool {
    let asked = object.annotations().get(RECONCILE_AT);
    let handled = object.status.as_ref().and_then(|status| status.common.last_handled_reconcile_at.as_ref());
    asked.is_some() && asked != handled
}

fn later(now: Timestamp, wait: SignedDuration) -> Timestamp {
    now.checked_add(wait).unwrap_or(now)
}
