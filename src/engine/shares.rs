//! Whose turn it is: one line for each AwsAccount, and no account holds more than its share of the workers. Pure.

use std::collections::{HashMap, VecDeque};

use super::ObjectKey;
use super::queue::Urgency;

/// All accounts together hold at most so many shares, and one part in so many of a share is every account's, whatever
/// the others hold: four accounts that hang may not keep a fifth waiting.
const SHARES: usize = 4;
/// After so many urgent objects one of the routine ones has its turn: renewals must not wait for ever behind somebody
/// who keeps changing things.
const URGENT_IN_A_ROW: u8 = 3;

/// The AwsAccount that an object belongs to, by name. All objects of which nobody can tell count as one account's.
pub(super) type Account = Option<String>;

/// Where an object stands that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) account: Account,
    pub(super) urgency: Urgency,
}

/// The objects that are due, and how many workers each account holds.
#[derive(Debug)]
pub(super) struct Shares {
    /// What one account may hold.
    pub(super) share: usize,
    held: usize,
    lines: HashMap<Account, Line>,
    /// The accounts in whose line somebody stands.
    turns: VecDeque<Account>,
}

/// One account's objects that are due, in order, and how many are being worked on.
#[derive(Debug, Default)]
struct Line {
    urgent: VecDeque<ObjectKey>,
    routine: VecDeque<ObjectKey>,
    urgent_in_a_row: u8,
    held: usize,
}

impl Default for Shares {
    /// Nothing is due, and nothing is limited.
    fn default() -> Self {
        Self { share: usize::MAX, held: 0, lines: HashMap::new(), turns: VecDeque::new() }
    }
}

impl Shares {
    /// Puts an object at the end of its line. It must not stand in one.
    pub(super) fn push(&mut self, key: ObjectKey, place: &Place) {
        let line = self.lines.entry(place.account.clone()).or_default();
        if line.is_empty() {
            self.turns.push_back(place.account.clone());
        }
        line.lane(place.urgency).push_back(key);
    }

    /// Takes an object out of the line where it stands.
    pub(super) fn remove(&mut self, key: &ObjectKey, place: &Place) {
        let Some(line) = self.lines.get_mut(&place.account) else { return };
        line.lane(place.urgency).retain(|due| due != key);
        if line.is_empty() {
            self.turns.retain(|account| *account != place.account);
        }
        self.tidy(&place.account);
    }

    /// The next object, if there is one whose account may hold one more worker. The accounts take turns.
    /// Must be followed by [`Shares::ended`].
    pub(super) fn next(&mut self) -> Option<(Account, ObjectKey)> {
        let turn = self.turns.iter().position(|account| self.has_room(account))?;
        let account = self.turns.remove(turn)?;
        let line = self.lines.get_mut(&account)?;
        let key = line.next()?;
        line.held += 1;
        self.held += 1;
        if !line.is_empty() {
            self.turns.push_back(account.clone());
        }
        Some((account, key))
    }

    /// A worker that was given an object of the account is free again.
    pub(super) fn ended(&mut self, account: &Account) {
        if let Some(line) = self.lines.get_mut(account) {
            line.held -= 1;
            self.held -= 1;
        }
        self.tidy(account);
    }

    fn has_room(&self, account: &Account) -> bool {
        let held = self.lines.get(account).map_or(0, |line| line.held);
        let spare = self.held < self.share.saturating_mul(SHARES);
        held < self.share.div_ceil(SHARES) || spare && held < self.share
    }

    /// Accounts come and go.
    fn tidy(&mut self, account: &Account) {
        if self.lines.get(account).is_some_and(|line| line.held == 0 && line.is_empty()) {
            self.lines.remove(account);
        }
    }
}

impl Line {
    fn is_empty(&self) -> bool {
        self.urgent.is_empty() && self.routine.is_empty()
    }

    fn next(&mut self) -> Option<ObjectKey> {
        if self.urgent_in_a_row < URGENT_IN_A_ROW || self.routine.is_empty() {
            self.urgent_in_a_row = self.urgent_in_a_row.saturating_add(1);
            if let Some(key) = self.urgent.pop_front() {
                return Some(key);
            }
        }
        self.urgent_in_a_row = 0;
        self.routine.pop_front()
    }

    fn lane(&mut self, urgency: Urgency) -> &mut VecDeque<ObjectKey> {
        match urgency {
            Urgency::Now => &mut self.urgent,
            Urgency::Routine => &mut self.routine,
        }
    }
}

#[cfg(test)]
mod tests;
