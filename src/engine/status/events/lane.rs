//! The events that wait to be written: bounded, each namespace with a line of its own, and the lines take turns. Pure.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

/// So many events may wait in all.
const MOST: usize = 8192;
/// So many events of one namespace may wait.
const MOST_OF_ONE: usize = 512;
/// So many events of each namespace may wait although there are too many in all, until there are twice too many.
const GUARANTEED: usize = 8;
/// The pause of a line after the first failure; each further failure in a row doubles the pause.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// After so many failures in a row the pause grows no more, and nobody waits for room in the line.
const FAILURES: u32 = 6;

/// Events that wait, by namespace. One event of a namespace is written at a time, so that they stay in order.
#[derive(Debug)]
pub(in crate::engine) struct Lane<T> {
    lines: HashMap<String, Line<T>>,
    /// The lines whose first event may be written now.
    turns: VecDeque<String>,
    /// The lines that rest after a failure, and until when on the steady clock.
    paused: BTreeSet<(Duration, String)>,
    len: usize,
}

#[derive(Debug)]
struct Line<T> {
    waiting: VecDeque<T>,
    /// One event is out of `waiting` and being written.
    under_way: bool,
    failures: u32,
}

/// Whether one more event may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Room {
    /// It may.
    Free,
    /// Not before another one was written.
    Full,
    /// Its line is full, and the API server has refused that line's events for minutes.
    None,
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        Self { lines: HashMap::new(), turns: VecDeque::new(), paused: BTreeSet::new(), len: 0 }
    }
}

impl<T> Lane<T> {
    /// How many events wait or are being written.
    pub(in crate::engine) fn len(&self) -> usize {
        self.len
    }

    pub(in crate::engine) fn room(&self, namespace: &str) -> Room {
        let line = self.lines.get(namespace);
        let held = line.map_or(0, |line| line.waiting.len() + usize::from(line.under_way));
        let free =
            held < MOST_OF_ONE && self.len < MOST || held < GUARANTEED && self.len < MOST.saturating_mul(2);
        match line {
            _ if free => Room::Free,
            Some(line) if line.failures >= FAILURES => Room::None,
            _ => Room::Full,
        }
    }

    /// Puts an event at the end of its line.
    pub(in crate::engine) fn push(&mut self, namespace: &str, event: T) {
        self.len += 1;
        if let Some(line) = self.lines.get_mut(namespace) {
            line.waiting.push_back(event);
            return;
        }
        let line = Line { waiting: VecDeque::from([event]), under_way: false, failures: 0 };
        self.lines.insert(namespace.to_owned(), line);
        self.turns.push_back(namespace.to_owned());
    }

    /// The next event to write. Must be followed by [`Lane::ended`] or [`Lane::failed`].
    pub(in crate::engine) fn next(&mut self, now: Duration) -> Option<(String, T)> {
        while self.paused.first().is_some_and(|(until, _)| *until <= now) {
            self.turns.extend(self.paused.pop_first().map(|(_, namespace)| namespace));
        }
        let namespace = self.turns.pop_front()?;
        let line = self.lines.get_mut(&namespace)?;
        let event = line.waiting.pop_front()?;
        line.under_way = true;
        Some((namespace, event))
    }

    /// The event was written, or never can be.
    pub(in crate::engine) fn ended(&mut self, namespace: &str) {
        let Some(line) = self.lines.get_mut(namespace) else { return };
        self.len -= 1;
        line.under_way = false;
        line.failures = 0;
        if line.waiting.is_empty() {
            self.lines.remove(namespace);
        } else {
            self.turns.push_back(namespace.to_owned());
        }
    }

    /// The event could not be written this time: its line rests for a while, the event at its head.
    pub(in crate::engine) fn failed(&mut self, namespace: &str, event: T, now: Duration) {
        let Some(line) = self.lines.get_mut(namespace) else { return };
        line.under_way = false;
        line.waiting.push_front(event);
        let pause = FIRST_PAUSE * 2_u32.pow(line.failures);
        line.failures = (line.failures + 1).min(FAILURES);
        self.paused.insert((now + pause, namespace.to_owned()));
    }

    /// When the next line has rested.
    pub(in crate::engine) fn first_pause_ends(&self) -> Option<Duration> {
        self.paused.first().map(|(until, _)| *until)
    }

    /// No line rests any longer, and the next failure is as the first.
    pub(in crate::engine) fn hurry(&mut self) {
        self.turns.extend(std::mem::take(&mut self.paused).into_iter().map(|(_, namespace)| namespace));
        self.lines.values_mut().for_each(|line| line.failures = 0);
    }

    /// Takes out everything that waits.
    pub(in crate::engine) fn drain(&mut self) -> impl Iterator<Item = T> + use<T> {
        std::mem::take(self).lines.into_values().flat_map(|line| line.waiting)
    }
}

#[cfg(test)]
mod tests;
