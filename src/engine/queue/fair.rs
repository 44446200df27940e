//! Which object is handed out next: the AwsAccounts take turns, the namespaces of an account take turns, and no account
//! holds more than its share of the workers. Pure.

mod lane;

use std::collections::{HashMap, VecDeque};

use crate::engine::object::ObjectKey;
use crate::engine::queue::urgency::Urgency;
use lane::Lanes;

/// All accounts together hold so many shares. One part in so many of a share is guaranteed to each account and to each
/// namespace of an account, whatever the others hold: four accounts that hang must not keep a fifth waiting.
const SHARES: usize = 4;
/// Guaranteed parts of namespaces are given out until all accounts together hold so many shares.
const MOST_FOR_NAMESPACES: usize = 6;
/// Guaranteed parts of accounts are given out until all accounts together hold so many shares: the number of workers is
/// bounded, whatever users write.
const MOST: usize = 8;
/// One account holds at most so many shares, the guaranteed parts of its namespaces included.
const MOST_OF_ACCOUNT: usize = 2;

/// The AwsAccount that an object belongs to, by name. All objects whose account does not exist count as one account's.
pub(in crate::engine) type Account = Option<String>;

/// Where an object stands that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Place {
    pub(in crate::engine) account: Account,
    pub(in crate::engine) urgency: Urgency,
}

/// The objects that are due, and how many workers each account holds.
#[derive(Debug)]
pub(in crate::engine) struct FairQueue {
    /// What one account may hold.
    pub(in crate::engine) share: usize,
    running: usize,
    lines: HashMap<Account, AccountQueue>,
    /// The accounts in whose line somebody stands.
    rotation: VecDeque<Account>,
}

/// One account's objects that are due, and how many workers each of its namespaces holds.
#[derive(Debug, Default)]
struct AccountQueue {
    lanes: Lanes,
    running: usize,
    running_by: HashMap<String, usize>,
}

/// How many workers a namespace may hold before an object of it is handed out.
type Limit = usize;

impl Default for FairQueue {
    /// Nothing is due, and nothing is limited.
    fn default() -> Self {
        Self { share: usize::MAX, running: 0, lines: HashMap::new(), rotation: VecDeque::new() }
    }
}

impl FairQueue {
    /// Nothing is due, and an account may hold so many workers.
    pub(in crate::engine) fn of(share: usize) -> Self {
        Self { share, ..Self::default() }
    }

    /// Puts an object at the end of its line. It must not stand in one.
    pub(in crate::engine) fn push(&mut self, key: ObjectKey, place: &Place) {
        let line = self.lines.entry(place.account.clone()).or_default();
        if line.lanes.is_empty() {
            self.rotation.push_back(place.account.clone());
        }
        line.lanes.push(key, place.urgency);
    }

    /// Takes an object out of the line where it stands.
    pub(in crate::engine) fn remove(&mut self, key: &ObjectKey, place: &Place) {
        let Some(line) = self.lines.get_mut(&place.account) else { return };
        line.lanes.remove(key, place.urgency);
        if line.lanes.is_empty() {
            self.rotation.retain(|account| *account != place.account);
        }
        self.tidy(&place.account);
    }

    /// The next object, if there is one whose account and namespace may hold one more worker.
    /// Must be followed by [`FairQueue::ended`].
    pub(in crate::engine) fn next(&mut self) -> Option<(Account, ObjectKey)> {
        for turn in 0..self.rotation.len() {
            let account = self.rotation.get(turn)?.clone();
            let limit = self.limit(self.lines.get(&account)?);
            let line = self.lines.get_mut(&account)?;
            let Some(key) = line.next(limit) else { continue };
            self.running += 1;
            self.rotation.remove(turn);
            if !line.lanes.is_empty() {
                self.rotation.push_back(account.clone());
            }
            return Some((account, key));
        }
        None
    }

    /// A worker that was given an object of the account and namespace is free again.
    pub(in crate::engine) fn ended(&mut self, account: &Account, namespace: &str) {
        if let Some(line) = self.lines.get_mut(account) {
            line.ended(namespace);
            self.running -= 1;
        }
        self.tidy(account);
    }

    fn limit(&self, line: &AccountQueue) -> Limit {
        let part = self.share.div_ceil(SHARES);
        let below = |shares: usize| self.running < self.share.saturating_mul(shares);
        if line.running < self.share && below(SHARES) || line.running < part && below(MOST) {
            usize::MAX
        } else if line.running < self.share.saturating_mul(MOST_OF_ACCOUNT) && below(MOST_FOR_NAMESPACES) {
            part
        } else {
            0
        }
    }

    /// Accounts come and go.
    fn tidy(&mut self, account: &Account) {
        if self.lines.get(account).is_some_and(|line| line.running == 0 && line.lanes.is_empty()) {
            self.lines.remove(account);
        }
    }
}

impl AccountQueue {
    fn next(&mut self, limit: Limit) -> Option<ObjectKey> {
        let running_by = &self.running_by;
        let running = |namespace: &str| running_by.get(namespace).copied().unwrap_or_default();
        let key = self.lanes.next(|namespace| running(namespace) < limit)?;
        *self.running_by.entry(key.namespace.clone()).or_default() += 1;
        self.running += 1;
        Some(key)
    }

    fn ended(&mut self, namespace: &str) {
        self.running -= 1;
        if let Some(running) = self.running_by.get_mut(namespace) {
            *running -= 1;
            if *running == 0 {
                self.running_by.remove(namespace);
            }
        }
    }
}

#[cfg(test)]
mod tests;
