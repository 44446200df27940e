//! The first lists of the watches: work begins when they are in.

use tokio::sync::watch::Receiver;

use crate::engine::watching::watch::ListState;
use crate::ops::Gate;

/// The first list of a watch.
pub(super) struct InitialList {
    /// What `/ready` waits for.
    pub(super) gate: Gate,
    /// How far it is.
    pub(super) progress: Receiver<ListState>,
    /// One namespace among several that cannot be listed does not keep the others waiting.
    pub(super) may_be_refused: bool,
}

impl InitialList {
    /// Waits until work can begin. The gate opens when the list is in, which may be later.
    pub(super) async fn ready_or_refused(mut self) {
        let enough = |progress: &ListState| match progress {
            ListState::Pending => false,
            ListState::Refused => self.may_be_refused,
            ListState::Synced => true,
        };
        // The sender lives as long as its watch, which never ends by itself.
        if self.progress.wait_for(enough).await.is_err() {
            return;
        }
        tokio::spawn(async move {
            if self.progress.wait_for(|progress| *progress == ListState::Synced).await.is_ok() {
                self.gate.open();
            }
        });
    }
}
