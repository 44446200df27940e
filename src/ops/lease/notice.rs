//! What a process says that waits for the Lease: in the log, and at `/ready`.

use std::time::Duration;

use tokio::time::Instant;

use super::Gate;

/// Between two lines of the log that say the same.
const REMIND: Duration = Duration::from_mins(5);

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

    /// Another process leads, and this one takes over when it can.
    pub(super) fn stands_by(&mut self, why: &str) {
        if self.is_news(why) {
            tracing::info!(lease = self.lease, "waiting: {why}");
            if let Some(gate) = &self.gate {
                gate.stands_by(why);
            }
        }
    }

    /// This process can neither work nor take over: `/ready` and, now and then, the log say why.
    pub(super) fn waits(&mut self, why: &str) {
        if self.is_news(why) {
            tracing::warn!(lease = self.lease, "{why}");
            if let Some(gate) = &self.gate {
                gate.closed_because(why);
            }
        }
    }

    /// Whether that was not said yet, or long ago.
    fn is_news(&mut self, why: &str) -> bool {
        let same = |(said, at): &(String, Instant)| said == why && at.elapsed() < REMIND;
        if self.said.as_ref().is_some_and(same) {
            return false;
        }
        self.said = Some((why.to_owned(), Instant::now()));
        true
    }
}
