//! The last stage itself: it passes what is clean, and fails for a leak, for a refusal, and for nothing to check.

use std::process::{Command, Output};

use anyhow::Result;
use harness::audit::documented_reasons;
use serde_json::{Value, json};
use tempfile::TempDir;

const TOKEN: &str = "eyJ0eXAiOiJKV1QifQ.c29tZS1kb21haW4tYW5kLWFjY291bnQ.0123456789abcdef-_0123456789";
const OPERATOR: &str = "system:serviceaccount:operator:operator";

/// A run with one operator, one request and one token, as tests leave it.
fn run(decision: &str, log: &str) -> Result<TempDir> {
    run_answered(decision, &json!({"code": 200}), log)
}

fn run_answered(decision: &str, answer: &Value, log: &str) -> Result<TempDir> {
    let run = TempDir::new()?;
    let event = json!({"stage": "ResponseComplete", "verb": "list", "user": {"username": OPERATOR},
        "requestURI": "/api/v1/secrets", "stageTimestamp": "2026-01-01T00:00:00.000000Z",
        "responseStatus": answer,
        "annotations": {"authorization.k8s.io/decision": decision, "authorization.k8s.io/reason": "none"}});
    let test = run.path().join("evidence/e2e.a_test");
    let tokens = run.path().join("tokens");
    std::fs::create_dir_all(&test)?;
    std::fs::create_dir_all(&tokens)?;
    let conditions: Vec<_> = documented_reasons()?.iter().map(|reason| json!({"reason": reason})).collect();
    let status = json!({"stage": "ResponseComplete", "verb": "patch", "user": {"username": OPERATOR},
        "requestURI": "/status", "stageTimestamp": "2026-01-01T00:00:00.000000Z",
        "annotations": {"authorization.k8s.io/decision": "allow"},
        "requestObject": {"status": {"conditions": conditions}}});
    std::fs::write(test.join("audit-1.log"), format!("{event}\n{status}\n"))?;
    std::fs::write(test.join("operator-1.log"), log)?;
    std::fs::write(tokens.join("e2e.a_test.txt"), format!("{TOKEN}\n"))?;
    std::fs::write(run.path().join("operators.txt"), format!("{OPERATOR}\n"))?;
    Ok(run)
}

fn audit(run: &TempDir) -> Result<(bool, String)> {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_audit")).arg(run.path()).output()?;
    Ok((status.success(), String::from_utf8(stdout)? + &String::from_utf8(stderr)?))
}

#[test]
fn a_clean_run_passes_and_is_counted() -> Result<()> {
    let (passed, said) = audit(&run("allow", "{\"message\":\"serving\"}\n")?)?;
    assert!(passed, "{said}");
    assert!(said.contains("requests: 2 of 1 operators in 1 audit logs, 0 denied"), "{said}");
    assert!(said.contains("searched in 2 files"), "{said}");
    assert!(said.contains("canary: found in all 18 copies it was planted in: audit, operator"), "{said}");
    Ok(())
}

#[test]
fn a_refused_request_fails_and_is_named() -> Result<()> {
    let (passed, said) = audit(&run("forbid", "")?)?;
    assert!(!passed && said.contains("operator list /api/v1/secrets"), "{said}");
    Ok(())
}

#[test]
fn a_request_that_the_charts_own_admission_policy_refused_fails_and_is_named() -> Result<()> {
    let policy = "ValidatingAdmissionPolicy 'codeartifact-operator' with binding 'codeartifact-operator'";
    let message = format!("secrets is forbidden: {policy} denied request: no Secret of somebody else");
    let answer = json!({"code": 422, "message": message});
    let (passed, said) = audit(&run_answered("allow", &answer, "")?)?;
    assert!(!passed && said.contains("no Secret of somebody else"), "{said}");
    Ok(())
}

#[test]
fn a_reason_that_no_operator_gave_fails_and_is_named() -> Result<()> {
    let run = run("allow", "")?;
    let log = run.path().join("evidence/e2e.a_test/audit-1.log");
    std::fs::write(&log, std::fs::read_to_string(&log)?.replace("\"Throttled\"", "\"Synced\""))?;
    let (passed, said) = audit(&run)?;
    assert!(
        !passed && said.contains("give these reasons of docs/conditions.md") && said.ends_with("Throttled\n"),
        "{said}"
    );
    Ok(())
}

#[test]
fn a_token_in_a_log_fails_in_every_writing_and_is_not_repeated() -> Result<()> {
    let base64 = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("aws:{TOKEN}"));
    let percent = TOKEN.replace('-', "%2D").replace('_', "%5F").replace('.', "%2E");
    for text in [TOKEN.to_owned(), base64, percent] {
        let (passed, said) = audit(&run("allow", &format!("before {text} after\n"))?)?;
        assert!(
            !passed && said.contains("a token leaked") && said.contains("operator-1.log at byte"),
            "{said}"
        );
        assert!(!said.contains(TOKEN), "the report repeats the token");
    }
    Ok(())
}

#[test]
fn a_run_without_requests_or_tokens_fails() -> Result<()> {
    let without_requests = run("allow", "")?;
    std::fs::write(without_requests.path().join("operators.txt"), "")?;
    assert!(!audit(&without_requests)?.0);
    let without_tokens = run("allow", "")?;
    std::fs::write(without_tokens.path().join("tokens/e2e.a_test.txt"), "")?;
    assert!(!audit(&without_tokens)?.0);
    Ok(())
}
