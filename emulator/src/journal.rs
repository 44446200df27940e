//! The journal: what was called by whom, in order, without a secret in it.

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::fmt;
use std::net::IpAddr;

/// Older entries go when there are more: a long run must not eat the machine.
const CAPACITY: usize = 100_000;

/// Larger requests are kept without their parameters, for the same reason.
const LARGEST: usize = 256 * 1024;

/// One call.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Counts calls from 1, through resets too.
    pub seq: u64,
    /// The emulator's time when the call had its effect. It is told in milliseconds.
    #[serde(serialize_with = "in_milliseconds")]
    pub at: Timestamp,
    /// `codeartifact`, `sts`, or `data` for what package managers ask.
    pub service: &'static str,
    /// The operation's name.
    pub operation: String,
    /// The caller's ARN, when its access key or token is known.
    pub principal: Option<String>,
    /// The address that the call came from.
    pub from: IpAddr,
    /// The members of the request.
    pub parameters: Value,
    /// The HTTP status; none when the connection was cut without an answer.
    pub status: Option<u16>,
    /// The error code.
    pub error: Option<String>,
}

/// For people: one line, whatever a caller has sent.
impl fmt::Display for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seq, at, service, operation, principal, status, error, .. } = self;
        let status = status.map_or_else(|| "cut".to_owned(), |status| status.to_string());
        let who = principal.as_deref().map_or_else(|| "-".to_owned(), plain);
        write!(formatter, "{seq} {at:.3} {service} {} {who}", plain(operation))?;
        for (name, value) in self.parameters.as_object().into_iter().flatten() {
            let value = value.as_str().map_or_else(|| visible(&value.to_string()), plain);
            write!(formatter, " {}={value}", plain(name))?;
        }
        write!(formatter, " {status}")?;
        error.iter().try_for_each(|error| write!(formatter, " {}", plain(error)))
    }
}

/// All with the same width, so that they can be compared as text.
fn in_milliseconds<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{at:.3}"))
}

/// Text as it is when it is one visible word, else quoted and escaped.
pub(crate) fn plain(text: &str) -> String {
    let is_word = !text.is_empty() && text.chars().all(|one| one.is_ascii_graphic() && one != '"');
    // The debug form also escapes what would move a terminal's cursor.
    if is_word { text.to_owned() } else { format!("{text:?}") }
}

/// JSON lets some of the characters through that move a terminal's cursor.
fn visible(json: &str) -> String {
    let escape = |one: char| if one.is_control() { one.escape_default().collect() } else { one.to_string() };
    json.chars().map(escape).collect()
}

/// The latest entries.
#[derive(Default)]
pub(crate) struct Journal {
    last: u64,
    entries: VecDeque<Entry>,
}

/// The parameters of a request of so many bytes, as they are kept.
pub(crate) fn kept(parameters: Value, size: usize) -> Value {
    if size <= LARGEST { parameters } else { json!({ "omitted": format!("{size} bytes") }) }
}

impl Journal {
    /// Append; the sequence number is given here, and comes back.
    pub(crate) fn append(&mut self, mut entry: Entry) -> u64 {
        self.last += 1;
        entry.seq = self.last;
        if self.entries.len() == CAPACITY {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
        self.last
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
            from: [127, 0, 0, 1].into(),
            parameters: Value::Null,
            status: Some(200),
            error: None,
        }
    }

    #[test]
    fn an_entry_reads_as_one_line() {
        let mut entry = entry();
        entry.seq = 7;
        entry.parameters = serde_json::json!({ "domain": "acme", "body": { "a": "b\u{9b}" } });
        assert_eq!(
            entry.to_string(),
            r#"7 1970-01-01T00:00:00.000Z codeartifact DescribeDomain - domain=acme body={"a":"b\u{9b}"} 200"#
        );
        entry.operation = "Describe\nDomain".into();
        entry.parameters = serde_json::json!({ "domain": "\u{1b}[2J a", "body": "\u{1b}\n" });
        (entry.status, entry.error) = (None, Some("Conflict\n".into()));
        assert_eq!(
            entry.to_string(),
            r#"7 1970-01-01T00:00:00.000Z codeartifact "Describe\nDomain" - domain="\u{1b}[2J a" body="\u{1b}\n" cut "Conflict\n""#
        );
    }

    #[test]
    fn times_have_milliseconds() {
        for (nanosecond, told) in [(0, "00.000"), (7_000_001, "00.007"), (999_999_999, "00.999")] {
            let at = Timestamp::from_nanosecond(nanosecond).unwrap();
            let told = format!("1970-01-01T00:00:{told}Z");
            let entry = Entry { at, ..entry() };
            assert_eq!(serde_json::to_value(&entry).unwrap()["at"], told);
            assert!(entry.to_string().contains(&told), "{entry}");
        }
    }

    #[test]
    fn the_oldest_entries_go_and_numbers_stay() {
        let mut journal = Journal::default();
        let numbers: Vec<_> = (0..CAPACITY + 2).map(|_| journal.append(entry())).collect();
        assert_eq!(numbers[..2], [1, 2]);
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
