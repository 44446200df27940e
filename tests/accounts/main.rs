//! Signing in to AwsAccounts, against the emulator's STS.

mod remade;
mod sign_in;

use std::sync::Arc;

use codeartifact_operator::api::{Domain, KindName};
use codeartifact_operator::aws::{AwsErrorKind, Named};
use codeartifact_operator::aws_account::AccountReconciler;
use codeartifact_operator::engine::object::{ObjectId, ObjectKey, Requeue};
use codeartifact_operator::engine::reconciler::Reconciler;
use codeartifact_operator::error::Error;
use codeartifact_operator::reason::{Outlook, Reason};
use harness::wait::PATIENCE;
use harness::wait_for;
use jiff::SignedDuration;
use serde_json::json;

use sign_in::SignIn;

const ROLE: &str = "arn:aws:iam::111122223333:role/team-a";

fn sign_in_failed(error: &Error) -> bool {
    error.reason() == Reason::SignInFailed && error.outlook() == Outlook::Denied
}

#[tokio::test]
async fn keys_of_a_secret_sign_in_and_the_session_is_shared() {
    let sign_in = SignIn::start().await;
    sign_in.keys("test", "test");
    let (session, same) = tokio::join!(sign_in.session(), sign_in.session());
    let session = session.unwrap();
    assert!(Arc::ptr_eq(&session, &same.unwrap()));
    assert_eq!(session.identity_arn, "arn:aws:iam::123456789012:user/admin");
    assert_eq!(session.aws.account, "123456789012");
    session.aws.reads().await.list_domains().send().await.named("ListDomains").unwrap();
    assert_eq!(sign_in.emulator.calls("GetCallerIdentity", 0), 1);
}

#[tokio::test]
async fn credentials_of_another_account_are_refused_by_name() {
    let sign_in = SignIn::start().await;
    sign_in.keys("test", "test");
    let mut account = sign_in.account();
    account.spec.account_id = "999999999999".into();
    let error = sign_in.accounts.session(&account).await.unwrap_err();
    assert_eq!((error.outlook(), error.reason()), (Outlook::Stalled, Reason::SignInFailed));
    let text = error.to_string();
    assert!(text.contains("999999999999") && text.contains("123456789012"), "{text}");
}

#[tokio::test]
async fn a_wrong_key_is_tried_once_for_many_users_and_works_once_it_is_right() {
    let sign_in = SignIn::start().await;
    sign_in.keys("test", "wrong");
    let tried = futures::future::join_all((0..1000).map(|_| sign_in.session())).await;
    for result in tried {
        let error = result.unwrap_err();
        assert!(sign_in_failed(&error), "{error}");
        assert!(error.to_string().contains("Secret aws/keys"), "{error}");
    }
    assert_eq!(sign_in.emulator.calls("GetCallerIdentity", 0), 1);
    sign_in.keys("test", "test");
    let corrected = async || Ok(sign_in.session().await?);
    wait_for("the corrected key is used", PATIENCE, corrected).await.unwrap();
    assert_eq!(sign_in.emulator.calls("GetCallerIdentity", 0), 2);
}

#[tokio::test]
async fn a_missing_secret_is_named_and_nothing_is_sent() {
    let sign_in = SignIn::start().await;
    let error = sign_in.session().await.unwrap_err();
    assert!(sign_in_failed(&error), "{error}");
    let text = error.to_string();
    assert!(text.starts_with("SignIn: Secret aws/keys does not exist; create it with the keys"), "{text}");
    assert_eq!(sign_in.emulator.calls("*", 0), 0);
}

#[tokio::test]
async fn a_role_is_denied_until_it_may_be_assumed() {
    let sign_in = SignIn::start().await;
    sign_in.keys("test", "test");
    let account = sign_in.account();
    let error = sign_in.accounts.session_as(&account, Some(ROLE)).await.unwrap_err();
    assert_eq!((error.outlook(), error.reason()), (Outlook::Denied, Reason::TrustDenied), "{error}");
    let text = error.to_string();
    assert!(text.contains(ROLE) && text.contains("arn:aws:iam::123456789012:user/admin"), "{text}");
    assert!(sign_in.session().await.is_ok(), "the account itself still works");

    sign_in.emulator.set_principal(&json!({"roleArn": ROLE})).await.unwrap();
    let assumed = async || Ok(sign_in.accounts.session_as(&account, Some(ROLE)).await?);
    wait_for("the role is assumed", PATIENCE, assumed).await.unwrap();
}

#[tokio::test]
async fn a_role_has_its_own_identity_and_proof_and_names_the_cluster() {
    let sign_in = SignIn::start().await;
    sign_in.keys("test", "test");
    sign_in.emulator.set_principal(&json!({"roleArn": ROLE})).await.unwrap();
    let account = sign_in.account();
    let own = sign_in.accounts.session_as(&account, None).await.unwrap();
    let assumed =
        futures::future::join_all((0..50).map(|_| sign_in.accounts.session_as(&account, Some(ROLE)))).await;
    let role = assumed.into_iter().next().unwrap().unwrap();
    assert_eq!(sign_in.emulator.calls("AssumeRole", 0), 1);
    assert_eq!(role.identity_arn, "arn:aws:sts::111122223333:assumed-role/team-a");
    assert_ne!(role.proof, own.proof);
    assert_eq!(own.proof, sign_in.session().await.unwrap().proof);
    let journal = sign_in.emulator.journal(0);
    let entry = journal.iter().find(|entry| entry.operation == "AssumeRole").unwrap();
    assert_eq!(entry.parameters["RoleSessionName"], "codeartifact-operator@test-cluster");
    assert_eq!(entry.parameters["DurationSeconds"], "3600");
}

#[tokio::test]
async fn an_expired_role_session_is_assumed_anew_by_itself() {
    let sign_in = SignIn::start().await;
    sign_in.keys("test", "test");
    sign_in.emulator.set_principal(&json!({"roleArn": ROLE})).await.unwrap();
    let role = sign_in.accounts.session_as(&sign_in.account(), Some(ROLE)).await.unwrap();
    let list = async || role.aws.reads().await.list_domains().send().await.named("ListDomains");
    list().await.unwrap();
    assert_eq!(sign_in.emulator.calls("AssumeRole", 0), 1);
    sign_in.advance(SignedDuration::from_hours(2));
    list().await.unwrap();
    assert_eq!(sign_in.emulator.calls("AssumeRole", 0), 2);
}

#[tokio::test]
async fn changed_keys_are_picked_up_and_another_identity_is_another_proof() {
    let sign_in = SignIn::start().await;
    sign_in.keys("test", "test");
    let first = sign_in.session().await.unwrap();
    let user = json!({"accessKeyId": "other", "secretAccessKey": "other", "arn": "arn:aws:iam::123456789012:user/other"});
    sign_in.emulator.set_principal(&user).await.unwrap();
    sign_in.keys("other", "other");
    assert!(Arc::ptr_eq(&first, &sign_in.session().await.unwrap()), "the Secret is not read each time");
    sign_in.advance(SignedDuration::from_mins(6));
    let second = sign_in.session().await.unwrap();
    assert_eq!(second.identity_arn, "arn:aws:iam::123456789012:user/other");
    assert_ne!(first.proof, second.proof);

    sign_in.advance(SignedDuration::from_mins(6));
    assert!(
        Arc::ptr_eq(&second, &sign_in.session().await.unwrap()),
        "keys that did not change change nothing"
    );
    sign_in.forget_keys();
    sign_in.advance(SignedDuration::from_mins(6));
    assert!(sign_in_failed(&sign_in.session().await.unwrap_err()));
}

#[tokio::test]
async fn a_refused_session_is_dropped_and_the_next_use_signs_in_anew() {
    let sign_in = SignIn::start().await;
    let rotate = async |secret: &str| {
        let arn = "arn:aws:iam::123456789012:user/rotated";
        let user = json!({"accessKeyId": "rotated", "secretAccessKey": secret, "arn": arn});
        sign_in.emulator.set_principal(&user).await.unwrap();
        sign_in.keys("rotated", secret);
    };
    rotate("one").await;
    let old = sign_in.session().await.unwrap();
    rotate("two").await;
    let refused = old.aws.reads().await.list_domains().send().await.named("ListDomains").unwrap_err();
    assert_eq!(refused.kind, AwsErrorKind::SignIn, "{refused}");
    sign_in.accounts.forget(&old);
    let new = sign_in.session().await.unwrap();
    new.aws.reads().await.list_domains().send().await.named("ListDomains").unwrap();
    assert_eq!(old.proof, new.proof, "rotated keys of one identity keep its tokens good");
    sign_in.accounts.forget(&old);
    assert!(Arc::ptr_eq(&new, &sign_in.session().await.unwrap()), "a newer session stays");
}

#[tokio::test]
async fn an_account_is_ready_once_signed_in_and_stays_while_it_is_used() {
    let sign_in = SignIn::start().await;
    sign_in.keys("test", "test");
    let context = sign_in.context();
    let mut account = sign_in.account();
    let report = AccountReconciler.reconcile(Arc::new(account.clone()), &context).await;
    assert!(!report.outcome.unwrap().gone);
    assert_eq!(report.status.identity_arn.as_deref(), Some("arn:aws:iam::123456789012:user/admin"));

    account.metadata.deletion_timestamp =
        Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(sign_in.emulator.now()));
    let account = Arc::new(account);
    let [user, stranger] = ["acme", "refused"]
        .map(|name| ObjectId { kind: KindName::Domain, key: ObjectKey::new("team-a", name) });
    for domain in [&user, &stranger] {
        context.references.relate(domain, vec![ObjectId::account("default")]);
    }
    // Only one of them stands for something in AWS.
    context.caches.domains.apply(standing_for("acme").unwrap());
    let error = AccountReconciler.reconcile(Arc::clone(&account), &context).await.outcome.unwrap_err();
    assert_eq!((error.outlook(), error.reason()), (Outlook::Waiting, Reason::DeletionBlocked));
    assert!(error.to_string().contains("Domain team-a/acme"), "{error}");
    assert!(!error.to_string().contains("refused"), "{error}");
    context.references.forget(&user);
    assert!(AccountReconciler.reconcile(account, &context).await.outcome.unwrap().gone);
}

#[tokio::test]
async fn an_account_learns_by_itself_that_its_secret_is_gone() {
    let sign_in = SignIn::start().await;
    sign_in.keys("test", "test");
    let (context, account) = (sign_in.context(), Arc::new(sign_in.account()));
    let done = AccountReconciler.reconcile(Arc::clone(&account), &context).await.outcome.unwrap();
    let Requeue::Every(interval) = done.again else { panic!("{:?}", done.again) };
    assert!(interval <= SignedDuration::from_mins(1), "looked at again after {interval}");
    sign_in.forget_keys();
    sign_in.advance(interval);
    let error = AccountReconciler.reconcile(account, &context).await.outcome.unwrap_err();
    assert!(sign_in_failed(&error), "{error}");
}

#[tokio::test]
async fn what_users_learn_about_an_account_wakes_it() {
    let sign_in = SignIn::start().await;
    let due = || sign_in.references.depths().iter().map(|(_, due)| due).sum::<usize>();
    let queue = sign_in.references.queue(KindName::AwsAccount);
    let woken = async || {
        let key = queue.next().await;
        queue.done(&key);
        key.name
    };
    let mut account = sign_in.account();
    sign_in.keys("test", "test");
    let session = sign_in.accounts.session(&account).await.unwrap();
    assert_eq!(woken().await, "default", "it is not ready, and its users can sign in");

    let ready = json!({"type": "Ready", "status": "True", "reason": "Synced", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"});
    let status = json!({"identityArn": session.identity_arn, "conditions": [ready]});
    account.status = Some(serde_json::from_value(status).unwrap());
    sign_in.accounts.session(&account).await.unwrap();
    assert_eq!(due(), 0, "its status is true");
    sign_in.accounts.forget(&session);
    assert_eq!(woken().await, "default", "AWS refused its session");
    sign_in.accounts.forget(&session);
    assert_eq!(due(), 0, "that is known already");

    sign_in.forget_keys();
    assert!(sign_in_failed(&sign_in.accounts.session(&account).await.unwrap_err()));
    assert_eq!(woken().await, "default", "its Secret is gone");
}

/// The status stays as it is while the API server refuses it. Waking itself for that would be a loop without a pause.
#[tokio::test]
async fn an_account_that_looks_at_itself_does_not_wake_itself() {
    let sign_in = SignIn::start().await;
    let mut account = sign_in.account();
    let ready = json!({"type": "Ready", "status": "True", "reason": "Synced", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"});
    account.status = Some(serde_json::from_value(json!({"conditions": [ready]})).unwrap());
    let (context, queue) = (sign_in.context(), sign_in.references.queue(KindName::AwsAccount));
    for _ in 0..3 {
        let error =
            AccountReconciler.reconcile(Arc::new(account.clone()), &context).await.outcome.unwrap_err();
        assert!(sign_in_failed(&error), "{error}");
    }
    let woken = futures::FutureExt::now_or_never(queue.next());
    assert_eq!(woken, None, "it is Ready in its status, and cannot sign in");
}

/// A Domain whose identity is pinned.
fn standing_for(name: &str) -> serde_json::Result<Domain> {
    let document = serde_json::json!({
        "apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "Domain",
        "metadata": {"name": name, "namespace": "team-a", "uid": "1", "resourceVersion": "1"}, "spec": {},
        "status": {"identity": {"account": "123456789012", "region": "us-east-1", "owner": "123456789012", "domain": name}},
    });
    serde_json::from_value(document)
}
