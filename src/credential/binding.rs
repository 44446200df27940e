//! The mark that binds a Secret to its namespace and name, so that a Secret of ours is known without its owner. Pure.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use serde_json::json;
use sha2::Sha256;

use crate::engine::object::ObjectKey;

/// Bytes of a key that is made.
pub(super) const KEY_BYTES: usize = 32;
/// Bytes of a binding.
const BYTES: usize = 16;

/// The operator's key. Only the operator can make bindings, and a binding tells nothing of the key.
#[derive(Clone, Debug)]
pub(super) struct BindingKey(pub(super) SecretSlice<u8>);

/// Says that the operator wrote a Secret of this namespace and name. The copy of a Secret under another name has the binding of the
/// first, which does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding([u8; BYTES]);

impl BindingKey {
    /// The binding of a Secret.
    pub(super) fn binding(&self, secret: &ObjectKey) -> Option<Binding> {
        // HMAC takes keys of any length, so that there is no error to tell of.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret()).ok()?;
        mac.update(json!([secret.namespace, secret.name]).to_string().as_bytes());
        mac.finalize().into_bytes().first_chunk().copied().map(Binding)
    }
}

impl Binding {
    /// The value of the content annotation: the binding, and after it the id of what is in the Secret.
    pub(super) fn content(self, id: &str) -> String {
        format!("{}.{id}", hex::encode(self.0))
    }

    /// The binding in a content annotation.
    pub(super) fn of(content: &str) -> Option<Self> {
        let digits = content.split_once('.')?.0;
        let mut bytes = [0; BYTES];
        hex::decode_to_slice(digits, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> BindingKey {
        BindingKey(vec![byte; KEY_BYTES].into())
    }

    #[test]
    fn a_binding_fits_one_namespace_and_one_name() {
        let of =
            |namespace: &str, name: &str, byte| key(byte).binding(&ObjectKey::new(namespace, name)).unwrap();
        let first = of("team", "login", 1);
        assert_eq!(first, of("team", "login", 1));
        for other in
            [of("team", "copy", 1), of("other", "login", 1), of("team", "login", 2), of("tea", "mlogin", 1)]
        {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn the_annotation_gives_the_binding_back() {
        let binding = key(7).binding(&ObjectKey::new("team", "login")).unwrap();
        assert_eq!(Binding::of(&binding.content("c0ffee")), Some(binding));
        let [short, long] = ["00".repeat(15), "00".repeat(17)].map(|digits| format!("{digits}.id"));
        let sign = format!("+{}.id", "0".repeat(31));
        for text in ["", "c0ffee", ".id", "zz.id", "é.id", &short, &long, &sign, &"00".repeat(16)] {
            assert_eq!(Binding::of(text), None, "{text}");
        }
    }
}
