//! The tokens of OIDC providers. Whoever issues them goes by the clock of this machine, and
//! so does their expiry; only what the emulator gives out goes by its own clock.

use crate::state::principal::{Provider, SessionTags};
use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, Validation, decode, decode_header,
    get_current_timestamp,
};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Once;

/// What a token says of who shows it.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    pub(super) sub: String,
    aud: OneOrMany,
    /// Whom it was issued to; it stands for the audience where there is one.
    azp: Option<String>,
    /// The audience that the provider is registered for.
    #[serde(skip)]
    pub(super) audience: String,
    exp: u64,
    #[serde(default)]
    pub(super) amr: Vec<String>,
    #[serde(rename = "https://aws.amazon.com/tags", default)]
    tags: TagClaims,
    #[serde(rename = "https://aws.amazon.com/source_identity")]
    pub(super) source_identity: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Issuer {
    iss: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TagClaims {
    principal_tags: BTreeMap<String, OneOrMany>,
    transitive_tag_keys: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// Why a token proves nothing, in AWS's words.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Flaw {
    #[error("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")]
    Malformed,
    #[error(
        "Couldn't retrieve verification key from your identity provider, please reference \
         AssumeRoleWithWebIdentity documentation for requirements"
    )]
    NoKey,
    #[error("Provided Token's signature is not valid")]
    Signature,
    #[error("Token expired: current date/time {now} must be before the expiration date/time {until}")]
    Expired { now: u64, until: u64 },
    #[error("Incorrect token audience")]
    Audience,
}

impl OneOrMany {
    fn entries(&self) -> &[String] {
        match self {
            Self::One(entry) => std::slice::from_ref(entry),
            Self::Many(entries) => entries,
        }
    }
}

impl Claims {
    /// The claims with the audience that counts, if they are good now and meant for this provider's audiences.
    fn accepted(mut self, provider: &Provider, now: u64) -> Result<Self, Flaw> {
        if self.exp <= now {
            return Err(Flaw::Expired { now, until: self.exp });
        }
        let claimed = self.azp.as_ref().map_or(self.aud.entries(), std::slice::from_ref);
        let known = claimed.iter().find(|audience| provider.audiences.contains(audience));
        self.audience = known.ok_or(Flaw::Audience)?.clone();
        Ok(self)
    }

    pub(super) fn tags(&self) -> SessionTags {
        let first =
            |(key, values): (&String, &OneOrMany)| Some((key.clone(), values.entries().first()?.clone()));
        SessionTags {
            values: self.tags.principal_tags.iter().filter_map(first).collect(),
            transitive: self.tags.transitive_tag_keys.clone(),
        }
    }
}

/// The issuer that a token claims to have.
pub(super) fn issuer_of(token: &str) -> Result<String, Flaw> {
    insecure_decode_claims::<Issuer>(token).map(|claims| claims.iss).map_err(|_| Flaw::Malformed)
}

/// What a token says, once it is certain that its provider said it.
pub(super) fn verify(token: &str, provider: &Provider) -> Result<Claims, Flaw> {
    install_verifier();
    let header = decode_header(token).map_err(|_| Flaw::Malformed)?;
    let candidates =
        provider.keys.keys.iter().filter(|key| header.kid.is_none() || key.common.key_id == header.kid);
    let mut flaw = Flaw::NoKey;
    for key in candidates.filter_map(|key| DecodingKey::from_jwk(key).ok()) {
        match check(token, &key, provider) {
            Err(Flaw::Signature) => flaw = Flaw::Signature,
            certain => return certain,
        }
    }
    Err(flaw)
}

fn check(token: &str, key: &DecodingKey, provider: &Provider) -> Result<Claims, Flaw> {
    let mut validation = Validation::new(match key.family() {
        AlgorithmFamily::Ec => Algorithm::ES256,
        _ => Algorithm::RS256,
    });
    validation.set_required_spec_claims(&["exp", "iss", "sub", "aud"]);
    validation.set_issuer(&[&provider.issuer]);
    validation.validate_nbf = true;
    validation.leeway = 0;
    // The crate lets a token through in its last second, and the audience that counts may be another claim.
    validation.validate_exp = false;
    validation.validate_aud = false;
    let decoded = decode::<Claims>(token, key, &validation).map_err(|error| match error.kind() {
        ErrorKind::InvalidSignature | ErrorKind::InvalidKeyFormat => Flaw::Signature,
        _ => Flaw::Malformed,
    })?;
    decoded.claims.accepted(provider, get_current_timestamp())
}

/// The JWT crate takes its cryptography from outside; with ring's it brings in nothing more.
static RING: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(unsupported()),
    verifier_factory: |algorithm, key| verifier(*algorithm, key),
    key_utils: KeyUtils::new_unimplemented(),
};

fn install_verifier() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if RING.install_default().is_err() {
            tracing::debug!("this process verifies JWTs with another library already");
        }
    });
}

fn unsupported() -> Error {
    ErrorKind::UnsupportedAlgorithm.into()
}

fn verifier(algorithm: Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    match (algorithm, key.kind()) {
        (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) => {
            Ok(Box::new(Rsa(RsaPublicKeyComponents { n: n.clone(), e: e.clone() })))
        }
        (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point)) => Ok(Box::new(Ecdsa(point.clone()))),
        _ => Err(ErrorKind::InvalidKeyFormat.into()),
    }
}

struct Rsa(RsaPublicKeyComponents<Vec<u8>>);

impl Verifier<Vec<u8>> for Rsa {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let verified = self.0.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature);
        verified.map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Rsa {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

struct Ecdsa(Vec<u8>);

impl Verifier<Vec<u8>> for Ecdsa {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.0);
        key.verify(message, signature).map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Ecdsa {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn accepted(changes: &Value, now: u64) -> Result<String, Flaw> {
        let mut claims = json!({ "sub": "s", "exp": 1_000, "aud": ["other", "known"] });
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let claims: Claims = serde_json::from_value(claims).unwrap();
        let provider = json!({ "issuer": "i", "arn": "a", "audiences": ["known"], "keys": { "keys": [] } });
        Ok(claims.accepted(&serde_json::from_value(provider).unwrap(), now)?.audience)
    }

    #[test]
    fn the_audience_that_counts_is_one_that_is_registered() {
        for (changes, expected) in [
            (json!({}), Ok("known")),
            (json!({ "aud": "known" }), Ok("known")),
            (json!({ "aud": "other" }), Err(Flaw::Audience)),
            (json!({ "aud": "other", "azp": "known" }), Ok("known")),
            (json!({ "aud": "known", "azp": "other" }), Err(Flaw::Audience)),
            (json!({ "audience": "known", "aud": [] }), Err(Flaw::Audience)),
        ] {
            assert_eq!(accepted(&changes, 999), expected.map(str::to_owned), "{changes}");
        }
    }

    #[test]
    fn a_token_is_good_before_its_expiration_and_not_at_it() {
        assert!(accepted(&json!({}), 999).is_ok());
        let flaw = accepted(&json!({}), 1_000).unwrap_err();
        assert_eq!(
            flaw.to_string(),
            "Token expired: current date/time 1000 must be before the expiration date/time 1000"
        );
    }
}
