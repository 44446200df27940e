//! The kind Domain.

mod aws;
pub mod plan;
pub mod state;

use kube::ResourceExt;

use crate::api::{CommonStatus, Domain, DomainStatus, Identity, Mode};
use crate::aws::Aws;
use crate::engine::kind::{Ownership, Settings};
use crate::engine::{Claim, Controlled, Kind, KindName, Observed, Scope, Target, tags};
use crate::error::{Error, Result};

pub use plan::Step;
pub use state::{DomainFacts, DomainState};

/// How a Domain is kept as declared.
#[derive(Clone, Copy, Debug)]
pub struct DomainKind;

impl Controlled for Domain {
    const KIND: KindName = KindName::Domain;
    type Status = DomainStatus;

    fn status(&self) -> Option<&DomainStatus> {
        self.status.as_ref()
    }

    fn common(status: &DomainStatus) -> &CommonStatus {
        &status.common
    }

    fn common_mut(status: &mut DomainStatus) -> &mut CommonStatus {
        &mut status.common
    }

    fn references(&self) -> Vec<Target> {
        vec![Target::account(&self.spec.management.account_ref.name)]
    }

    fn suspended(&self) -> bool {
        self.spec.management.suspend
    }
}

impl Kind for DomainKind {
    type Object = Domain;
    type State = DomainState;
    type Step = Step;
    type Facts = DomainFacts;

    fn settings(domain: &Domain) -> Settings {
        Settings::new(&domain.spec.management, domain.spec.deletion_policy)
    }

    fn identify(domain: &Domain, scope: &Scope<'_>) -> Result<Identity> {
        let account = &scope.account.spec;
        let owner = domain.spec.owner.as_ref().unwrap_or(&account.account_id);
        if *owner != account.account_id && domain.spec.management.mode != Mode::Observe {
            return Err(Error::invalid(
                "spec.owner",
                owner,
                format!(
                    "AwsAccount {} is account {}, and a domain of another account can only be observed; set spec.mode to Observe, or \
                     spec.accountRef to an AwsAccount of the owner",
                    scope.account.name_any(),
                    account.account_id
                ),
            ));
        }
        Ok(Identity {
            account: account.account_id.clone(),
            region: account.region.clone(),
            owner: owner.clone(),
            domain: domain.spec.name.clone().unwrap_or_else(|| domain.name_any()),
            repository: None,
        })
    }

    fn declare(domain: &Domain, _: &Identity, scope: &Scope<'_>) -> Result<DomainState> {
        Ok(DomainState::declared(&domain.spec, scope.tags(&domain.spec.tags)))
    }

    fn claims(_: &Identity, _: &DomainState) -> Vec<Claim> {
        vec![]
    }

    async fn observe(
        aws: &Aws,
        identity: &Identity,
        domain: &Domain,
        want: Option<&DomainState>,
    ) -> Result<Option<Observed<Self>>> {
        let Some((facts, all_tags)) = aws::describe(aws, identity).await? else { return Ok(None) };
        let tag_keys = domain.status.as_ref().map(|status| status.tag_keys.as_slice()).unwrap_or_default();
        let state = DomainState::observed(&facts, all_tags, want, tag_keys);
        Ok(Some(Observed { state, facts }))
    }

    fn plan(want: Option<&DomainState>, have: Option<&DomainState>) -> Vec<Step> {
        plan::plan(want, have)
    }

    fn release(have: &DomainState) -> Vec<Step> {
        plan::release(have)
    }

    async fn execute(aws: &Aws, identity: &Identity, step: &Step) -> Result<Option<DomainFacts>> {
        aws::execute(aws, identity, step).await
    }

    async fn blockers(aws: &Aws, identity: &Identity, _: &Domain) -> Result<Vec<String>> {
        aws::blockers(aws, identity).await
    }

    fn pinned(status: &DomainStatus) -> Option<&Identity> {
        status.identity.as_ref()
    }

    fn pin(status: &mut DomainStatus, identity: Identity) {
        status.identity = Some(identity);
    }

    fn intend(status: &mut DomainStatus, want: &DomainState) {
        tags::remember(&mut status.tag_keys, &want.tags);
    }

    fn tell(status: &mut DomainStatus, state: Option<&DomainState>, facts: Option<&DomainFacts>) {
        state::tell(status, state, facts);
    }

    fn owner(state: &DomainState) -> Ownership<'_> {
        tags::ownership(&state.tags)
    }

    fn claimed(have: &DomainState, owner_tag: &str) -> DomainState {
        DomainState { tags: tags::claimed(&have.tags, owner_tag), ..have.clone() }
    }
}
