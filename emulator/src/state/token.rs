//! Authorization tokens: long, for one domain and one principal, until they expire. What a token
//! means is looked up here; of its text only the header says anything.

use super::domain_key::DomainKey;
use super::expired::Sweep;
use super::principal::Caller;
use crate::options::TokenTexts;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use imbl::{OrdMap, Vector};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

/// How many bytes each part after the header has: a key, an initialization vector, the content, and a tag.
const PARTS: [usize; 4] = [16, 12, 940, 16];

/// What a token stands for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TokenGrant {
    pub(crate) domain: DomainKey,
    pub(crate) caller: Caller,
    pub(crate) life: Life,
}

/// From when to when a token is good, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Life {
    issued: Timestamp,
    expires: Timestamp,
}

impl Life {
    /// A life of that many seconds, which begins with the present second.
    pub(crate) fn of_seconds(now: Timestamp, seconds: i64) -> Self {
        let issued = whole(now);
        let expires = issued.saturating_add(SignedDuration::from_secs(seconds));
        Self { issued, expires: expires.unwrap_or(Timestamp::MAX) }
    }

    /// A life that ends in the second in which the session ends, and not after it.
    pub(crate) fn until(now: Timestamp, end: Timestamp) -> Self {
        Self { issued: whole(now), expires: whole(end) }
    }

    pub(crate) fn expires(self) -> Timestamp {
        self.expires
    }

    pub(crate) fn seconds(self) -> i64 {
        self.expires.duration_since(self.issued).as_secs()
    }
}

fn whole(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
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
#[derive(Clone)]
pub(crate) struct Tokens {
    grants: OrdMap<String, Arc<TokenGrant>>,
    sweep: Sweep,
    /// Every text ever minted, where they are wanted.
    texts: Option<Vector<String>>,
}

impl Tokens {
    /// None yet.
    pub(crate) fn new(texts: TokenTexts) -> Self {
        let texts = (texts == TokenTexts::Kept).then(Vector::new);
        Self { grants: OrdMap::new(), sweep: Sweep::default(), texts }
    }

    /// Mint a token.
    pub(crate) fn mint(&mut self, grant: TokenGrant, now: Timestamp) -> String {
        let text = text(grant.life);
        self.sweep.forget(&mut self.grants, now, |grant| Some(grant.life.expires));
        self.keep(text.clone(), grant);
        text
    }

    /// What the token stands for, now.
    pub(crate) fn check(&self, text: &str, now: Timestamp) -> Result<&TokenGrant, Unauthorized> {
        let grant = self.grants.get(text).ok_or(Unauthorized::Unknown)?;
        if grant.life.expires <= now {
            return Err(Unauthorized::Expired);
        }
        Ok(grant)
    }

    /// All tokens that are known, expired ones too.
    pub(super) fn grants(&self) -> &OrdMap<String, Arc<TokenGrant>> {
        &self.grants
    }

    /// Take a token that was minted before.
    pub(super) fn keep(&mut self, text: String, grant: TokenGrant) {
        if let Some(texts) = &mut self.texts {
            texts.push_back(text.clone());
        }
        self.grants.insert(text, Arc::new(grant));
    }

    /// Every text ever minted, if they are remembered.
    pub(crate) fn minted(&self) -> Vec<String> {
        self.texts.iter().flatten().cloned().collect()
    }

    /// Nothing is valid any more, and the texts are still remembered.
    pub(crate) fn revoked(&self) -> Self {
        Self { texts: self.texts.clone(), ..Self::new(TokenTexts::Forgotten) }
    }
}

/// Five dotted parts, as the service's tokens have them. The first is a header that scripts read; the
/// others are random here.
fn text(life: Life) -> String {
    let header = json!({
        "ver": 1,
        "isu": life.issued.as_second(),
        "enc": "A128GCM",
        "tag": random_part(16),
        "exp": life.expires.as_second(),
        "alg": "A128GCMKW",
        "iv": random_part(12),
    });
    let header = BASE64_URL_SAFE_NO_PAD.encode(header.to_string());
    let others = PARTS.iter().map(|&bytes| random_part(bytes));
    std::iter::once(header).chain(others).collect::<Vec<_>>().join(".")
}

fn random_part(bytes: usize) -> String {
    let bytes: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(bytes).collect();
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_token_has_five_parts_and_says_in_the_first_when_it_expires() {
        let text = text(Life::of_seconds(at("2026-01-01T00:00:00.9Z"), 900));
        assert!((1_450..=1_550).contains(&text.len()), "{} bytes", text.len());
        let parts: Vec<_> =
            text.split('.').map(|part| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
        assert_eq!(parts.len(), 5);
        let header: Value = serde_json::from_slice(&parts[0]).unwrap();
        let members: Vec<_> = header.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["ver", "isu", "enc", "tag", "exp", "alg", "iv"]);
        assert_eq!(header["isu"], at("2026-01-01T00:00:00Z").as_second());
        assert_eq!(header["exp"], at("2026-01-01T00:15:00Z").as_second());
    }

    #[test]
    fn a_life_is_of_whole_seconds_and_ends_no_later_than_the_session() {
        let now = at("2026-01-01T00:00:00.9Z");
        let life = Life::until(now, at("2026-01-01T01:00:00.4Z"));
        assert_eq!((life.expires(), life.seconds()), (at("2026-01-01T01:00:00Z"), 3_600));
        let life = Life::of_seconds(now, 43_200);
        assert_eq!((life.expires(), life.seconds()), (at("2026-01-01T12:00:00Z"), 43_200));
    }
}
