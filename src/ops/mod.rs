//! Running it: logs, metrics, health, the leader lease and, in tests, a followed clock.

pub mod follow;
pub mod health;
pub mod lease;
pub mod metrics;
pub mod telemetry;

pub use follow::follow;
pub use health::{Gate, Readiness, Server};
pub use lease::{Ending, Identity, Leadership, LeaseOptions, Purpose, lead};
pub use metrics::{Expiry, Health, Metrics, Outcome};
pub use telemetry::LogFormat;
