//! The service's own host names, and what a request to each of them is for.

use crate::origin::HostName;
use crate::state::DomainKey;

/// What a host is to the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// The repositories of one domain.
    Domain(DomainKey, Stack),
    /// The repositories of all domains, behind a private endpoint: the path says which domain.
    Private,
    /// A host of the API or of STS, or a host that is not the service's: the path decides.
    Other,
    /// A host of another Region, or a host whose name only looks like one of the service's.
    Unserved,
}

/// Which versions of IP a host name has addresses of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stack {
    Ipv4,
    Dual,
}

/// What all of AWS's names end with.
const AWS: [&str; 3] = [".amazonaws.com", ".amazonaws.com.cn", ".aws"];

impl Host {
    /// What the host of that name is, where that Region is served.
    pub(crate) fn of(name: &HostName, region: &str) -> Self {
        if !AWS.iter().any(|suffix| name.as_str().ends_with(suffix)) {
            return Self::Other;
        }
        let labels: Vec<&str> = name.as_str().split('.').collect();
        let here = |there: &str, host: Self| if there == region { host } else { Self::Unserved };
        let domain = |label: &str, stack| {
            let key = DomainKey::of_label(label).filter(|key| is_account(&key.owner));
            key.map_or(Self::Unserved, |key| Self::Domain(key, stack))
        };
        match labels[..] {
            [label, "d", "codeartifact", there, "amazonaws", "com"] => {
                here(there, domain(label, Stack::Ipv4))
            }
            [label, "codeartifact", there, "on", "aws"] => here(there, domain(label, Stack::Dual)),
            [_, "d", "codeartifact", there, "vpce", "amazonaws", "com"] => here(there, Self::Private),
            [_, "api", "codeartifact", there, "vpce", "amazonaws", "com"]
            | ["codeartifact" | "sts", there, "amazonaws", "com"]
            | ["codeartifact", there, "api", "aws"] => here(there, Self::Other),
            [.., "codeartifact", _, "amazonaws", "com"]
            | [.., "codeartifact", _, "vpce", "amazonaws", "com"]
            | [.., "codeartifact", _, "amazonaws", "com", "cn"]
            | [.., "codeartifact", _, "on" | "api", "aws"] => Self::Unserved,
            _ => Self::Other,
        }
    }

    /// Whether the host has the repositories of that domain alone.
    pub(crate) fn is_of(&self, key: &DomainKey) -> bool {
        matches!(self, Self::Domain(own, _) if own == key)
    }
}

fn is_account(owner: &str) -> bool {
    owner.len() == 12 && owner.bytes().all(|byte| byte.is_ascii_digit())
}

impl Stack {
    /// The host of a domain's repositories.
    pub(crate) fn host(self, DomainKey { owner, name }: &DomainKey, region: &str) -> HostName {
        HostName::known(match self {
            Self::Ipv4 => format!("{name}-{owner}.d.codeartifact.{region}.amazonaws.com"),
            Self::Dual => format!("{name}-{owner}.codeartifact.{region}.on.aws"),
        })
    }
}

/// The names that certificates are good for.
pub(crate) fn certified(region: &str) -> [String; 7] {
    [
        format!("*.d.codeartifact.{region}.amazonaws.com"),
        format!("*.codeartifact.{region}.on.aws"),
        format!("*.d.codeartifact.{region}.vpce.amazonaws.com"),
        format!("*.api.codeartifact.{region}.vpce.amazonaws.com"),
        format!("codeartifact.{region}.amazonaws.com"),
        format!("codeartifact.{region}.api.aws"),
        format!("sts.{region}.amazonaws.com"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_services_names_are_known_in_the_region_that_is_served() {
        let acme = DomainKey { owner: "123456789012".into(), name: "my-acme".into() };
        let domain = |stack| Host::Domain(acme.clone(), stack);
        for (name, expected) in [
            ("my-acme-123456789012.d.codeartifact.us-east-1.amazonaws.com", domain(Stack::Ipv4)),
            ("My-Acme-123456789012.D.CodeArtifact.US-EAST-1.amazonaws.com", domain(Stack::Ipv4)),
            ("my-acme-123456789012.codeartifact.us-east-1.on.aws", domain(Stack::Dual)),
            ("vpce-0743-76dd.d.codeartifact.us-east-1.vpce.amazonaws.com", Host::Private),
            ("vpce-0743-76dd.api.codeartifact.us-east-1.vpce.amazonaws.com", Host::Other),
            ("codeartifact.us-east-1.amazonaws.com", Host::Other),
            ("codeartifact.us-east-1.api.aws", Host::Other),
            ("sts.us-east-1.amazonaws.com", Host::Other),
            ("sts.amazonaws.com", Host::Other),
            ("codeartifact", Host::Other),
            ("127.0.0.1", Host::Other),
            ("my-acme-123456789012.d.codeartifact.eu-west-1.amazonaws.com", Host::Unserved),
            ("my-acme-123456789012.codeartifact.eu-west-1.on.aws", Host::Unserved),
            ("vpce-0743-76dd.d.codeartifact.eu-west-1.vpce.amazonaws.com", Host::Unserved),
            ("codeartifact.eu-west-1.amazonaws.com", Host::Unserved),
            ("codeartifact.eu-west-1.api.aws", Host::Unserved),
            ("sts.eu-west-1.amazonaws.com", Host::Unserved),
            // No two of the shapes mix.
            ("my-acme-123456789012.d.codeartifact.us-east-1.on.aws", Host::Unserved),
            ("my-acme-123456789012.codeartifact.us-east-1.amazonaws.com", Host::Unserved),
            ("acme.d.codeartifact.us-east-1.amazonaws.com", Host::Unserved),
            ("acme-12345.d.codeartifact.us-east-1.amazonaws.com", Host::Unserved),
            ("acme-1234567890123.codeartifact.us-east-1.on.aws", Host::Unserved),
            ("my-acme-123456789012.d.codeartifact.us-east-1.amazonaws.com.cn", Host::Unserved),
        ] {
            assert_eq!(Host::of(&name.parse().unwrap(), "us-east-1"), expected, "{name}");
        }
        for stack in [Stack::Ipv4, Stack::Dual] {
            let name = stack.host(&acme, "us-east-1");
            assert_eq!(Host::of(&name, "us-east-1"), domain(stack));
        }
    }
}
