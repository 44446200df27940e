//! What is done about a Secret, by everything that its metadata can say.

use super::*;
use crate::api::Format;
use crate::credential::render::DomainKey;

fn wanted() -> Wanted {
    Wanted {
        namespace: "team".into(),
        name: "login".into(),
        owner: owner("uid-1", "RegistryCredential", "login"),
        labels: map(&[(MANAGED_BY, MANAGER), ("team", "a")]),
        annotations: map(&[(CONTENT, "c0ffee")]),
        keys: [".npmrc", "token"].map(Into::into).into(),
    }
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

/// The Secret as we create it.
fn seen() -> ObjectMeta {
    let labels = json!({"f:metadata": {"f:labels": {".": {}, format!("f:{MANAGED_BY}"): {}, "f:team": {}}}});
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
        assert_eq!(judge(Some(&seen), &wanted()), *expected, "{sentence}");
        let controlled = ![Verdict::Refuse, Verdict::Await].contains(expected);
        assert_eq!(is_controlled_by(&seen, "uid-1"), controlled, "{sentence}");
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
        ("it has no owner", |s| s.owner_references = None, Verdict::Refuse),
        (
            "we own it and do not control it",
            |s| s.owner_references.as_mut().unwrap()[0].controller = None,
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
            Verdict::Await,
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
    assert_eq!(judge(None, &wanted()), Verdict::Create, "there is none");
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
        domain: DomainKey { owner: "123456789012".into(), domain: "acme".into() },
        formats: vec![Format::Npm],
        scope: Some(scope.into()),
        endpoints: BTreeMap::new(),
    };
    let first = content_id(&["a", "b"], &[registry("@x")]);
    assert_eq!(first, content_id(&["a", "b"], &[registry("@x")]));
    assert_eq!(first.len(), 64);
    for other in [
        content_id(&["a"], &[registry("@x")]),
        content_id(&["b", "a"], &[registry("@x")]),
        content_id(&["a", "b"], &[registry("@y")]),
        content_id(&["a", "b"], &[registry("@x"), registry("@x")]),
    ] {
        assert_ne!(first, other);
    }
}

#[test]
fn our_marks_win_over_the_users() {
    let settings = SecretSettings {
        name: None,
        labels: map(&[(MANAGED_BY, "me"), ("team", "a")]),
        annotations: map(&[(CONTENT, "mine")]),
    };
    let [labels, annotations] = Wanted::marked(&settings, "c0ffee".into());
    assert_eq!((labels, annotations), (wanted().labels, wanted().annotations));
}

#[test]
fn the_mark_of_our_own_secrets_is_taken_away() {
    let mut marked = seen();
    assert_eq!((judge(Some(&marked), &wanted()), false_marks(&marked)), (Verdict::Nothing, None));
    marked.labels.get_or_insert_default().insert(COMPONENT.into(), "token".into());
    assert_eq!(judge(Some(&marked), &wanted()), Verdict::Apply);
    let labels = json!({COMPONENT: null});
    assert_eq!(false_marks(&marked).unwrap()["metadata"]["labels"], labels);
}
