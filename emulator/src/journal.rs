//! The journal: what was called by whom, in order, without a secret in it.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::VecDeque;

/// Older entries go when there are more: a long run must not eat the machine.
const CAPACITY: usize = 100_000;

/// One call.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Counts calls from 1, through resets too.
    pub seq: u64,
    /// The emulator's time when the call had its effect.
    pub at: Timestamp,
    /// `codeartifact`, `sts`, or `data` for what package managers ask.
    pub service: &'static str,
    /// The operation's name.
    pub operation: String,
    /// The caller's ARN, when its access key or token is known.
    pub principal: Option<String>,
    /// The members of the request.
    pub parameters: Value,
    /// The HTTP status; none when the connection was cut without an answer.
    pub status: Option<u16>,
    /// The error code.
    pub error: Option<String>,
}

/// The latest entries.
#[derive(Default)]
pub(crate) struct Journal {
    last: u64,
    entries: VecDeque<Entry>,
}

impl Journal {
    /// Append; the sequence number is given here.
    pub(crate) fn append(&mut self, mut entry: Entry) {
        self.last += 1;
        entry.seq = self.last;
        if self.entries.len() == CAPACITY {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    pub(crate) fn since(&self, seq: u64) -> Vec<Entry> {
        let first = self.entries.partition_point(|entry| entry.seq <= seq);
        self.entries.range(first..).cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            seq: 0,
            at: Timestamp::UNIX_EPOCH,
            service: "codeartifact",
            operation: "DescribeDomain".into(),
            principal: None,
            parameters: Value::Null,
            status: Some(200),
            error: None,
        }
    }

    #[test]
    fn the_oldest_entries_go_and_numbers_stay() {
        let mut journal = Journal::default();
        (0..CAPACITY + 2).for_each(|_| journal.append(entry()));
        let all = journal.since(0);
        assert_eq!((all.len(), all[0].seq), (CAPACITY, 3));
        let last = CAPACITY as u64 + 2;
        assert_eq!(journal.since(last - 1)[0].seq, last);
        assert!(journal.since(last).is_empty());
        journal.clear();
        journal.append(entry());
        assert_eq!(journal.since(0)[0].seq, last + 1);
    }
}
