//! The bytes of assets, kept once in the process however many assets have them.

use super::asset::{Checksum, Content};
use axum::body::Bytes;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What one entry costs besides its bytes, roughly.
const OVERHEAD: usize = 320;

/// Contents that nobody has any more go when at least this much was added since the last time, and
/// as much as was left then: looking through all of them costs little for each that is added.
const LEAST: usize = 1 << 20;

static KEPT: Mutex<Kept> = Mutex::new(Kept { contents: BTreeMap::new(), left: 0, added: 0 });

struct Kept {
    contents: BTreeMap<Checksum<32>, Arc<Content>>,
    /// The size of what was left when contents went the last time.
    left: usize,
    /// The size of what was added since.
    added: usize,
}

/// The same bytes with their hashes, from memory that all who have them share.
pub(super) fn shared(bytes: Bytes, sha256: Checksum<32>) -> Arc<Content> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner).share(bytes, sha256)
}

impl Kept {
    fn share(&mut self, bytes: Bytes, sha256: Checksum<32>) -> Arc<Content> {
        if let Some(known) = self.contents.get(&sha256) {
            return known.clone();
        }
        if self.added >= self.left.max(LEAST) {
            self.contents.retain(|_, content| Arc::strong_count(content) > 1);
            self.left = self.contents.values().map(|content| cost(&content.bytes)).sum();
            self.added = 0;
        }
        // What came may be a small part of a large request, which must not live on for it.
        let own = Bytes::from(Vec::from(bytes).into_boxed_slice());
        self.added += cost(&own);
        let content = Arc::new(Content::new(own, sha256));
        self.contents.insert(sha256, content.clone());
        content
    }
}

fn cost(bytes: &Bytes) -> usize {
    bytes.len() + OVERHEAD
}

/// Bytes as base64 text, for files.
pub(crate) mod base64 {
    use axum::body::Bytes;
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(content: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(content))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        BASE64_STANDARD.decode(text.as_ref()).map(Bytes::from).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(number: u8) -> Checksum<32> {
        Checksum([number; 32])
    }

    #[test]
    fn equal_contents_share_their_memory() {
        let mut kept = Kept { contents: BTreeMap::new(), left: 0, added: 0 };
        let first = kept.share(Bytes::from_static(b"abc"), sum(1));
        let second = kept.share(Bytes::from_static(b"abc"), sum(1));
        assert_eq!(first.bytes, "abc");
        assert!(Arc::ptr_eq(&first, &second));
    }

    #[test]
    fn what_nobody_has_goes_in_time() {
        let mut kept = Kept { contents: BTreeMap::new(), left: 0, added: 0 };
        let large = Bytes::from(vec![0; LEAST]);
        let held = kept.share(large.clone(), sum(1));
        drop(kept.share(large.clone(), sum(2)));
        drop(kept.share(large.clone(), sum(3)));
        assert!(kept.contents.contains_key(&sum(1)) && !kept.contents.contains_key(&sum(2)));
        drop(held);
        for number in 4..9 {
            drop(kept.share(large.clone(), sum(number)));
        }
        assert!(!kept.contents.contains_key(&sum(1)), "{}", kept.contents.len());
    }
}
