//! Authorization tokens: opaque, long, for one domain and one principal, until they expire.

use super::domain::DomainKey;
use super::principal::Caller;
use imbl::{OrdMap, Vector};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Real tokens are about a kilobyte; clients and Secrets must cope.
const LENGTH: usize = 1_200;

/// What a token stands for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TokenGrant {
    pub(crate) domain: DomainKey,
    pub(crate) caller: Caller,
    pub(crate) expires: Timestamp,
}

/// Why the data plane does not let a token in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unauthorized {
    #[error("the authorization token is not known")]
    Unknown,
    #[error("the authorization token has expired")]
    Expired,
}

/// The tokens minted, by text.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Tokens {
    grants: OrdMap<String, Arc<TokenGrant>>,
    revoked: Vector<String>,
}

impl Tokens {
    /// Mint a token.
    pub(crate) fn mint(&mut self, grant: TokenGrant) -> String {
        let text = random_text();
        self.grants.insert(text.clone(), Arc::new(grant));
        text
    }

    /// What the token stands for, now.
    pub(crate) fn check(&self, text: &str, now: Timestamp) -> Result<&TokenGrant, Unauthorized> {
        let grant = self.grants.get(text).ok_or(Unauthorized::Unknown)?;
        if grant.expires <= now {
            return Err(Unauthorized::Expired);
        }
        Ok(grant)
    }

    /// All that were minted, expired ones too.
    pub(super) fn grants(&self) -> &OrdMap<String, Arc<TokenGrant>> {
        &self.grants
    }

    /// Take a token that was minted before.
    pub(super) fn keep(&mut self, text: String, grant: TokenGrant) {
        self.grants.insert(text, Arc::new(grant));
    }

    /// Every text ever minted.
    pub(crate) fn minted(&self) -> Vec<String> {
        self.grants.keys().chain(&self.revoked).cloned().collect()
    }

    /// Nothing is valid any more, and the texts are still remembered.
    pub(crate) fn revoked(self) -> Self {
        Self { revoked: self.minted().into(), grants: OrdMap::new() }
    }
}

/// Five dotted parts of random text, as the service's tokens look.
fn random_text() -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    (0..LENGTH)
        .map(|position| match position {
            120 | 470 | 500 | 1_170 => '.',
            _ => char::from(ALPHABET[fastrand::usize(..ALPHABET.len())]),
        })
        .collect()
}
