//! The AWS SDK: how it is set up, and what its errors mean.

mod calls;
mod client;
mod denial;
mod error;
mod ping;
mod remedy;
mod sdk;
pub mod tagging;
#[cfg(test)]
pub(crate) mod tests;
mod time;

pub use client::{Aws, Limits};
pub use denial::{DeniedBy, denied_by};
pub use error::{AwsError, AwsErrorKind, Named};
pub use remedy::no_domain;
pub use sdk::Sdk;
pub use time::timestamp;

use crate::api::Identity;
use crate::error::{Error, Result};

/// The name of the repository that an identity names. Every identity of a Repository or a PackagePolicy names one.
pub fn repository_name(identity: &Identity) -> Result<&str> {
    identity.repository().ok_or_else(|| Error::Internal(format!("{identity} is no repository")))
}
