//! The kind PackagePolicy.

mod aws;
mod declare;
pub mod plan;
pub mod state;

use kube::ResourceExt;

use crate::api::{
    AdoptionPolicy, CommonStatus, DeletionPolicy, Identity, PackagePolicy, PackagePolicyStatus,
};
use crate::aws::Aws;
use crate::engine::kind::{Ownership, Settings, interval};
use crate::engine::{Claim, Controlled, Kind, KindName, ObjectKey, Observed, Scope, Target};
use crate::error::Result;

pub use plan::Step;
pub use state::{PolicyFacts, PolicyState};

/// How many disputes with other policies are told; the others are counted.
const TOLD_DISPUTES: usize = 3;

/// How a PackagePolicy is kept.
#[derive(Clone, Copy, Debug)]
pub struct PackagePolicyKind;

impl Controlled for PackagePolicy {
    const KIND: KindName = KindName::PackagePolicy;
    type Status = PackagePolicyStatus;

    fn status(&self) -> Option<&PackagePolicyStatus> {
        self.status.as_ref()
    }

    fn common(status: &PackagePolicyStatus) -> &CommonStatus {
        &status.common
    }

    fn common_mut(status: &mut PackagePolicyStatus) -> &mut CommonStatus {
        &mut status.common
    }

    fn references(&self) -> Vec<Target> {
        let namespace = self.namespace().unwrap_or_default();
        let repository = self.spec.repository_ref.iter();
        let repository =
            repository.map(|named| Target::new(KindName::Repository, ObjectKey::named(named, &namespace)));
        [Target::account(&self.spec.account_ref.name)].into_iter().chain(repository).collect()
    }

    /// Policies of one repository decide together what holds for a package.
    fn shared(&self) -> Option<Target> {
        let identity = self.status.as_ref()?.identity.as_ref()?;
        Some(Target::new(KindName::PackagePolicy, ObjectKey::new("", identity.resource())))
    }

    fn suspended(&self) -> bool {
        self.spec.suspend
    }
}

impl Kind for PackagePolicyKind {
    const OWNED: bool = false;
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
        Ok(declare::declare(policy, identity, scope))
    }

    fn claims(_: &Identity, _: &PolicyState) -> Vec<Claim> {
        vec![]
    }

    fn remark(want: &PolicyState) -> Option<String> {
        let disputes = &want.disputes.0;
        let told = disputes.iter().take(TOLD_DISPUTES).cloned();
        let others = disputes.len().saturating_sub(TOLD_DISPUTES);
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

    async fn execute(aws: &Aws, identity: &Identity, step: &Step) -> Result<Option<PolicyFacts>> {
        aws::execute(aws, identity, step).await.map(|()| None)
    }

    async fn blockers(_: &Aws, _: &Identity, _: &PackagePolicy) -> Result<Vec<String>> {
        Ok(vec![])
    }

    fn pinned(status: &PackagePolicyStatus) -> Option<&Identity> {
        status.identity.as_ref()
    }

    fn pin(status: &mut PackagePolicyStatus, identity: Identity) {
        status.identity = Some(identity);
    }

    fn tell(status: &mut PackagePolicyStatus, state: Option<&PolicyState>, facts: Option<&PolicyFacts>) {
        state::tell(status, state, facts);
    }

    fn owner(_: &PolicyState) -> Ownership<'_> {
        Ownership::Shared
    }

    fn claimed(have: &PolicyState, _: &str) -> PolicyState {
        have.clone()
    }
}
