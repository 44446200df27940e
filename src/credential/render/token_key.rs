//! Under which key of the Secret the token of a domain is, for files that do not hold the token but read it. Pure.

use super::{DomainKey, Registry};

/// The key of the token when all registries share one token.
pub(super) const TOKEN: &str = "token";

/// The key of a domain's token beside those of the others: `token-<domain>-<owner>`. A domain of another Region, or one under another AwsAccount, may
/// have the same name and owner; then `.<region>` or `.<account>` tells the keys apart. No name of a domain holds a dot.
pub(super) fn of(domain: &DomainKey, all: &[Registry]) -> String {
    if !are_several(all) {
        return TOKEN.to_owned();
    }
    let DomainKey { account, region, owner, domain: name } = domain;
    let others = all.iter().map(|registry| &registry.domain).filter(|other| *other != domain);
    let alike: Vec<_> = others.filter(|other| (&other.domain, &other.owner) == (name, owner)).collect();
    let elsewhere = alike.iter().any(|other| other.region != *region);
    let under_others = alike.iter().any(|other| other.region == *region);
    let more = [elsewhere.then_some(region), under_others.then_some(account)];
    let more: String = more.into_iter().flatten().flat_map(|part| [".", part]).collect();
    format!("{TOKEN}-{name}-{owner}{more}")
}

/// Whether the registries have several tokens.
pub(super) fn are_several(registries: &[Registry]) -> bool {
    registries.windows(2).any(|pair| pair[0].domain != pair[1].domain)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn registry((account, region, owner, domain): (&str, &str, &str, &str)) -> Registry {
        let [account, region, owner, domain] = [account, region, owner, domain].map(str::to_owned);
        Registry {
            domain: DomainKey { account, region, owner, domain },
            repository: "app".into(),
            formats: Vec::new(),
            scopes: Vec::new(),
            endpoints: std::collections::BTreeMap::new(),
            is_private: false,
        }
    }

    #[test]
    fn each_token_has_a_key_of_its_own() {
        let (us, eu, own, other) = ("us-east-1", "eu-west-1", "111111111111", "222222222222");
        let table: [(&[_], &[&str]); 5] = [
            (&[("a", us, own, "acme"), ("a", us, own, "acme")], &["token", "token"]),
            (
                &[("a", us, own, "acme"), ("a", us, other, "acme"), ("a", us, own, "tools")],
                &["token-acme-111111111111", "token-acme-222222222222", "token-tools-111111111111"],
            ),
            (
                &[("a", us, own, "acme"), ("b", eu, own, "acme")],
                &["token-acme-111111111111.us-east-1", "token-acme-111111111111.eu-west-1"],
            ),
            (
                &[("a", us, own, "acme"), ("b", us, own, "acme")],
                &["token-acme-111111111111.a", "token-acme-111111111111.b"],
            ),
            (
                &[("a", us, own, "acme"), ("b", us, own, "acme"), ("b", eu, own, "acme")],
                &[
                    "token-acme-111111111111.us-east-1.a",
                    "token-acme-111111111111.us-east-1.b",
                    "token-acme-111111111111.eu-west-1",
                ],
            ),
        ];
        for (registries, expected) in table {
            let registries: Vec<_> = registries.iter().copied().map(registry).collect();
            let keys: Vec<_> = registries.iter().map(|registry| of(&registry.domain, &registries)).collect();
            assert_eq!(keys, expected);
            let domains: BTreeSet<_> = registries.iter().map(|registry| &registry.domain).collect();
            assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), domains.len());
        }
    }
}
