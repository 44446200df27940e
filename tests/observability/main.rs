//! What operators of the operator look at: its metrics, the alerts and the dashboard, judged by Prometheus itself.
//!
//! `make prometheus-tools` builds Prometheus and promtool. Without them these tests fail.

#![expect(clippy::print_stdout, reason = "tests print which alerts fired and what queries gave")]

mod alerts;
mod checks;
mod dashboard;
mod day;
mod pages;
mod picture;
mod prometheus;
mod promtool;
mod queries;
mod recording;
mod status_page;
mod watched;
