//! Origin controls of packages in normal form, from policies and from AWS. Pure.

use std::collections::BTreeMap;

use aws_sdk_codeartifact::types::{AllowPublish, AllowUpstream, PackageOriginConfiguration};

use crate::api::{OriginControls, PackageName, PackagePolicyStatus, Permission};
use crate::engine::pipeline::not_compared::NotCompared;

/// Package to its origin controls; `None` where the package does not exist or AWS said nothing that we know.
pub type Packages = BTreeMap<PackageName, Option<OriginControls>>;

/// What the operator manages through a policy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PolicyState {
    /// The packages that the policy names.
    pub packages: Packages,
    /// Where other policies say something else about the same package, as sentences.
    pub disputes: NotCompared<Vec<String>>,
}

/// What AWS says, for status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PolicyFacts {
    /// How many of the packages are as declared.
    pub in_sync: usize,
}

/// Another policy for the same repository.
#[derive(Clone, Debug, PartialEq)]
pub struct Rival {
    /// Kind, namespace and name, as a part of a sentence.
    pub name: String,
    /// What it says.
    pub origin: OriginControls,
    /// About which packages.
    pub packages: Vec<PackageName>,
}

impl PolicyState {
    /// What a policy declares in the presence of other policies: Block wins over Allow, in whichever policy it stands.
    pub fn declared(packages: &[PackageName], origin: OriginControls, rivals: &[Rival]) -> Self {
        let mut state = Self::default();
        for package in packages {
            let mut effective = origin;
            for rival in rivals.iter().filter(|rival| rival.packages.contains(package)) {
                effective = stricter(effective, rival.origin);
                state.disputes.0.extend(dispute(package, origin, rival));
            }
            state.packages.insert(package.clone(), Some(effective));
        }
        state
    }

    /// What AWS holds, narrowed to the wanted packages.
    pub fn observed(found: &Packages, want: Option<&Self>) -> Self {
        let wanted = want.into_iter().flat_map(|want| want.packages.keys());
        let packages = wanted.map(|package| (package.clone(), found.get(package).copied().flatten()));
        Self { packages: packages.collect(), disputes: NotCompared::default() }
    }

    /// How many packages are as `want` says.
    pub fn in_sync_with(&self, want: &Self) -> usize {
        want.packages
            .iter()
            .filter(|(package, controls)| self.packages.get(*package) == Some(*controls))
            .count()
    }
}

fn stricter(one: OriginControls, other: OriginControls) -> OriginControls {
    let strict = |one, other| match (one, other) {
        (Permission::Allow, Permission::Allow) => Permission::Allow,
        _ => Permission::Block,
    };
    OriginControls {
        publish: strict(one.publish, other.publish),
        upstream: strict(one.upstream, other.upstream),
    }
}

fn dispute(package: &PackageName, own: OriginControls, rival: &Rival) -> Option<String> {
    let members =
        [("publish", own.publish, rival.origin.publish), ("upstream", own.upstream, rival.origin.upstream)];
    let differing = members.into_iter().filter(|(_, own, other)| own != other);
    let parts: Vec<_> = differing
        .map(|(member, own, _)| match own {
            Permission::Allow => format!("{member} is Block there and Allow here, and Block holds"),
            Permission::Block => format!("{member} is Allow there and Block here, and Block holds"),
        })
        .collect();
    (!parts.is_empty()).then(|| format!("{package} is also in {}: {}", rival.name, parts.join("; ")))
}

/// The controls that AWS gave; `None` when they are missing or of a kind that we do not know, so that they are set.
pub fn controls_of(configuration: Option<&PackageOriginConfiguration>) -> Option<OriginControls> {
    let restrictions = configuration?.restrictions()?;
    let publish = match restrictions.publish() {
        AllowPublish::Allow => Permission::Allow,
        AllowPublish::Block => Permission::Block,
        _ => return None,
    };
    let upstream = match restrictions.upstream() {
        AllowUpstream::Allow => Permission::Allow,
        AllowUpstream::Block => Permission::Block,
        _ => return None,
    };
    Some(OriginControls { publish, upstream })
}

/// Puts into status what is known. With `state` all its packages have just been made as declared.
pub fn fill_status(
    status: &mut PackagePolicyStatus,
    state: Option<&PolicyState>,
    facts: Option<&PolicyFacts>,
) {
    let in_sync = state.map(|state| state.packages.len()).or(facts.map(|facts| facts.in_sync));
    status.packages_in_sync = in_sync.and_then(|count| i64::try_from(count).ok());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::PackageFormat;
    use crate::api::Permission::{Allow, Block};
    use aws_sdk_codeartifact::types::PackageOriginRestrictions;

    fn npm(name: &str) -> PackageName {
        PackageName { format: PackageFormat::Npm, namespace: Some("acme".into()), name: name.into() }
    }

    fn origin(publish: Permission, upstream: Permission) -> OriginControls {
        OriginControls { publish, upstream }
    }

    fn rival(origin: OriginControls, packages: &[PackageName]) -> Rival {
        Rival { name: "PackagePolicy team/other".into(), origin, packages: packages.to_vec() }
    }

    #[test]
    fn block_wins_and_both_say_so() {
        let table = [
            ("nobody else", origin(Allow, Block), vec![], origin(Allow, Block), 0),
            (
                "of one mind",
                origin(Allow, Block),
                vec![rival(origin(Allow, Block), &[npm("a")])],
                origin(Allow, Block),
                0,
            ),
            (
                "another package",
                origin(Allow, Allow),
                vec![rival(origin(Block, Block), &[npm("b")])],
                origin(Allow, Allow),
                0,
            ),
            (
                "overruled",
                origin(Allow, Allow),
                vec![rival(origin(Allow, Block), &[npm("a")])],
                origin(Allow, Block),
                1,
            ),
            (
                "overruling",
                origin(Allow, Block),
                vec![rival(origin(Allow, Allow), &[npm("a")])],
                origin(Allow, Block),
                1,
            ),
            (
                "each in one member",
                origin(Block, Allow),
                vec![rival(origin(Allow, Block), &[npm("a")])],
                origin(Block, Block),
                1,
            ),
        ];
        for (sentence, own, rivals, effective, disputes) in table {
            let state = PolicyState::declared(&[npm("a")], own, &rivals);
            assert_eq!(state.packages[&npm("a")], Some(effective), "{sentence}");
            assert_eq!(state.disputes.0.len(), disputes, "{sentence}: {:?}", state.disputes);
        }
    }

    #[test]
    fn a_dispute_names_package_policy_and_outcome() {
        let rivals = [rival(origin(Allow, Block), &[npm("a")])];
        let state = PolicyState::declared(&[npm("a")], origin(Allow, Allow), &rivals);
        let said = "npm/acme/a is also in PackagePolicy team/other: upstream is Block there and Allow here, and Block holds";
        assert_eq!(state.disputes.0, [said]);
    }

    #[test]
    fn only_wanted_packages_are_seen_and_counted() {
        let want = PolicyState::declared(&[npm("a"), npm("b"), npm("c")], origin(Allow, Block), &[]);
        let found = [
            (npm("a"), Some(origin(Allow, Block))),
            (npm("b"), Some(origin(Allow, Allow))),
            (npm("z"), None),
        ];
        let have = PolicyState::observed(&found.into(), Some(&want));
        assert_eq!(have.packages.len(), 3);
        assert_eq!(have.packages[&npm("c")], None);
        assert_eq!(have.in_sync_with(&want), 1);
        assert_eq!(want.in_sync_with(&want), 3);
        let mut status = PackagePolicyStatus::default();
        fill_status(&mut status, None, Some(&PolicyFacts { in_sync: 1 }));
        assert_eq!(status.packages_in_sync, Some(1));
        fill_status(&mut status, Some(&want), Some(&PolicyFacts { in_sync: 1 }));
        assert_eq!(status.packages_in_sync, Some(3));
    }

    #[test]
    fn an_unknown_control_counts_as_none() {
        let configured = |publish: &str, upstream: &str| {
            let restrictions = PackageOriginRestrictions::builder()
                .publish(publish.into())
                .upstream(upstream.into())
                .build();
            PackageOriginConfiguration::builder().restrictions(restrictions.unwrap()).build()
        };
        for (publish, upstream, expected) in [
            ("ALLOW", "ALLOW", Some(origin(Allow, Allow))),
            ("ALLOW", "BLOCK", Some(origin(Allow, Block))),
            ("BLOCK", "ALLOW", Some(origin(Block, Allow))),
            ("BLOCK", "BLOCK", Some(origin(Block, Block))),
            ("ASK", "BLOCK", None),
            ("ALLOW", "ASK", None),
        ] {
            assert_eq!(controls_of(Some(&configured(publish, upstream))), expected, "{publish} {upstream}");
        }
        assert_eq!(controls_of(None), None);
    }
}
