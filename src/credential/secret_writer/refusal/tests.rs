use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use serde_json::json;

use super::*;
use crate::api::KindName;
use crate::engine::object::{ObjectId, ObjectKey};

#[test]
fn only_what_is_fixed_by_the_secret_itself_has_it_replaced() {
    let table = [
        (true, "Invalid", json!([{"reason": "FieldValueForbidden", "field": "data"}])),
        (true, "Invalid", json!([{"reason": "FieldValueForbidden", "field": "immutable"}])),
        (true, "Invalid", json!([{"reason": "FieldValueInvalid", "field": "type"}])),
        (false, "Invalid", json!([{"message": "refused by a policy"}])),
        (false, "Invalid", json!([])),
        (false, "Invalid", json!([{"reason": "FieldValueTooLong", "field": "data"}])),
        (false, "Invalid", json!([{"reason": "FieldValueInvalid", "field": "metadata.labels"}])),
        (
            false,
            "Invalid",
            json!([
                {"reason": "FieldValueForbidden", "field": "data"},
                {"reason": "FieldValueInvalid", "field": "metadata.labels"},
            ]),
        ),
        (false, "Forbidden", json!([{"reason": "FieldValueForbidden", "field": "data"}])),
    ];
    for (expected, reason, causes) in table {
        let code = if reason == "Invalid" { 422 } else { 403 };
        let status = json!({"status": "Failure", "message": "", "reason": reason, "code": code,
            "details": {"causes": causes}});
        let status: Status = serde_json::from_value(status.clone()).unwrap();
        assert_eq!(cannot_be_changed(&status), expected, "{status:?}");
    }
}

/// A Secret of somebody else, and the message that its being in the way gives.
fn told(metadata: &serde_json::Value, adoption: SecretAdoption) -> String {
    let seen: ObjectMeta = serde_json::from_value(metadata.clone()).unwrap();
    let wanted = Wanted {
        namespace: "team".into(),
        name: "npm".into(),
        user: ObjectId::new(KindName::RegistryCredential, ObjectKey::new("team", "login")),
        owner: OwnerReference {
            kind: "RegistryCredential".into(),
            name: "login".into(),
            ..OwnerReference::default()
        },
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        keys: BTreeSet::new(),
        binding: None,
        adoption,
    };
    refusal(Verdict::Refuse, Some(&SecretRecord::of(&seen)), &wanted).unwrap_err().to_string()
}

#[test]
fn a_secret_in_the_way_is_told_with_its_owner_and_every_way_out() {
    let owner = |api_version: &str, kind: &str, name: &str| json!({"ownerReferences": [{"apiVersion": api_version, "kind": kind, "name": name, "uid": "1", "controller": true}]});
    let written = json!({"managedFields": [
        {"manager": "kubectl-create", "operation": "Update", "time": "2026-01-01T00:00:00Z"},
        {"manager": "cron", "operation": "Update", "time": "2026-01-02T00:00:00Z", "fieldsV1": {"f:data": {"f:.npmrc": {}}}},
        {"manager": "kubectl-annotate", "operation": "Update", "time": "2026-01-03T00:00:00Z", "fieldsV1": {"f:metadata": {}}},
        {"manager": "old", "operation": "Update"},
    ]});
    let consents = json!({"annotations": {"codeartifact-operator.dev/allow-takeover": "login"}});
    let (never, take) = (SecretAdoption::Never, SecretAdoption::TakeOver);
    let table = [
        (
            written,
            never,
            "Secret npm is not controlled by this RegistryCredential (written last by cron at 2026-01-02T00:00:00Z); to have the \
             Secret taken over and its data replaced, set spec.secret.adoption to TakeOver and annotate the Secret with \
             codeartifact-operator.dev/allow-takeover=login; or delete the Secret, or set another spec.secret.name",
        ),
        (
            json!({}),
            take,
            "Secret npm is not controlled by this RegistryCredential; to have the Secret taken over and its data replaced, annotate the Secret with \
             codeartifact-operator.dev/allow-takeover=login; or delete the Secret, or set another spec.secret.name",
        ),
        (
            consents,
            never,
            "Secret npm is not controlled by this RegistryCredential; to have the Secret taken over and its data replaced, set \
             spec.secret.adoption to TakeOver; or delete the Secret, or set another spec.secret.name",
        ),
        (
            owner("external-secrets.io/v1", "ExternalSecret", "npm"),
            take,
            "Secret npm is controlled by ExternalSecret npm; let that object go, or set another spec.secret.name",
        ),
        (
            owner("codeartifact-operator.dev/v1alpha1", "RegistryCredential", "other"),
            take,
            "Secret npm belongs to RegistryCredential other; set another spec.secret.name",
        ),
    ];
    for (metadata, adoption, expected) in table {
        assert_eq!(told(&metadata, adoption), expected);
    }
}
