//! Plans, each by a sentence.

use super::*;
use crate::api::OWNER_TAG;
use crate::engine::pipeline::not_compared::NotCompared;

const NPM: &str = "public:npmjs";
const PYPI: &str = "public:pypi";

fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}

fn bare() -> RepositoryState {
    RepositoryState { arn: NotCompared("arn".into()), ..RepositoryState::default() }
}

fn described(description: &str) -> RepositoryState {
    RepositoryState { description: description.into(), ..bare() }
}

fn over(names: &[&str]) -> RepositoryState {
    let upstreams = names.iter().map(|name| UpstreamState { name: (*name).into(), created: None }).collect();
    RepositoryState { upstreams, ..bare() }
}

fn made_at(second: i64) -> RepositoryState {
    let created = jiff::Timestamp::from_second(second).ok();
    RepositoryState { upstreams: vec![UpstreamState { name: "a".into(), created }], ..bare() }
}

fn connected(name: &str) -> RepositoryState {
    RepositoryState { connection: Some(name.into()), ..bare() }
}

fn tagged(pairs: &[(&str, &str)]) -> RepositoryState {
    RepositoryState { tags: tags(pairs), ..bare() }
}

fn upstreams(names: &[&str]) -> Step {
    Step::Update { description: None, upstreams: Some(names.iter().map(ToString::to_string).collect()) }
}

fn describe(text: &str) -> Step {
    Step::Update { description: Some(text.into()), upstreams: None }
}

fn connect(name: &str) -> Step {
    Step::Connect(name.into())
}

fn disconnect(name: &str) -> Step {
    Step::Disconnect(name.into())
}

fn untag(key: &str) -> Step {
    Step::Tags(TagStep::Remove { arn: "arn".into(), keys: vec![key.into()] })
}

fn tag(pairs: &[(&str, &str)]) -> Step {
    Step::Tags(TagStep::Set { arn: "arn".into(), tags: tags(pairs) })
}

#[test]
fn what_is_missing_is_created_and_then_connected() {
    let want = RepositoryState { description: "d".into(), tags: tags(&[("a", "1")]), ..connected(NPM) };
    let create = Step::Create { description: "d".into(), upstreams: vec![], tags: tags(&[("a", "1")]) };
    assert_eq!(plan(Some(&want), None), [create, connect(NPM)]);
    assert_eq!(plan(None, None), []);
    assert_eq!(plan(None, Some(&want)), [Step::Delete]);
}

#[test]
fn changes_release_then_reshape_then_acquire() {
    let table = [
        ("in sync", over(&["a", "b"]), over(&["a", "b"]), vec![]),
        (
            "a new description leaves upstreams alone",
            described("new"),
            described("old"),
            vec![describe("new")],
        ),
        ("a description that is left out is cleared", bare(), described("old"), vec![describe("")]),
        ("order is part of upstreams", over(&["b", "a"]), over(&["a", "b"]), vec![upstreams(&["b", "a"])]),
        ("no upstreams is an empty list", bare(), over(&["a"]), vec![upstreams(&[])]),
        ("an upstream made anew is set again", made_at(2), made_at(1), vec![upstreams(&["a"])]),
        ("a connection is attached", connected(NPM), bare(), vec![connect(NPM)]),
        ("a connection is detached", bare(), connected(NPM), vec![disconnect(NPM)]),
        ("a connection is replaced", connected(PYPI), connected(NPM), vec![disconnect(NPM), connect(PYPI)]),
        (
            "upstreams go before a connection comes",
            connected(NPM),
            over(&["a"]),
            vec![upstreams(&[]), connect(NPM)],
        ),
        (
            "a connection goes before upstreams come",
            over(&["a"]),
            connected(NPM),
            vec![disconnect(NPM), upstreams(&["a"])],
        ),
        (
            "a description beside a connection sends no upstreams",
            RepositoryState { description: "new".into(), ..connected(NPM) },
            connected(NPM),
            vec![describe("new")],
        ),
        (
            "a connection is detached while a list that should not be there is emptied",
            connected(NPM),
            RepositoryState { upstreams: over(&["a"]).upstreams, ..connected(NPM) },
            vec![disconnect(NPM), upstreams(&[]), connect(NPM)],
        ),
        (
            "old tags go before new ones come",
            tagged(&[("b", "1")]),
            tagged(&[("a", "1")]),
            vec![untag("a"), tag(&[("b", "1")])],
        ),
        (
            "everything at once",
            RepositoryState { tags: tags(&[("b", "1")]), ..connected(NPM) },
            RepositoryState { description: "old".into(), tags: tags(&[("a", "1")]), ..over(&["a"]) },
            vec![
                Step::Update { description: Some(String::new()), upstreams: Some(vec![]) },
                connect(NPM),
                untag("a"),
                tag(&[("b", "1")]),
            ],
        ),
    ];
    for (sentence, want, have, steps) in table {
        assert_steps(sentence, &steps, &want, &have);
    }
}

#[test]
fn letting_go_removes_our_tag_and_nothing_else() {
    assert_eq!(release(&tagged(&[("a", "1"), (OWNER_TAG, "c/n/x")])), [untag(OWNER_TAG)]);
    assert_eq!(release(&tagged(&[("a", "1")])), []);
}

#[test]
fn steps_read_as_parts_of_a_sentence() {
    let both = Step::Update { description: Some("x".into()), upstreams: Some(vec!["a".into(), "b".into()]) };
    let steps = [both, upstreams(&[]), connect(NPM), disconnect(PYPI), Step::Delete];
    let read = steps.iter().map(ToString::to_string).collect::<Vec<_>>();
    let expected = [
        r#"set description to "x" and set upstreams to a, b"#,
        "remove all upstreams",
        "attach public:npmjs",
        "detach public:pypi",
        "delete the repository",
    ];
    assert_eq!(read, expected);
}

/// The steps are planned, and each is shown by the wanted state and not by the other one.
fn assert_steps(sentence: &str, steps: &[Step], want: &RepositoryState, have: &RepositoryState) {
    assert_eq!(plan(Some(want), Some(have)), steps, "{sentence}");
    // Upstreams that were made anew have the names that they had.
    let resent = |step: &Step| matches!(step, Step::Update { upstreams: Some(_), .. });
    let reconnected = steps.iter().filter(|step| matches!(step, Step::Connect(_) | Step::Disconnect(_)));
    let reconnected = reconnected.count() == 2;
    for step in steps.iter().filter(|step| !resent(step) && !reconnected) {
        assert!(!shows(step, Some(have)) && shows(step, Some(want)), "{sentence}: {step}");
    }
}

#[test]
fn what_does_not_exist_shows_a_deletion_and_nothing_else() {
    assert!(shows(&Step::Delete, None));
    assert!(!shows(&connect(NPM), None) && !shows(&Step::Delete, Some(&RepositoryState::default())));
}
