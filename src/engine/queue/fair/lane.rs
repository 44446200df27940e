//! The order within one account: the more urgent lane first, and within a lane the namespaces take turns.

use std::collections::{HashMap, VecDeque};

use crate::engine::object::ObjectKey;
use crate::engine::queue::urgency::Urgency;

/// After so many objects of more urgent lanes each lane has its turn, the most urgent lane first in this list: neither
/// routine work nor a final status may wait for ever behind somebody who keeps changing things.
const PASSED_OVER: [u8; 4] = [3, 3, 3, 7];

/// The lanes of one account, the most urgent first.
#[derive(Debug, Default)]
pub(in crate::engine) struct Lanes([Lane; 4]);

/// The objects of one urgency that are due, in order, by namespace.
#[derive(Debug, Default)]
struct Lane {
    due: HashMap<String, VecDeque<ObjectKey>>,
    /// The namespaces that have an object in `due`.
    rotation: VecDeque<String>,
    /// How many objects of more urgent lanes were handed out while somebody stood here.
    passed_over: u8,
}

impl Lanes {
    pub(in crate::engine) fn is_empty(&self) -> bool {
        self.0.iter().all(|lane| lane.rotation.is_empty())
    }

    pub(in crate::engine) fn push(&mut self, key: ObjectKey, urgency: Urgency) {
        self.lane(urgency).push(key);
    }

    pub(in crate::engine) fn remove(&mut self, key: &ObjectKey, urgency: Urgency) {
        self.lane(urgency).remove(key);
    }

    /// The next object of a namespace that has room.
    pub(in crate::engine) fn next(&mut self, has_room: impl Fn(&str) -> bool) -> Option<ObjectKey> {
        let rotation = self.0.each_ref().map(|lane| lane.turn(&has_room));
        let overdue = |index: &usize| {
            self.0
                .get(*index)
                .zip(PASSED_OVER.get(*index))
                .is_some_and(|(lane, most)| lane.passed_over >= *most)
        };
        let candidates =
            || (0..rotation.len()).filter(|index| rotation.get(*index).is_some_and(Option::is_some));
        let chosen = candidates().rev().find(overdue).or_else(|| candidates().next())?;
        for index in candidates().filter(|index| *index > chosen) {
            if let Some(lane) = self.0.get_mut(index) {
                lane.passed_over = lane.passed_over.saturating_add(1);
            }
        }
        let turn = rotation.get(chosen).copied().flatten()?;
        self.0.get_mut(chosen)?.take(turn)
    }

    fn lane(&mut self, urgency: Urgency) -> &mut Lane {
        let [critical, now, routine, outcome] = &mut self.0;
        match urgency {
            Urgency::LoginAtStake => critical,
            Urgency::Changed => now,
            Urgency::Routine => routine,
            Urgency::WriteOutcome => outcome,
        }
    }
}

impl Lane {
    fn push(&mut self, key: ObjectKey) {
        let namespace = key.namespace.clone();
        let due = self.due.entry(namespace.clone()).or_default();
        if due.is_empty() {
            self.rotation.push_back(namespace);
        }
        due.push_back(key);
    }

    fn remove(&mut self, key: &ObjectKey) {
        let Some(due) = self.due.get_mut(&key.namespace) else { return };
        due.retain(|waiting| waiting != key);
        if due.is_empty() {
            self.due.remove(&key.namespace);
            self.rotation.retain(|namespace| *namespace != key.namespace);
        }
    }

    /// The place in `rotation` of the first namespace that has room.
    fn turn(&self, has_room: impl Fn(&str) -> bool) -> Option<usize> {
        self.rotation.iter().position(|namespace| has_room(namespace))
    }

    fn take(&mut self, turn: usize) -> Option<ObjectKey> {
        self.passed_over = 0;
        let namespace = self.rotation.remove(turn)?;
        let due = self.due.get_mut(&namespace)?;
        let key = due.pop_front();
        if due.is_empty() {
            self.due.remove(&namespace);
        } else {
            self.rotation.push_back(namespace);
        }
        key
    }
}
