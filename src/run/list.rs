//! The first lists of the watches: work begins when they are in.

use tokio::sync::watch::Receiver;

use crate::engine::watching::watch::Listed;
use crate::ops::Gate;

/// The first list of a watch.
pub(super) struct List {
    /// What `/ready` waits for.
    pub(super) gate: Gate,
    /// How far it is.
    pub(super) progress: Receiver<Listed>,
    /// One namespace among several that cannot be listed does not keep the others waiting.
    pub(super) may_be_refused: bool,
}

impl List {
    /// Waits until work can begin. The gate opens when the list is in, which may be later.
    pub(super) async fn ready_or_refused(mut self) {
        let enough = |progress: &Listed| match progress {
            Listed::Pending => false,
            Listed::Refused => self.may_be_refused,
            Listed::In => true,
        };
        // The sender lives as long as its watch, which never ends by itself.
        if self.progress.wait_for(enough).await.is_err() {
            return;
        }
        tokio::spawn(async move {
            if self.progress.wait_for(|progress| *progress == Listed::In).await.is_ok() {
                self.gate.open();
            }
        });
    }
}
