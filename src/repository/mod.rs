//! The kind Repository.

pub mod ask;
mod aws;
mod cycle;
mod declare;
pub mod endpoints;
mod explain_cycle;
mod graph;
mod neighbours;
pub mod plan;
pub mod state;
mod users;

use kube::ResourceExt;

use crate::api::{
    DeletionPolicy, Identity, KindName, Mode, Repository, RepositoryDeletionPolicy, RepositoryStatus, Tags,
};
use crate::aws::{Aws, AwsErrorKind, repository_name, tagging};
use crate::engine::context::Context;
use crate::engine::object::{Controlled, ObjectId, ObjectKey, ReadByUsers};
use crate::engine::pipeline::downstreams::Downstreams;
use crate::engine::pipeline::grants::Access;
use crate::engine::pipeline::kind::{Blocker, Kind, Observed, Scope, Settings};
use crate::error::{Error, Result};

pub use plan::Step;
pub use state::{RepositoryFacts, RepositoryState, UpstreamState};

/// How a Repository is kept as declared.
#[derive(Clone, Copy, Debug)]
pub struct RepositoryKind;

impl Controlled for Repository {
    const KIND: KindName = KindName::Repository;

    fn references(&self) -> Vec<ObjectId> {
        let namespace = self.namespace().unwrap_or_default();
        let account = ObjectId::account(&self.spec.management.account_ref.name);
        let domain = self.spec.domain_ref.iter().map(|domain| (KindName::Domain, domain));
        let upstreams = self.spec.upstreams.iter().filter_map(|upstream| upstream.repository_ref.as_ref());
        let upstreams = upstreams.map(|upstream| (KindName::Repository, upstream));
        let named = domain.chain(upstreams);
        let named =
            named.map(|(kind, reference)| ObjectId::new(kind, ObjectKey::named(reference, &namespace)));
        let by_name = self.spec.upstreams.iter().filter(|upstream| upstream.repository_ref.is_none());
        let by_name = by_name.filter_map(|upstream| {
            let own = self.status.as_ref()?.identity.as_ref()?;
            Some(ObjectId::aws(KindName::Repository, &own.repository_named(upstream.name.clone()?)))
        });
        [account].into_iter().chain(named).chain(by_name).collect()
    }

    fn read_by_users(&self) -> ReadByUsers<'_> {
        self.status.as_ref().map_or_else(ReadByUsers::default, |status| ReadByUsers {
            identity: status.identity.as_ref(),
            exists: status.arn.is_some(),
            created: status.created_time,
            endpoints: Some(&status.endpoints),
            ..ReadByUsers::default()
        })
    }

    /// Objects of one AWS name, and those that name it as an upstream.
    fn sibling_key(&self) -> Option<ObjectId> {
        let identity = self.status.as_ref()?.identity.as_ref()?;
        Some(ObjectId::aws(KindName::Repository, identity))
    }

    fn suspended(&self) -> bool {
        self.spec.management.suspend
    }
}

impl Kind for RepositoryKind {
    type Object = Repository;
    type State = RepositoryState;
    type Step = Step;
    type Facts = RepositoryFacts;

    fn settings(repository: &Repository) -> Settings {
        let deletion = match repository.spec.deletion_policy {
            RepositoryDeletionPolicy::Retain => DeletionPolicy::Retain,
            RepositoryDeletionPolicy::Delete | RepositoryDeletionPolicy::DeleteIfEmpty => {
                DeletionPolicy::Delete
            }
        };
        Settings::new(&repository.spec.management, deletion)
    }

    fn identify(repository: &Repository, scope: &Scope<'_>) -> Result<Identity> {
        declare::identify(repository, scope.account, scope.caches)
    }

    fn declare(repository: &Repository, identity: &Identity, scope: &Scope<'_>) -> Result<RepositoryState> {
        declare::declare(repository, identity, scope)
    }

    fn grants_of_state(identity: &Identity, state: &RepositoryState) -> Vec<Access> {
        let domain = identity.domain_grant_name();
        let upstreams = state.upstreams.iter();
        let upstreams = upstreams.map(|upstream| Access::Use(format!("{domain}/{}", upstream.name)));
        upstreams.chain(state.connection.clone().map(Access::Connect)).collect()
    }

    async fn observe(
        aws: &Aws,
        identity: &Identity,
        repository: &Repository,
        want: Option<&RepositoryState>,
    ) -> Result<Option<Observed<Self>>> {
        let status = repository.status.clone().unwrap_or_default();
        let mode = repository.spec.management.mode;
        let described = match (aws::describe(aws, identity, repository_name(identity)?).await, want) {
            // Another account's domain may let repositories be created and not let them be read: AWS refuses to create what
            // exists already, and what was made as declared is taken to be so still.
            (Err(Error::Aws(error)), Some(want))
                if error.kind == AwsErrorKind::Denied && mode == Mode::Enforce =>
            {
                if status.arn.is_none() {
                    return Ok(None);
                }
                let generation = repository.metadata.generation;
                if generation.is_none() || generation != status.carried_out_generation {
                    return Err(error.into());
                }
                let (state, facts) = state::unseen(&status, want);
                return Ok(Some(Observed { state, facts }));
            }
            (described, _) => described?,
        };
        let Some(described) = described else { return Ok(None) };
        let optional = mode == Mode::Observe;
        let all_tags = tagging::list_if_allowed(aws, described.arn().unwrap_or_default(), optional).await?;
        let mut facts =
            RepositoryFacts { tags_denied: all_tags.is_none(), ..RepositoryFacts::from(&described) };
        let all_tags = all_tags.or_else(|| want.map(|want| want.tags.clone())).unwrap_or_default();
        if let Some(want) = want {
            facts.upstreams_created = neighbours::creation_times(aws, identity, &want.upstreams).await?;
            if status.endpoints.is_empty() {
                facts.endpoints = aws::endpoints_if_allowed(aws, identity).await?;
            }
        }
        let state =
            RepositoryState::observed(&described, all_tags, want, (&status, &facts.upstreams_created));
        Ok(Some(Observed { state, facts }))
    }

    fn plan(want: Option<&RepositoryState>, have: Option<&RepositoryState>) -> Vec<Step> {
        plan::plan(want, have)
    }

    fn release(have: &RepositoryState) -> Vec<Step> {
        plan::release(have)
    }

    fn shows(step: &Step, have: Option<&RepositoryState>) -> bool {
        plan::shows(step, have)
    }

    async fn execute(aws: &Aws, identity: &Identity, step: &Step) -> Result<Option<RepositoryFacts>> {
        aws::execute(aws, identity, step).await
    }

    async fn blockers(
        downstreams: &Downstreams,
        aws: &Aws,
        identity: &Identity,
        repository: &Repository,
    ) -> Result<Vec<Blocker>> {
        let mut blockers = users::blockers(downstreams, aws, identity).await?;
        if repository.spec.deletion_policy == RepositoryDeletionPolicy::DeleteIfEmpty
            && let Some((package, count)) = neighbours::packages_with_versions(aws, identity).await?
        {
            blockers.push(Blocker::other(match count {
                1 => format!("its package {package}, which has versions"),
                count => format!("its {count} packages, of which {package} has versions"),
            }));
        }
        Ok(blockers)
    }

    fn not_compared(facts: Option<&RepositoryFacts>) -> Option<&'static str> {
        facts.is_some_and(|facts| facts.unseen).then_some(
            "the repository was made as declared, but a later change or deletion in AWS is not seen, because AWS denies the operator \
             this look; allow the identity that signs in codeartifact:DescribeRepository, as in the statement Repositories of \
             deploy/iam/domains-and-repositories.json",
        )
    }

    fn ready_note(_: &RepositoryState, facts: Option<&RepositoryFacts>) -> Option<String> {
        facts.is_some_and(|facts| facts.tags_denied).then(|| tagging::DENIED.to_owned())
    }

    /// Upstreams by AWS name, which no reference tells about.
    fn depends_on(repository: &Repository, identity: &Identity) -> Vec<Identity> {
        let names = repository.spec.upstreams.iter().filter_map(|upstream| upstream.name.clone());
        names.map(|name| identity.repository_named(name)).collect()
    }

    fn executing(context: &Context, identity: &Identity, step: &Step) {
        users::executing(context, identity, step);
    }

    fn executed(context: &Context, identity: &Identity, step: &Step) {
        users::executed(context, identity, step);
    }

    fn carried_out(status: &mut RepositoryStatus, generation: Option<i64>) {
        status.carried_out_generation = generation;
    }

    fn fill_status(
        status: &mut RepositoryStatus,
        state: Option<&RepositoryState>,
        facts: Option<&RepositoryFacts>,
    ) {
        state::fill_status(status, state, facts);
    }

    fn tags(state: &RepositoryState) -> Option<&Tags> {
        Some(&state.tags)
    }

    fn with_tags(state: &RepositoryState, tags: Tags) -> RepositoryState {
        RepositoryState { tags, ..state.clone() }
    }
}
