//! What the reconciles of all logins share.

use std::sync::Arc;

use tokio::sync::OnceCell;

use super::binding::{Binding, BindingKey};
use super::key_store;
use super::unsaid::Unsaid;
use super::verified::Verified;
use crate::credential::endpoint_cache::Addresses;
use crate::credential::token_cache::TokenCache;
use crate::engine::context::Context;
use crate::engine::object::ObjectKey;
use crate::error::Result;

/// What the reconciles of all logins share. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Services {
    /// The tokens that are in use.
    pub(super) tokens: TokenCache,
    /// The addresses of repositories that no object of ours declares.
    pub(super) addresses: Addresses,
    /// The events that were not written yet.
    pub(super) unsaid: Unsaid,
    /// The new tokens that were tried at a registry.
    pub(super) verified: Verified,
    binding_key: Arc<OnceCell<BindingKey>>,
}

impl Services {
    /// Nothing is minted, and no token read, before a RegistryCredential needs it.
    pub(super) fn new(context: &Context) -> Self {
        Self {
            tokens: TokenCache::new(context),
            addresses: Addresses::default(),
            unsaid: Unsaid::default(),
            verified: Verified::default(),
            binding_key: Arc::default(),
        }
    }

    /// The same tokens and addresses for objects of another kind, whose events are apart.
    pub(super) fn beside(&self) -> Self {
        Self { unsaid: Unsaid::default(), ..self.clone() }
    }

    /// The mark by which the operator knows a Secret of that namespace and name as its own.
    pub(super) async fn binding(&self, secret: &ObjectKey, context: &Context) -> Result<Option<Binding>> {
        let key = self.binding_key.get_or_try_init(|| key_store::load(context)).await?;
        Ok(key.binding(secret))
    }
}
