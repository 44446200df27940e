//! OIDC providers that accounts know.

use super::super::policy::is_account;
use imbl::OrdMap;
use jsonwebtoken::jwk::JwkSet;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A provider as the control route takes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ProviderSpec {
    issuer: String,
    audiences: Vec<String>,
    jwks: JwkSet,
    account_id: Option<String>,
}

/// A provider that vouches for people and programs by signed tokens.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Provider {
    pub(crate) issuer: String,
    pub(crate) arn: String,
    pub(crate) audiences: Vec<String>,
    pub(crate) keys: JwkSet,
}

/// The providers by ARN, which has the account and the issuer.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Providers(OrdMap<String, Provider>);

impl Providers {
    /// Add a provider, or replace it. It belongs to the emulator's own account unless it says otherwise.
    pub(crate) fn put(&mut self, spec: ProviderSpec, own_account: &str) -> Result<(), String> {
        let account = spec.account_id.unwrap_or_else(|| own_account.into());
        if !is_account(&account) {
            return Err(format!("{account:?} is no account"));
        }
        let name = condition_prefix(&spec.issuer);
        if name == spec.issuer || name.is_empty() {
            return Err("the issuer must begin with https:// or http://".into());
        }
        let arn = arn(&account, &spec.issuer);
        let provider =
            Provider { arn: arn.clone(), issuer: spec.issuer, audiences: spec.audiences, keys: spec.jwks };
        self.0.insert(arn, provider);
        Ok(())
    }

    /// The provider of that issuer that an account knows.
    pub(crate) fn get(&self, account: &str, issuer: &str) -> Option<&Provider> {
        self.0.get(&arn(account, issuer)).filter(|provider| provider.issuer == issuer)
    }

    /// Whether there was one with that ARN.
    pub(crate) fn remove(&mut self, arn: &str) -> bool {
        self.0.remove(arn).is_some()
    }

    pub(crate) fn show(&self) -> Value {
        let shown = |provider: &Provider| json!({ "arn": provider.arn, "audiences": provider.audiences });
        self.0.values().map(shown).collect()
    }
}

fn arn(account: &str, issuer: &str) -> String {
    format!("arn:aws:iam::{account}:oidc-provider/{}", condition_prefix(issuer))
}

/// What the condition keys of a provider begin with: its issuer without the scheme.
pub(crate) fn condition_prefix(issuer: &str) -> &str {
    let bare = issuer.strip_prefix("https://").or_else(|| issuer.strip_prefix("http://"));
    bare.map_or(issuer, |bare| bare.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_survive_being_written_down() {
        let key = json!({ "kty": "EC", "crv": "P-256", "kid": "a", "x": "AA", "y": "BB" });
        let spec = json!({ "issuer": "https://a.example/b", "audiences": ["c"], "jwks": { "keys": [key] } });
        let mut providers = Providers::default();
        providers.put(serde_json::from_value(spec).unwrap(), "111122223333").unwrap();
        let text = serde_json::to_string(&providers).unwrap();
        let again: Providers = serde_json::from_str(&text).unwrap();
        let kept = again.get("111122223333", "https://a.example/b").unwrap();
        assert_eq!(kept.keys.keys.len(), 1);
        assert!(again.get("444455556666", "https://a.example/b").is_none());
        assert!(again.get("111122223333", "http://a.example/b").is_none());
    }
}
