//! The kind PackagePolicy.

mod aws;
mod declare;
pub mod plan;
pub mod state;

use kube::ResourceExt;

use crate::api::{AdoptionPolicy, DeletionPolicy, Identity, KindName, PackagePolicy, PackagePolicyStatus};
use crate::aws::Aws;
use crate::engine::object::{Controlled, ObjectId, ObjectKey, ReadByUsers};
use crate::engine::pipeline::downstreams::Downstreams;
use crate::engine::pipeline::kind::{Blocker, Kind, Observed, Scope, Settings, interval};
use crate::engine::pipeline::steps::Unfinished;
use crate::error::Result;

pub use plan::Step;
pub use state::{PolicyFacts, PolicyState};

/// How many disputes with other policies are told; the others are counted.
const MOST_DISPUTES: usize = 3;

/// How many refused packages are named; the others are counted.
const TOLD_REFUSALS: usize = 3;

/// How a PackagePolicy is kept.
#[derive(Clone, Copy, Debug)]
pub struct PackagePolicyKind;

impl Controlled for PackagePolicy {
    const KIND: KindName = KindName::PackagePolicy;

    fn references(&self) -> Vec<ObjectId> {
        let namespace = self.namespace().unwrap_or_default();
        let repository = self.spec.repository_ref.iter();
        let repository =
            repository.map(|named| ObjectId::new(KindName::Repository, ObjectKey::named(named, &namespace)));
        let by_name = self.spec.repository.as_ref().and_then(|_| self.status.as_ref()?.identity.as_ref());
        let by_name = by_name.map(|identity| ObjectId::aws(KindName::Repository, identity));
        [ObjectId::account(&self.spec.account_ref.name)]
            .into_iter()
            .chain(repository)
            .chain(by_name)
            .collect()
    }

    fn read_by_users(&self) -> ReadByUsers<'_> {
        let identity = self.status.as_ref().and_then(|status| status.identity.as_ref());
        ReadByUsers { identity, ..ReadByUsers::default() }
    }

    /// Policies of one repository decide together what holds for a package.
    fn sibling_key(&self) -> Option<ObjectId> {
        let identity = self.status.as_ref()?.identity.as_ref()?;
        Some(ObjectId::aws(KindName::PackagePolicy, identity))
    }

    fn suspended(&self) -> bool {
        self.spec.suspend
    }
}

impl Kind for PackagePolicyKind {
    const OWNED: bool = false;
    const INDEPENDENT: bool = true;
    type Object = PackagePolicy;
    type State = PolicyState;
    type Step = Step;
    type Facts = PolicyFacts;

    fn settings(policy: &PackagePolicy) -> Settings {
        Settings {
            account: policy.spec.account_ref.name.clone(),
            mode: policy.spec.mode,
            adoption: AdoptionPolicy::Never,
            deletion: DeletionPolicy::Retain,
            interval: interval(policy.spec.interval),
        }
    }

    fn identify(policy: &PackagePolicy, scope: &Scope<'_>) -> Result<Identity> {
        declare::identify(policy, scope.account, scope.caches)
    }

    fn declare(policy: &PackagePolicy, identity: &Identity, scope: &Scope<'_>) -> Result<PolicyState> {
        declare::refuse_twins(&policy.spec.packages)?;
        Ok(declare::declare(policy, identity, scope))
    }

    fn ready_note(want: &PolicyState, _: Option<&PolicyFacts>) -> Option<String> {
        let disputes = &want.disputes.0;
        let told = disputes.iter().take(MOST_DISPUTES).cloned();
        let others = disputes.len().saturating_sub(MOST_DISPUTES);
        let others =
            (others > 0).then(|| format!("{others} more packages are in other policies with other controls"));
        (!disputes.is_empty()).then(|| told.chain(others).collect::<Vec<_>>().join(". "))
    }

    async fn observe(
        aws: &Aws,
        identity: &Identity,
        _: &PackagePolicy,
        want: Option<&PolicyState>,
    ) -> Result<Option<Observed<Self>>> {
        let wanted: Vec<_> = want.into_iter().flat_map(|want| want.packages.keys()).collect();
        let found = aws::read(aws, identity, &wanted).await?;
        let state = PolicyState::observed(&found, want);
        let facts = PolicyFacts { in_sync: want.map_or(0, |want| state.in_sync_with(want)) };
        Ok(Some(Observed { state, facts }))
    }

    fn plan(want: Option<&PolicyState>, have: Option<&PolicyState>) -> Vec<Step> {
        plan::plan(want, have)
    }

    fn release(_: &PolicyState) -> Vec<Step> {
        vec![]
    }

    fn shows(step: &Step, have: Option<&PolicyState>) -> bool {
        plan::shows(step, have)
    }

    async fn execute(aws: &Aws, identity: &Identity, step: &Step) -> Result<Option<PolicyFacts>> {
        aws::execute(aws, identity, step).await.map(|()| None)
    }

    async fn blockers(_: &Downstreams, _: &Aws, _: &Identity, _: &PackagePolicy) -> Result<Vec<Blocker>> {
        Ok(vec![])
    }

    /// A recreated repository has no controls, and a repository that was missing may exist now.
    fn depends_on(_: &PackagePolicy, identity: &Identity) -> Vec<Identity> {
        vec![identity.clone()]
    }

    fn fill_status(
        status: &mut PackagePolicyStatus,
        state: Option<&PolicyState>,
        facts: Option<&PolicyFacts>,
    ) {
        state::fill_status(status, state, facts);
    }

    fn fill_status_unfinished(
        status: &mut PackagePolicyStatus,
        want: &PolicyState,
        facts: Option<&PolicyFacts>,
        Unfinished { done, failed, decisive }: Unfinished<'_, Step>,
    ) -> Option<String> {
        let in_sync = facts.map_or(0, |facts| facts.in_sync) + done.len();
        state::fill_status(status, None, Some(&PolicyFacts { in_sync }));
        let all = want.packages.len();
        let refused = failed.iter().map(|Step::Restrict { package, .. }| package.to_string());
        let names = refused.take(TOLD_REFUSALS).collect::<Vec<_>>().join(", ");
        let others = failed.len().saturating_sub(TOLD_REFUSALS);
        let others = if others > 0 { format!(" and {others} more") } else { String::new() };
        let which = decisive.map(|Step::Restrict { package, .. }| format!("; {package}")).unwrap_or_default();
        (!failed.is_empty()).then(|| {
            let refused = failed.len();
            format!("{in_sync} of {all} packages are as declared; {refused} refused ({names}{others}){which}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{OriginControls, PackageFormat, PackageName, Permission};

    #[test]
    fn a_reconcile_that_was_partly_refused_counts_and_names() {
        let package = |number: usize| PackageName {
            format: PackageFormat::Pypi,
            namespace: None,
            name: format!("p{number}"),
        };
        let controls = OriginControls { publish: Permission::Allow, upstream: Permission::Block };
        let step = |number| Step::Restrict { package: package(number), controls };
        let want = PolicyState::declared(&(0..100).map(package).collect::<Vec<_>>(), controls, &[]);
        let done: Vec<_> = (10..95).map(step).collect();
        let failed: Vec<_> = (95..100).map(step).collect();
        let mut status = PackagePolicyStatus::default();
        let facts = PolicyFacts { in_sync: 10 };
        let mut tell = |failed| {
            let unfinished = Unfinished { done: &done, failed, decisive: failed.last() };
            PackagePolicyKind::fill_status_unfinished(&mut status, &want, Some(&facts), unfinished)
        };
        let note = tell(&failed).unwrap();
        assert_eq!(
            note,
            "95 of 100 packages are as declared; 5 refused (pypi/p95, pypi/p96, pypi/p97 and 2 more); pypi/p99"
        );
        assert_eq!(tell(&[]), None, "what is only late is not refused");
        assert_eq!(status.packages_in_sync, Some(95));
    }
}
