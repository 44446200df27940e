//! The AWS SDK: how it is set up, and what its errors mean.

mod client;
mod error;

pub use client::{Aws, Limits};
pub use error::{AwsError, AwsErrorKind, Named};
