//! The last stage of the tests: over everything that a run collected, did a token leak, was the operator refused, and is each reason tested?

mod canary;
mod encodings;
mod leaks;
mod reasons;
mod requests;

pub use canary::{Planted, plant_and_find};
pub use leaks::{Found, Search, Searched};
pub use reasons::{documented_reasons, reasons_of_nobody};
pub use requests::{Checked, check_requests, refused};
