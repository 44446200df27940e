//! The AWS SDK: how it is set up, and what its errors mean.

mod calls;
mod client;
mod error;
mod sdk;
pub mod tagging;
#[cfg(test)]
pub(crate) mod tests;
mod time;

pub use client::{Aws, Limits};
pub use error::{AwsError, AwsErrorKind, Named};
pub use sdk::Sdk;
pub use time::timestamp;
