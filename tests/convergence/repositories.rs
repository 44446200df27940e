//! Repositories: description, upstreams, connection and tags, over upstreams that exist.

use codeartifact_operator::api::{Repository, RepositorySpec};
use codeartifact_operator::repository::{RepositoryKind, RepositoryState, UpstreamState};
use futures::stream::{self, StreamExt};
use jiff::Timestamp;

use crate::region::Region;
use crate::trial::{AT_ONCE, Trial, identity, say, tags};

/// A repository in `acme`.
pub(crate) fn subject(name: &str) -> Trial<RepositoryKind> {
    Trial {
        identity: identity("acme", Some(name)),
        object: Repository::new(name, RepositorySpec::default()),
        remember: |repository, status| repository.status = Some(status),
    }
}

/// A state over upstreams; with a time as a reference to an object knows it, without as a plain name.
pub(crate) fn over(upstreams: &[(&str, Option<Timestamp>)]) -> RepositoryState {
    let upstreams = upstreams.iter();
    let upstreams =
        upstreams.map(|(name, created)| UpstreamState { name: (*name).into(), created: *created });
    RepositoryState { upstreams: upstreams.collect(), tags: tags(&[]), ..RepositoryState::default() }
}

/// When AWS created a repository of `acme`.
pub(crate) async fn created(region: &Region, name: &str) -> Option<Timestamp> {
    let output = region.client.describe_repository().domain("acme").repository(name).send().await.unwrap();
    codeartifact_operator::aws::timestamp(output.repository().unwrap().created_time().unwrap())
}

/// 17 states, absence among them.
async fn states(region: &Region) -> Vec<Option<RepositoryState>> {
    let (a, b) =
        (("a-store", created(region, "a-store").await), ("b-store", created(region, "b-store").await));
    let (a_by_name, c_by_name) = (("a-store", None), ("c-store", None));
    let tagged = |pairs: &[(&str, &str)]| RepositoryState { tags: tags(pairs), ..over(&[]) };
    let described = |text: &str, state| RepositoryState { description: text.into(), ..state };
    let connected = |name: &str| RepositoryState { connection: Some(name.into()), ..over(&[]) };
    let states = [
        over(&[]),
        described("one", over(&[])),
        described("two", over(&[])),
        over(&[a]),
        over(&[b]),
        over(&[a, b]),
        over(&[b, a]),
        described("one", over(&[a, b, c_by_name])),
        over(&[c_by_name, a_by_name]),
        connected("public:npmjs"),
        connected("public:pypi"),
        RepositoryState { tags: tags(&[("team", "a")]), ..described("one", connected("public:npmjs")) },
        RepositoryState { tags: tags(&[("team", "a")]), ..over(&[a]) },
        RepositoryState { tags: tags(&[("team", "b"), ("env", "x")]), ..described("two", over(&[b, a])) },
        tagged(&[("env", "y")]),
        tagged(&[("team", "a"), ("env", "")]),
    ];
    states.into_iter().map(Some).chain([None]).collect()
}

#[tokio::test]
async fn every_pair_of_repository_states_converges_in_one_reconcile() {
    let region = Region::with_repositories(&["a-store", "b-store", "c-store"]).await;
    let states = states(&region).await;
    let pairs: Vec<_> = states.iter().flat_map(|have| states.iter().map(move |want| (have, want))).collect();
    let work = pairs.iter().enumerate().map(|(index, (have, want))| {
        subject(&format!("repository-{index}")).converges(&region.aws, have.as_ref(), want.as_ref())
    });
    stream::iter(work).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    assert_eq!(pairs.len(), 289);
    say(&format!("Repository: {} pairs of {} states converge in one pass", pairs.len(), states.len()));
}

#[tokio::test]
async fn a_new_repository_is_known_after_three_calls_and_watched_with_two() {
    let region = Region::with_repositories(&["a-store"]).await;
    let want = over(&[("a-store", created(&region, "a-store").await)]);
    let mut subject = subject("app");
    let before = region.emulator.last_call();
    subject.reconcile(&region.aws, Some(&want)).await;
    assert_eq!(
        region.emulator.operations(before),
        ["DescribeRepository", "CreateRepository", "GetRepositoryEndpoint"]
    );
    let status = subject.object.status.clone().unwrap();
    let prefix = format!("{}/cargo/d/acme-123456789012/app/", region.emulator.url());
    assert_eq!((status.endpoints.len(), status.endpoints["cargo"].as_str()), (8, prefix.as_str()));
    assert!(status.arn.is_some() && status.created_time.is_some() && status.administrator_account.is_some());

    let before = region.emulator.last_call();
    assert_eq!(subject.reconcile(&region.aws, Some(&want)).await, []);
    assert_eq!(region.emulator.operations(before), ["DescribeRepository", "ListTagsForResource"]);
    assert_eq!(subject.object.status.unwrap(), status, "a second look changes no status");
}
