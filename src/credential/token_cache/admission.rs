//! How many tokens a namespace may have minted.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::credential::render::DomainKey;
use crate::credential::token::TokenKey;
use crate::credential::token_entry::TokenEntry;
use crate::engine::object::ObjectId;
use crate::error::{Error, Result};

/// How many tokens of one domain and one identity the logins of a namespace may use: one for each duration and shard.
pub(super) const MOST_TOKENS: usize = 8;

/// Whose tokens a key is about: the proof of the identity that mints, and the domain.
pub(super) fn family(key: &TokenKey) -> (String, DomainKey) {
    (key.proof.clone(), key.domain.clone())
}

/// Refuses a token that would be one too many for the user's namespace. One that is kept, or that the user or its namespace has
/// already, is no new one.
pub(super) fn admit(
    entries: &HashMap<String, Arc<TokenEntry>>,
    key: &TokenKey,
    user: &ObjectId,
    now: Timestamp,
) -> Result<()> {
    let (name, family) = (key.name(), family(key));
    if let Some(entry) = entries.get(&name) {
        let state = entry.lock();
        let kept = state.kept.as_ref().is_some_and(|kept| kept.token.life.valid(now));
        if kept || state.serves(user) {
            return Ok(());
        }
    }
    let related: Vec<_> = entries
        .iter()
        .filter(|(other, entry)| **other != name && entry.lock().family.as_ref() == Some(&family))
        .map(|(_, entry)| entry)
        .collect();
    let full = related.len() >= MOST_TOKENS
        && related.iter().filter(|entry| entry.lock().serves_others(user)).count() >= MOST_TOKENS;
    if !full {
        return Ok(());
    }
    Err(Error::invalid(
        "spec.token.duration",
        format!("{:#}", key.duration),
        format!(
            "the RegistryCredentials of namespace {} use {MOST_TOKENS} other tokens for domain {} already, and each duration and each \
             shard is minted apart; use one of those durations",
            user.key.namespace, key.domain.domain
        ),
    ))
}
