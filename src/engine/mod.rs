//! One engine for every kind: caches, queues, the pipeline from object to AWS, and status.

pub mod context;
pub mod controller;
pub mod object;
pub mod pipeline;
pub mod queue;
pub mod reconciler;
pub mod status;
pub mod watching;
