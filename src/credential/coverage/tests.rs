//! Which tokens the grants still cover.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::api::AwsAccountSpec;

fn account(grants: &Value) -> AwsAccount {
    let spec: AwsAccountSpec = serde_json::from_value(json!({
        "region": "us-east-1", "accountId": "123456789012", "grants": grants,
    }))
    .unwrap();
    AwsAccount::new("default", spec)
}

/// A token of 12 h of the domain acme.
fn token(role: Option<&str>) -> TokenStatus {
    TokenStatus {
        domain: "acme".into(),
        owner: "123456789012".into(),
        account: Some("default".into()),
        role_arn: role.map(Into::into),
        service_account: None,
        issued_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        expires_at: "2026-01-01T12:00:00Z".parse().unwrap(),
        renews_at: "2026-01-01T08:00:00Z".parse().unwrap(),
    }
}

fn word(coverage: &Coverage) -> &'static str {
    match coverage {
        Coverage::Covered => "covered",
        Coverage::Wider(_) => "wider",
        Coverage::Withdrawn(_) => "withdrawn",
    }
}

#[test]
fn only_the_grant_of_the_token_itself_takes_it_away() {
    let role = "arn:aws:iam::123456789012:role/a";
    let by_name =
        |credentials: Value| json!([{"namespaces": {"names": ["team"]}, "credentials": credentials}]);
    let by_label = json!([{"namespaces": {"selector": {"matchLabels": {"team": "a"}}}, "credentials": [{"domains": ["acme"]}]}]);
    let plain = BTreeMap::new();
    let labelled: BTreeMap<_, _> = [("team".to_owned(), "a".to_owned())].into();
    let table = [
        ("granted", by_name(json!([{"domains": ["acme"]}])), Some(&plain), None, "covered"),
        ("another domain only", by_name(json!([{"domains": ["other"]}])), Some(&plain), None, "withdrawn"),
        ("no grant at all", json!([]), Some(&plain), None, "withdrawn"),
        ("granted by label", by_label.clone(), Some(&labelled), None, "covered"),
        ("the label is gone", by_label.clone(), Some(&plain), None, "withdrawn"),
        ("the namespace was not seen yet", by_label, None, None, "covered"),
        ("not seen, and no grant asks for labels", json!([]), None, None, "withdrawn"),
        (
            "as long as granted",
            by_name(json!([{"domains": ["acme"], "maxDuration": "12h"}])),
            Some(&plain),
            None,
            "covered",
        ),
        (
            "longer than granted",
            by_name(json!([{"domains": ["acme"], "maxDuration": "11h"}])),
            Some(&plain),
            None,
            "wider",
        ),
        (
            "the same role",
            by_name(json!([{"domains": ["acme"], "roleArn": role}])),
            Some(&plain),
            Some(role),
            "covered",
        ),
        (
            "a role where there was none",
            by_name(json!([{"domains": ["acme"], "roleArn": role}])),
            Some(&plain),
            None,
            "wider",
        ),
        ("no role any more", by_name(json!([{"domains": ["acme"]}])), Some(&plain), Some(role), "wider"),
    ];
    for (what, grants, labels, role, expected) in table {
        let coverage =
            judge(&token(role), Seen::Known(&account(&grants)), Requester { namespace: "team", labels });
        assert_eq!(word(&coverage), expected, "{what}: {coverage:?}");
    }
}

#[test]
fn an_account_that_cannot_be_read_takes_nothing_away_and_one_that_is_gone_does() {
    let requester = Requester { namespace: "team", labels: None };
    assert_eq!(word(&judge(&token(None), Seen::Unreadable, requester)), "covered");
    assert_eq!(word(&judge(&token(None), Seen::Deleted("default"), requester)), "withdrawn");
}

#[test]
fn the_role_of_a_token_that_status_does_not_tell_is_not_judged() {
    let role = "arn:aws:iam::123456789012:role/a";
    let grants =
        json!([{"namespaces": {"all": true}, "credentials": [{"domains": ["acme"], "roleArn": role}]}]);
    let untold = TokenStatus { account: None, ..token(None) };
    let requester = Requester { namespace: "team", labels: None };
    assert_eq!(word(&judge(&untold, Seen::Known(&account(&grants)), requester)), "covered");
}
