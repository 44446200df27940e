//! The AWS SDK: how it is set up, and what its errors mean.

mod calls;
mod client;
mod error;
mod sdk;
#[cfg(test)]
pub(crate) mod tests;

pub use client::{Aws, Limits};
pub use error::{AwsError, AwsErrorKind, Named};
pub use sdk::Sdk;
