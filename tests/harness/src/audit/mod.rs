//! The last stage of the tests: over everything that a run collected, did a token leak, and was the operator refused?

mod canary;
mod encodings;
mod leaks;
mod requests;

pub use canary::{Planted, plant_and_find};
pub use leaks::{Found, Search, Searched};
pub use requests::{Checked, check_requests};
