//! What counts as the same repository, and what status remembers.

use aws_sdk_codeartifact::types::{RepositoryExternalConnectionInfo, UpstreamRepositoryInfo};

use super::*;
use crate::api::OWNER_TAG;

fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn upstream(name: &str, created: Option<i64>) -> UpstreamState {
    UpstreamState { name: name.into(), created: created.map(at) }
}

fn described(upstreams: &[&str]) -> RepositoryDescription {
    let upstreams =
        upstreams.iter().map(|name| UpstreamRepositoryInfo::builder().repository_name(*name).build());
    RepositoryDescription::builder().arn("arn").set_upstreams(Some(upstreams.collect())).build()
}

fn recorded(upstreams: &[(&str, i64)]) -> RepositoryStatus {
    let upstreams = upstreams.iter();
    let upstreams = upstreams
        .map(|(name, created)| UpstreamStatus { name: (*name).into(), created_time: Some(at(*created)) });
    RepositoryStatus { upstreams: upstreams.collect(), ..RepositoryStatus::default() }
}

#[test]
fn an_unset_description_is_an_empty_one_and_other_tools_tags_are_not_seen() {
    let spec = RepositorySpec { tags: tags(&[("team", "a")]), ..RepositorySpec::default() };
    let want = RepositoryState::declared(&spec, vec![], spec.tags.clone());
    let all_tags = tags(&[("team", "a"), ("cost", "7")]);
    let none = CreationTimes::new();
    let have = RepositoryState::observed(
        &described(&[]),
        all_tags,
        Some(&want),
        (&RepositoryStatus::default(), &none),
    );
    assert_eq!(have, want);
}

#[test]
fn a_connection_is_read_whatever_its_status() {
    let connection = RepositoryExternalConnectionInfo::builder()
        .external_connection_name("public:npmjs")
        .status("AVAILABLE".into())
        .build();
    let described = RepositoryDescription::builder().external_connections(connection).build();
    let (status, none) = (RepositoryStatus::default(), CreationTimes::new());
    let have = RepositoryState::observed(&described, Tags::new(), None, (&status, &none));
    assert_eq!(have.connection.as_deref(), Some("public:npmjs"));
}

#[test]
fn an_upstream_that_was_made_anew_is_another_one() {
    let table = [
        ("a reference, set as it is now", upstream("u", Some(1)), recorded(&[("u", 1)]), None, true),
        (
            "a reference, made anew since it was set",
            upstream("u", Some(2)),
            recorded(&[("u", 1)]),
            None,
            false,
        ),
        ("a reference, never recorded", upstream("u", Some(2)), recorded(&[]), None, true),
        ("a name, set as it is now", upstream("u", None), recorded(&[("u", 1)]), Some(1), true),
        ("a name, made anew since it was set", upstream("u", None), recorded(&[("u", 1)]), Some(2), false),
        ("a name, never recorded", upstream("u", None), recorded(&[("v", 1)]), Some(2), true),
        ("nothing tells when it was created", upstream("u", None), recorded(&[("u", 1)]), None, true),
    ];
    for (sentence, wanted, status, current, same) in table {
        let want = RepositoryState { upstreams: vec![wanted], ..RepositoryState::default() };
        let created = current.map(|current| ("u".to_owned(), at(current))).into_iter().collect();
        let have =
            RepositoryState::observed(&described(&["u"]), Tags::new(), Some(&want), (&status, &created));
        assert_eq!(have == want, same, "{sentence}");
    }
}

#[test]
fn status_records_upstreams_as_they_were_set() {
    let mut status = RepositoryStatus::default();
    let state = RepositoryState {
        upstreams: vec![upstream("by-reference", Some(1)), upstream("by-name", None)],
        tags: tags(&[("team", "a"), (OWNER_TAG, "c/n/x")]),
        ..RepositoryState::default()
    };
    let facts = RepositoryFacts {
        arn: Some("arn".into()),
        endpoints: Some([("npm".to_owned(), "https://npm/".to_owned())].into()),
        upstreams_created: [("by-name".to_owned(), at(2))].into(),
        ..RepositoryFacts::default()
    };
    fill_status(&mut status, Some(&state), Some(&facts));
    assert_eq!(status.upstreams, recorded(&[("by-reference", 1), ("by-name", 2)]).upstreams);
    assert_eq!(status.tag_keys, ["team"]);

    let told = status.clone();
    let unasked = RepositoryFacts { endpoints: None, ..facts };
    fill_status(&mut status, None, Some(&unasked));
    assert_eq!(status, told, "watching forgets nothing, and endpoints that were not asked for stay");

    fill_status(&mut status, None, None);
    assert_eq!(status, RepositoryStatus::default());
}

#[test]
fn what_aws_describes_is_kept() {
    let described = RepositoryDescription::builder()
        .arn("arn")
        .domain_owner("123456789012")
        .administrator_account("111122223333")
        .created_time(aws_sdk_codeartifact::primitives::DateTime::from_secs(7))
        .build();
    let expected = RepositoryFacts {
        arn: Some("arn".into()),
        owner: Some("123456789012".into()),
        administrator_account: Some("111122223333".into()),
        created_time: Some(at(7)),
        ..RepositoryFacts::default()
    };
    assert_eq!(RepositoryFacts::from(&described), expected);
}

#[test]
fn what_may_not_be_described_is_taken_to_be_as_it_was_made() {
    let status = RepositoryStatus {
        arn: Some("arn".into()),
        owner: Some("123456789012".into()),
        administrator_account: Some("111122223333".into()),
        created_time: Some(at(7)),
        ..recorded(&[("same", 1), ("anew", 1)])
    };
    let spec = RepositorySpec::default();
    let upstreams = vec![upstream("same", Some(1)), upstream("anew", Some(2))];
    let want = RepositoryState::declared(&spec, upstreams, tags(&[("team", "a")]));
    let (have, facts) = unseen(&status, &want);
    let made = RepositoryFacts {
        arn: Some("arn".into()),
        owner: Some("123456789012".into()),
        administrator_account: Some("111122223333".into()),
        created_time: Some(at(7)),
        upstreams_created: [("same".to_owned(), at(1)), ("anew".to_owned(), at(1))].into(),
        unseen: true,
        ..RepositoryFacts::default()
    };
    assert_eq!(facts, made);
    assert_eq!((have.arn.0.as_str(), &have.tags), ("arn", &want.tags));
    assert_eq!(have.upstreams, [upstream("same", Some(1)), upstream("anew", Some(1))]);
}

#[test]
fn of_what_is_not_in_aws_status_keeps_only_who_it_was() {
    let identity: crate::api::Identity = serde_json::from_value(serde_json::json!({
        "account": "123456789012", "region": "us-east-1", "owner": "123456789012", "domain": "acme", "repository": "npm",
    }))
    .unwrap();
    let common =
        crate::api::CommonStatus { observed_generation: Some(3), ..crate::api::CommonStatus::default() };
    let kept = RepositoryStatus { common, identity: Some(identity), ..RepositoryStatus::default() };
    let mut status =
        RepositoryStatus { arn: Some("arn".into()), tag_keys: vec!["team".into()], ..kept.clone() };
    fill_status(&mut status, None, None);
    assert_eq!(status, kept);
}
