//! RegistryCredential: a Secret that always holds a valid login.

pub mod binding;
mod coverage;
mod delivery;
mod endpoint_cache;
mod event_records;
mod field_ownership;
mod key_store;
mod mint_refusal;
mod minters;
mod plan;
mod private_endpoint;
mod reconcile;
pub mod record;
mod registries;
pub mod render;
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
mod unsaid;

use std::sync::Arc;

use jiff::SignedDuration;
use kube::ResourceExt;

use crate::api::{KindName, RegistryCredential, RegistryCredentialStatus};
use crate::engine::context::Context;
use crate::engine::object::{Controlled, ObjectId, ObjectKey, ReadByUsers, Report};
use crate::engine::reconciler::{OWN_SUSPENSION, Reconciler};

use reconcile::CredentialReconcile;
use services::Services;

/// How long until a Secret that is somebody else's is looked at again: nothing tells when it goes.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(5);

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
            .chain(plan::Wish::of(&self.spec).accounts().map(ObjectId::account))
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
}

/// The name of the Secret that the spec asks for.
fn secret_name(object: &RegistryCredential) -> String {
    object.spec.secret.name.clone().unwrap_or_else(|| object.name_any())
}
