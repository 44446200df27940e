//! Upstreams that come, go, and come again under the same name.

use codeartifact_operator::engine::pipeline::kind::Kind;
use codeartifact_operator::reason::{Outlook, Reason};
use codeartifact_operator::repository::{RepositoryKind, Step};
use jiff::SignedDuration;

use crate::region::Region;
use crate::repositories::{created, over, subject};

async fn make_anew(region: &Region, name: &str) {
    region.client.delete_repository().domain("acme").repository(name).send().await.unwrap();
    region.emulator.advance(SignedDuration::from_secs(1));
    region.client.create_repository().domain("acme").repository(name).send().await.unwrap();
}

#[tokio::test]
async fn an_upstream_made_anew_is_set_again_once() {
    let renewed = [Step::Update { description: None, upstreams: Some(vec!["store".into(), "other".into()]) }];
    for by_name in [false, true] {
        let region = Region::with_repositories(&["store", "other"]).await;
        let other = ("other", created(&region, "other").await);
        let mut subject = subject("app");
        let stored = created(&region, "store").await.filter(|_| !by_name);
        subject.reconcile(&region.aws, Some(&over(&[("store", stored), other]))).await;

        make_anew(&region, "store").await;
        let stored = created(&region, "store").await.filter(|_| !by_name);
        let want = over(&[("store", stored), other]);
        let before = region.emulator.last_call();
        assert_eq!(subject.reconcile(&region.aws, Some(&want)).await, renewed, "by name: {by_name}");
        assert_eq!(subject.reconcile(&region.aws, Some(&want)).await, [], "by name: {by_name}");
        let calls = region.emulator.operations(before);
        assert_eq!(calls.iter().filter(|call| *call == "UpdateRepository").count(), 1, "{calls:?}");
    }
}

async fn connect(region: &Region, name: &str) {
    let connect = region.client.associate_external_connection().domain("acme").repository(name);
    connect.external_connection("public:npmjs").send().await.unwrap();
}

#[tokio::test]
async fn packages_flow_again_through_an_upstream_made_anew() {
    let region = Region::with_repositories(&["store"]).await;
    connect(&region, "store").await;
    let mut subject = subject("app");
    subject.reconcile(&region.aws, Some(&over(&[("store", None)]))).await;
    for version in ["1.0.0", "1.1.0"] {
        region.seed_npm("left-pad", version).await;
    }
    assert_eq!(region.fetch_npm("app", "left-pad", "1.0.0").await, 200);
    make_anew(&region, "store").await;
    connect(&region, "store").await;
    assert_ne!(region.fetch_npm("app", "left-pad", "1.1.0").await, 200, "the name alone does not heal it");
    subject.reconcile(&region.aws, Some(&over(&[("store", None)]))).await;
    assert_eq!(region.fetch_npm("app", "left-pad", "1.1.0").await, 200);
}

#[tokio::test]
async fn several_upstreams_by_name_are_watched_too() {
    let region = Region::with_repositories(&["aa", "bb", "cc", "dd", "ee", "ff"]).await;
    let want = over(&[("ff", None), ("aa", None), ("cc", None)]);
    let mut subject = subject("app");
    subject.reconcile(&region.aws, Some(&want)).await;
    assert_eq!(subject.reconcile(&region.aws, Some(&want)).await, []);
    make_anew(&region, "ff").await;
    let renewed =
        Step::Update { description: None, upstreams: Some(vec!["ff".into(), "aa".into(), "cc".into()]) };
    assert_eq!(subject.reconcile(&region.aws, Some(&want)).await, [renewed]);
    assert_eq!(subject.reconcile(&region.aws, Some(&want)).await, []);
}

#[tokio::test]
async fn a_missing_upstream_is_waited_for_by_name() {
    let region = Region::with_repositories(&["store"]).await;
    let mut subject = subject("app");
    let want = over(&[("store", None)]);
    subject.reconcile(&region.aws, Some(&want)).await;
    region.client.delete_repository().domain("acme").repository("store").send().await.unwrap();
    let error = RepositoryKind::observe(&region.aws, &subject.identity, &subject.object, Some(&want))
        .await
        .unwrap_err();
    assert_eq!((error.outlook(), error.reason()), (Outlook::Waiting, Reason::NotFound));
    assert_eq!(
        error.to_string(),
        "upstream store does not exist in domain acme; create the repository, or remove the upstream from spec.upstreams"
    );

    let late = Step::Create { description: String::new(), upstreams: want.upstreams, tags: want.tags };
    let error = RepositoryKind::execute(&region.aws, &subject.identity, &late).await.unwrap_err();
    assert_eq!((error.outlook(), error.reason()), (Outlook::Waiting, Reason::NotFound));
}

#[tokio::test]
async fn upstreams_turned_round_wait_for_those_in_between() {
    let region = Region::with_repositories(&[]).await;
    let (mut app, mut mid, mut store) = (subject("app"), subject("mid"), subject("store"));
    store.reconcile(&region.aws, Some(&over(&[]))).await;
    mid.reconcile(&region.aws, Some(&over(&[("store", created(&region, "store").await)]))).await;
    app.reconcile(&region.aws, Some(&over(&[("mid", created(&region, "mid").await)]))).await;
    let turned = over(&[("app", created(&region, "app").await)]);
    let step = Step::Update { description: None, upstreams: Some(vec!["app".into()]) };
    let early = RepositoryKind::execute(&region.aws, &store.identity, &step).await.unwrap_err();
    assert_eq!((early.outlook(), early.reason()), (Outlook::Waiting, Reason::DependencyNotReady), "{early}");
    assert!(early.to_string().contains("store → app → mid → store"), "{early}");
    mid.reconcile(&region.aws, Some(&over(&[]))).await;
    store.reconcile(&region.aws, Some(&turned)).await;
}

#[tokio::test]
async fn a_repository_in_use_is_blocked_by_its_users_in_aws() {
    let region = Region::with_repositories(&["store"]).await;
    let (mut app, mut web) = (subject("app"), subject("web"));
    let want = over(&[("store", created(&region, "store").await)]);
    app.reconcile(&region.aws, Some(&want)).await;
    web.reconcile(&region.aws, Some(&want)).await;
    let store = subject("store");
    let blockers = || store.blockers(&region.aws);
    let named = |name: &str| format!("repository {name}, which has it as upstream");
    assert_eq!(blockers().await, [named("app"), named("web")]);
    app.reconcile(&region.aws, None).await;
    assert_eq!(blockers().await, [named("web")]);
    web.reconcile(&region.aws, Some(&over(&[]))).await;
    assert_eq!(blockers().await, [""; 0]);
}

#[tokio::test]
async fn steps_that_took_effect_can_be_repeated() {
    let region = Region::with_repositories(&["app"]).await;
    let app = subject("app");
    let connect = Step::Connect("public:npmjs".into());
    for step in [&connect, &Step::Disconnect("public:npmjs".into()), &Step::Delete] {
        for _ in 0..2 {
            RepositoryKind::execute(&region.aws, &app.identity, step).await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_unknown_connection_stalls_and_a_taken_place_is_planned_afresh() {
    let region = Region::with_repositories(&["store"]).await;
    let mut app = subject("app");
    let upstream = over(&[("store", created(&region, "store").await)]);
    let connect = |name: &str| Step::Connect(name.into());
    app.reconcile(&region.aws, Some(&upstream)).await;
    let taken =
        RepositoryKind::execute(&region.aws, &app.identity, &connect("public:npmjs")).await.unwrap_err();
    assert_eq!(taken.outlook(), Outlook::Retrying(None), "{taken}");
    app.reconcile(&region.aws, Some(&over(&[]))).await;
    let execute = async |step: Step| RepositoryKind::execute(&region.aws, &app.identity, &step).await;
    let unknown = execute(connect("public:nowhere")).await.unwrap_err();
    assert_eq!(unknown.outlook(), Outlook::Stalled);
    assert!(unknown.to_string().contains("public:maven-central"), "{unknown}");
    execute(connect("public:npmjs")).await.unwrap();
    let taken = execute(connect("public:pypi")).await.unwrap_err();
    assert_eq!(taken.outlook(), Outlook::Retrying(None), "{taken}");
    assert!(taken.to_string().contains("currently limited to 1"), "{taken}");
}
