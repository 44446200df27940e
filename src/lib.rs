//! Kubernetes operator for AWS CodeArtifact.

pub mod api;
pub mod aws;
pub mod aws_account;
pub mod backoff;
pub mod cli;
pub mod clock;
pub mod credential;
pub mod domain;
pub mod engine;
pub mod error;
pub mod kubernetes;
pub mod manifests;
pub mod ops;
pub mod package_policy;
pub mod preview;
pub mod reason;
pub mod release;
pub mod repository;
pub mod run;
pub mod sessions;
pub mod visible;
