//! What a `resourceArn` names.

use crate::state::group::from_arn_path;

/// A resource that can have tags, as its ARN names it.
pub(super) struct Named<'a> {
    pub(super) region: &'a str,
    pub(super) owner: &'a str,
    pub(super) domain: &'a str,
    pub(super) kind: Kind<'a>,
}

pub(super) enum Kind<'a> {
    Domain,
    Repository(&'a str),
    /// With its pattern.
    Group(String),
}

impl<'a> Named<'a> {
    pub(super) fn parse(arn: &'a str) -> Option<Self> {
        let parts = arn.splitn(6, ':').collect::<Vec<_>>();
        let ["arn", "aws", "codeartifact", region, owner, resource] = parts[..] else { return None };
        let (domain, kind) = if let Some((domain, pattern)) = from_arn_path(resource) {
            (domain, Kind::Group(pattern))
        } else {
            match resource.split('/').collect::<Vec<_>>()[..] {
                ["domain", domain] => (domain, Kind::Domain),
                ["repository", domain, repository] => (domain, Kind::Repository(repository)),
                _ => return None,
            }
        };
        Some(Self { region, owner, domain, kind })
    }

    pub(super) fn repository(&self) -> Option<&'a str> {
        match self.kind {
            Kind::Repository(name) => Some(name),
            Kind::Domain | Kind::Group(_) => None,
        }
    }
}
