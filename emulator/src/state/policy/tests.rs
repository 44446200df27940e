//! Whole policies: rules that AWS documents, one row each.

use super::*;
use serde_json::json;

const ACCOUNT: &str = "111122223333";
const USER: &str = "arn:aws:iam::111122223333:user/ann";
const ACME: &str = "arn:aws:codeartifact:us-east-1:111122223333:domain/acme";

fn requester() -> Requester<'static> {
    Requester::Account { account: ACCOUNT, identity: USER, session: None }
}

fn evaluate(policy: &Policy, action: &str, resource: &str, context: &Context) -> Verdict {
    policy.evaluate(&Question { requester: requester(), action, resource, context })
}

fn identity(statements: &Value) -> Policy {
    Policy::parse(Kind::Identity, &json!({ "Version": "2012-10-17", "Statement": statements })).unwrap()
}

#[test]
fn deny_wins_and_silence_is_neither() {
    let policy = identity(&json!([
        { "Effect": "Allow", "Action": "CodeArtifact:*", "Resource": "*" },
        { "Effect": "Deny", "Action": ["codeartifact:delete*"], "Resource": "arn:*:domain/acme" },
    ]));
    let none = Context::default();
    let allowed = Verdict::Allowed(Grant::Identity);
    assert_eq!(evaluate(&policy, "codeartifact:DescribeDomain", ACME, &none), allowed);
    assert_eq!(evaluate(&policy, "codeartifact:DeleteDomain", ACME, &none), Verdict::Denied);
    assert_eq!(evaluate(&policy, "sts:AssumeRole", "*", &none), Verdict::NotMentioned);
}

#[test]
fn what_is_not_named_is_the_rest() {
    let none = Context::default();
    for (statement, action, resource, expected) in [
        (json!({ "NotAction": "iam:*", "Resource": "*" }), "codeartifact:ListDomains", "*", true),
        (json!({ "NotAction": "codeartifact:*", "Resource": "*" }), "codeartifact:ListDomains", "*", false),
        (json!({ "Action": "*", "NotResource": ACME }), "codeartifact:DescribeDomain", ACME, false),
        (json!({ "Action": "*", "NotResource": ACME }), "codeartifact:ListDomains", "*", true),
    ] {
        let mut statement = statement;
        statement["Effect"] = "Allow".into();
        let verdict = evaluate(&identity(&statement), action, resource, &none);
        assert_eq!(verdict != Verdict::NotMentioned, expected, "{statement} {action} {resource}");
    }
}

#[test]
fn every_condition_must_hold_and_any_value_of_it_may() {
    let policy = identity(&json!({
        "Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {
            "StringEquals": { "aws:RequestTag/team": ["blue", "red"], "aws:PrincipalOrgID": "o-acme" },
            "ForAllValues:StringEquals": { "aws:TagKeys": ["team", "cost"] },
        },
    }));
    let context = |team: &str, organization: &str, key: &str| {
        Context::default()
            .with("aws:RequestTag/team", team)
            .with("aws:PrincipalOrgID", organization)
            .with_all("aws:TagKeys", ["team".into(), key.into()])
    };
    let verdict = |context: &Context| evaluate(&policy, "codeartifact:CreateDomain", "*", context);
    assert_eq!(verdict(&context("red", "o-acme", "cost")), Verdict::Allowed(Grant::Identity));
    for (team, organization, key) in
        [("green", "o-acme", "cost"), ("red", "o-other", "cost"), ("red", "o-acme", "owner")]
    {
        assert_eq!(
            verdict(&context(team, organization, key)),
            Verdict::NotMentioned,
            "{team} {organization} {key}"
        );
    }
}

#[test]
fn variables_are_understood_since_the_second_version() {
    let statement = json!({
        "Effect": "Allow", "Action": "*",
        "Resource": "arn:aws:codeartifact:*:*:repository/${aws:PrincipalTag/team}/*",
    });
    let context = Context::default().with("aws:PrincipalTag/team", "acme");
    let arn = "arn:aws:codeartifact:us-east-1:111122223333:repository/acme/npm";
    for (version, expected) in [("2012-10-17", true), ("2008-10-17", false)] {
        let document = json!({ "Version": version, "Statement": statement });
        let policy = Policy::parse(Kind::Identity, &document).unwrap();
        let verdict = evaluate(&policy, "codeartifact:DescribeRepository", arn, &context);
        assert_eq!(verdict != Verdict::NotMentioned, expected, "{version}");
    }
}

#[test]
fn documents_that_break_the_grammar_are_refused() {
    let allow = json!({ "Effect": "Allow", "Action": "a:b", "Resource": "*" });
    let with = |name: &str, value: Value| {
        let mut statement = allow.clone();
        statement[name] = value;
        statement
    };
    let without = |name: &str| {
        let mut statement = allow.clone();
        statement.as_object_mut().unwrap().shift_remove(name);
        statement
    };
    let everybody = with("Principal", json!("*"));
    let mut except = without("Action");
    except["NotPrincipal"] = json!({ "AWS": ACCOUNT });
    except["Action"] = "a:b".into();
    for (kind, statement, is_legal) in [
        (Kind::Identity, allow.clone(), true),
        (Kind::Identity, everybody.clone(), false),
        (Kind::Identity, without("Action"), false),
        (Kind::Identity, without("Resource"), false),
        (Kind::Identity, without("Effect"), false),
        (Kind::Identity, with("NotAction", json!("a:c")), false),
        (Kind::Identity, with("Effect", json!("Permit")), false),
        (Kind::Identity, with("Action", json!([])), false),
        (Kind::Identity, with("Action", json!("Describe")), false),
        (Kind::Identity, with("Action", json!("a*:b")), false),
        (Kind::Identity, with("Resource", json!("domain/acme")), false),
        (Kind::Identity, with("Extra", json!("x")), false),
        (Kind::Identity, with("Condition", json!({ "Bool": { "aws:a": true } })), true),
        (Kind::Identity, with("Condition", json!({ "Maybe": { "aws:a": true } })), false),
        (Kind::Resource, allow.clone(), false),
        (Kind::Resource, everybody.clone(), true),
        (Kind::Resource, with("Principal", json!({ "AWS": [] })), false),
        (Kind::Resource, with("Principal", json!("111122223333")), false),
        (Kind::Resource, except, false),
        (Kind::Trust, everybody, false),
    ] {
        let parsed = Policy::parse(kind, &json!({ "Version": "2012-10-17", "Statement": [statement] }));
        assert_eq!(parsed.is_ok(), is_legal, "{kind:?} {statement}: {:?}", parsed.err());
    }
    for document in [
        json!([]),
        json!("{"),
        json!({ "Statement": [] }),
        json!({ "Version": "2020-01-01", "Statement": allow }),
        json!({ "Statement": [with("Sid", json!("a")), with("Sid", json!("a"))] }),
    ] {
        assert!(Policy::parse(Kind::Identity, &document).is_err(), "{document}");
    }
}

#[test]
fn a_policy_survives_being_written_down() {
    let policy = identity(&json!({ "Effect": "Deny", "Action": ["b:b", "a:a"], "Resource": "*" }));
    let text = serde_json::to_string(&policy).unwrap();
    let again: Policy = serde_json::from_str(&text).unwrap();
    assert_eq!(again.document(), policy.document());
    assert_eq!(evaluate(&again, "a:a", "*", &Context::default()), Verdict::Denied);
}

mod decisions {
    use super::*;

    fn policy(kind: Kind, effect: Option<&str>, principal: &str) -> Option<Policy> {
        let mut statement = json!({ "Effect": effect?, "Action": "*", "Resource": "*" });
        if kind == Kind::Resource {
            statement["Principal"] = json!({ "AWS": principal });
        }
        Some(Policy::parse(kind, &json!({ "Statement": statement })).unwrap())
    }

    /// Identity, session, principal and effect of the resource's policy; then owner, administrator, foreign.
    type Row<'a> = (Option<&'a str>, Option<&'a str>, (&'a str, Option<&'a str>), [bool; 3]);

    #[test]
    fn the_policies_of_both_sides_decide_together() {
        const ALLOW: Option<&str> = Some("Allow");
        const DENY: Option<&str> = Some("Deny");
        let rows: &[Row<'_>] = &[
            (None, ALLOW, (ACCOUNT, None), [false, false, false]),
            (ALLOW, ALLOW, (ACCOUNT, None), [true, true, false]),
            (None, ALLOW, (ACCOUNT, ALLOW), [false, false, false]),
            (None, ALLOW, (USER, ALLOW), [true, false, false]),
            (None, ALLOW, ("*", ALLOW), [true, false, false]),
            (ALLOW, ALLOW, (ACCOUNT, ALLOW), [true, true, true]),
            (ALLOW, ALLOW, (USER, ALLOW), [true, true, true]),
            (ALLOW, ALLOW, (USER, DENY), [false, false, false]),
            (DENY, ALLOW, (USER, ALLOW), [false, false, false]),
            (ALLOW, DENY, (USER, ALLOW), [false, false, false]),
            (ALLOW, None, (ACCOUNT, ALLOW), [false, false, false]),
            (None, None, (USER, ALLOW), [false, false, false]),
        ];
        let context = Context::default();
        for (of_identity, of_session, (principal, of_resource), expected) in rows {
            let own = policy(Kind::Identity, *of_identity, "");
            let narrow = json!({ "Effect": "Allow", "Action": "other:Action", "Resource": "*" });
            let session = policy(Kind::Identity, *of_session, "").unwrap_or_else(|| identity(&narrow));
            let resource = policy(Kind::Resource, *of_resource, principal);
            let resources: Vec<_> = resource.iter().collect();
            let question = Question {
                requester: requester(),
                action: "codeartifact:DescribeDomain",
                resource: ACME,
                context: &context,
            };
            let policies = Policies {
                identity: own.as_ref().map_or(Authority::Nothing, Authority::Policy),
                session: Some(&session),
                resources: &resources,
                asked: question,
            };
            let standings = [Standing::Owner, Standing::Administrator, Standing::Foreign];
            let decided = standings.map(|standing| decide(&question, &policies, standing).is_ok());
            assert_eq!(decided, *expected, "{of_identity:?} {of_session:?} {principal} {of_resource:?}");
        }
    }

    #[test]
    fn a_grant_to_the_session_is_not_narrowed_by_its_own_policy() {
        let arn = "arn:aws:sts::111122223333:assumed-role/builder/one";
        let role = "arn:aws:iam::111122223333:role/builder";
        let narrow = identity(&json!({ "Effect": "Allow", "Action": "other:Action", "Resource": "*" }));
        let context = Context::default();
        for (principal, expected) in [(arn, true), (role, false)] {
            let resource = policy(Kind::Resource, Some("Allow"), principal).unwrap();
            let requester = Requester::Account { account: ACCOUNT, identity: role, session: Some(arn) };
            let question =
                Question { requester, action: "codeartifact:X", resource: ACME, context: &context };
            let policies = Policies {
                identity: Authority::Nothing,
                session: Some(&narrow),
                resources: &[&resource],
                asked: question,
            };
            assert_eq!(decide(&question, &policies, Standing::Owner).is_ok(), expected, "{principal}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_document_is_named() {
    for (statement, told) in [
        (
            json!({ "Effect": "allow", "Action": "*", "Resource": "*" }),
            "unknown variant `allow`, expected `Allow`",
        ),
        (json!({ "Effect": "Allow", "Actions": "*", "Resource": "*" }), "unknown field `Actions`"),
        (json!([{ "Effect": "Allow", "Action": "*", "Resource": "*" }, { "Effect": 1 }]), "entry 2: "),
        (
            json!({ "Effect": "Allow", "Action": 5, "Resource": "*" }),
            "invalid type: integer `5`, expected a string",
        ),
        (json!({ "Effect": "Allow", "Action": ["*", {}], "Resource": "*" }), "entry 2: invalid type: map"),
        (
            json!({ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { "Bool": { "a": [{}] } } }),
            "a text, a number or a boolean",
        ),
    ] {
        let policy =
            Policy::parse(Kind::Identity, &json!({ "Version": "2012-10-17", "Statement": statement }));
        let why = policy.err().unwrap();
        assert!(why.contains(told), "{why}");
    }
    let trust = json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "Aws": "*" } });
    let why = Policy::parse(Kind::Trust, &json!({ "Statement": trust })).err().unwrap();
    assert!(why.contains("unknown field `Aws`, expected one of `AWS`"), "{why}");
}
