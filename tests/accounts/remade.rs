//! A user or role that is deleted and made again under its name is another identity.

use std::sync::Arc;

use codeartifact_operator::api::KindName;
use codeartifact_operator::engine::object::{ObjectId, ObjectKey};
use jiff::SignedDuration;
use serde_json::json;

use crate::ROLE;
use crate::sign_in::SignIn;

const USER: &str = "arn:aws:iam::123456789012:user/worker";

/// A login that refers to the account, and whether it has been woken since the last question.
fn user_of_the_account(sign_in: &SignIn) -> impl Fn() -> bool + use<> {
    let queue = sign_in.references.queue(KindName::RegistryCredential);
    let login = ObjectId { kind: KindName::RegistryCredential, key: ObjectKey::new("team-a", "login") };
    sign_in.references.relate(&login, vec![ObjectId::account("default")]);
    move || {
        let woken = futures::FutureExt::now_or_never(queue.next());
        woken.inspect(|key| queue.done(key)).is_some()
    }
}

#[tokio::test]
async fn a_user_made_again_with_the_same_keys_has_another_proof_and_wakes_who_uses_it() {
    let sign_in = SignIn::start().await;
    let user = json!({"accessKeyId": "worker", "secretAccessKey": "worker", "arn": USER});
    sign_in.emulator.set_principal(&user).await.unwrap();
    sign_in.keys("worker", "worker");
    let woken = user_of_the_account(&sign_in);
    let account = sign_in.account();
    let first = sign_in.accounts.check(&account).await.unwrap();
    assert!(Arc::ptr_eq(&first, &sign_in.accounts.check(&account).await.unwrap()), "nothing changed");
    assert!(!woken());

    sign_in.emulator.remake_principal(USER, &user).await.unwrap();
    let second = sign_in.accounts.check(&account).await.unwrap();
    assert_eq!(first.identity_arn, second.identity_arn);
    assert_ne!(first.proof, second.proof);
    assert!(woken());
}

#[tokio::test]
async fn a_role_made_again_has_another_proof_and_wakes_who_uses_it() {
    let sign_in = SignIn::start().await;
    sign_in.keys("test", "test");
    let role = json!({"roleArn": ROLE});
    sign_in.emulator.set_principal(&role).await.unwrap();
    let woken = user_of_the_account(&sign_in);
    let account = sign_in.account();
    let session = async || sign_in.accounts.session_as(&account, Some(ROLE)).await.unwrap();
    let first = session().await;
    sign_in.advance(SignedDuration::from_mins(2));
    assert!(Arc::ptr_eq(&first, &session().await), "it is the same role");
    assert!(!woken());

    sign_in.emulator.remake_principal(ROLE, &role).await.unwrap();
    sign_in.advance(SignedDuration::from_mins(2));
    let second = session().await;
    assert_eq!(first.identity_arn, second.identity_arn);
    assert_ne!(first.proof, second.proof);
    assert!(woken());
}

#[tokio::test]
async fn sts_is_asked_once_a_minute_however_many_use_a_session_and_its_silence_changes_nothing() {
    let sign_in = SignIn::start().await;
    sign_in.keys("test", "test");
    let first = sign_in.session().await.unwrap();
    sign_in.advance(SignedDuration::from_mins(2));
    futures::future::join_all((0..100).map(|_| sign_in.session())).await;
    assert_eq!(sign_in.emulator.calls("GetCallerIdentity", 0), 2);
    sign_in.emulator.fault("GetCallerIdentity", &json!({"hold": true})).await.unwrap();
    sign_in.advance(SignedDuration::from_mins(2));
    assert!(Arc::ptr_eq(&first, &sign_in.session().await.unwrap()), "no answer says nothing");
}
