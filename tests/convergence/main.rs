//! Every pair of small states, through observe, plan and execute against the emulator: one pass converges, a second is empty.

mod domains;
mod repositories;
mod upstreams;
mod world;
