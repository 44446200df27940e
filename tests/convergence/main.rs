//! Every pair of small states, through observe, plan and execute against the emulator: one reconcile converges, a second is empty.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod contents;
mod domains;
mod foreign;
mod policies;
mod region;
mod repositories;
mod trial;
mod upstreams;
