//! Which tokens were tried at a registry and opened it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// So many are remembered; what is forgotten is tried again.
const MOST: usize = 1024;

/// The tokens that were tried, by id and address. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Verified(Arc<Mutex<VecDeque<String>>>);

impl Verified {
    /// Whether the token opened the registry before.
    pub(super) fn knows(&self, tried: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|known| known == tried)
    }

    /// Remembers that the token opened the registry.
    pub(super) fn learn(&self, tried: String) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.truncate(MOST - 1);
        known.push_front(tried);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_thousand_are_remembered() {
        let verified = Verified::default();
        (0..=MOST).for_each(|number| verified.learn(number.to_string()));
        assert!(verified.knows("1") && verified.knows("1024") && !verified.knows("0"));
    }
}
