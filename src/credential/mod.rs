//! RegistryCredential and ClusterRegistryCredential: Secrets that always hold a valid login.

pub mod binding;
pub mod cluster;
mod coverage;
mod delivery;
mod endpoint_cache;
mod event_records;
mod field_ownership;
mod kept_login;
mod key_store;
mod mint_refusal;
mod minters;
pub mod preview;
mod private_endpoint;
mod reconcile;
pub mod record;
mod registries;
pub mod render;
mod requirements;
pub mod schedule;
pub mod secret;
mod secret_writer;
mod service_account;
mod services;
mod token;
mod token_cache;
mod token_entry;
mod token_request;
mod token_store;
mod trouble;
mod unsaid;
pub mod usage;
mod verified;
mod verify;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;

use crate::api::{KindName, RegistryCredential, RegistryCredentialStatus};
use crate::engine::context::Context;
use crate::engine::object::{Controlled, ObjectId, ObjectKey, ReadByUsers, Report};
use crate::engine::reconciler::{OWN_SUSPENSION, Reconciler};

use reconcile::CredentialReconcile;
use schedule::LONGEST_ONCE_EXPIRED;
use services::Services;

/// How long until a Secret that is somebody else's is looked at again: nothing tells when it goes.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// How often a login that is in sync is compared with the caches: its Secret, its grants, the end of its token.
const COMPARED_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// Keeps the Secret of each RegistryCredential.
#[derive(Clone, Debug)]
pub struct CredentialReconciler(Services);

impl CredentialReconciler {
    /// Nothing is minted, and no token read, before a RegistryCredential needs it.
    pub fn new(context: &Context) -> Self {
        Self(Services::new(context))
    }
}

impl Reconciler for CredentialReconciler {
    type Object = RegistryCredential;

    async fn reconcile(
        &self,
        object: Arc<RegistryCredential>,
        context: &Context,
    ) -> Report<RegistryCredentialStatus> {
        let mut reconcile = CredentialReconcile::new(&self.0, &object, context);
        let outcome = reconcile.run().await;
        Report { status: reconcile.status, outcome, events: reconcile.events }
    }

    /// Suspending an object does not keep its Secret: when the grant is withdrawn, the Secret is removed all the same.
    async fn while_suspended(
        &self,
        object: &RegistryCredential,
        context: &Context,
    ) -> Report<RegistryCredentialStatus> {
        let mut reconcile = CredentialReconcile::new(&self.0, object, context);
        let outcome = reconcile.rest(OWN_SUSPENSION).await;
        Report { status: reconcile.status, outcome, events: reconcile.events }
    }

    fn forget(&self, key: &ObjectKey) {
        self.0.unsaid.forget(key);
    }

    /// The Secret goes with the object that controls it.
    fn needs_finalizer(&self, _object: &RegistryCredential) -> bool {
        false
    }

    /// As long as the object is there, its Secret is there.
    fn reconciles_until_gone(&self) -> bool {
        true
    }

    fn interval(&self, _object: &RegistryCredential) -> SignedDuration {
        LOOK_AGAIN
    }

    /// Whoever uses a login that has expired fails until the operator tries again.
    fn longest_backoff(&self, object: &RegistryCredential, now: Timestamp) -> SignedDuration {
        let tokens = object.status.iter().flat_map(|status| &status.tokens);
        let expired = tokens.map(|token| token.expires_at).min().is_some_and(|end| end <= now);
        if expired { LONGEST_ONCE_EXPIRED } else { SignedDuration::MAX }
    }
}

impl Controlled for RegistryCredential {
    const KIND: KindName = KindName::RegistryCredential;

    fn references(&self) -> Vec<ObjectId> {
        let namespace = self.namespace().unwrap_or_default();
        let repositories =
            self.spec.registries.iter().filter_map(|registry| registry.repository_ref.as_ref());
        // The grants of the tokens that the Secret holds count whatever the spec says now.
        let tokens = self.status.iter().flat_map(|status| &status.tokens);
        let held = tokens.clone().filter_map(|token| token.account.as_deref()).map(ObjectId::account);
        let minted = tokens.filter_map(|token| Some(&*token.service_account.as_ref()?.name));
        let named = self.spec.service_account_ref.as_ref().map(|reference| &*reference.name);
        let service_accounts = named
            .into_iter()
            .chain(minted)
            .map(|name| ObjectId::new(KindName::ServiceAccount, ObjectKey::new(namespace.clone(), name)));
        repositories
            .map(|reference| ObjectId::new(KindName::Repository, ObjectKey::named(reference, &namespace)))
            .chain(requirements::Wish::of(&self.spec).accounts().map(ObjectId::account))
            .chain(held)
            .chain(service_accounts)
            .chain([ObjectId::new(KindName::Secret, ObjectKey::new(namespace.clone(), secret_name(self)))])
            .collect()
    }

    /// Nobody refers to a login.
    fn read_by_users(&self) -> ReadByUsers<'_> {
        ReadByUsers::default()
    }

    fn suspended(&self) -> bool {
        self.spec.suspend
    }

    /// A login that was never written comes first, and then the others in the order in which their renewals became due.
    fn at_stake_since(&self, now: Timestamp) -> Option<Timestamp> {
        let tokens = self.status.iter().flat_map(|status| &status.tokens);
        let since = tokens.map(|token| token.renews_at).min().unwrap_or(Timestamp::MIN);
        (since <= now && !self.spec.suspend).then_some(since)
    }
}

/// The name of the Secret that the spec asks for.
fn secret_name(object: &RegistryCredential) -> String {
    object.spec.secret.name.clone().unwrap_or_else(|| object.name_any())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A login whose tokens are to be renewed at these minutes, looked at in the tenth minute.
    fn at_stake(suspend: bool, renews: &[i64]) -> Option<i64> {
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        let spec = json!({"suspend": suspend, "registries": [
            {"repository": {"domain": "acme", "name": "app"}, "formats": ["npm"]}]});
        let mut object = RegistryCredential::new("login", serde_json::from_value(spec).unwrap());
        let tokens: Vec<_> = renews
            .iter()
            .map(|minute| json!({"domain": "acme", "owner": "123456789012", "issuedAt": at(0), "expiresAt": at(99), "renewsAt": at(*minute)}))
            .collect();
        object.status = Some(serde_json::from_value(json!({"tokens": tokens})).unwrap());
        object
            .at_stake_since(at(10))
            .map(|since| if since == Timestamp::MIN { -1 } else { since.as_second() / 60 })
    }

    #[test]
    fn a_login_that_is_due_or_was_never_written_is_at_stake() {
        for (what, suspend, renews, expected) in [
            ("never written", false, &[][..], Some(-1)),
            ("not due yet", false, &[11], None),
            ("due just now", false, &[10], Some(10)),
            ("due for long, by its first token", false, &[12, 3, 7], Some(3)),
            ("suspended", true, &[3], None),
        ] {
            assert_eq!(at_stake(suspend, renews), expected, "{what}");
        }
    }
}
