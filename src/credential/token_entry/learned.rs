//! What the users of a token know of its origin is stored beside the token.

use std::sync::Arc;

use crate::credential::token_entry::EntryState;
use crate::credential::token_store::{Origin, StoredToken, Templates};

impl EntryState {
    /// The token with the parts of `origin` that are not stored yet; `None` when all are stored. The parts count as stored from now on.
    pub(in crate::credential) fn learn(&mut self, origin: &Origin) -> Option<Arc<StoredToken>> {
        let kept = self.kept.as_ref()?;
        let known = origin.addresses.keys().all(|kind| kept.origin.addresses.contains_key(kind));
        if known && kept.origin.source == origin.source {
            return None;
        }
        let mut addresses = kept.origin.addresses.clone();
        addresses.extend(origin.addresses.clone());
        let more = StoredToken { origin: Origin { addresses, ..origin.clone() }, ..StoredToken::clone(kept) };
        Some(Arc::clone(self.kept.insert(Arc::new(more))))
    }

    /// The addresses were stored, which gave the Secret with the token a new version.
    pub(in crate::credential) fn learned(&mut self, more: &Arc<StoredToken>, saved: Arc<StoredToken>) {
        if self.kept.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, more)) {
            self.kept = Some(saved);
        }
    }

    /// The addresses could not be stored: the next login that asks tries again.
    pub(in crate::credential) fn unlearn(&mut self, addresses: &Templates) {
        if let Some(kept) = &mut self.kept {
            let kept = Arc::make_mut(kept);
            kept.origin.addresses.retain(|kind, _| !addresses.contains_key(kind));
        }
    }
}
