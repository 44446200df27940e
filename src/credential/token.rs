//! A token, and what it is minted for.

use jiff::SignedDuration;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use super::render::DomainKey;
use super::schedule::Life;

/// A token that was minted.
#[derive(Clone, Debug)]
pub(super) struct Token {
    /// Unguessable, and no part of the token: Secrets are marked with it.
    pub(super) id: String,
    /// Its text.
    pub(super) text: SecretString,
    /// From when to when it works.
    pub(super) life: Life,
}

/// What a token is minted for. Logins with the same key share the token; no other login sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct TokenKey {
    /// Proof of the identity that mints.
    pub(super) proof: String,
    /// The domain.
    pub(super) domain: DomainKey,
    /// The life that is asked for.
    pub(super) duration: SignedDuration,
}

impl TokenKey {
    /// Name of the Secret that keeps the token, and of its cache entry.
    pub(super) fn name(&self) -> String {
        // The proof says which AwsAccount it is.
        let DomainKey { account: _, region, owner, domain } = &self.domain;
        let parts = serde_json::json!([self.proof, region, owner, domain, self.duration.as_secs()]);
        let digest = hex::encode(Sha256::digest(parts.to_string()));
        format!("token-{}", digest.get(..40).unwrap_or(&digest))
    }
}
