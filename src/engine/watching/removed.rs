//! The objects that were removed last. Pure.

use std::collections::VecDeque;

/// The uids of the objects that were removed last, the newest first, and how many were removed in all.
#[derive(Debug, Default)]
pub(super) struct Removed {
    newest: VecDeque<Box<str>>,
    pub(super) count: u64,
}

/// How many removed objects are remembered. A create takes a moment, and fewer objects than this are removed in that time.
pub(super) const REMEMBERED: usize = 256;

impl Removed {
    pub(super) fn add(&mut self, uid: &str) {
        self.newest.truncate(REMEMBERED - 1);
        self.newest.push_front(uid.into());
        self.count += 1;
    }

    /// Whether the object was removed after the first `since` removals; yes when that is not remembered.
    pub(super) fn contains(&self, uid: Option<&str>, since: u64) -> bool {
        let newer = usize::try_from(self.count.saturating_sub(since)).unwrap_or(usize::MAX);
        newer > self.newest.len() || self.newest.iter().take(newer).any(|removed| Some(&**removed) == uid)
    }
}
