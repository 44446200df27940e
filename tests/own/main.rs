//! The operator against a real control plane and the emulator, each test with its own: kinds of the whole cluster,
//! audit logs, kills and restarts.

mod accounts;
mod blocked;
mod crash;
mod crowd;
mod deletion;
mod events;
mod faults;
mod foreign;
mod lifecycle;
mod order;
mod proxy;
mod refusals;
mod rejected;
mod scene;
mod silence;
mod told;
mod uninstall;
mod upstreams;
