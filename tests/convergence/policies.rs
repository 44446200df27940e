//! Origin controls of packages, those that do not exist yet among them.

use codeartifact_operator::api::{
    OriginControls, PackageFormat, PackageName, PackagePolicy, PackagePolicySpec, Permission,
};
use codeartifact_operator::engine::pipeline::kind::Kind;
use codeartifact_operator::package_policy::{PackagePolicyKind, PolicyState};
use codeartifact_operator::reason::Outlook;

use crate::region::Region;
use crate::trial::{Trial, identity, say};

const CONTROLS: [OriginControls; 4] = [
    OriginControls { publish: Permission::Allow, upstream: Permission::Allow },
    OriginControls { publish: Permission::Allow, upstream: Permission::Block },
    OriginControls { publish: Permission::Block, upstream: Permission::Allow },
    OriginControls { publish: Permission::Block, upstream: Permission::Block },
];

fn npm(name: &str) -> PackageName {
    PackageName { format: PackageFormat::Npm, namespace: Some("acme".into()), name: name.into() }
}

fn pypi(name: &str) -> PackageName {
    PackageName { format: PackageFormat::Pypi, namespace: None, name: name.into() }
}

fn subject(repository: &str) -> Trial<PackagePolicyKind> {
    let spec: PackagePolicySpec = serde_json::from_value(serde_json::json!({
        "repository": {"domain": "acme", "name": repository},
        "packages": [], "origin": {"publish": "Allow", "upstream": "Block"}
    }))
    .unwrap();
    Trial {
        identity: identity("acme", Some(repository)),
        object: PackagePolicy::new("policy", spec),
        remember: |policy, status| policy.status = Some(status),
    }
}

fn state(packages: &[PackageName], controls: OriginControls) -> PolicyState {
    PolicyState::declared(packages, controls, &[])
}

#[tokio::test]
async fn every_pair_of_controls_converges_in_one_reconcile() {
    let region = Region::with_repositories(&["app"]).await;
    let mut pairs = 0;
    for have in &CONTROLS {
        for want in &CONTROLS {
            pairs += 1;
            let package = [npm(&format!("package-{pairs}"))];
            let mut policy = subject("app");
            assert_eq!(
                policy.reconcile(&region.aws, Some(&state(&package, *have))).await.len(),
                1,
                "it is made first"
            );
            let want = state(&package, *want);
            let steps = policy.reconcile(&region.aws, Some(&want)).await;
            let after =
                PackagePolicyKind::observe(&region.aws, &policy.identity, &policy.object, Some(&want)).await;
            let after = after.unwrap().unwrap();
            assert_eq!((&after.state, after.facts.in_sync), (&want, 1), "after {steps:?}");
            assert_eq!(PackagePolicyKind::plan(Some(&want), Some(&after.state)), []);
        }
    }
    assert_eq!(pairs, 16);
    say(&format!("PackagePolicy: {pairs} pairs of {} states converge in one pass", CONTROLS.len()));
}

#[tokio::test]
async fn many_packages_are_read_from_a_list_and_the_rest_one_by_one() {
    let region = Region::with_repositories(&["app"]).await;
    let packages: Vec<_> =
        (0..20).map(|number| npm(&format!("package-{number:02}"))).chain([pypi("other")]).collect();
    let want = state(&packages, CONTROLS[1]);
    let mut policy = subject("app");
    assert_eq!(policy.reconcile(&region.aws, Some(&want)).await.len(), 21);
    let before = region.emulator.last_call();
    assert_eq!(policy.reconcile(&region.aws, Some(&want)).await, []);
    let calls = region.emulator.operations(before);
    let count = |operation: &str| calls.iter().filter(|call| *call == operation).count();
    // The emulator's pages hold 4, so that three pages show 12 of 21.
    assert_eq!((count("ListPackages"), count("DescribePackage")), (3, 9), "{calls:?}");
    assert_eq!(policy.object.status.unwrap().packages_in_sync, Some(21));
}

#[tokio::test]
async fn few_packages_are_read_one_by_one_and_only_what_differs_is_written() {
    let region = Region::with_repositories(&["app"]).await;
    let mut policy = subject("app");
    policy.reconcile(&region.aws, Some(&state(&[npm("one")], CONTROLS[1]))).await;
    let want = state(&[npm("one"), pypi("two")], CONTROLS[1]);
    let before = region.emulator.last_call();
    policy.reconcile(&region.aws, Some(&want)).await;
    let mut calls = region.emulator.operations(before);
    calls.sort();
    assert_eq!(calls, ["DescribePackage", "DescribePackage", "PutPackageOriginConfiguration"]);
}

#[tokio::test]
async fn a_repository_that_is_not_there_is_waited_for() {
    let region = Region::with_repositories(&["app"]).await;
    let policy = subject("gone");
    for packages in [vec![npm("one")], vec![npm("one"), npm("two"), npm("three"), npm("four")]] {
        let want = state(&packages, CONTROLS[1]);
        let observed =
            PackagePolicyKind::observe(&region.aws, &policy.identity, &policy.object, Some(&want)).await;
        let error = observed.unwrap_err();
        assert_eq!(error.outlook(), Outlook::Waiting, "{error}");
        assert!(error.to_string().contains("gone"), "{error}");
    }
}
