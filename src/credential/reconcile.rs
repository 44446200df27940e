//! One reconcile of a RegistryCredential: resolve, grants, tokens, files, Secret, status.

mod report;
mod restore;
mod revoke;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use kube::{Resource, ResourceExt};

use crate::credential::binding::Binding;
use crate::credential::token_request::{TokenRequest, CurrentToken};
use crate::credential::registries::{self, Resolved, Terms};
use crate::credential::render::{self, DomainKey, Login, Registry};
use crate::credential::secret::{Wanted, content_id};
use crate::credential::services::Services;
use crate::credential::token_store::Templates;
use crate::credential::token::TokenKey;
use crate::credential::unsaid;
use crate::credential::secret_writer::{self, Written};
use crate::api::{AwsAccount, RECONCILE_AT, RENEW_AT, RegistryCredential, RegistryCredentialStatus, SecretWrite};
use crate::aws::AwsErrorKind;
use crate::engine::context::Context;
use crate::engine::object::{Controlled, Success, EventRecord, ObjectKey, ObjectId};
use crate::engine::pipeline::kind::interval;
use crate::error::{Error, Result};
use crate::sessions::Session;

/// What one reconcile knows and has done so far.
pub(super) struct CredentialReconcile<'a> {
    services: &'a Services,
    object: &'a RegistryCredential,
    context: &'a Context,
    namespace: String,
    minters: BTreeMap<DomainKey, Minter>,
    binding: Option<Binding>,
    pub(super) status: RegistryCredentialStatus,
    pub(super) notes: Vec<EventRecord>,
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
            binding: None,
            status: object.status.clone().unwrap_or_default(),
            notes: Vec::new(),
        }
    }

    /// Whatever fails in AWS, a Secret that is as declared and still works is not called broken.
    pub(super) async fn run(&mut self) -> Result<Success> {
        if self.object.meta().deletion_timestamp.is_some() {
            return self.linger().await;
        }
        self.put_back_first().await;
        let outcome = self.converge().await;
        if let Err(Error::Aws(error)) = &outcome
            && error.kind == AwsErrorKind::SignIn
        {
            self.minters.values().for_each(|minter| self.context.accounts.forget(&minter.session));
        }
        match outcome {
            Err(error) => self.failed(error).await,
            done => done,
        }
    }

    async fn converge(&mut self) -> Result<Success> {
        let caches = &self.context.caches;
        let account = caches.account(&self.object.spec.account_ref.name)?;
        let registries = registries::resolve(self.object, &account, caches)?;
        let terms = registries::terms(self.object, &account, caches, &registries)?;
        self.bind().await?;
        secret_writer::check(self.context, &self.wanted("", &render::Files::new()), self.last_write())?;
        self.sign_in(&account, terms).await?;
        let rendered = self.rendered(&registries).await?;
        let addresses = registries::templates(&registries, &rendered);
        let tokens = self.tokens(&account, addresses).await?;
        let written = self.write(&rendered, &tokens).await?;
        self.fill_status(&tokens, written);
        Ok(self.done(&tokens))
    }

    /// Finds out what marks the Secret as ours.
    async fn bind(&mut self) -> Result<()> {
        let secret = ObjectKey::new(&self.namespace, self.secret_name());
        self.binding = self.services.binding(&secret, self.context).await?;
        Ok(())
    }

    async fn sign_in(&mut self, account: &AwsAccount, terms: BTreeMap<DomainKey, Terms>) -> Result<()> {
        for (domain, terms) in terms {
            let session = self
                .context
                .accounts
                .session_as(account, terms.role_arn.as_deref())
                .await
                .map_err(Error::of_account)?;
            self.minters.insert(domain, Minter { session, terms });
        }
        Ok(())
    }

    /// The registries as the files need them.
    async fn rendered(&self, registries: &[Resolved<'_>]) -> Result<Vec<Registry>> {
        let mut rendered = Vec::with_capacity(registries.len());
        for registry in registries {
            let domain = registries::domain(&registry.identity);
            let Minter { session, .. } = self.minters.get(&domain).ok_or_else(|| no_session(&domain))?;
            let endpoints = self.services.addresses.of(session, registry).await?;
            let (formats, scope) = (registry.spec.formats.clone(), registry.spec.scope.clone());
            rendered.push(Registry { domain, formats, scope, endpoints });
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
        let mut demand = TokenRequest {
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
            demand.addresses = addresses.remove(domain).unwrap_or_default();
            tokens.insert(domain.clone(), self.services.tokens.hold(&key, session, &demand).await?);
        }
        self.services.tokens.release_others(&user, &names);
        Ok(tokens)
    }

    async fn write(&mut self, registries: &[Registry], tokens: &TokensByDomain) -> Result<Written> {
        let ids: Vec<_> = tokens.values().map(|held| held.kept.token.id.as_str()).collect();
        let logins = tokens.iter().map(|(domain, held)| (domain.clone(), login(held))).collect();
        let files = render::files(registries, &logins)?;
        let wanted = self.wanted(&content_id(&ids, registries), &files);
        let (last, fresh) = (self.last_write(), self.asked_to_look());
        let (unsaid, key, uid) = (&self.services.unsaid, ObjectKey::of(self.object), self.uid());
        let known = self.context.caches.secrets.get(&ObjectKey::new(&self.namespace, &wanted.name)).is_some();
        let ensured = secret_writer::ensure(self.context, &wanted, &files, last, fresh).await;
        match &ensured {
            Ok((written, _)) => unsaid.keep(&key, &uid, written.clone()),
            Err(error) if unsaid::leaves_doubt(error) => {
                unsaid.keep(&key, &uid, if known { Written::Changed } else { Written::Created });
            }
            Err(_) => {}
        }
        let (_, write) = ensured?;
        self.remove_earlier(&wanted.name).await?;
        self.status.last_secret_write = Some(write);
        Ok(unsaid.take(&key, &uid))
    }

    fn wanted(&self, content: &str, files: &render::Files) -> Wanted {
        let settings = &self.object.spec.secret;
        let content = self.binding.map(|binding| binding.content(content)).unwrap_or_default();
        let [labels, annotations] = Wanted::marked(settings, content);
        Wanted {
            namespace: self.namespace.clone(),
            name: self.secret_name(),
            owner: self.object.controller_owner_ref(&()).unwrap_or_default(),
            labels,
            annotations,
            keys: files.keys().cloned().collect(),
            binding: self.binding,
            adoption: settings.adoption,
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
        self.object.spec.secret.name.clone().unwrap_or_else(|| self.object.name_any())
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

fn login(held: &CurrentToken) -> Login {
    let token = &held.kept.token;
    Login { text: token.text.clone(), expires: token.life.expires }
}

fn no_session(domain: &DomainKey) -> Error {
    Error::Internal(format!("no identity for domain {}", domain.domain))
}
