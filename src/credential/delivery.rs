//! A login is delivered to a namespace: the Secret there is made as the owner of the login wants it.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

use crate::api::{SecretSettings, SecretWrite};
use crate::credential::binding::Binding;
use crate::credential::render::{self, DomainKey, Files, Login, Registry};
use crate::credential::secret::{Wanted, content_id};
use crate::credential::secret_writer::{self, Written};
use crate::credential::services::Services;
use crate::credential::token::Token;
use crate::credential::token_request::CurrentToken;
use crate::credential::unsaid;
use crate::engine::context::Context;
use crate::engine::object::{ObjectId, ObjectKey};
use crate::error::{Error, Result};
use crate::reason::Reason;

/// The key of the token before the present one, where the owner wants it.
const PREVIOUS: &str = "token-previous";

/// A login that is ready to be written.
pub(super) struct ReadyLogin {
    files: Files,
    content: String,
}

impl ReadyLogin {
    /// The files of a login for some registries, with a token for each domain, and of the templates of its owner.
    pub(super) fn render(
        registries: &[Registry],
        tokens: &BTreeMap<DomainKey, CurrentToken>,
        settings: &SecretSettings,
        keep_previous: bool,
    ) -> Result<Self> {
        let previous = previous(tokens).filter(|_| keep_previous);
        let present = tokens.values().map(|current| &current.kept.token);
        let ids: Vec<_> = present.chain(previous).map(|token| token.id.as_str()).collect();
        let logins = tokens.iter().map(|(domain, current)| (domain.clone(), login(current))).collect();
        let mut files = render::files(registries, &logins, &settings.templates)?;
        files.extend(previous.map(|token| (PREVIOUS.to_owned(), token.text.clone())));
        let chosen = files.iter().filter(|(key, _)| settings.templates.contains_key(*key));
        let content = content_id(&ids, registries, chosen);
        Ok(Self { files, content })
    }
}

/// The token before the present one, where all registries share one token.
fn previous(tokens: &BTreeMap<DomainKey, CurrentToken>) -> Option<&Token> {
    let mut all = tokens.values();
    let only = all.next().filter(|_| all.next().is_none())?;
    only.kept.previous.as_ref()
}

fn login(current: &CurrentToken) -> Login {
    let token = &current.kept.token;
    Login { text: token.text.clone(), expires: token.life.expires }
}

/// Whose login it is, and how the owner wants the Secret.
#[derive(Clone, Debug)]
pub(super) struct Owner<'a> {
    /// The object that is woken when a Secret in the way changes.
    pub(super) object: ObjectId,
    /// The object as the controller of the Secret.
    pub(super) reference: OwnerReference,
    /// What the spec says about the Secret.
    pub(super) settings: &'a SecretSettings,
    /// The operator's last write to any Secret for this object; the uid says to which Secret.
    pub(super) last: Option<&'a SecretWrite>,
    /// Whether the API server is asked, whatever the cache says.
    pub(super) fresh: bool,
}

impl Owner<'_> {
    /// The name of the Secret.
    pub(super) fn secret_name(&self) -> String {
        self.settings.name.clone().unwrap_or_else(|| self.reference.name.clone())
    }

    fn wanted(&self, login: Option<&ReadyLogin>, namespace: &str, binding: Option<Binding>) -> Wanted {
        let content = login.map_or("", |login| &login.content);
        let content = binding.map(|binding| binding.content(content)).unwrap_or_default();
        let [labels, annotations] = Wanted::marked(self.settings, content);
        Wanted {
            namespace: namespace.to_owned(),
            name: self.secret_name(),
            user: self.object.clone(),
            owner: self.reference.clone(),
            labels,
            annotations,
            keys: login.iter().flat_map(|login| login.files.keys().cloned()).collect(),
            binding,
            adoption: self.settings.adoption,
        }
    }
}

/// Refuses before a token is minted for a Secret that is known to be somebody else's.
pub(super) async fn check(
    owner: &Owner<'_>,
    namespace: &str,
    services: &Services,
    context: &Context,
) -> Result<()> {
    let binding = services.binding(&ObjectKey::new(namespace, owner.secret_name()), context).await?;
    secret_writer::check(context, &owner.wanted(None, namespace, binding), owner.last)
}

/// Makes the Secret in the namespace as it should be. What was written is remembered until an event reports the write.
pub(super) async fn deliver(
    login: &ReadyLogin,
    owner: &Owner<'_>,
    namespace: &str,
    services: &Services,
    context: &Context,
) -> Result<SecretWrite> {
    let secret = ObjectKey::new(namespace, owner.secret_name());
    let binding = services.binding(&secret, context).await?;
    let wanted = owner.wanted(Some(login), namespace, binding);
    let known = context.caches.secrets.get(&secret).is_some();
    // The mint may have taken a while: nobody wants a Secret whose owner is gone, or is another object of that name by now.
    if context.caches.uid_of(&owner.object).as_deref() != Some(&*owner.reference.uid) {
        return Err(Error::waiting(
            Reason::Progressing,
            "the object is gone, so that no Secret is made for it",
        ));
    }
    let ensured = secret_writer::ensure(context, &wanted, &login.files, owner.last, owner.fresh).await;
    let (unsaid, key) = (&services.unsaid, ObjectKey::new(namespace, &owner.object.key.name));
    match &ensured {
        Ok((written, _)) => unsaid.keep(&key, &owner.reference.uid, written.clone()),
        Err(error) if unsaid::leaves_doubt(error) => {
            let written = if known { Written::Changed } else { Written::Created };
            unsaid.keep(&key, &owner.reference.uid, written);
        }
        Err(_) => {}
    }
    ensured.map(|(_, write)| write)
}
