//! How long the tokens of a login live.

use kube::KubeSchema;
use kube::core::Duration;
use serde::{Deserialize, Serialize};

use crate::api::rules;

/// How long tokens live and when they are renewed.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::at_most_half())]
pub struct TokenSettings {
    /// Life of a token, such as 90m or 1h30m, from 15m to 12h. Left out: 12h, or the longest that the grant allows. Logins of the same duration share a token;
    /// the `RegistryCredential` objects of a namespace may use 8 durations for one domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", length(max = 16))]
    #[x_kube(validation = rules::duration(), validation = rules::duration_between("duration", "15m", "12h"),
        validation = rules::about_duration("duration(self).getMilliseconds() % 60000 == 0").message("duration must be whole minutes"))]
    pub duration: Option<Duration>,
    /// How much life a token has left at least while it is in the Secret. Left out: a third of `duration`; at most half of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", length(max = 16))]
    #[x_kube(validation = rules::duration(), validation = rules::about_duration("duration(self) >= duration('1m')").message("renewBefore must be at least 1m"))]
    pub renew_before: Option<Duration>,
    /// Into how many tokens the logins that would share one are spread. The service answers at most 1,200 requests a second with one
    /// token. Each login has one of the tokens, always the same, and each token is minted apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 8))]
    pub shards: Option<u8>,
    /// Before a new token replaces the one in the Secret, the operator sends one request with the new token to the first registry (the ping of its npm
    /// address). When the registry refuses the token, the Secret keeps the one that it has.
    #[serde(default)]
    pub verify: bool,
    /// Keep the token before the present one in the Secret too, as `token-previous`, for tools that load both. The key is there from the first
    /// renewal on, and only where all registries share one token. That token ends at its own time.
    #[serde(default)]
    pub keep_previous: bool,
}
