//! What AWS documents as enough for another account's domain is enough.

use codeartifact_operator::api::{Mode, Repository, RepositorySpec};
use codeartifact_operator::aws::AwsErrorKind;
use codeartifact_operator::domain::DomainKind;
use codeartifact_operator::engine::pipeline::kind::Kind;
use codeartifact_operator::error::Error;
use codeartifact_operator::repository::{RepositoryKind, Step};

use crate::domains;
use crate::region::Region;
use crate::repositories::{over, subject};
use crate::trial::{Trial, identity};

fn observer(name: &str) -> Trial<RepositoryKind> {
    let mut spec = RepositorySpec::default();
    spec.management.mode = Mode::Observe;
    Trial { object: Repository::new(name, spec), ..subject(name) }
}

fn kind(error: &Error) -> Option<AwsErrorKind> {
    if let Error::Aws(error) = error { Some(error.kind) } else { None }
}

#[tokio::test]
async fn observing_needs_no_right_to_list_tags_and_says_so() {
    let region = Region::with_repositories(&["app"]).await;
    region.deny(&["ListTagsForResource"]).await;
    let want = over(&[]);
    let watched = observer("app");
    let have = RepositoryKind::observe(&region.aws, &watched.identity, &watched.object, Some(&want)).await;
    let have = have.unwrap().unwrap();
    assert_eq!(RepositoryKind::plan(Some(&want), Some(&have.state)), []);
    let ready_note = RepositoryKind::ready_note(&want, Some(&have.facts)).unwrap();
    assert!(ready_note.contains("codeartifact:ListTagsForResource"), "{ready_note}");

    let enforced = subject("app");
    let denied =
        RepositoryKind::observe(&region.aws, &enforced.identity, &enforced.object, Some(&want)).await;
    assert_eq!(kind(&denied.unwrap_err()), Some(AwsErrorKind::Denied), "who writes tags must know them");

    let mut domain = domains::subject("acme");
    domain.object.spec.management.mode = Mode::Observe;
    let have = DomainKind::observe(&region.aws, &identity("acme", None), &domain.object, None).await;
    assert!(have.unwrap().unwrap().facts.tags_denied);
}

#[tokio::test]
async fn creating_needs_no_right_to_describe_or_to_ask_for_addresses() {
    let region = Region::with_repositories(&["taken"]).await;
    region.deny(&["DescribeRepository", "GetRepositoryEndpoint"]).await;
    let want = over(&[]);
    let mut app = subject("app");
    let steps = app.reconcile(&region.aws, Some(&want)).await;
    assert!(matches!(steps.as_slice(), [Step::Create { .. }]), "{steps:?}");
    let status = app.object.status.clone().unwrap();
    assert!(status.arn.is_some() && status.endpoints.is_empty(), "{status:?}");

    // It is known to exist, and was made as declared.
    let status = app.object.status.as_mut().unwrap();
    (status.carried_out_generation, app.object.metadata.generation) = (Some(1), Some(1));
    let have = RepositoryKind::observe(&region.aws, &app.identity, &app.object, Some(&want)).await;
    let have = have.unwrap().unwrap();
    assert_eq!(RepositoryKind::plan(Some(&want), Some(&have.state)), []);
    let said = RepositoryKind::not_compared(Some(&have.facts)).unwrap();
    assert!(said.contains("codeartifact:DescribeRepository"), "{said}");
    let mut told = app.object.status.clone().unwrap();
    RepositoryKind::fill_status(&mut told, Some(&want), Some(&have.facts));
    assert_eq!(Some(&told), app.object.status.as_ref(), "nothing is to be written");

    // What has changed in the spec since cannot be carried out unseen.
    app.object.metadata.generation = Some(2);
    let denied = RepositoryKind::observe(&region.aws, &app.identity, &app.object, Some(&want)).await;
    assert_eq!(kind(&denied.unwrap_err()), Some(AwsErrorKind::Denied));

    let taken = subject("taken");
    let have = RepositoryKind::observe(&region.aws, &taken.identity, &taken.object, Some(&want)).await;
    assert!(have.unwrap().is_none(), "AWS knows better");
    let create = RepositoryKind::plan(Some(&want), None).remove(0);
    let denied = RepositoryKind::execute(&region.aws, &taken.identity, &create).await.unwrap_err();
    assert_eq!(kind(&denied), Some(AwsErrorKind::Denied), "it exists, and may not be read: {denied}");
    let deleting = RepositoryKind::observe(&region.aws, &taken.identity, &taken.object, None).await;
    assert!(deleting.is_err(), "nothing is taken to be gone unseen");
}
