//! What is done about a Secret, by everything that its metadata can say.

mod takeover;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{FieldsV1, ManagedFieldsEntry};

use super::*;
use crate::api::{Format, KindName};
use crate::credential::binding::BindingKey;
use crate::credential::render::DomainKey;
use crate::engine::object::ObjectKey;

fn wanted() -> Wanted {
    Wanted {
        namespace: "team".into(),
        name: "login".into(),
        user: ObjectId::new(KindName::RegistryCredential, ObjectKey::new("team", "login")),
        owner: owner("uid-1", "RegistryCredential", "login"),
        labels: map(&[(MANAGED_BY, MANAGER), ("team", "a")]),
        annotations: map(&[(CONTENT, "c0ffee")]),
        keys: [".npmrc", "token"].map(Into::into).into(),
        binding: Some(binding("login")),
        adoption: SecretAdoption::Never,
    }
}

fn binding(name: &str) -> Binding {
    BindingKey(vec![1; 32].into()).binding(&ObjectKey::new("team", name)).unwrap()
}

fn owner(uid: &str, kind: &str, name: &str) -> OwnerReference {
    OwnerReference {
        api_version: "codeartifact-operator.dev/v1alpha1".into(),
        kind: kind.into(),
        name: name.into(),
        uid: uid.into(),
        controller: Some(true),
        block_owner_deletion: None,
    }
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}

fn entry(manager: &str, operation: &str, fields: Value) -> ManagedFieldsEntry {
    ManagedFieldsEntry {
        manager: Some(manager.into()),
        operation: Some(operation.into()),
        fields_v1: Some(FieldsV1(fields)),
        ..ManagedFieldsEntry::default()
    }
}

fn data(keys: &[&str]) -> Value {
    let keys: Map<String, Value> = keys.iter().map(|key| (format!("f:{key}"), json!({}))).collect();
    json!({"f:data": keys, "f:type": {}})
}

/// The last write, which made the Secret.
fn last() -> SecretWrite {
    SecretWrite { uid: "secret-uid".into(), resource_version: "7".into() }
}

fn verdict(seen: &ObjectMeta) -> Verdict {
    judge(Some(&SecretRecord::of(seen)), &wanted(), Some(&last()))
}

/// The Secret as we create it.
fn seen() -> ObjectMeta {
    let labels = json!({"f:metadata": {
        "f:labels": {".": {}, format!("f:{MANAGED_BY}"): {}, "f:team": {}},
        "f:annotations": {".": {}, format!("f:{CONTENT}"): {}},
    }});
    ObjectMeta {
        name: Some("login".into()),
        uid: Some("secret-uid".into()),
        resource_version: Some("7".into()),
        labels: Some(wanted().labels),
        annotations: Some(wanted().annotations),
        owner_references: Some(vec![wanted().owner]),
        managed_fields: Some(vec![
            entry(MANAGER, "Update", data(&[".npmrc", "token"])),
            entry(MANAGER, "Apply", labels),
        ]),
        ..ObjectMeta::default()
    }
}

type Change = fn(&mut ObjectMeta);

fn check(table: &[(&str, Change, Verdict)]) {
    for (sentence, change, expected) in table {
        let mut seen = seen();
        change(&mut seen);
        assert_eq!(verdict(&seen), *expected, "{sentence}");
        let controlled = ![Verdict::Refuse, Verdict::Inherited].contains(expected);
        assert_eq!(is_ours(&SecretRecord::of(&seen), "uid-1", None), controlled, "{sentence}");
        if controlled {
            assert_eq!(leftovers(&seen, &wanted()).is_none(), *expected == Verdict::Nothing, "{sentence}");
        }
    }
}

fn claim(seen: &mut ObjectMeta, manager: &str, fields: Value) {
    seen.managed_fields.as_mut().unwrap().push(entry(manager, "Update", fields));
}

#[test]
fn what_is_as_written_is_left_alone() {
    check(&[
        ("as it was created", |_| {}, Verdict::Nothing),
        ("keys held by apply and by create", |s| claim(s, MANAGER, data(&["token"])), Verdict::Nothing),
        (
            "labels and annotations of others",
            |s| {
                s.labels.as_mut().unwrap().insert("x".into(), "y".into());
                s.annotations.as_mut().unwrap().insert("x".into(), "y".into());
                claim(s, "kubectl-label", json!({"f:metadata": {"f:labels": {"f:x": {}}}}));
            },
            Verdict::Nothing,
        ),
        (
            "others hold the map but no key",
            |s| claim(s, "kubectl-edit", json!({"f:data": {".": {}}})),
            Verdict::Nothing,
        ),
    ]);
}

#[test]
fn what_differs_is_written_again() {
    check(&[
        ("a label is missing", |s| drop(s.labels.as_mut().unwrap().remove("team")), Verdict::Apply),
        ("no labels at all", |s| s.labels = None, Verdict::Apply),
        (
            "a label was changed",
            |s| drop(s.labels.as_mut().unwrap().insert("team".into(), "b".into())),
            Verdict::Apply,
        ),
        (
            "the content is another",
            |s| drop(s.annotations.as_mut().unwrap().insert(CONTENT.into(), "old".into())),
            Verdict::Apply,
        ),
        ("the content is not said", |s| s.annotations = None, Verdict::Apply),
        ("another holds one of our keys", |s| claim(s, "kubectl-edit", data(&["token"])), Verdict::Apply),
        ("another added a key", |s| claim(s, "kubectl-edit", data(&["extra"])), Verdict::Apply),
        (
            "another applied stringData",
            |s| claim(s, "kubectl", json!({"f:stringData": {"f:token": {}}})),
            Verdict::Apply,
        ),
        ("we hold a key too many", |s| claim(s, MANAGER, data(&["pip.conf"])), Verdict::Apply),
        (
            "a key was deleted or taken over",
            |s| s.managed_fields.as_mut().unwrap()[0] = entry(MANAGER, "Update", data(&[".npmrc"])),
            Verdict::Apply,
        ),
        (
            "we set a label that is not wanted any more",
            |s| claim(s, MANAGER, json!({"f:metadata": {"f:labels": {"f:old": {}}}})),
            Verdict::Apply,
        ),
        (
            "we set an annotation that is not wanted any more",
            |s| claim(s, MANAGER, json!({"f:metadata": {"f:annotations": {"f:old": {}}}})),
            Verdict::Apply,
        ),
        ("nobody knows who set what", |s| s.managed_fields = None, Verdict::Apply),
    ]);
}

#[test]
fn what_is_somebody_elses_is_refused() {
    check(&[
        (
            "it has no owner, and is not the one that we wrote",
            |s| (s.owner_references, s.uid) = (None, Some("other".into())),
            Verdict::Refuse,
        ),
        (
            "another RegistryCredential controls it",
            |s| s.owner_references = Some(vec![owner("uid-2", "RegistryCredential", "other")]),
            Verdict::Refuse,
        ),
        (
            "another kind of the same name controls it",
            |s| s.owner_references = Some(vec![owner("uid-2", "Certificate", "login")]),
            Verdict::Refuse,
        ),
        (
            "an earlier object of the same name controls it",
            |s| s.owner_references = Some(vec![owner("uid-0", "RegistryCredential", "login")]),
            Verdict::Inherited,
        ),
        (
            "we control it and somebody else owns it too",
            |s| {
                let other = OwnerReference { controller: None, ..owner("uid-2", "Pod", "p") };
                s.owner_references.as_mut().unwrap().insert(0, other);
            },
            Verdict::Nothing,
        ),
    ]);
    assert_eq!(judge(None, &wanted(), Some(&last())), Verdict::Create, "there is none");
}

#[test]
fn what_was_written_to_since_is_written_again() {
    let judged = |last: Option<&SecretWrite>| judge(Some(&SecretRecord::of(&seen())), &wanted(), last);
    let other = |uid: &str, version: &str| SecretWrite { uid: uid.into(), resource_version: version.into() };
    assert_eq!(judged(Some(&last())), Verdict::Nothing);
    assert_eq!(judged(Some(&other("secret-uid", "6"))), Verdict::Apply, "another version");
    assert_eq!(judged(Some(&other("other", "7"))), Verdict::Apply, "another Secret of that name");
    assert_eq!(judged(None), Verdict::Apply, "no write is known");
}

#[test]
fn what_we_wrote_and_nobody_controls_is_taken_back() {
    let changes: [(&str, Change); 3] = [
        ("the owner was removed", |s| s.owner_references = None),
        ("the owner does not control it any more", |s| {
            s.owner_references.as_mut().unwrap()[0].controller = None;
        }),
        ("the owner was removed and the data was changed", |s| {
            s.owner_references = None;
            claim(s, "kubectl-edit", data(&["token"]));
        }),
    ];
    for (sentence, change) in changes {
        let mut seen = seen();
        change(&mut seen);
        assert_eq!(verdict(&seen), Verdict::Apply, "{sentence}");
        let record = SecretRecord::of(&seen);
        assert!(is_ours(&record, "uid-1", Some(&last())), "{sentence}");
        assert!(!is_ours(&record, "uid-1", None), "{sentence}: nothing says that we wrote it");
        assert_eq!(judge(Some(&record), &wanted(), None), Verdict::Refuse, "{sentence}");
    }
    let mut taken = seen();
    (taken.owner_references, taken.labels) = (None, None);
    assert_eq!(verdict(&taken), Verdict::Refuse, "the owner and our label were removed");
    let mut taken = seen();
    taken.owner_references = Some(vec![owner("uid-2", "Certificate", "login")]);
    assert_eq!(verdict(&taken), Verdict::Refuse, "somebody else controls it now");
}

#[test]
fn what_is_being_deleted_is_waited_for() {
    let changes: [(&str, Change); 3] = [
        ("ours, as written", |_| {}),
        ("ours, changed", |s| s.labels = None),
        ("somebody else's", |s| (s.owner_references, s.uid) = (None, Some("other".into()))),
    ];
    for (sentence, change) in changes {
        let mut seen = seen();
        change(&mut seen);
        seen.deletion_timestamp = serde_json::from_value(json!("2026-01-01T00:00:00Z")).unwrap();
        assert_eq!(verdict(&seen), Verdict::Leaving, "{sentence}");
    }
}

#[test]
fn what_apply_leaves_behind_is_taken_away() {
    let mut seen = seen();
    claim(&mut seen, MANAGER, data(&["pip.conf"]));
    claim(
        &mut seen,
        MANAGER,
        json!({"f:metadata": {"f:labels": {"f:old": {}}, "f:annotations": {"f:note": {}}}}),
    );
    claim(&mut seen, "kubectl-edit", data(&["extra", "token"]));
    claim(&mut seen, "kubectl", json!({"f:stringData": {"f:token": {}}}));
    let patch = leftovers(&seen, &wanted()).unwrap();
    assert_eq!(patch["data"], json!({"extra": null, "pip.conf": null}));
    let metadata = &patch["metadata"];
    assert_eq!(metadata["labels"], json!({"old": null}));
    assert_eq!(metadata["annotations"], json!({"note": null}));
    assert_eq!((&metadata["uid"], &metadata["resourceVersion"]), (&json!("secret-uid"), &json!("7")));
    let managers: Vec<_> =
        metadata["managedFields"].as_array().unwrap().iter().map(|entry| entry["manager"].clone()).collect();
    assert_eq!(managers, [MANAGER, MANAGER, MANAGER, MANAGER, "kubectl-edit"]);
    assert_eq!(metadata["managedFields"][4]["fieldsV1"], json!({"f:type": {}}));
}

#[test]
fn the_content_id_depends_on_tokens_and_on_what_is_rendered() {
    let registry = |scope: &str| Registry {
        domain: DomainKey { domain: "acme".into(), ..DomainKey::default() },
        repository: "team".into(),
        formats: vec![Format::Npm],
        scopes: vec![scope.into()],
        endpoints: BTreeMap::new(),
        is_private: false,
    };
    let id = |ids: &[&str], scopes: &[&str], chosen: &[(&str, &str)]| {
        let registries: Vec<_> = scopes.iter().copied().map(registry).collect();
        let chosen: Vec<(String, SecretString)> =
            chosen.iter().map(|(key, text)| ((*key).into(), (*text).into())).collect();
        content_id(ids, &registries, chosen.iter().map(|(key, text)| (key, text)))
    };
    let first = id(&["a", "b"], &["@x"], &[("c", "d"), ("e", "f")]);
    assert_eq!(first, id(&["a", "b"], &["@x"], &[("c", "d"), ("e", "f")]));
    assert_eq!(first.len(), 64);
    for other in [
        id(&["a"], &["@x"], &[("c", "d"), ("e", "f")]),
        id(&["b", "a"], &["@x"], &[("c", "d"), ("e", "f")]),
        id(&["a", "b"], &["@y"], &[("c", "d"), ("e", "f")]),
        id(&["a", "b"], &["@x", "@x"], &[("c", "d"), ("e", "f")]),
        id(&["a", "b"], &["@x"], &[]),
        id(&["a", "b"], &["@x"], &[("c", "d")]),
        id(&["a", "b"], &["@x"], &[("c", "d"), ("e", "g")]),
        id(&["a", "b"], &["@x"], &[("c", "d"), ("g", "f")]),
        id(&["a", "b"], &["@x"], &[("c", "d[\"e\",1]f")]),
    ] {
        assert_ne!(first, other);
    }
}

#[test]
fn our_marks_win_over_the_users() {
    let settings = SecretSettings {
        name: None,
        adoption: SecretAdoption::Never,
        labels: map(&[(MANAGED_BY, "me"), ("team", "a")]),
        annotations: map(&[(CONTENT, "mine")]),
        templates: BTreeMap::new(),
    };
    let [labels, annotations] = Wanted::marked(&settings, "c0ffee".into());
    assert_eq!((labels, annotations), (wanted().labels, wanted().annotations));
}

#[test]
fn the_mark_of_our_own_secrets_is_taken_away() {
    let mut marked = seen();
    assert_eq!((verdict(&marked), false_marks(&SecretRecord::of(&marked))), (Verdict::Nothing, None));
    marked.labels.get_or_insert_default().insert(COMPONENT.into(), "token".into());
    assert_eq!(verdict(&marked), Verdict::Apply);
    let labels = json!({COMPONENT: null});
    assert_eq!(false_marks(&SecretRecord::of(&marked)).unwrap()["metadata"]["labels"], labels);
}

#[test]
fn kubectls_copy_goes_although_all_else_is_as_written() {
    let mut seen = seen();
    assert_eq!(leftovers(&seen, &wanted()), None);
    seen.annotations.as_mut().unwrap().insert(LAST_APPLIED.into(), "{}".into());
    let patch = leftovers(&seen, &wanted()).unwrap();
    assert_eq!(patch["metadata"]["annotations"], json!({LAST_APPLIED: null}));
}

#[test]
fn a_data_key_that_we_and_others_hold_goes_like_any_other() {
    let mut seen = seen();
    claim(&mut seen, MANAGER, data(&["extra"]));
    claim(&mut seen, "kubectl-edit", data(&["extra"]));
    assert_eq!(leftovers(&seen, &wanted()).unwrap()["data"], json!({"extra": null}));
}
