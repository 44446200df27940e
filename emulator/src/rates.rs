//! Rates by name, with the defaults of the CodeArtifact user guide.

use crate::model::is_operation;
use std::collections::BTreeMap;
use std::num::NonZeroU32;

/// All reads of an account.
pub(crate) const READ: &str = "read";
/// All writes of an account.
pub(crate) const WRITE: &str = "write";
/// Package managers' requests with one authorization token.
pub(crate) const PER_TOKEN: &str = "per-token";
/// Package managers' requests without a token.
pub(crate) const UNAUTHENTICATED: &str = "unauthenticated";

/// The service's own rates, in requests per second.
const SERVICE: [(&str, u32); 11] = [
    (READ, 800),
    (WRITE, 100),
    (PER_TOKEN, 1_200),
    (UNAUTHENTICATED, 600),
    ("GetAuthorizationToken", 40),
    ("CopyPackageVersions", 5),
    ("PublishPackageVersion", 10),
    ("GetPackageVersionAsset", 50),
    ("ListPackages", 200),
    ("ListPackageVersions", 200),
    ("ListPackageVersionAssets", 200),
];

/// Requests per second that are let through, by name: an operation, `read`, `write`, `per-token`,
/// `unauthenticated`. What is not named is not limited.
#[derive(Clone, Debug, Default)]
pub struct Rates(BTreeMap<String, NonZeroU32>);

/// A rate that makes no sense.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "{0:?} is not NAME=REQUESTS-PER-SECOND; a name is read, write, per-token, unauthenticated, or that of an \
     operation, such as GetAuthorizationToken, and a rate is at least 1"
)]
pub struct BadRate(String);

impl Rates {
    /// Those that the service has.
    pub fn of_the_service() -> Self {
        let rates =
            SERVICE.into_iter().filter_map(|(name, rate)| Some((name.to_owned(), NonZeroU32::new(rate)?)));
        Self(rates.collect())
    }

    /// Set one from `NAME=REQUESTS-PER-SECOND`, as on the command line.
    pub fn set(&mut self, text: &str) -> Result<(), BadRate> {
        let bad = || BadRate(text.into());
        let (name, rate) = text.split_once('=').ok_or_else(bad)?;
        let rate = rate.parse().map_err(|_| bad())?;
        if !SERVICE.iter().any(|(known, _)| *known == name) && !is_operation(name) {
            return Err(bad());
        }
        self.0.insert(name.into(), rate);
        Ok(())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, NonZeroU32)> {
        self.0.iter().map(|(name, rate)| (name.as_str(), *rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_a_known_name_and_a_number() {
        let mut rates = Rates::of_the_service();
        assert_eq!(rates.iter().count(), SERVICE.len());
        for (text, is_good) in [
            ("GetAuthorizationToken=1", true),
            ("DescribeDomain=7", true),
            ("read=9", true),
            ("Bogus=1", false),
            ("read", false),
            ("read=0", false),
            ("read=-1", false),
            ("read=x", false),
        ] {
            assert_eq!(rates.set(text).is_ok(), is_good, "{text}");
        }
        assert_eq!(rates.0["read"].get(), 9);
        assert_eq!(rates.iter().count(), SERVICE.len() + 1);
    }
}
