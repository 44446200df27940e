//! Running it: logs, metrics, health, the leader lease and, in tests, a followed clock.

mod bounded_list;
mod connections;
pub mod health;
pub mod lease;
pub mod metrics;
pub mod status_page;
pub mod telemetry;
pub mod test_clock;

pub use health::{Gate, Readiness, Server};
pub use lease::{Closed, Ending, Fence, Identity, Leadership, LeaseOptions, Purpose, lead};
pub use metrics::{Expiry, Health, Metrics, Outcome, Unready};
pub use status_page::{Shown, ShownLogin, ShownObject, StatusPage};
pub use telemetry::LogFormat;
pub use test_clock::follow;
