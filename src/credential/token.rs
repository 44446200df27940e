//! A token, and what it is minted for.

use jiff::SignedDuration;
use secrecy::SecretString;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::render::DomainKey;
use super::schedule::Life;
use crate::engine::object::ObjectKey;

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
    /// Which of the tokens that the logins are spread over; 0 where there is one.
    pub(super) shard: u8,
}

impl TokenKey {
    /// Name of the Secret that keeps the token, and of its cache entry.
    pub(super) fn name(&self) -> String {
        // The proof says which AwsAccount it is.
        let DomainKey { account: _, region, owner, domain } = &self.domain;
        let mut parts = vec![json!(self.proof), json!(region), json!(owner), json!(domain)];
        parts.push(json!(self.duration.as_secs()));
        parts.extend((self.shard > 0).then(|| json!(self.shard)));
        let digest = hex::encode(Sha256::digest(json!(parts).to_string()));
        format!("token-{}", digest.get(..40).unwrap_or(&digest))
    }
}

/// Which of so many tokens a login has: always the same one, also after a restart.
pub(super) fn shard_of(login: &ObjectKey, shards: Option<u8>) -> u8 {
    let digest = Sha256::digest(json!([login.namespace, login.name]).to_string());
    let number = digest.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    u8::try_from(number % u32::from(shards.unwrap_or(1).max(1))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_spread_over_all_shards_and_each_stays_where_it_is() {
        let shard =
            |number: u32, shards| shard_of(&ObjectKey::new("team", format!("login-{number}")), shards);
        let mut counts = [0; 8];
        for number in 0..800 {
            counts[usize::from(shard(number, Some(8)))] += 1;
            assert_eq!((shard(number, None), shard(number, Some(1)), shard(number, Some(0))), (0, 0, 0));
        }
        assert!(counts.iter().all(|count| (60..140).contains(count)), "{counts:?}");
        assert_eq!([0, 1, 2, 3].map(|number| shard(number, Some(8))), SHARDS_OF_THE_FIRST);
    }

    /// Another order would have every login minted anew by a new release.
    const SHARDS_OF_THE_FIRST: [u8; 4] = [7, 2, 0, 7];

    #[test]
    fn tokens_of_different_shards_are_kept_apart_and_one_without_shards_keeps_its_name() {
        let key = |shard| TokenKey {
            proof: "p".into(),
            domain: DomainKey { region: "us-east-1".into(), owner: "1".into(), ..DomainKey::default() },
            duration: SignedDuration::from_hours(12),
            shard,
        };
        assert_ne!(key(0).name(), key(1).name());
        assert_ne!(key(2).name(), key(1).name());
    }
}
