//! What signing in depends on, and the proof that tokens are keyed by. Pure.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::api::{AwsAccountSpec, Credentials, Endpoints};
use crate::sessions::service_account::ServiceAccountRole;

/// The part of an AwsAccount that matters to signing in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Basis {
    region: String,
    account_id: String,
    endpoints: Option<Endpoints>,
    credentials: Credentials,
}

impl Basis {
    pub(super) fn of(spec: &AwsAccountSpec) -> Self {
        Self {
            region: spec.region.clone(),
            account_id: spec.account_id.clone(),
            endpoints: spec.endpoints.clone(),
            credentials: spec.credentials.clone(),
        }
    }
}

/// Changes with the object, with how it signs in, with who that turns out to be (ARN and unique ids), and with the role. Rotated
/// keys of the same identity change nothing.
pub(super) fn proof(uid: &str, basis: &Basis, identity: &[&str], role_arn: Option<&str>) -> String {
    hex_digest(&serde_json::json!([uid, basis, identity, role_arn]))
}

/// Changes with the object, with how it signs in and with the role. Unlike a proof it is known before AWS has said who that is.
pub(super) fn source(uid: &str, basis: &Basis, role_arn: Option<&str>) -> String {
    hex_digest(&serde_json::json!([uid, basis, role_arn]))
}

/// Changes with the AwsAccount, with where it works, with the ServiceAccount and with the role, and with who AWS says that the role is
/// (ARN and unique id). How the AwsAccount itself signs in does not matter.
pub(super) fn of_service_account(
    uid: &str,
    basis: &Basis,
    account: &ServiceAccountRole,
    identity: &[&str],
) -> String {
    let Basis { region, account_id, endpoints, credentials: _ } = basis;
    let ServiceAccountRole { key, uid: own, role_arn } = account;
    let service_account = [&*key.namespace, &*key.name, own, role_arn];
    hex_digest(&serde_json::json!([
        uid,
        region,
        account_id,
        endpoints,
        "ServiceAccount",
        service_account,
        identity
    ]))
}

fn hex_digest(parts: &serde_json::Value) -> String {
    hex::encode(Sha256::digest(parts.to_string()))
}

/// The ARN without the session's name: STS gives `assumed-role/<role>/<session>`, and providers make up the session's
/// name anew with each sign-in.
pub(super) fn without_session_name(arn: &str) -> String {
    match arn.split_once(":assumed-role/") {
        Some((start, rest)) => {
            let role = rest.split('/').next().unwrap_or(rest);
            format!("{start}:assumed-role/{role}")
        }
        None => arn.to_owned(),
    }
}

/// The id of the user or role alone. STS gives `<id of the role>:<session>`, and the id itself for a user.
pub(super) fn unique_id(user_id: &str) -> String {
    user_id.split(':').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::object::ObjectKey;

    fn spec(patch: &[(&str, serde_json::Value)]) -> AwsAccountSpec {
        let mut spec = serde_json::json!({"region": "us-east-1", "accountId": "123456789012"});
        for (field, value) in patch {
            spec[*field] = value.clone();
        }
        serde_json::from_value(spec).unwrap()
    }

    #[test]
    fn the_proof_changes_with_what_tokens_depend_on_and_with_nothing_else() {
        let basis = Basis::of(&spec(&[]));
        let user: &[&str] = &["arn:aws:iam::123456789012:user/a", "AIDA1"];
        let first = proof("1", &basis, user, None);
        let secret = |name: &str| serde_json::json!({"secretRef": {"namespace": "aws", "name": name}});
        let different = [
            proof("2", &basis, user, None),
            proof("1", &Basis::of(&spec(&[("credentials", secret("a"))])), user, None),
            proof("1", &Basis::of(&spec(&[("credentials", secret("b"))])), user, None),
            proof("1", &basis, &["arn:aws:iam::123456789012:user/b", "AIDA1"], None),
            proof("1", &basis, &["arn:aws:iam::123456789012:user/a", "AIDA2"], None),
            proof("1", &basis, user, Some("arn:aws:iam::123456789012:role/x")),
        ];
        for (row, other) in different.iter().enumerate() {
            assert_ne!(first, *other, "row {row}");
        }
        let limits = serde_json::json!({"readsPerSecond": 1, "writesPerSecond": 1, "tokensPerSecond": 1});
        let same = Basis::of(&spec(&[("limits", limits), ("suspend", true.into())]));
        assert_eq!(first, proof("1", &same, user, None));
    }

    #[test]
    fn a_service_account_of_another_namespace_name_uid_or_role_is_another_proof() {
        let basis = Basis::of(&spec(&[]));
        let of = |namespace: &str, name: &str, uid: &str, role: &str| ServiceAccountRole {
            key: ObjectKey::new(namespace, name),
            uid: uid.into(),
            role_arn: role.into(),
        };
        let builder = of("team", "builder", "u1", "role");
        let first = of_service_account("1", &basis, &builder, &["arn", "AROA1"]);
        for other in [
            of("other", "builder", "u1", "role"),
            of("team", "other", "u1", "role"),
            of("team", "builder", "u2", "role"),
            of("team", "builder", "u1", "other"),
            of("teambuilder", "", "u1", "role"),
        ] {
            assert_ne!(first, of_service_account("1", &basis, &other, &["arn", "AROA1"]), "{other:?}");
        }
        assert_ne!(first, of_service_account("2", &basis, &builder, &["arn", "AROA1"]));
        assert_ne!(first, of_service_account("1", &basis, &builder, &["arn", "AROA2"]));
        let secret = serde_json::json!({"secretRef": {"namespace": "aws", "name": "a"}});
        let keys = Basis::of(&spec(&[("credentials", secret)]));
        assert_eq!(
            first,
            of_service_account("1", &keys, &builder, &["arn", "AROA1"]),
            "its keys do not matter"
        );
    }

    #[test]
    fn a_source_changes_with_the_object_the_way_of_signing_in_and_the_role() {
        let basis = Basis::of(&spec(&[]));
        let first = source("1", &basis, None);
        let secret = serde_json::json!({"secretRef": {"namespace": "aws", "name": "a"}});
        let different = [
            source("2", &basis, None),
            source("1", &Basis::of(&spec(&[("credentials", secret)])), None),
            source("1", &basis, Some("arn:aws:iam::123456789012:role/x")),
        ];
        for (row, other) in different.iter().enumerate() {
            assert_ne!(first, *other, "row {row}");
        }
        assert_eq!(first, source("1", &basis, None));
    }

    #[test]
    fn the_lasting_part_of_an_arn_has_no_session_name() {
        for (arn, lasts) in [
            ("arn:aws:iam::123456789012:user/a", "arn:aws:iam::123456789012:user/a"),
            ("arn:aws:sts::123456789012:assumed-role/r/s-17", "arn:aws:sts::123456789012:assumed-role/r"),
        ] {
            assert_eq!(without_session_name(arn), lasts);
        }
    }

    #[test]
    fn a_unique_id_has_no_session_name() {
        for (user_id, unique) in
            [("AIDA1", "AIDA1"), ("AROA1:session", "AROA1"), ("123456789012", "123456789012")]
        {
            assert_eq!(unique_id(user_id), unique);
        }
    }
}
