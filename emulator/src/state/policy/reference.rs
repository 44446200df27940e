//! Evaluation against a slow reference that goes back to the document for every question.

use super::*;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::json;

const ACTIONS: &[&str] = &["codeartifact:GetA", "codeartifact:GetB", "codeartifact:PutA", "sts:GetA"];
const ACTION_PATTERNS: &[&str] =
    &["*", "codeartifact:*", "codeartifact:Get*", "CODEARTIFACT:?etA", "sts:*A", "codeartifact:*tB"];
const RESOURCES: &[&str] = &[
    "arn:aws:codeartifact:us-east-1:111122223333:domain/acme",
    "arn:aws:codeartifact:us-east-1:111122223333:repository/acme/team",
    "arn:aws:codeartifact:eu-west-1:444455556666:repository/acme/team",
];
const RESOURCE_PATTERNS: &[&str] = &[
    "*",
    "arn:aws:codeartifact:*",
    "arn:aws:codeartifact:*:111122223333:domain/*",
    "arn:aws:codeartifact:us-east-1:*:*/acme*",
    "arn:aws:codeartifact:us-????-1:111122223333:repository/acme/t*m",
    "arn:aws:code*:repository/acme/team",
];
const PRINCIPALS: &[&str] = &[
    "*",
    "111122223333",
    "arn:aws:iam::444455556666:root",
    "arn:aws:iam::111122223333:user/ann",
    "arn:aws:iam::111122223333:role/builder",
    "arn:aws:sts::111122223333:assumed-role/builder/one",
];
const VALUES: &[&str] = &["a", "b", "ab"];
const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIfExists",
    "StringNotEqualsIfExists",
    "ForAllValues:StringEquals",
    "ForAnyValue:StringEquals",
    "ForAllValues:StringNotEquals",
    "ForAnyValue:StringNotEquals",
    "ForAnyValue:StringEqualsIfExists",
];

/// account, identity, session
type Asker = (&'static str, &'static str, Option<&'static str>);

const ASKERS: &[Asker] = &[
    ("111122223333", "arn:aws:iam::111122223333:user/ann", None),
    (
        "111122223333",
        "arn:aws:iam::111122223333:role/builder",
        Some("arn:aws:sts::111122223333:assumed-role/builder/one"),
    ),
    ("444455556666", "arn:aws:iam::444455556666:user/bob", None),
    ("444455556666", "arn:aws:iam::444455556666:root", None),
];

fn some(of: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(of.to_vec(), 1..=of.len().min(3))
}

prop_compose! {
    fn statement()(
        allow in any::<bool>(),
        (not_action, not_resource, not_principal) in any::<(bool, bool, bool)>(),
        actions in some(ACTION_PATTERNS),
        resources in some(RESOURCE_PATTERNS),
        principals in some(PRINCIPALS),
        condition in proptest::option::of((select(OPERATORS), some(VALUES))),
    ) -> Value {
        let name = |not: bool, name: &str| if not { format!("Not{name}") } else { name.to_owned() };
        let mut statement = json!({
            "Effect": if allow { "Allow" } else { "Deny" },
            name(not_action, "Action"): actions,
            name(not_resource, "Resource"): resources,
            name(not_principal && !allow, "Principal"): { "AWS": principals },
        });
        if let Some((operator, values)) = condition {
            statement["Condition"] = json!({ operator: { "aws:Key": values } });
        }
        statement
    }
}

/// Text against a pattern, by trying every length for a star. A star that ends a part of an ARN, or the
/// whole, takes colons too.
fn covers(pattern: &[char], text: &[char], in_arn: bool) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['*', rest @ ..] => {
            let free = !in_arn || matches!(rest, [] | [':', ..]) || !rest.contains(&':');
            (0..=text.len())
                .any(|taken| (free || !text[..taken].contains(&':')) && covers(rest, &text[taken..], in_arn))
        }
        ['?', rest @ ..] => text.split_first().is_some_and(|(_, tail)| covers(rest, tail, in_arn)),
        [wanted, rest @ ..] => {
            text.split_first().is_some_and(|(first, tail)| first == wanted && covers(rest, tail, in_arn))
        }
    }
}

fn listed(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().filter_map(Value::as_str).collect()
}

fn chosen(statement: &Value, name: &str, is_meant: impl Fn(&str) -> bool) -> bool {
    let any = |value: &Value| listed(value).into_iter().any(&is_meant);
    match statement.get(name) {
        Some(only) => any(only),
        None => !any(&statement[format!("Not{name}")]),
    }
}

fn names(principal: &str, (account, identity, session): Asker) -> bool {
    principal == "*"
        || principal == account
        || principal == format!("arn:aws:iam::{account}:root")
        || principal == identity
        || Some(principal) == session
}

fn about(statement: &Value, asker: Asker) -> bool {
    if let Some(only) = statement.get("Principal") {
        return listed(&only["AWS"]).into_iter().any(|principal| names(principal, asker));
    }
    let excepted = listed(&statement["NotPrincipal"]["AWS"]);
    let (account, identity, session) = asker;
    let has = |one: &str| excepted.contains(&"*") || excepted.contains(&one);
    let account_excepted = has(account) || has(&format!("arn:aws:iam::{account}:root"));
    let identity_excepted = identity.ends_with(":root") || has(identity);
    !(account_excepted && identity_excepted && session.is_none_or(has))
}

fn meets(statement: &Value, values: Option<&[&str]>) -> bool {
    let Some(condition) = statement.get("Condition") else { return true };
    let (operator, keys) = condition.as_object().unwrap().iter().next().unwrap();
    let wanted = listed(&keys["aws:Key"]);
    let not = operator.contains("Not");
    let suits = |value: &&str| wanted.contains(value) != not;
    match values {
        None if operator.ends_with("IfExists") => true,
        None if operator.starts_with("ForAll") => true,
        None if operator.starts_with("ForAny") => false,
        None => not,
        Some(values) if operator.starts_with("ForAll") => values.iter().all(suits),
        Some(values) if operator.starts_with("ForAny") => values.iter().any(suits),
        Some(values) if not => values.iter().all(suits),
        Some(values) => values.iter().any(suits),
    }
}

/// Denied, allowed, or neither.
fn slowly(
    statements: &[Value],
    asker: Asker,
    action: &str,
    resource: &str,
    values: Option<&[&str]>,
) -> &'static str {
    let letters = |text: &str| text.chars().collect::<Vec<_>>();
    let applies = |statement: &&Value| {
        about(statement, asker)
            && chosen(statement, "Action", |pattern| {
                covers(&letters(&pattern.to_lowercase()), &letters(&action.to_lowercase()), false)
            })
            && chosen(statement, "Resource", |pattern| covers(&letters(pattern), &letters(resource), true))
            && meets(statement, values)
    };
    let effects: Vec<_> =
        statements.iter().filter(applies).map(|one| one["Effect"].as_str().unwrap()).collect();
    if effects.contains(&"Deny") {
        "denied"
    } else if effects.contains(&"Allow") {
        "allowed"
    } else {
        "neither"
    }
}

fn quickly(
    statements: &[Value],
    asker: Asker,
    action: &str,
    resource: &str,
    values: Option<&[&str]>,
) -> Verdict {
    let document = json!({ "Version": "2012-10-17", "Statement": statements });
    let policy = Policy::parse(Kind::Resource, &document).unwrap();
    let values = values.unwrap_or_default().iter().map(|value| (*value).to_owned());
    let context = Context::default().with_all("aws:Key", values);
    let (account, identity, session) = asker;
    let requester = Requester::Account { account, identity, session };
    policy.evaluate(&Question { requester, action, resource, context: &context })
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Denied => "denied",
        Verdict::Allowed(_) => "allowed",
        Verdict::NotMentioned => "neither",
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn evaluation_agrees_with_the_reference(
        statements in proptest::collection::vec(statement(), 1..6),
        asker in select(ASKERS),
        (action, resource) in (select(ACTIONS), select(RESOURCES)),
        values in proptest::option::of(some(VALUES)),
        turn in any::<prop::sample::Index>(),
    ) {
        let values = values.as_deref();
        let verdict = quickly(&statements, asker, action, resource, values);
        prop_assert_eq!(word(verdict), slowly(&statements, asker, action, resource, values));

        let mut turned = statements.clone();
        turned.rotate_left(turn.index(statements.len()));
        prop_assert_eq!(quickly(&turned, asker, action, resource, values), verdict, "the order does not matter");

        let mut denying = statements.clone();
        denying.push(json!({ "Effect": "Deny", "Action": ["*"], "Resource": ["*"], "Principal": { "AWS": ["*"] } }));
        prop_assert_eq!(quickly(&denying, asker, action, resource, values), Verdict::Denied, "a deny wins");
    }

    #[test]
    fn normal_documents_mean_the_same(
        statements in proptest::collection::vec(statement(), 1..4),
        asker in select(ASKERS),
        (action, resource) in (select(ACTIONS), select(RESOURCES)),
        values in proptest::option::of(some(VALUES)),
    ) {
        let document = json!({ "Version": "2012-10-17", "Statement": statements });
        let policy = Policy::parse(Kind::Resource, &document).unwrap();
        let again = Policy::parse(Kind::Resource, policy.document()).unwrap();
        prop_assert_eq!(again.document(), policy.document(), "the normal form is normal");
        let context = Context::default().with_all("aws:Key", values.unwrap_or_default().iter().map(|one| (*one).to_owned()));
        let (account, identity, session) = asker;
        let requester = Requester::Account { account, identity, session };
        let question = Question { requester, action, resource, context: &context };
        prop_assert_eq!(again.evaluate(&question), policy.evaluate(&question));
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}", variable in "[a-z:{}$*, ']{0,20}") {
        let texts = [text.clone(), format!("arn:${{{variable}}}"), format!("a:{variable}")];
        for text in texts {
            for name in ["Action", "Resource", "Sid", "Principal", "Effect"] {
                let mut statement = json!({ "Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*" });
                statement[name] = text.as_str().into();
                let document = json!({ "Version": "2012-10-17", "Statement": statement });
                if let Ok(policy) = Policy::parse(Kind::Resource, &document) {
                    let question = Question {
                        requester: Requester::Federated(&text), action: &text, resource: &text, context: &Context::default(),
                    };
                    prop_assert!(policy.evaluate(&question) != Verdict::Denied);
                }
            }
        }
    }
}
