//! Secrets of others that are taken over, and ours that are taken back.

use super::*;
use crate::api::ALLOW_TAKEOVER;

#[test]
fn what_is_bound_to_its_name_is_taken_back_from_a_restore() {
    let restored = |name: &str| {
        let mut seen = seen();
        (seen.uid, seen.owner_references, seen.managed_fields) = (Some("other".into()), None, None);
        seen.annotations = Some(map(&[(CONTENT, &binding(name).content("earlier"))]));
        seen
    };
    let mut controlled = restored("login");
    controlled.owner_references = Some(vec![owner("uid-2", "Certificate", "login")]);
    let mut unlabelled = restored("login");
    unlabelled.labels = None;
    let table = [
        ("ours, made anew by a restore", restored("login"), Verdict::Apply),
        ("ours, and the label is gone too", unlabelled, Verdict::Apply),
        ("a copy of one with another name", restored("other"), Verdict::Refuse),
        ("somebody else controls it", controlled, Verdict::Refuse),
    ];
    for (sentence, seen, expected) in table {
        assert_eq!(judge(Some(&SecretRecord::of(&seen)), &wanted(), None), expected, "{sentence}");
    }
    let (unmarked, mut unbound) =
        (SecretRecord { binding: None, ..SecretRecord::of(&restored("login")) }, wanted());
    unbound.binding = None;
    assert_eq!(judge(Some(&unmarked), &unbound, None), Verdict::Refuse, "nothing fits nothing");
}

#[test]
fn only_a_secret_that_names_the_credential_is_taken_over() {
    let foreign = |allows: Option<&str>, owner: Option<OwnerReference>| ObjectMeta {
        name: Some("login".into()),
        uid: Some("other".into()),
        annotations: allows.map(|name| map(&[(ALLOW_TAKEOVER, name)])),
        owner_references: owner.map(|owner| vec![owner]),
        ..ObjectMeta::default()
    };
    let (never, take) = (SecretAdoption::Never, SecretAdoption::TakeOver);
    let table = [
        ("allowed and asked for", foreign(Some("login"), None), take, Verdict::TakeOver),
        ("allowed and not asked for", foreign(Some("login"), None), never, Verdict::Refuse),
        ("asked for and not allowed", foreign(None, None), take, Verdict::Refuse),
        ("allowed to another", foreign(Some("logi"), None), take, Verdict::Refuse),
        (
            "somebody else controls it",
            foreign(Some("login"), Some(owner("uid-2", "ExternalSecret", "login"))),
            take,
            Verdict::Refuse,
        ),
        (
            "another RegistryCredential controls it",
            foreign(Some("login"), Some(owner("uid-2", "RegistryCredential", "other"))),
            take,
            Verdict::Refuse,
        ),
    ];
    for (sentence, seen, adoption, expected) in table {
        let wanted = Wanted { adoption, ..wanted() };
        assert_eq!(judge(Some(&SecretRecord::of(&seen)), &wanted, None), expected, "{sentence}");
    }
}
