//! Upstreams that come, go, and come again under the same name.

use codeartifact_operator::engine::pipeline::kind::Kind;
use codeartifact_operator::reason::{Outlook, Reason};
use codeartifact_operator::repository::{RepositoryKind, Step};
use jiff::SignedDuration;

use crate::repositories::{created, over, subject};
use crate::world::World;

async fn make_anew(world: &World, name: &str) {
    world.client.delete_repository().domain("acme").repository(name).send().await.unwrap();
    world.emulator.advance(SignedDuration::from_secs(1));
    world.client.create_repository().domain("acme").repository(name).send().await.unwrap();
}

#[tokio::test]
async fn an_upstream_made_anew_is_set_again_once() {
    let renewed = [Step::Update { description: None, upstreams: Some(vec!["store".into(), "other".into()]) }];
    for by_name in [false, true] {
        let world = World::with_repositories(&["store", "other"]).await;
        let other = ("other", created(&world, "other").await);
        let mut subject = subject("app");
        let stored = created(&world, "store").await.filter(|_| !by_name);
        subject.reconcile(&world.aws, Some(&over(&[("store", stored), other]))).await;

        make_anew(&world, "store").await;
        let stored = created(&world, "store").await.filter(|_| !by_name);
        let want = over(&[("store", stored), other]);
        let before = world.last_call();
        assert_eq!(subject.reconcile(&world.aws, Some(&want)).await, renewed, "by name: {by_name}");
        assert_eq!(subject.reconcile(&world.aws, Some(&want)).await, [], "by name: {by_name}");
        let calls = world.called_since(before);
        assert_eq!(calls.iter().filter(|call| *call == "UpdateRepository").count(), 1, "{calls:?}");
    }
}

async fn connect(world: &World, name: &str) {
    let connect = world.client.associate_external_connection().domain("acme").repository(name);
    connect.external_connection("public:npmjs").send().await.unwrap();
}

#[tokio::test]
async fn packages_flow_again_through_an_upstream_made_anew() {
    let world = World::with_repositories(&["store"]).await;
    connect(&world, "store").await;
    let mut subject = subject("app");
    subject.reconcile(&world.aws, Some(&over(&[("store", None)]))).await;
    for version in ["1.0.0", "1.1.0"] {
        world.seed_npm("left-pad", version).await;
    }
    assert_eq!(world.fetch_npm("app", "left-pad", "1.0.0").await, 200);
    make_anew(&world, "store").await;
    connect(&world, "store").await;
    assert_ne!(world.fetch_npm("app", "left-pad", "1.1.0").await, 200, "the name alone does not heal it");
    subject.reconcile(&world.aws, Some(&over(&[("store", None)]))).await;
    assert_eq!(world.fetch_npm("app", "left-pad", "1.1.0").await, 200);
}

#[tokio::test]
async fn several_upstreams_by_name_are_watched_too() {
    let world = World::with_repositories(&["aa", "bb", "cc", "dd", "ee", "ff"]).await;
    let want = over(&[("ff", None), ("aa", None), ("cc", None)]);
    let mut subject = subject("app");
    subject.reconcile(&world.aws, Some(&want)).await;
    assert_eq!(subject.reconcile(&world.aws, Some(&want)).await, []);
    make_anew(&world, "ff").await;
    let renewed =
        Step::Update { description: None, upstreams: Some(vec!["ff".into(), "aa".into(), "cc".into()]) };
    assert_eq!(subject.reconcile(&world.aws, Some(&want)).await, [renewed]);
    assert_eq!(subject.reconcile(&world.aws, Some(&want)).await, []);
}

#[tokio::test]
async fn a_missing_upstream_is_waited_for_by_name() {
    let world = World::with_repositories(&["store"]).await;
    let mut subject = subject("app");
    let want = over(&[("store", None)]);
    subject.reconcile(&world.aws, Some(&want)).await;
    world.client.delete_repository().domain("acme").repository("store").send().await.unwrap();
    let error = RepositoryKind::observe(&world.aws, &subject.identity, &subject.object, Some(&want))
        .await
        .unwrap_err();
    assert_eq!((error.outlook(), error.reason()), (Outlook::Waiting, Reason::NotFound));
    assert_eq!(error.to_string(), "upstream store does not exist in domain acme");

    let late = Step::Create { description: String::new(), upstreams: want.upstreams, tags: want.tags };
    let error = RepositoryKind::execute(&world.aws, &subject.identity, &late).await.unwrap_err();
    assert_eq!((error.outlook(), error.reason()), (Outlook::Waiting, Reason::NotFound));
}

#[tokio::test]
async fn upstreams_turned_round_wait_for_those_in_between() {
    let world = World::with_repositories(&[]).await;
    let (mut app, mut mid, mut store) = (subject("app"), subject("mid"), subject("store"));
    store.reconcile(&world.aws, Some(&over(&[]))).await;
    mid.reconcile(&world.aws, Some(&over(&[("store", created(&world, "store").await)]))).await;
    app.reconcile(&world.aws, Some(&over(&[("mid", created(&world, "mid").await)]))).await;
    let turned = over(&[("app", created(&world, "app").await)]);
    let step = Step::Update { description: None, upstreams: Some(vec!["app".into()]) };
    let early = RepositoryKind::execute(&world.aws, &store.identity, &step).await.unwrap_err();
    assert_eq!((early.outlook(), early.reason()), (Outlook::Waiting, Reason::DependencyNotReady), "{early}");
    assert!(early.to_string().contains("store → app → mid → store"), "{early}");
    mid.reconcile(&world.aws, Some(&over(&[]))).await;
    store.reconcile(&world.aws, Some(&turned)).await;
}

#[tokio::test]
async fn a_repository_in_use_is_blocked_by_its_users_in_aws() {
    let world = World::with_repositories(&["store"]).await;
    let (mut app, mut web) = (subject("app"), subject("web"));
    let want = over(&[("store", created(&world, "store").await)]);
    app.reconcile(&world.aws, Some(&want)).await;
    web.reconcile(&world.aws, Some(&want)).await;
    let store = subject("store");
    let blockers = || store.blockers(&world.aws);
    let named = |name: &str| format!("repository {name}, which has it as upstream");
    assert_eq!(blockers().await, [named("app"), named("web")]);
    app.reconcile(&world.aws, None).await;
    assert_eq!(blockers().await, [named("web")]);
    web.reconcile(&world.aws, Some(&over(&[]))).await;
    assert_eq!(blockers().await, [""; 0]);
}

#[tokio::test]
async fn steps_that_took_effect_can_be_repeated() {
    let world = World::with_repositories(&["app"]).await;
    let app = subject("app");
    let connect = Step::Connect("public:npmjs".into());
    for step in [&connect, &Step::Disconnect("public:npmjs".into()), &Step::Delete] {
        for _ in 0..2 {
            RepositoryKind::execute(&world.aws, &app.identity, step).await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_unknown_connection_stalls_and_a_taken_place_is_planned_afresh() {
    let world = World::with_repositories(&["store"]).await;
    let mut app = subject("app");
    let upstream = over(&[("store", created(&world, "store").await)]);
    let connect = |name: &str| Step::Connect(name.into());
    app.reconcile(&world.aws, Some(&upstream)).await;
    let taken =
        RepositoryKind::execute(&world.aws, &app.identity, &connect("public:npmjs")).await.unwrap_err();
    assert_eq!(taken.outlook(), Outlook::Retrying(None), "{taken}");
    app.reconcile(&world.aws, Some(&over(&[]))).await;
    let execute = async |step: Step| RepositoryKind::execute(&world.aws, &app.identity, &step).await;
    let unknown = execute(connect("public:nowhere")).await.unwrap_err();
    assert_eq!(unknown.outlook(), Outlook::Stalled);
    assert!(unknown.to_string().contains("public:maven-central"), "{unknown}");
    execute(connect("public:npmjs")).await.unwrap();
    let taken = execute(connect("public:pypi")).await.unwrap_err();
    assert_eq!(taken.outlook(), Outlook::Retrying(None), "{taken}");
}
