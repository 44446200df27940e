//! One reconcile of a RegistryCredential: resolve, grants, tokens, files, Secret, status.

mod report;
mod restore;
mod revoke;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use kube::{Resource, ResourceExt};

use crate::api::{
    AwsAccount, RECONCILE_AT, RENEW_AT, RegistryCredential, RegistryCredentialStatus, SecretWrite,
};
use crate::credential::delivery::{self, Owner, ReadyLogin, deliver};
use crate::credential::registries::{self, Resolved, Terms};
use crate::credential::render::{DomainKey, Registry, template};
use crate::credential::secret_writer::Written;
use crate::credential::services::Services;
use crate::credential::token::TokenKey;
use crate::credential::token_request::{CurrentToken, TokenRequest};
use crate::credential::token_store::Templates;
use crate::engine::context::Context;
use crate::engine::object::{Controlled, EventRecord, ObjectId, ObjectKey, Success};
use crate::engine::pipeline::kind::interval;
use crate::error::{Error, Result};
use crate::reason::Reason;
use crate::sessions::Session;

/// What one reconcile knows and has done so far.
pub(super) struct CredentialReconcile<'a> {
    services: &'a Services,
    object: &'a RegistryCredential,
    context: &'a Context,
    namespace: String,
    minters: BTreeMap<DomainKey, Minter>,
    /// AWS refused a session in this reconcile, and the sessions that it used were dropped.
    signed_in_anew: bool,
    pub(super) status: RegistryCredentialStatus,
    pub(super) events: Vec<EventRecord>,
}

/// Who mints the tokens of a domain, and on which terms.
struct Minter {
    session: Arc<Session>,
    terms: Terms,
}

/// The tokens of all domains.
type TokensByDomain = BTreeMap<DomainKey, CurrentToken>;

impl<'a> CredentialReconcile<'a> {
    pub(super) fn new(services: &'a Services, object: &'a RegistryCredential, context: &'a Context) -> Self {
        Self {
            services,
            object,
            context,
            namespace: object.namespace().unwrap_or_default(),
            minters: BTreeMap::new(),
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
        let minters = std::mem::take(&mut self.minters);
        for minter in minters.values() {
            self.context.accounts.forget(&minter.session);
        }
        self.signed_in_anew = true;
        !minters.is_empty()
    }

    async fn converge(&mut self) -> Result<Success> {
        let caches = &self.context.caches;
        let account = caches.account(&self.object.spec.account_ref.name)?;
        let registries = registries::resolve(self.object, &account, caches)?;
        let terms = registries::terms(self.object, &account, caches, &registries)?;
        template::check(&self.object.spec.secret.templates)?;
        delivery::check(&self.owner(), &self.namespace, self.services, self.context).await?;
        self.sign_in(&account, terms).await?;
        let rendered = self.rendered(&registries).await?;
        let addresses = registries::templates(&registries, &rendered);
        let tokens = self.tokens(&account, addresses).await?;
        if let Some(error) = self.lost_session(&tokens) {
            return Err(Error::Shared(error));
        }
        let written = self.write(&rendered, &tokens).await?;
        self.fill_status(&tokens, written);
        Ok(self.done(&tokens))
    }

    async fn sign_in(&mut self, account: &AwsAccount, terms: BTreeMap<DomainKey, Terms>) -> Result<()> {
        let mut minters = BTreeMap::new();
        for (domain, terms) in terms {
            let session = self
                .context
                .accounts
                .session_as(account, terms.role_arn.as_deref())
                .await
                .map_err(|error| error.of_account(&account.name_any()))?;
            minters.insert(domain, Minter { session, terms });
        }
        self.minters = minters;
        Ok(())
    }

    /// The registries as the files need them.
    async fn rendered(&self, registries: &[Resolved<'_>]) -> Result<Vec<Registry>> {
        let mut rendered = Vec::with_capacity(registries.len());
        for registry in registries {
            let domain = registries::domain(&registry.identity);
            let Minter { session, .. } = self.minters.get(&domain).ok_or_else(|| no_session(&domain))?;
            let endpoints = self.services.addresses.of(session, registry).await?;
            rendered.push(registry.rendered(endpoints));
        }
        Ok(rendered)
    }

    /// A token for each domain. The first that cannot be had ends it.
    async fn tokens(
        &self,
        account: &AwsAccount,
        mut addresses: BTreeMap<DomainKey, Templates>,
    ) -> Result<TokensByDomain> {
        let settings = &self.object.spec.token;
        let user = self.target();
        let mut request = TokenRequest {
            user: user.clone(),
            renew_before: settings.renew_before.map(interval),
            force: self.force(),
            impatient: self.asked_to_look(),
            addresses: Templates::new(),
        };
        let (mut tokens, mut names) = (TokensByDomain::new(), HashSet::new());
        for (domain, Minter { session, terms }) in &self.minters {
            let key = TokenKey {
                proof: session.proof.clone(),
                region: account.spec.region.clone(),
                domain: domain.clone(),
                duration: terms.duration,
            };
            names.insert(key.name());
            request.addresses = addresses.remove(domain).unwrap_or_default();
            tokens.insert(domain.clone(), self.services.tokens.token(&key, session, &request).await?);
        }
        self.services.tokens.release_others(&user, &names);
        Ok(tokens)
    }

    /// Delivers the login, and removes what an earlier name of the Secret has left behind.
    async fn write(&mut self, registries: &[Registry], tokens: &TokensByDomain) -> Result<Written> {
        let login = ReadyLogin::render(registries, tokens, &self.object.spec.secret)?;
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

    /// A value of the renew-at annotation that is new. There is nothing to renew before the first token.
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

fn no_session(domain: &DomainKey) -> Error {
    Error::Internal(format!("no identity for domain {}", domain.domain))
}
