//! The chart as Helm renders it: every value does something, mistakes are refused with their place, and a real API server takes
//! everything that is rendered.

mod embedded;
mod hub;
mod leaves;
mod mistakes;
mod network;
mod notes;
mod render;
mod server;
