//! What a Secret holds. Pure.

use std::collections::BTreeMap;

use secrecy::SecretString;

/// Secret key to content.
pub type Files = BTreeMap<String, SecretString>;
