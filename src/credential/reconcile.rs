//! One reconcile of a RegistryCredential: resolve, grants, tokens, files, Secret, status.

mod report;
mod restore;
mod revoke;

use std::sync::Arc;

use kube::{Resource, ResourceExt};

use crate::api::{RECONCILE_AT, RENEW_AT, RegistryCredential, RegistryCredentialStatus, SecretWrite};
use crate::credential::delivery::{self, Owner, ReadyLogin, deliver};
use crate::credential::minters::{Minters, TokensByDomain};
use crate::credential::registries::templates;
use crate::credential::render::{Registry, template};
use crate::credential::requirements::{Plan, Suspended, Wish};
use crate::credential::secret_writer::Written;
use crate::credential::services::Services;
use crate::credential::token_request::TokenRequest;
use crate::credential::token_store::Templates;
use crate::credential::verify::verify;
use crate::engine::context::Context;
use crate::engine::object::{Controlled, EventRecord, ObjectId, ObjectKey, Success};
use crate::engine::pipeline::kind::interval;
use crate::error::{Error, Result};
use crate::reason::Reason;

/// What one reconcile knows and has done so far.
pub(super) struct CredentialReconcile<'a> {
    services: &'a Services,
    object: &'a RegistryCredential,
    context: &'a Context,
    namespace: String,
    minters: Minters,
    /// AWS refused a session in this reconcile, and the sessions that it used were dropped.
    signed_in_anew: bool,
    pub(super) status: RegistryCredentialStatus,
    pub(super) events: Vec<EventRecord>,
}

impl<'a> CredentialReconcile<'a> {
    pub(super) fn new(services: &'a Services, object: &'a RegistryCredential, context: &'a Context) -> Self {
        Self {
            services,
            object,
            context,
            namespace: object.namespace().unwrap_or_default(),
            minters: Minters::default(),
            signed_in_anew: false,
            status: object.status.clone().unwrap_or_default(),
            events: Vec::new(),
        }
    }

    /// Whatever fails in AWS, a Secret that is as declared and still works is not called broken.
    pub(super) async fn run(&mut self) -> Result<Success> {
        if self.object.meta().deletion_timestamp.is_some() {
            return self.linger().await;
        }
        self.put_back_first().await;
        let mut outcome = self.converge().await;
        if self.drop_refused_sessions(&outcome) {
            outcome = self.converge().await;
            self.drop_refused_sessions(&outcome);
        }
        match outcome {
            Err(error) => self.failed(error).await,
            done => done,
        }
    }

    /// Why a token that still works was not renewed, if only the session had ended and no other one was tried yet.
    fn lost_session(&self, tokens: &TokensByDomain) -> Option<Arc<Error>> {
        let mut errors = tokens.values().filter_map(|current| Some(&current.failing.as_ref()?.error));
        errors.find(|error| !self.signed_in_anew && error.reason() == Reason::SignInFailed).cloned()
    }

    /// Drops the sessions that were used if AWS refused one of them, so that another attempt signs in anew. Returns whether it did: a
    /// session may end at any time, and that is no failure of the login.
    fn drop_refused_sessions(&mut self, outcome: &Result<Success>) -> bool {
        if !outcome.as_ref().is_err_and(|error| error.reason() == Reason::SignInFailed) {
            return false;
        }
        self.signed_in_anew = true;
        std::mem::take(&mut self.minters).forget(&self.context.accounts)
    }

    async fn converge(&mut self) -> Result<Success> {
        let Plan { registries, terms } = self.plan(Suspended::Refused)?;
        template::check(&self.object.spec.secret.templates)?;
        delivery::check(&self.owner(), &self.namespace, self.services, self.context).await?;
        self.minters = Minters::sign_in(terms, &self.context.accounts).await?;
        let rendered = self.minters.rendered(&registries, self.services).await?;
        let addresses = templates(&registries, &rendered);
        let tokens = self.minters.tokens(self.request(), addresses, self.services).await?;
        if let Some(error) = self.lost_session(&tokens) {
            return Err(Error::Shared(error));
        }
        let settings = &self.object.spec.token;
        let login = (rendered.as_slice(), &tokens);
        verify(settings, login, &self.status.tokens, self.services, self.context).await?;
        let written = self.write(&rendered, &tokens).await?;
        self.fill_status(&tokens, written);
        Ok(self.done(&tokens))
    }

    /// What the spec needs in AWS, and what the grants say to it.
    fn plan(&self, suspended: Suspended) -> Result<Plan<'a>> {
        Plan::of(Wish::of(&self.object.spec), &self.namespace, &self.context.caches, suspended)
    }

    fn request(&self) -> TokenRequest {
        TokenRequest {
            user: self.target(),
            renew_before: self.object.spec.token.renew_before.map(interval),
            shards: self.object.spec.token.shards,
            force: self.force(),
            expired: self.first_end().is_some_and(|end| end <= self.context.clock.now()),
            impatient: self.asked_to_look(),
            addresses: Templates::new(),
        }
    }

    /// Delivers the login, and removes what an earlier name of the Secret has left behind.
    async fn write(&mut self, registries: &[Registry], tokens: &TokensByDomain) -> Result<Written> {
        let spec = &self.object.spec;
        let login = ReadyLogin::render(registries, tokens, &spec.secret, spec.token.keep_previous)?;
        let owner = self.owner();
        let write = deliver(&login, &owner, &self.namespace, self.services, self.context).await?;
        self.remove_earlier(&owner.secret_name()).await?;
        self.status.last_secret_write = Some(write);
        Ok(self.services.unsaid.take(&ObjectKey::of(self.object), &self.uid()))
    }

    fn owner(&self) -> Owner<'_> {
        Owner {
            object: self.target(),
            reference: self.object.controller_owner_ref(&()).unwrap_or_default(),
            settings: &self.object.spec.secret,
            last: self.last_write(),
            fresh: self.asked_to_look(),
        }
    }

    /// The value of the renew-at annotation, if the operator has not acted on the value yet. Before the first token there is nothing to renew.
    fn force(&self) -> Option<String> {
        let asked = self.object.annotations().get(RENEW_AT)?;
        let new = self.status.last_handled_renew_at.as_ref() != Some(asked) && !self.status.tokens.is_empty();
        new.then(|| asked.clone())
    }

    fn asked_to_look(&self) -> bool {
        let asked = self.object.annotations().get(RECONCILE_AT);
        asked.is_some() && asked != self.status.common.last_handled_reconcile_at.as_ref()
    }

    fn secret_name(&self) -> String {
        super::secret_name(self.object)
    }

    /// The operator's last write to any Secret; the uid says to which Secret.
    fn last_write(&self) -> Option<&SecretWrite> {
        self.status.last_secret_write.as_ref()
    }

    fn target(&self) -> ObjectId {
        ObjectId::new(RegistryCredential::KIND, ObjectKey::of(self.object))
    }

    fn uid(&self) -> String {
        self.object.uid().unwrap_or_default()
    }
}
