//! Who gets which control plane: one shared by all tests of a process, or one of a test's own.

use std::ops::Deref;
use std::sync::Arc;

use anyhow::Result;
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};

use crate::control_plane::{ControlPlane, Options};
use crate::evidence::Evidence;

/// A control plane needs 312 MiB and, while it starts, a processor. Beside these a process holds no other than the shared one,
/// and none of a test's own is kept when its test ends.
const OWN_AT_ONCE: usize = 2;

/// The control plane that all tests of this process share, started by the first that asks. Use names and namespaces
/// that nobody else uses: [`crate::unique`].
pub async fn shared() -> Result<&'static ControlPlane> {
    static SHARED: OnceCell<ControlPlane> = OnceCell::const_new();
    SHARED
        .get_or_try_init(async || {
            ControlPlane::start_for(Options::default(), Evidence::named("shared")?).await
        })
        .await
}

/// A control plane of a test's own. At most two live at once in a process; others wait for their turn.
pub async fn own(options: Options) -> Result<Own> {
    static TURNS: Semaphore = Semaphore::const_new(OWN_AT_ONCE);
    let turn = TURNS.acquire().await?;
    Ok(Own(Arc::new((ControlPlane::start(options).await?, turn))))
}

/// A control plane of a test's own. The last copy of this ends it and lets the next test have its turn.
#[derive(Debug, Clone)]
pub struct Own(Arc<(ControlPlane, SemaphorePermit<'static>)>);

impl Deref for Own {
    type Target = ControlPlane;

    fn deref(&self) -> &ControlPlane {
        &self.0.0
    }
}

/// A control plane of a test's own, or the shared one: whoever holds it can count on it.
#[derive(Debug, Clone)]
pub enum Plane {
    /// Ends with its last copy.
    Own(Own),
    /// Ends with the process.
    Shared(&'static ControlPlane),
}

impl Deref for Plane {
    type Target = ControlPlane;

    fn deref(&self) -> &ControlPlane {
        match self {
            Self::Own(own) => own,
            Self::Shared(shared) => shared,
        }
    }
}

impl From<Own> for Plane {
    fn from(own: Own) -> Self {
        Self::Own(own)
    }
}

impl From<&Own> for Plane {
    fn from(own: &Own) -> Self {
        Self::Own(own.clone())
    }
}

impl From<&'static ControlPlane> for Plane {
    fn from(shared: &'static ControlPlane) -> Self {
        Self::Shared(shared)
    }
}
