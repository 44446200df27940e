//! The kind Domain.

mod aws;
mod key;
pub mod plan;
pub mod state;

use kube::ResourceExt;

use crate::api::{AwsResource, Domain, DomainStatus, Identity, KindName, Mode, Tags};
use crate::aws::{Aws, tagging};
use crate::engine::object::{Controlled, ObjectId, ReadByUsers};
use crate::engine::pipeline::downstreams::Downstreams;
use crate::engine::pipeline::kind::{Blocker, Kind, Observed, Scope, Settings};
use crate::error::{Error, Result};

pub use plan::Step;
pub use state::{DomainFacts, DomainState};

/// How a Domain is kept as declared.
#[derive(Clone, Copy, Debug)]
pub struct DomainKind;

impl Controlled for Domain {
    const KIND: KindName = KindName::Domain;

    fn references(&self) -> Vec<ObjectId> {
        vec![ObjectId::account(&self.spec.management.account_ref.name)]
    }

    fn read_by_users(&self) -> ReadByUsers<'_> {
        self.status.as_ref().map_or_else(ReadByUsers::default, |status| ReadByUsers {
            identity: status.identity.as_ref(),
            exists: status.arn.is_some(),
            created: status.created_time,
            ..ReadByUsers::default()
        })
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
            resource: AwsResource::Domain,
        })
    }

    fn declare(domain: &Domain, _: &Identity, scope: &Scope<'_>) -> Result<DomainState> {
        Ok(DomainState::declared(&domain.spec, scope.tags(&domain.spec.tags)))
    }

    async fn observe(
        aws: &Aws,
        identity: &Identity,
        domain: &Domain,
        want: Option<&DomainState>,
    ) -> Result<Option<Observed<Self>>> {
        let optional = domain.spec.management.mode == Mode::Observe;
        let Some((mut facts, all_tags)) = aws::describe(aws, identity, optional).await? else {
            return Ok(None);
        };
        facts.tags_denied = all_tags.is_none();
        let all_tags = all_tags.or_else(|| want.map(|want| want.tags.clone())).unwrap_or_default();
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

    fn shows(step: &Step, have: Option<&DomainState>) -> bool {
        plan::shows(step, have)
    }

    async fn execute(aws: &Aws, identity: &Identity, step: &Step) -> Result<Option<DomainFacts>> {
        aws::execute(aws, identity, step).await
    }

    async fn blockers(_: &Downstreams, aws: &Aws, identity: &Identity, _: &Domain) -> Result<Vec<Blocker>> {
        aws::blockers(aws, identity).await
    }

    fn fixed_difference(want: &DomainState, have: &DomainState) -> Option<String> {
        let (want, have) = (want.encryption_key.0.as_ref()?, have.encryption_key.0.as_ref()?);
        (key::compare(want, have) == key::Comparison::Different)
            .then(|| format!("its encryption key is {have}, not {want}, and AWS never changes that"))
    }

    fn ready_note(want: &DomainState, facts: Option<&DomainFacts>) -> Option<String> {
        let keys = want.encryption_key.0.as_ref().zip(facts.and_then(|facts| facts.encryption_key.as_ref()));
        let key = keys.and_then(|(want, have)| match key::compare(want, have) {
            key::Comparison::Same => None,
            key::Comparison::Different => Some(format!(
                "Its encryption key is {have}, not {want} as declared: AWS fixes the key when a domain is created"
            )),
            key::Comparison::Unknown => Some(format!(
                "Its encryption key is {have}; whether {want} names that key is not known, since KMS is not asked"
            )),
        });
        let denied = facts.is_some_and(|facts| facts.tags_denied).then(|| tagging::DENIED.to_owned());
        let remarks: Vec<_> = key.into_iter().chain(denied).collect();
        (!remarks.is_empty()).then(|| remarks.join(". "))
    }

    fn fill_status(status: &mut DomainStatus, state: Option<&DomainState>, facts: Option<&DomainFacts>) {
        state::fill_status(status, state, facts);
    }

    fn tags(state: &DomainState) -> Option<&Tags> {
        Some(&state.tags)
    }

    fn with_tags(state: &DomainState, tags: Tags) -> DomainState {
        DomainState { tags, ..state.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{AdoptionPolicy, DeletionPolicy, Tags};
    use crate::engine::pipeline::not_compared::NotCompared;
    use crate::engine::pipeline::screen::{Owner, Verdict, screen};
    use crate::reason::Reason;
    use jiff::SignedDuration;

    const ARN: &str = "arn:aws:kms:us-east-1:123456789012:key/1";

    fn state(key: Option<&str>, tags: Tags) -> DomainState {
        DomainState { tags, encryption_key: NotCompared(key.map(Into::into)), arn: NotCompared("arn".into()) }
    }

    #[test]
    fn a_domain_of_another_key_is_not_identical() {
        let owner = Owner::new("c", &[], "team", "acme");
        let tagged: Tags = [(crate::api::OWNER_TAG.to_owned(), owner.tag.clone())].into();
        let have = state(Some(ARN), Tags::new());
        let table = [
            ("no key is declared", None, AdoptionPolicy::IfIdentical, true),
            ("the same ARN", Some(ARN), AdoptionPolicy::IfIdentical, true),
            ("its id", Some("1"), AdoptionPolicy::IfIdentical, true),
            ("an alias, which only KMS can resolve", Some("alias/k"), AdoptionPolicy::IfIdentical, true),
            ("another id", Some("2"), AdoptionPolicy::IfIdentical, false),
            (
                "another ARN",
                Some("arn:aws:kms:us-east-1:123456789012:key/2"),
                AdoptionPolicy::IfIdentical,
                false,
            ),
            (
                "another ARN, taken as it is",
                Some("arn:aws:kms:us-east-1:123456789012:key/2"),
                AdoptionPolicy::Overwrite,
                true,
            ),
        ];
        for (sentence, key, adoption, taken) in table {
            let settings = Settings {
                account: "default".into(),
                mode: Mode::Enforce,
                adoption,
                deletion: DeletionPolicy::Retain,
                interval: SignedDuration::from_hours(1),
            };
            let verdict = screen::<DomainKind>(
                &settings,
                &owner,
                "Domain acme",
                &state(key, tagged.clone()),
                Some(&have),
            );
            match verdict {
                Ok(verdict) => {
                    assert!(taken && matches!(verdict, Verdict::Take(_)), "{sentence}: {verdict:?}");
                }
                Err(error) => {
                    assert!(!taken && error.reason() == Reason::AdoptionRefused, "{sentence}: {error}");
                    assert!(error.to_string().contains(ARN), "{sentence}: {error}");
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_compared_is_said() {
        let facts = |tags_denied| DomainFacts {
            encryption_key: Some(ARN.into()),
            tags_denied,
            ..DomainFacts::default()
        };
        let table = [
            (Some(ARN), false, None),
            (None, false, None),
            (Some("2"), false, Some("not 2 as declared")),
            (Some("alias/k"), false, Some("whether alias/k names that key")),
            (None, true, Some("ListTagsForResource")),
        ];
        for (key, denied, words) in table {
            let ready_note = DomainKind::ready_note(&state(key, Tags::new()), Some(&facts(denied)));
            let said =
                ready_note.as_ref().zip(words).is_some_and(|(ready_note, words)| ready_note.contains(words));
            assert!(said || (ready_note.is_none() && words.is_none()), "{key:?}, {denied}: {ready_note:?}");
        }
    }
}
