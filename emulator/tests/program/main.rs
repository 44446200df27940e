//! The emulator as a program: its command line, how it stops, and what it keeps in its state file.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod addresses;
mod killed;
mod logs;
mod page;
mod pending;
mod running;
mod signature_clock;
mod state;
mod stops;
mod usage;
