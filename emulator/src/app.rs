//! All requests share one state with its clock, one journal, one list of faults, the rates and the counters.

use crate::addresses::Addresses;
use crate::assets::Bucket;
use crate::clock::{Clock, Move, OutOfRange};
use crate::faults::Faults;
use crate::journal::Journal;
use crate::options::Options;
use crate::request_log::OnCall;
use crate::state::ledger::Unsaved;
use crate::state::{Settings, Store};
use crate::throttle::Throttle;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the routes share.
pub(crate) struct App {
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) throttle: Throttle,
    pub(crate) addresses: Option<Addresses>,
    /// Where files of packages are, when package managers are sent elsewhere for them.
    pub(crate) bucket: Option<Arc<Bucket>>,
    pub(crate) on_call: Option<OnCall>,
    pub(crate) settings: Arc<Settings>,
    store: Mutex<Store>,
    journal: Mutex<Journal>,
    panics: AtomicU64,
    under_way: AtomicUsize,
}

/// A request that is not answered yet, counted for as long as this lives.
pub(crate) struct UnderWay(Arc<App>);

impl UnderWay {
    pub(crate) fn of(app: &Arc<App>) -> Self {
        app.under_way.fetch_add(1, Ordering::SeqCst);
        Self(app.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Why the clock was not moved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClockNotMoved {
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    #[error(transparent)]
    Unsaved(#[from] Unsaved),
}

impl App {
    pub(crate) fn new(options: &Options, store: Store, clock: Clock, addresses: Option<Addresses>) -> Self {
        Self {
            clock,
            faults: Faults::new(),
            throttle: Throttle::new(&options.rates),
            addresses,
            bucket: None,
            on_call: options.on_call.clone(),
            settings: store.current().settings.clone(),
            store: Mutex::new(store),
            journal: Mutex::default(),
            panics: AtomicU64::new(0),
            under_way: AtomicUsize::new(0),
        }
    }

    /// The same, sending package managers to the bucket for files of packages.
    pub(crate) fn with_bucket(self, bucket: Option<Arc<Bucket>>) -> Self {
        Self { bucket, ..self }
    }

    /// Move the clock. How it stands is kept with the state.
    pub(crate) fn move_clock(&self, to: Move) -> Result<(), ClockNotMoved> {
        // One move after the other.
        let store = self.store();
        let setting = self.clock.after_move(to)?;
        store.record_clock(setting)?;
        self.clock.set(setting);
        Ok(())
    }

    /// How many requests are not answered yet.
    pub(crate) fn under_way(&self) -> usize {
        self.under_way.load(Ordering::SeqCst)
    }

    /// How many requests ended in a panic. Each is a defect of the emulator.
    pub(crate) fn panics(&self) -> u64 {
        self.panics.load(Ordering::SeqCst)
    }

    pub(crate) fn count_panic(&self) {
        self.panics.fetch_add(1, Ordering::SeqCst);
    }

    /// The state. Never hold it across an await.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The journal. Never hold it across an await.
    pub(crate) fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
