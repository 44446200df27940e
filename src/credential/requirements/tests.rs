//! Which grants open the registries of a login, and on which terms.

use serde_json::{Value, json};

use super::*;
use crate::reason::Reason;

const ROLE: &str = "arn:aws:iam::123456789012:role/team";

/// An AwsAccount whose grants are for the namespace `team`.
fn account(name: &str, region: &str, credentials: &Value) -> AwsAccount {
    let grants = json!([{"namespaces": {"names": ["team"]}, "credentials": credentials}]);
    let spec = json!({"region": region, "accountId": "123456789012", "grants": grants});
    AwsAccount::new(name, serde_json::from_value(spec).unwrap())
}

/// `default`, and `eu` in another Region, which allows less.
fn caches() -> Caches {
    let caches = Caches::default();
    let all = json!([
        {"domains": ["acme"], "roleArn": ROLE, "maxDuration": "4h"},
        {"domains": ["999999999999:shared", "open"]},
    ]);
    caches.accounts.apply(account("default", "us-east-1", &all));
    caches.accounts.apply(account("eu", "eu-west-1", &json!([{"domains": ["acme"], "maxDuration": "1h"}])));
    caches
}

fn named(domain: &str, owner: Option<&str>) -> Value {
    json!({"repository": {"domain": domain, "owner": owner, "name": "r"}, "formats": ["npm"]})
}

/// The same domain under the AwsAccount of that name.
fn under(account: &str) -> Value {
    let mut registry = named("acme", None);
    registry["accountRef"] = json!({"name": account});
    registry
}

fn spec(registries: &Value, token: &Value) -> RegistryCredentialSpec {
    serde_json::from_value(json!({"registries": registries, "token": token})).unwrap()
}

/// The account, the role and the hours of each domain's tokens, with the name of the domain.
type Told = Vec<(String, String, Option<String>, i64)>;

fn told(namespace: &str, spec: &RegistryCredentialSpec, caches: &Caches) -> Result<Told> {
    let plan = Plan::of(Wish::of(spec), namespace, caches, Suspended::Refused)?;
    let told = |(domain, terms): (DomainKey, Terms)| {
        assert_eq!(domain.account, terms.account.name_any());
        assert_eq!(domain.region, terms.account.spec.region);
        (domain.account, domain.domain, terms.signs_in.role_arn().cloned(), terms.duration.as_hours())
    };
    Ok(plan.terms.into_iter().map(told).collect())
}

#[test]
fn a_grant_names_the_role_and_the_longest_life() {
    let (team, shared) = (named("acme", None), named("shared", Some("999999999999")));
    let role = Some(ROLE.to_owned());
    for (token, registry, role, hours) in [
        (json!({"duration": "4h"}), &team, role.clone(), 4),
        (json!({"duration": "1h"}), &team, role.clone(), 1),
        (json!({}), &team, role, 4),
        (json!({"duration": "12h"}), &shared, None, 12),
        (json!({}), &shared, None, 12),
    ] {
        let terms = told("team", &spec(&json!([registry]), &token), &caches()).unwrap();
        assert_eq!((terms[0].2.clone(), terms[0].3), (role, hours), "{token}");
    }
    for (what, namespace, duration, registry, reason) in [
        ("longer than granted", "team", "5h", named("acme", None), Reason::InvalidSpec),
        ("another namespace", "other", "1h", named("acme", None), Reason::GrantMissing),
        ("another domain", "team", "1h", named("other", None), Reason::GrantMissing),
        ("a domain of that name in our account", "team", "1h", named("shared", None), Reason::GrantMissing),
        (
            "a domain of that name in another account",
            "team",
            "1h",
            named("acme", Some("999999999999")),
            Reason::GrantMissing,
        ),
    ] {
        let spec = spec(&json!([registry]), &json!({"duration": duration}));
        assert_eq!(told(namespace, &spec, &caches()).unwrap_err().reason(), reason, "{what}");
    }
    let error = told("team", &spec(&json!([team]), &json!({"duration": "5h"})), &caches()).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("spec.token.duration is 5h: ") && text.contains("at most 4h for domain acme"),
        "{text}"
    );
}

#[test]
fn a_renewal_before_half_of_the_life_that_the_grant_allows_is_refused() {
    let terms = |before: &str| {
        told("team", &spec(&json!([named("acme", None)]), &json!({"renewBefore": before})), &caches())
    };
    assert!(terms("2h").is_ok(), "half of the 4 h that the grant allows");
    let text = terms("3h").unwrap_err().to_string();
    assert!(
        text.starts_with("spec.token.renewBefore is 3h: ") && text.ends_with("shorten it to 2h"),
        "{text}"
    );
}

#[test]
fn each_account_is_asked_for_its_own_registries() {
    let both = spec(&json!([named("acme", None), under("eu"), named("open", None)]), &json!({}));
    let row = |account: &str, domain: &str, role: Option<&str>, hours| {
        (account.to_owned(), domain.to_owned(), role.map(str::to_owned), hours)
    };
    let expected =
        [row("default", "acme", Some(ROLE), 4), row("default", "open", None, 12), row("eu", "acme", None, 1)];
    assert_eq!(
        told("team", &both, &caches()).unwrap(),
        expected,
        "a domain under two accounts has two tokens"
    );

    let mut open = under("eu");
    open["repository"]["domain"] = "open".into();
    let error = told("team", &spec(&json!([open]), &json!({})), &caches()).unwrap_err();
    assert_eq!(error.reason(), Reason::GrantMissing, "what another account grants does not count");
    assert!(error.to_string().contains("AwsAccount eu"), "{error}");

    let error = told("team", &spec(&json!([under("none")]), &json!({})), &caches()).unwrap_err();
    assert_eq!(error.reason(), Reason::AccountNotReady);
    let text = error.to_string();
    assert!(text.starts_with("spec.registries[0].accountRef: AwsAccount none does not exist"), "{text}");
}

#[test]
fn the_endpoints_that_an_account_allows_are_told_to_those_with_a_grant() {
    let caches = caches();
    let mut eu = account("eu", "eu-west-1", &json!([{"domains": ["acme"]}]));
    eu.spec.allowed_endpoints = Some(vec!["vpce.example.com".into()]);
    caches.accounts.apply(eu);
    let mut registry = under("eu");
    registry["endpoint"] = "https://evil.example.com".into();
    let spec = spec(&json!([named("acme", None), registry]), &json!({}));
    let said = |namespace| told(namespace, &spec, &caches).unwrap_err();
    let text = said("team").to_string();
    assert!(
        text.starts_with("spec.registries[1].endpoint is") && text.contains("hosts vpce.example.com"),
        "{text}"
    );
    assert_eq!(said("other").reason(), Reason::GrantMissing);
}

#[test]
fn a_suspended_account_is_refused_or_only_asked_for_its_grants() {
    let caches = caches();
    let mut eu = account("eu", "eu-west-1", &json!([{"domains": ["acme"]}]));
    eu.spec.suspend = true;
    caches.accounts.apply(eu);
    let spec = spec(&json!([named("acme", None), under("eu")]), &json!({}));
    let plan = |suspended| Plan::of(Wish::of(&spec), "team", &caches, suspended);
    assert!(plan(Suspended::Refused).unwrap_err().is_suspension());
    assert_eq!(plan(Suspended::Asked).unwrap().terms.len(), 2);
}
