//! What a process that waits for the Lease says in the log and at `/ready`.

use std::time::Duration;

use tokio::time::Instant;

use super::Gate;

/// The log says the same thing again only after this time.
const REMIND: Duration = Duration::from_mins(5);

/// Says why a process waits, and does not repeat itself.
pub(super) struct Notice {
    lease: String,
    gate: Option<Gate>,
    /// What was said last, and when.
    said: Option<(String, Instant)>,
}

impl Notice {
    pub(super) fn new(lease: String, gate: Option<Gate>) -> Self {
        Self { lease, gate, said: None }
    }

    /// Says that another process leads, and that this process takes over when the Lease gets free.
    pub(super) fn stands_by(&mut self, why: &str) {
        if self.is_news(why) {
            tracing::info!(lease = self.lease, "waiting: {why}");
            if let Some(gate) = &self.gate {
                gate.stands_by(why);
            }
        }
    }

    /// Says why this process can neither work nor take over. `/ready` says so all the time, and the log now and then.
    pub(super) fn waits(&mut self, why: &str) {
        if self.is_news(why) {
            tracing::warn!(lease = self.lease, "{why}");
            if let Some(gate) = &self.gate {
                gate.closed_because(why);
            }
        }
    }

    /// Whether this reason was not said yet, or was said long ago.
    fn is_news(&mut self, why: &str) -> bool {
        let same = |(said, at): &(String, Instant)| said == why && at.elapsed() < REMIND;
        if self.said.as_ref().is_some_and(same) {
            return false;
        }
        self.said = Some((why.to_owned(), Instant::now()));
        true
    }
}
