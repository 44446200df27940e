//! What makes sense as a fault.

use super::*;
use serde_json::{Value, json};

fn refusal(rule: Value) -> Option<String> {
    let rule = serde_json::from_value::<Rule>(rule).map_err(|error| error.to_string());
    let names: Vec<_> = crate::operation_names::all().collect();
    rule.and_then(|rule| rule.effect(&names)).err()
}

#[test]
fn a_fault_does_one_thing_that_makes_sense() {
    for (fault, told) in [
        (json!({}), "exactly one of error"),
        (json!({ "hold": true, "status": 500 }), "exactly one of error"),
        (json!({ "hold": false }), "hold is only true"),
        (json!({ "status": 503, "retryAfter": 3 }), "retryAfter goes with error only"),
        (json!({ "status": 503, "message": "x" }), "message goes with error only"),
        (json!({ "hold": true, "retryAfter": 1 }), "retryAfter goes with error only"),
        (json!({ "error": "ConflictException", "reason": "OTHER" }), "error ValidationException only"),
        (json!({ "error": "ValidationException", "resourceId": "x" }), "error ConflictException"),
        (json!({ "error": "ValidationException", "reason": "BOGUS" }), "unknown variant"),
        (json!({ "error": "ConflictException", "resourceType": "package-group" }), "unknown variant"),
        (json!({ "status": 100 }), "400 to 599"),
        (json!({ "status": 200 }), "400 to 599"),
        (json!({ "status": 600 }), "400 to 599"),
        (json!({ "error": "" }), "no error code"),
        (json!({ "error": "a\nb" }), "no error code"),
        (json!({ "delay": "2" }), "such as \"2s\""),
        (json!({ "delay": 2 }), "such as \"2s\""),
        (json!({ "delay": "-2s" }), "negative"),
        (json!({ "staleReads": "-5s" }), "more than 0"),
        (json!({ "staleReads": "0s" }), "more than 0"),
        (json!({ "notYetImported": "0s" }), "notYetImported must be more than 0"),
        (json!({ "notYetImported": true }), "such as \"2s\""),
        (json!({ "bogus": true }), "unknown field"),
    ] {
        let refusal = refusal(json!({ "fault": fault })).unwrap_or_else(|| panic!("{fault}"));
        assert!(refusal.contains(told), "{fault}: {refusal}");
    }
    for fault in [
        json!({ "error": "ValidationException", "reason": "ENCRYPTION_KEY_ERROR", "message": "x" }),
        json!({ "error": "ConflictException", "resourceId": "acme", "resourceType": "package-version" }),
        json!({ "error": "ServiceUnavailable", "retryAfter": 3 }),
        json!({ "status": 400 }),
        json!({ "status": 599 }),
        json!({ "delay": "0s" }),
    ] {
        assert_eq!(refusal(json!({ "fault": fault })), None, "{fault}");
    }
}

#[test]
fn a_fault_can_hit_some_call() {
    let (status, write) = (json!({ "status": 500 }), json!({ "failAfterWrite": true }));
    let (stale, import) = (json!({ "staleReads": "5s" }), json!({ "notYetImported": "2s" }));
    for (operation, fault, told) in [
        ("ListDomainz", &status, Some("no operation is called \"ListDomainz\"")),
        ("", &status, Some("no operation is called")),
        ("ListDomains", &status, None),
        ("*", &write, None),
        ("Unknown", &status, None),
        ("Unread", &status, None),
        ("AssumeRole*", &status, None),
        ("NpmPublish", &write, None),
        ("GetAuthorizationToken", &write, None),
        ("DescribeDomain", &write, Some("only reads")),
        ("List*", &write, Some("only reads")),
        ("NpmGetTarball", &write, Some("only reads")),
        ("Describe*", &stale, None),
        ("Create*", &stale, Some("is for reads")),
        ("Pypi*", &import, None),
        ("NpmGetTarball", &import, Some("is for PypiGetFile")),
    ] {
        let refusal = refusal(json!({ "match": { "operation": operation }, "fault": fault }));
        assert_eq!(refusal.is_some(), told.is_some(), "{operation} {fault}: {refusal:?}");
        assert!(refusal.unwrap_or_default().contains(told.unwrap_or_default()), "{operation} {fault}");
    }
    assert!(refusal(json!({ "fault": status, "times": 0 })).unwrap().contains("times"));
    assert!(refusal(json!({ "fault": status, "probability": 2 })).unwrap().contains("probability"));
}
