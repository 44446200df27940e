//! What a namespace may do, decided from the AwsAccount's grants alone. Pure.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::core::{Selector, SelectorExt};

use crate::api::{AwsAccount, CredentialGrant, Grant, Identity, Mode, NamespaceMatch};
use crate::error::{Error, Result};
use crate::reason::Reason;
use kube::ResourceExt;

/// Something that an object wants to do with an AWS name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Create, change or delete `domain` or `domain/repository`.
    Manage(String),
    /// Refer to `domain` or `domain/repository`.
    Use(String),
    /// Attach an external connection.
    Connect(String),
}

/// What a namespace needs on a resource in a mode: to manage the resource and to use its domain, or to use it.
pub fn on_resource(identity: &Identity, mode: Mode) -> Vec<Access> {
    let name = identity.grant_name();
    let within = name != identity.domain_grant_name();
    let domain = within.then(|| Access::Use(identity.domain_grant_name()));
    match mode {
        Mode::Observe => vec![Access::Use(name)],
        Mode::Enforce => [Access::Manage(name)].into_iter().chain(domain).collect(),
    }
}

/// Who asks: a namespace and its labels.
#[derive(Clone, Copy, Debug)]
pub struct Requester<'a> {
    /// The namespace.
    pub namespace: &'a str,
    /// Its labels; `None` while they are not known, and then no selector selects it.
    pub labels: Option<&'a BTreeMap<String, String>>,
}

/// Refuses the first claim that no grant covers, naming it and the remedy.
pub fn check(account: &AwsAccount, requester: Requester<'_>, claims: &[Access]) -> Result<()> {
    let grants = grants_of(account, requester);
    claims.iter().find(|claim| !grants.iter().any(|grant| covers(grant, claim))).map_or(Ok(()), |claim| {
        let (verb, name) = match claim {
            Access::Manage(name) => ("manage", name),
            Access::Use(name) => ("use", name),
            Access::Connect(name) => ("connect", name),
        };
        Err(missing(account, requester, verb, name))
    })
}

/// The grant under which tokens of a domain are minted: the first that names it.
pub fn credential<'a>(
    account: &'a AwsAccount,
    requester: Requester<'_>,
    domain: &str,
) -> Result<&'a CredentialGrant> {
    grants_of(account, requester)
        .into_iter()
        .flat_map(|grant| &grant.credentials)
        .find(|grant| grant.domains.iter().any(|glob| names(glob, domain)))
        .ok_or_else(|| missing(account, requester, "credentials", domain))
}

/// Whether some grant lets the namespace use or manage anything at all.
pub fn any_use(account: &AwsAccount, requester: Requester<'_>) -> bool {
    grants_of(account, requester).into_iter().any(|grant| !grant.use_.is_empty() || !grant.manage.is_empty())
}

/// Whether some grant gives the namespace tokens of any domain at all.
pub fn any_credentials(account: &AwsAccount, requester: Requester<'_>) -> bool {
    grants_of(account, requester).into_iter().any(|grant| !grant.credentials.is_empty())
}

fn missing(account: &AwsAccount, requester: Requester<'_>, verb: &str, name: &str) -> Error {
    Error::stalled(
        Reason::GrantMissing,
        format!(
            "namespace {} has no grant of AwsAccount {} with `{verb}` for {name}; ask a cluster administrator to add one to its spec.grants; if \
             the name is wrong, correct it, in a new object where the field is immutable",
            requester.namespace,
            account.name_any()
        ),
    )
}

fn grants_of<'a>(account: &'a AwsAccount, requester: Requester<'_>) -> Vec<&'a Grant> {
    account.spec.grants.iter().filter(|grant| includes(&grant.namespaces, requester)).collect()
}

fn includes(namespaces: &NamespaceMatch, requester: Requester<'_>) -> bool {
    namespaces.all == Some(true)
        || namespaces.names.as_ref().is_some_and(|names| names.iter().any(|name| name == requester.namespace))
        || namespaces
            .selector
            .as_ref()
            .zip(requester.labels)
            .is_some_and(|(selector, labels)| selects(selector, labels))
}

/// Unlike in Kubernetes, an empty selector matches no namespace. `all: true` means every namespace.
fn selects(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    let empty = selector.match_labels.as_ref().is_none_or(BTreeMap::is_empty)
        && selector.match_expressions.as_ref().is_none_or(Vec::is_empty);
    !empty && Selector::try_from(selector.clone()).is_ok_and(|selector| selector.matches(labels))
}

fn covers(grant: &Grant, claim: &Access) -> bool {
    let any = |globs: &[String], name: &str| globs.iter().any(|glob| names(glob, name));
    match claim {
        Access::Manage(name) => any(&grant.manage, name),
        Access::Use(name) => any(&grant.use_, name) || any(&grant.manage, name),
        Access::Connect(name) => grant.connect.iter().any(|glob| matches(glob, name)),
    }
}

/// Whether a glob of `domain` or `domain/repository` covers a name. A name of another account's domain begins with that
/// account and a colon, and only a glob that says whose domains it means covers it.
fn names(glob: &str, name: &str) -> bool {
    match (glob.split_once(':'), name.split_once(':')) {
        (None, None) => matches(glob, name),
        (Some((owners, domains)), Some((owner, domain))) => {
            matches(owners, owner) && matches(domains, domain)
        }
        _ => false,
    }
}

/// `*` stays within one side of the slash. Braces and brackets are refused by the schema, so they never act here.
fn matches(glob: &str, name: &str) -> bool {
    !glob.contains(['{', '[', '!', '\\']) && fast_glob::glob_match(glob, name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::AwsAccountSpec;
    use serde_json::json;

    fn account() -> AwsAccount {
        let spec: AwsAccountSpec = serde_json::from_value(serde_json::json!({
            "region": "us-east-1", "accountId": "123456789012",
            "grants": [
                {"namespaces": {"names": ["platform"]}, "manage": ["*", "*/*"], "connect": ["public:*"]},
                {"namespaces": {"selector": {"matchLabels": {"team": "a"}}}, "manage": ["acme/team-a-*"],
                 "use": ["acme", "acme/*-store"],
                 "credentials": [{"domains": ["acme"], "roleArn": "arn:aws:iam::111122223333:role/a"}]},
                {"namespaces": {"selector": {}}, "manage": ["*"]},
                {"namespaces": {"all": true}, "use": ["open"]}
            ]
        }))
        .unwrap();
        AwsAccount::new("default", spec)
    }

    fn labels(team: &str) -> BTreeMap<String, String> {
        [("team".to_owned(), team.to_owned())].into()
    }

    #[test]
    fn claims_are_allowed_only_by_a_grant_for_the_namespace() {
        let manage = |name: &str| Access::Manage(name.into());
        let uses = |name: &str| Access::Use(name.into());
        let connect = |name: &str| Access::Connect(name.into());
        let table = [
            ("platform", "x", manage("acme"), true),
            ("platform", "x", manage("acme/npm-store"), true),
            ("platform", "x", uses("acme/npm-store"), true),
            ("platform", "x", connect("public:npmjs"), true),
            ("apps", "a", manage("acme/team-a-web"), true),
            ("apps", "a", manage("acme"), false),
            ("apps", "a", manage("acme/other"), false),
            ("apps", "a", uses("acme"), true),
            ("apps", "a", uses("acme/npm-store"), true),
            ("apps", "a", uses("acme/team-a-web"), true),
            ("apps", "a", uses("other/npm-store"), false),
            ("apps", "a", connect("public:npmjs"), false),
            ("apps", "b", uses("acme"), false),
            ("apps", "b", uses("open"), true),
            ("apps", "b", manage("open"), false),
        ];
        for (namespace, team, claim, allowed) in table {
            let labels = labels(team);
            let requester = Requester { namespace, labels: Some(&labels) };
            let checked = check(&account(), requester, std::slice::from_ref(&claim));
            assert_eq!(checked.is_ok(), allowed, "{namespace} (team {team}): {claim:?}");
            if let Err(error) = checked {
                assert_eq!(error.reason(), Reason::GrantMissing);
                assert_eq!(error.reason().place(), Some(error.outlook().place()));
            }
        }
    }

    #[test]
    fn a_token_needs_a_credentials_grant_of_the_domain() {
        let team_a = labels("a");
        let requester = Requester { namespace: "apps", labels: Some(&team_a) };
        let account = account();
        let grant = credential(&account, requester, "acme").unwrap();
        assert_eq!(grant.role_arn.as_deref(), Some("arn:aws:iam::111122223333:role/a"));
        assert!(credential(&account, requester, "open").is_err());
        assert!(
            credential(&account, Requester { namespace: "platform", labels: Some(&labels("x")) }, "acme")
                .is_err()
        );
    }

    #[test]
    fn a_foreign_owners_domain_needs_its_owner_in_the_glob() {
        let table = [
            ("acme", "acme", true),
            ("*", "acme", true),
            ("*/*", "acme/npm", true),
            ("*", "acme/npm", false),
            ("acme", "111122223333:acme", false),
            ("*", "111122223333:acme", false),
            ("*/*", "111122223333:acme/npm", false),
            ("111122223333:*", "acme", false),
            ("111122223333:acme", "111122223333:acme", true),
            ("111122223333:*/*", "111122223333:acme/npm", true),
            ("111122223333:*", "444455556666:acme", false),
            ("*:acme", "111122223333:acme", true),
        ];
        for (glob, name, expected) in table {
            assert_eq!(names(glob, name), expected, "{glob} and {name}");
        }
    }

    #[test]
    fn a_namespace_of_unknown_labels_is_selected_by_name_or_by_all_only() {
        let mut account = account();
        let absent = serde_json::json!({
            "namespaces": {"selector": {"matchExpressions": [{"key": "untrusted", "operator": "DoesNotExist"}]}},
            "use": ["acme"]
        });
        account.spec.grants.push(serde_json::from_value(absent).unwrap());
        let claim = [Access::Use("acme".into())];
        let none = BTreeMap::new();
        assert!(check(&account, Requester { namespace: "new", labels: Some(&none) }, &claim).is_ok());
        assert!(check(&account, Requester { namespace: "new", labels: None }, &claim).is_err());
        assert!(check(&account, Requester { namespace: "platform", labels: None }, &claim).is_ok());
    }

    #[test]
    fn a_namespace_may_use_something_or_have_tokens_when_a_grant_of_its_own_says_so() {
        let credentials = json!([{"domains": ["*"]}]);
        let table = [
            (json!([]), false, false),
            (json!([{"namespaces": {"names": ["team"]}, "credentials": credentials}]), false, true),
            (json!([{"namespaces": {"names": ["team"]}, "use": ["acme"]}]), true, false),
            (json!([{"namespaces": {"names": ["team"]}, "manage": ["acme"]}]), true, false),
            (
                json!([{"namespaces": {"names": ["other"]}, "manage": ["acme"], "use": ["acme"], "credentials": credentials}]),
                false,
                false,
            ),
        ];
        for (grants, uses, mints) in table {
            let spec = json!({"accountId": "123456789012", "region": "us-east-1", "grants": grants});
            let account = AwsAccount::new("default", serde_json::from_value(spec).unwrap());
            let requester = Requester { namespace: "team", labels: None };
            assert_eq!(any_use(&account, requester), uses, "{grants}");
            assert_eq!(any_credentials(&account, requester), mints, "{grants}");
        }
    }
}
