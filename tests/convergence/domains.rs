//! Domains: tags, and whether there is one.

use codeartifact_operator::api::{Domain, DomainSpec};
use codeartifact_operator::aws::tagging;
use codeartifact_operator::domain::{DomainKind, DomainState};
use futures::stream::{self, StreamExt};

use crate::region::Region;
use crate::trial::{AT_ONCE, Trial, identity, say, tags};

pub(crate) fn subject(domain: &str) -> Trial<DomainKind> {
    Trial {
        identity: identity(domain, None),
        object: Domain::new(domain, DomainSpec::default()),
        remember: |domain, status| domain.status = Some(status),
    }
}

fn states() -> Vec<Option<DomainState>> {
    let tagged = |pairs: &[(&str, &str)]| Some(DomainState { tags: tags(pairs), ..DomainState::default() });
    vec![
        None,
        tagged(&[]),
        tagged(&[("team", "a")]),
        tagged(&[("team", "b")]),
        tagged(&[("env", "")]),
        tagged(&[("team", "a"), ("env", "prod")]),
    ]
}

#[tokio::test]
async fn every_pair_of_domain_states_converges_in_one_reconcile() {
    let region = Region::new().await;
    let states = states();
    let pairs: Vec<_> = states.iter().flat_map(|have| states.iter().map(move |want| (have, want))).collect();
    let work = pairs.iter().enumerate().map(|(index, (have, want))| {
        subject(&format!("domain-{index}")).converges(&region.aws, have.as_ref(), want.as_ref())
    });
    stream::iter(work).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    assert_eq!(pairs.len(), 36);
    say(&format!("Domain: {} pairs of {} states converge in one pass", pairs.len(), states.len()));
}

#[tokio::test]
async fn a_new_domain_is_known_after_two_calls() {
    let region = Region::new().await;
    let mut subject = subject("acme");
    subject.reconcile(&region.aws, states()[2].as_ref()).await;
    assert_eq!(region.emulator.operations(0), ["DescribeDomain", "CreateDomain"]);
    let status = subject.object.status.unwrap();
    assert_eq!(status.arn.as_deref(), Some("arn:aws:codeartifact:us-east-1:123456789012:domain/acme"));
    assert_eq!(status.tag_keys, ["team"]);
    assert!(
        status.encryption_key.is_some() && status.s3_bucket_arn.is_some() && status.created_time.is_some()
    );
}

#[tokio::test]
async fn tags_of_other_tools_stay() {
    let region = Region::new().await;
    let mut subject = subject("acme");
    subject.reconcile(&region.aws, states()[5].as_ref()).await;
    let arn = subject.object.status.clone().unwrap().arn.unwrap();
    tagging::tag(&region.aws, &arn, &[("cost".to_owned(), "7".to_owned())].into()).await.unwrap();
    subject.reconcile(&region.aws, states()[1].as_ref()).await;
    let left = tagging::list(&region.aws, &arn).await.unwrap();
    assert_eq!(left, tags(&[("cost", "7")]), "what we set went, theirs stayed");
}

#[tokio::test]
async fn repositories_in_a_domain_are_named_as_what_blocks_its_deletion() {
    let names: Vec<_> = (10..23).map(|number| format!("store-{number}")).collect();
    let region = Region::with_repositories(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let subject = subject("acme");
    let blockers = subject.blockers(&region.aws).await;
    assert_eq!(blockers.len(), 11);
    assert_eq!(
        (blockers[0].as_str(), blockers[10].as_str()),
        ("repository store-10", "3 more repositories (13 in all)")
    );
    for name in &names {
        region.client.delete_repository().domain("acme").repository(name).send().await.unwrap();
    }
    let blockers = subject.blockers(&region.aws).await;
    assert_eq!(blockers, [""; 0]);
}
