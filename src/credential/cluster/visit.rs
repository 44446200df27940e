//! One visit to a namespace: the Secret there is made, kept, or removed, as the ClusterRegistryCredential and the grants say.

mod revoke;

use std::collections::HashSet;
use std::sync::Arc;

use kube::{Resource, ResourceExt};

use super::deeds::Deed;
use super::fleet::Place;
use super::selection::Selection;
use super::summary::Standing;
use crate::api::{ClusterRegistryCredential, KindName, RECONCILE_AT, RENEW_AT, SecretWrite, TokenStatus};
use crate::credential::coverage::Coverage;
use crate::credential::delivery::{self, Owner, ReadyLogin, deliver};
use crate::credential::event_records;
use crate::credential::kept_login::kept_login;
use crate::credential::minters::{Minters, TokensByDomain};
use crate::credential::record::SecretRecord;
use crate::credential::registries::templates;
use crate::credential::render::{Registry, template};
use crate::credential::requirements::{Plan, Suspended};
use crate::credential::secret_writer::Written;
use crate::credential::services::Services;
use crate::credential::token_request::{CurrentToken, TokenRequest};
use crate::credential::token_store::Templates;
use crate::credential::verify::verify;
use crate::engine::context::Context;
use crate::engine::object::{ObjectId, ObjectKey, Success};
use crate::engine::pipeline::kind::interval;
use crate::error::{Error, Result};
use crate::reason::Reason;

/// What a visit knows and has done so far.
pub(super) struct Visit<'a> {
    services: &'a Services,
    context: &'a Context,
    object: &'a ClusterRegistryCredential,
    namespace: &'a str,
    /// Secrets of the object in this namespace that have another name than the declared one.
    earlier: Vec<String>,
    minters: Minters,
    /// AWS refused a session in this visit, and the sessions that it used were dropped.
    signed_in_anew: bool,
    /// Our last write to the Secret.
    last: Option<SecretWrite>,
    /// The API server is asked, whatever the cache says; not a second time in one visit.
    fresh: bool,
    pub(super) place: Place,
    pub(super) deeds: Vec<Deed>,
    /// No Secret with an earlier name is left.
    pub(super) cleared: bool,
}

/// What a namespace needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// It is going, or was not seen: it is left alone.
    Nothing,
    /// It is not picked: our Secret goes.
    Clearance,
    /// The object is deleted, and somebody's finalizer keeps it.
    Watch,
    /// The object is suspended.
    Rest,
    /// A Secret with a valid login.
    Login,
}

impl<'a> Visit<'a> {
    pub(super) fn new(
        services: &'a Services,
        context: &'a Context,
        object: &'a ClusterRegistryCredential,
        namespace: &'a str,
        (place, earlier): (Place, Vec<String>),
    ) -> Self {
        let asked = object.annotations().get(RECONCILE_AT);
        let handled =
            object.status.as_ref().and_then(|status| status.common.last_handled_reconcile_at.as_ref());
        let fresh = asked.is_some() && asked != handled;
        let mut visit = Self {
            services,
            context,
            object,
            namespace,
            earlier,
            minters: Minters::default(),
            signed_in_anew: false,
            last: None,
            fresh,
            place,
            deeds: Vec::new(),
            cleared: false,
        };
        visit.last = visit.place.last.clone().or_else(|| visit.found());
        visit
    }

    /// Does what the namespace needs.
    pub(super) async fn run(&mut self) -> Result<Success> {
        match self.need()? {
            Need::Nothing => {
                self.services.tokens.release_others(&self.target(), &HashSet::new());
                self.place = Place::default();
                Ok(Success::gone())
            }
            Need::Clearance => {
                self.clear(Deed::Removed).await?;
                Ok(Success::gone())
            }
            Need::Watch => self.linger().await,
            Need::Rest => self.rest("spec.suspend is true").await,
            Need::Login => self.fill().await,
        }
    }

    fn need(&self) -> Result<Need> {
        let namespace = self.context.caches.namespaces.get(&ObjectKey::new("", self.namespace));
        let Some(namespace) = namespace.filter(|seen| seen.metadata.deletion_timestamp.is_none()) else {
            return Ok(Need::Nothing);
        };
        let labels = namespace.metadata.labels.clone().unwrap_or_default();
        Ok(if !Selection::of(&self.object.spec)?.picks(self.namespace, &labels) {
            Need::Clearance
        } else if self.object.meta().deletion_timestamp.is_some() {
            Need::Watch
        } else if self.object.spec.suspend {
            Need::Rest
        } else {
            Need::Login
        })
    }

    /// Whatever fails in AWS, a Secret that is as declared and still works is not called broken.
    async fn fill(&mut self) -> Result<Success> {
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

    async fn converge(&mut self) -> Result<Success> {
        let Plan { registries, terms } = self.plan(Suspended::Refused)?;
        template::check(&self.object.spec.secret.templates)?;
        delivery::check(&self.owner(), self.namespace, self.services, self.context).await?;
        self.minters = Minters::sign_in(terms, &self.context.accounts).await?;
        let rendered = self.minters.rendered(&registries, self.services).await?;
        let addresses = templates(&registries, &rendered);
        let tokens = self.minters.tokens(self.request(), addresses, self.services).await?;
        if let Some(error) = self.lost_session(&tokens) {
            return Err(Error::Shared(error));
        }
        let settings = &self.object.spec.token;
        let login = (rendered.as_slice(), &tokens);
        verify(settings, login, &self.held(), self.services, self.context).await?;
        let statuses = tokens
            .iter()
            .map(|(domain, current)| event_records::token(domain, current, self.minters.terms(domain)))
            .collect();
        self.write(&rendered, &tokens, statuses).await?;
        Ok(self.done(&tokens))
    }

    /// Why a token that still works was not renewed, if only the session had ended and no other one was tried yet.
    fn lost_session(&self, tokens: &TokensByDomain) -> Option<Arc<Error>> {
        let mut errors = tokens.values().filter_map(|current| Some(&current.failing.as_ref()?.error));
        errors.find(|error| !self.signed_in_anew && error.reason() == Reason::SignInFailed).cloned()
    }

    /// Drops the sessions that were used if AWS refused one of them, so that another attempt signs in anew. Returns whether it did.
    fn drop_refused_sessions(&mut self, outcome: &Result<Success>) -> bool {
        if !outcome.as_ref().is_err_and(|error| error.reason() == Reason::SignInFailed) {
            return false;
        }
        self.signed_in_anew = true;
        std::mem::take(&mut self.minters).forget(&self.context.accounts)
    }

    fn done(&mut self, tokens: &TokensByDomain) -> Success {
        let now = self.context.clock.now();
        let next = tokens.values().map(CurrentToken::look_again).min().unwrap_or(now);
        let failing = tokens.values().find_map(|current| Some((current, current.failing.as_ref()?)));
        self.place.standing = Some(match failing {
            Some((current, failing)) => {
                self.troubled(Arc::clone(&failing.error), current.kept.token.life, failing.retry_at)
            }
            None => Standing::Filled,
        });
        self.later(next)
    }

    /// Puts a Secret back that has gone or was changed since the last visit, before AWS is asked anything: an answer may take long.
    async fn put_back_first(&mut self) {
        let lost = self.place.last.is_some() && !self.is_as_written();
        if lost && matches!(self.coverage(), Coverage::Covered) {
            self.put_back().await;
        }
    }

    /// What keeps the Secret from being put back here is found again by the visit itself, which tells of it.
    async fn put_back(&mut self) -> bool {
        self.try_to_put_back().await.unwrap_or_else(|later| {
            tracing::debug!(%later, "the Secret could not be put back");
            false
        })
    }

    /// Makes the Secret as declared without AWS, from the tokens that it held. Returns whether it is as declared now.
    async fn try_to_put_back(&mut self) -> Result<bool> {
        let plan = self.plan(Suspended::Refused)?;
        let recorded = self.held();
        let Some((rendered, tokens)) = kept_login(&plan, &recorded, self.services).await? else {
            return Ok(false);
        };
        let statuses = tokens
            .iter()
            .map(|(domain, current)| event_records::token(domain, current, plan.terms.get(domain)))
            .collect();
        self.write(&rendered, &tokens, statuses).await?;
        Ok(true)
    }

    /// Delivers the login, and removes what an earlier name of the Secret has left behind.
    async fn write(
        &mut self,
        registries: &[Registry],
        tokens: &TokensByDomain,
        statuses: Vec<TokenStatus>,
    ) -> Result<()> {
        let spec = &self.object.spec;
        let login = ReadyLogin::render(registries, tokens, &spec.secret, spec.token.keep_previous)?;
        let write = deliver(&login, &self.owner(), self.namespace, self.services, self.context).await?;
        let key = ObjectKey::new(self.namespace, self.object.name_any());
        let written = self.services.unsaid.take(&key, &self.uid());
        self.deeds.extend(deed(&self.place, &statuses, &written));
        self.fresh = false;
        self.last = Some(write.clone());
        self.place.last = Some(write);
        self.place.tokens = Some(statuses.into());
        self.place.generation = self.object.meta().generation;
        self.remove_earlier().await
    }

    fn plan(&self, suspended: Suspended) -> Result<Plan<'a>> {
        Plan::of(super::wish(self.object), self.namespace, &self.context.caches, suspended)
    }

    fn request(&self) -> TokenRequest {
        TokenRequest {
            user: self.target(),
            renew_before: self.object.spec.token.renew_before.map(interval),
            shards: self.object.spec.token.shards,
            force: self.force(),
            expired: self.first_end().is_some_and(|end| end <= self.context.clock.now()),
            impatient: self.fresh,
            addresses: Templates::new(),
        }
    }

    /// A value of the renew-at annotation that is new. There is nothing to renew before the first token.
    fn force(&self) -> Option<String> {
        let asked = self.object.annotations().get(RENEW_AT)?;
        let status = self.object.status.as_ref()?;
        let new = status.last_handled_renew_at.as_ref() != Some(asked) && !status.tokens.is_empty();
        new.then(|| asked.clone())
    }

    fn owner(&self) -> Owner<'_> {
        Owner {
            object: self.target(),
            reference: self.object.controller_owner_ref(&()).unwrap_or_default(),
            settings: &self.object.spec.secret,
            last: self.last.as_ref(),
            fresh: self.fresh,
        }
    }

    /// The Secret as the cache shows it.
    fn seen(&self) -> Option<Arc<SecretRecord>> {
        self.context.caches.secrets.get(&ObjectKey::new(self.namespace, super::secret_name(self.object)))
    }

    /// What this process finds after a restart counts as written, if the object controls it: whether it is as declared is told from its
    /// metadata. An edit under the operator's own name that nobody watched is found at the next renewal.
    fn found(&self) -> Option<SecretWrite> {
        let seen = self.seen().filter(|seen| seen.is_controlled_by(&self.uid()))?;
        Some(SecretWrite { uid: seen.uid.clone(), resource_version: seen.version.clone() })
    }

    /// Whether the cache shows the Secret just as this process wrote it or found it to be written, for the present spec.
    fn is_as_written(&self) -> bool {
        self.seen().is_some_and(|seen| {
            let written = |last: &SecretWrite| last.uid == seen.uid && last.resource_version == seen.version;
            self.is_declared()
                && !seen.deleting
                && seen.is_controlled_by(&self.uid())
                && self.place.last.as_ref().is_some_and(written)
        })
    }

    /// Whether the present spec was carried out here; after a restart the status of the whole says so.
    fn is_declared(&self) -> bool {
        let generation = self.object.meta().generation;
        match self.place.generation {
            None => super::is_settled(self.object),
            carried_out => carried_out == generation,
        }
    }

    fn target(&self) -> ObjectId {
        ObjectId::new(KindName::Delivery, ObjectKey::new(self.namespace, self.object.name_any()))
    }

    fn uid(&self) -> String {
        self.object.uid().unwrap_or_default()
    }
}

/// What a write of the Secret came to, for a reader.
fn deed(before: &Place, tokens: &[TokenStatus], written: &Written) -> Option<Deed> {
    let fresh = before.tokens.as_ref().is_some_and(|known| {
        let lives =
            |tokens: &[TokenStatus]| -> Vec<_> { tokens.iter().map(|token| token.issued_at).collect() };
        lives(known) != lives(tokens)
    });
    match written {
        Written::Already => None,
        Written::TakenOver(_) => Some(Deed::Adopted),
        Written::Created if before.last.is_none() => Some(Deed::Created),
        Written::Created | Written::Changed if fresh => Some(Deed::Renewed),
        Written::Created => Some(Deed::PutBack),
        Written::Changed => Some(Deed::Rewritten),
    }
}
