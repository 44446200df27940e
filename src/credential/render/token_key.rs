//! Under which key of the Secret the token of a domain is, for files that do not hold the token but read it. Pure.

use super::{DomainKey, Registry};

/// The key of the token when all registries are in one domain.
pub(super) const TOKEN: &str = "token";

/// The key of a domain's token beside those of other domains. The owner tells apart domains of one name.
pub(super) fn of(domain: &DomainKey) -> String {
    format!("{TOKEN}-{}-{}", domain.domain, domain.owner)
}

/// Whether the registries are in several domains.
pub(super) fn are_several(registries: &[Registry]) -> bool {
    registries.windows(2).any(|pair| pair[0].domain != pair[1].domain)
}

/// Whether some of the registries reach the same domain in another way, under another AwsAccount or in another Region, so that its name does
/// not tell their tokens apart.
pub(super) fn is_ambiguous(domain: &DomainKey, registries: &[Registry]) -> bool {
    registries.iter().any(|other| other.domain != *domain && of(&other.domain) == of(domain))
}
