//! Tokens in Secrets of the operator's own namespace: the only place that they are read from after a restart.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, Preconditions};
use kube::{Api, ResourceExt};
use secrecy::{ExposeSecret, SecretString};

use crate::api::{COMPONENT, EndpointType, MANAGED_BY, MANAGER};
use crate::credential::render::DomainKey;
use crate::credential::schedule::Life;
use crate::credential::token::{Token, TokenKey};
use crate::engine::context::Context;
use crate::error::{Error, Result};
use crate::kubernetes::{is_gone, kube_call};

/// Value of the component label.
const TOKEN: &str = "token";
/// Secrets in one page of the list; a token has one to three KiB.
const PAGE: u32 = 100;

/// Under which keys a token is kept: its text, its id, when it was minted and when it ends.
const PRESENT: [&str; 4] = ["token", "id", "issuedAt", "expiresAt"];
/// The same for the token before it.
const PREVIOUS: [&str; 4] = ["previousToken", "previousId", "previousIssuedAt", "previousExpiresAt"];

/// A token with the version of the Secret that keeps it.
#[derive(Clone, Debug)]
pub(super) struct StoredToken {
    pub(super) token: Token,
    /// The token before it, if that one still worked when this one was minted.
    pub(super) previous: Option<Token>,
    pub(super) version: Option<String>,
    pub(super) origin: Origin,
}

impl StoredToken {
    /// The token of that life: this one, or the one before it.
    pub(super) fn of_life(self: Arc<Self>, life: Life) -> Option<Arc<Self>> {
        if self.token.life == life {
            return Some(self);
        }
        let token = self.previous.clone().filter(|previous| previous.life == life)?;
        Some(Arc::new(Self { token, previous: None, ..Self::clone(&self) }))
    }
}

/// From where a token is, as far as it must be known when AWS cannot be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Origin {
    /// [`crate::sessions::source`] of the AwsAccount and the role that minted it. Empty when not known.
    pub(super) source: String,
    /// The domain that it is for.
    pub(super) domain: DomainKey,
    /// Addresses in the domain, as the users of the token knew them when it was minted.
    pub(super) addresses: Templates,
}

/// Templates of the addresses in a domain, by the kind of address.
pub(super) type Templates = BTreeMap<EndpointType, String>;

/// Every token that was kept, by the name of its Secret.
pub(super) async fn load(context: &Context) -> Result<Vec<(String, StoredToken)>> {
    let mut params = ListParams::default().labels(&format!("{COMPONENT}={TOKEN}")).limit(PAGE);
    let mut tokens = Vec::new();
    loop {
        let page = kube_call(api(context).list(&params)).await?;
        for secret in page.items {
            let name = secret.name_any();
            match parse(secret) {
                Some(kept) => tokens.push((name, kept)),
                None => {
                    tracing::warn!(secret = %name, "a Secret that should keep a token does not, and is left alone");
                }
            }
        }
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(tokens),
        }
    }
}

/// Keeps a token in the place of an earlier one for the same key. Returns the token with its new version.
pub(super) async fn save(
    context: &Context,
    key: &TokenKey,
    identity: &str,
    stored: StoredToken,
) -> Result<StoredToken> {
    let name = key.name();
    let secret = Patch::Apply(secret(context, key, identity, &stored));
    context.metrics.kubernetes_write("Secret");
    let params = PatchParams::apply(MANAGER).force();
    let saved = kube_call(api(context).patch_metadata(&name, &params, &secret)).await?;
    Ok(StoredToken { version: saved.metadata.resource_version, ..stored })
}

/// Removes a token that is not used any more, unless a newer one has been kept in its place.
pub(super) async fn delete(context: &Context, name: &str, version: Option<String>) -> Result<()> {
    let preconditions = Some(Preconditions { uid: None, resource_version: version });
    context.metrics.kubernetes_write("Secret");
    let params = DeleteParams { preconditions, ..DeleteParams::default() };
    match kube_call(api(context).delete(name, &params)).await {
        Ok(_) => Ok(()),
        Err(error) if is_gone(&error) => Ok(()),
        Err(Error::Kube(error)) if matches!(error.as_ref(), kube::Error::Api(status) if status.is_conflict()) => {
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// The token, and for the reader whose it is; never what proves it.
fn secret(context: &Context, key: &TokenKey, identity: &str, stored: &StoredToken) -> Secret {
    let StoredToken { token, previous, origin, version: _ } = stored;
    let previous = previous.iter().flat_map(|token| PREVIOUS.into_iter().zip(parts(token)));
    let data = [
        ("account", origin.domain.account.clone()),
        ("region", origin.domain.region.clone()),
        ("domain", origin.domain.domain.clone()),
        ("owner", origin.domain.owner.clone()),
        ("duration", format!("{:#}", key.duration)),
        ("identity", identity.to_owned()),
        ("source", origin.source.clone()),
        ("addresses", serde_json::to_string(&origin.addresses).unwrap_or_default()),
    ];
    let data = data.into_iter().chain(PRESENT.into_iter().zip(parts(token))).chain(previous);
    let labels = [(MANAGED_BY, MANAGER), (COMPONENT, TOKEN)];
    Secret {
        metadata: ObjectMeta {
            name: Some(key.name()),
            namespace: Some(context.operator_namespace.clone()),
            labels: Some(labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into()),
            ..ObjectMeta::default()
        },
        data: Some(data.map(|(key, value)| (key.to_owned(), ByteString(value.into_bytes()))).collect()),
        type_: Some("Opaque".into()),
        ..Secret::default()
    }
}

/// What is kept of a token, in the order of [`PRESENT`] and [`PREVIOUS`].
fn parts(token: &Token) -> [String; 4] {
    let Token { id, text, life } = token;
    [text.expose_secret().to_owned(), id.clone(), life.issued.to_string(), life.expires.to_string()]
}

fn token(data: &mut BTreeMap<String, ByteString>, keys: [&str; 4]) -> Option<Token> {
    let [text, id, issued, expires] = keys.map(|key| take(data, key));
    let life = Life { issued: issued?.parse().ok()?, expires: expires?.parse().ok()? };
    Some(Token { id: id.filter(|id| !id.is_empty())?, text: SecretString::from(text?), life })
}

fn parse(secret: Secret) -> Option<StoredToken> {
    let version = secret.metadata.resource_version;
    let mut data = secret.data?;
    let present = token(&mut data, PRESENT)?;
    let previous = token(&mut data, PREVIOUS);
    let mut known = |key: &str| take(&mut data, key).unwrap_or_default();
    let origin = Origin {
        source: known("source"),
        domain: DomainKey {
            account: known("account"),
            region: known("region"),
            owner: known("owner"),
            domain: known("domain"),
        },
        addresses: serde_json::from_str(&known("addresses")).unwrap_or_default(),
    };
    Some(StoredToken { token: present, previous, version, origin })
}

fn take(data: &mut BTreeMap<String, ByteString>, key: &str) -> Option<String> {
    String::from_utf8(data.remove(key)?.0).ok()
}

fn api(context: &Context) -> Api<Secret> {
    Api::namespaced(context.client.0.clone(), &context.operator_namespace)
}
