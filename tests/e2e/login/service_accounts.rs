//! Logins that are minted as a ServiceAccount's own IAM role, and what nobody gets by them.

use anyhow::{Context, Result, ensure};
use harness::Fixture;
use harness::emulator::{ACCOUNT, MINT};
use harness::fixture::Setup;
use harness::objects::conditions;
use http::Method;
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::ResourceExt;
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::123456789012:role/builder";
/// A namespace that is there from the start.
const OTHER: &str = "default";

fn annotated(namespace: &str, annotations: &Value) -> String {
    let metadata = json!({"namespace": namespace, "name": "builder", "annotations": annotations});
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}).to_string()
}

fn with_role(namespace: &str) -> String {
    annotated(namespace, &json!({"eks.amazonaws.com/role-arn": ROLE}))
}

fn as_builder() -> Value {
    json!({"serviceAccountRef": {"name": "builder"}})
}

/// AWS knows the cluster's issuer, and a role trusts the ServiceAccount `team/builder` alone. The values list that ServiceAccount and one
/// of that name in another namespace. Everybody may `use` the domain, and nobody has `credentials`.
async fn world() -> Result<Fixture> {
    let listed = json!([{"namespace": "team", "name": "builder"}, {"namespace": OTHER, "name": "builder"}]);
    let fixture = Setup::own().values(json!({"serviceAccounts": listed})).start().await?;
    fixture.make_store("acme").await?;
    fixture.set_grants(&[json!({"namespaces": {"all": true}, "use": ["acme"]})]).await?;
    let request = http::Request::get("/openid/v1/jwks").body(Vec::new())?;
    let jwks: Value = serde_json::from_str(&fixture.cluster.client()?.request_text(request).await?)?;
    let issuer = "https://kubernetes.default.svc";
    let provider = json!({"issuer": issuer, "audiences": ["sts.amazonaws.com"], "jwks": jwks});
    fixture.emulator.control(Method::PUT, "oidc-providers", &provider).await?;
    trust(&fixture, "system:serviceaccount:team:builder").await?;
    Ok(fixture)
}

async fn trust(fixture: &Fixture, subject: &str) -> Result<()> {
    let equals =
        json!({"kubernetes.default.svc:aud": "sts.amazonaws.com", "kubernetes.default.svc:sub": subject});
    let trust = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": equals},
        "Principal": {"Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/kubernetes.default.svc")}}});
    fixture.emulator.set_principal(&json!({"roleArn": ROLE, "trust": trust})).await
}

#[tokio::test]
async fn a_login_is_minted_as_its_service_account_and_shared_with_nobody_else() -> Result<()> {
    let fixture = world().await?;
    fixture.login("login", &as_builder()).await?;
    let told = fixture.login_ready_for("login", "DependencyNotReady").await?;
    ensure!(told.message.contains("ServiceAccount team/builder does not exist"), "{told:?}");
    fixture.apply(&annotated("team", &json!({}))).await?;
    let told = fixture.login_ready_for("login", "RoleAnnotationMissing").await?;
    ensure!(told.message.contains("team/builder has no annotation eks.amazonaws.com/role-arn"), "{told:?}");
    fixture.apply(&annotated("team", &json!({"eks.amazonaws.com/role-arn": "builder"}))).await?;
    fixture.says("RegistryCredential", "login", "Ready", "must be the ARN of a role").await?;
    fixture.apply(&with_role("team")).await?;
    fixture.issued("login").await?;

    let first = fixture.data("login").await?;
    ensure!(first == fixture.ready_login("same", &as_builder()).await?, "the same proof shares the token");
    ensure!(fixture.emulator.mints(0) == 1, "{} mints", fixture.emulator.mints(0));
    let journal = fixture.emulator.journal(0);
    let minter =
        journal.iter().find(|entry| entry.operation == MINT).and_then(|entry| entry.principal.clone());
    ensure!(minter.as_ref().is_some_and(|who| who.contains("assumed-role/builder")), "minted by {minter:?}");

    fixture.login("plain", &json!({})).await?;
    fixture.refused("RegistryCredential", "plain", "credentials").await?;
    fixture
        .set_grants(&[
            json!({"namespaces": {"all": true}, "use": ["acme"], "credentials": [{"domains": ["acme"]}]}),
        ])
        .await?;
    fixture.issued("plain").await?;
    ensure!(fixture.data("plain").await?["token"] != first["token"], "the account's token is another one");
    ensure!(fixture.emulator.mints(0) == 2, "each proof mints once");

    fixture.set_grants(&[]).await?;
    fixture.gone("Secret", "login").await
}

#[tokio::test]
async fn nobody_mints_as_a_service_account_of_another_namespace() -> Result<()> {
    let fixture = world().await?;
    fixture.apply(&with_role("team")).await?;
    fixture.ready_login("login", &as_builder()).await?;
    // One of the same name and with the same role: AWS asks whose token it is.
    fixture.apply(&with_role(OTHER)).await?;
    let mut thief = fixture.login_object("thief", &as_builder());
    thief["metadata"]["namespace"] = OTHER.into();
    fixture.apply(&thief).await?;
    let key = ("RegistryCredential", OTHER, "thief");
    let is = |reason: &'static str, text: &'static str| {
        move |seen: &kube::api::DynamicObject| {
            conditions(seen)
                .iter()
                .any(|it| it.kind == "Ready" && it.reason == reason && it.message.contains(text))
        }
    };
    fixture
        .cluster
        .until(
            "AWS does not trust it",
            key,
            is("TrustDenied", "subject system:serviceaccount:default:builder"),
        )
        .await?;
    // Not listed, whatever another namespace has.
    thief["spec"]["serviceAccountRef"]["name"] = "admin".into();
    fixture.apply(&thief).await?;
    let unlisted = "may not mint as ServiceAccount default/admin";
    fixture.cluster.until("it is not listed", key, is("TokenRequestForbidden", unlisted)).await?;
    // The reference has no namespace.
    thief["spec"]["serviceAccountRef"] = json!({"name": "builder", "namespace": "team"});
    let refused = fixture.apply(&thief).await.err().context("a namespace was accepted")?;
    ensure!(format!("{refused:#}").contains("serviceAccountRef.namespace"), "{refused:#}");
    ensure!(fixture.emulator.mints(0) == 1, "{} mints", fixture.emulator.mints(0));
    let secrets = fixture.cluster.api("Secret", OTHER).await?;
    ensure!(secrets.get_opt("thief").await?.is_none(), "the thief has a Secret");
    Ok(())
}

#[tokio::test]
async fn a_service_account_that_is_made_anew_gets_nothing_of_the_earlier_one() -> Result<()> {
    let fixture = world().await?;
    fixture.apply(&with_role("team")).await?;
    let first = fixture.ready_login("login", &as_builder()).await?;
    fixture.delete("ServiceAccount", "builder").await?;
    fixture.gone("Secret", "login").await?;
    fixture
        .until_event("GrantMissing", "ServiceAccount team/builder, which minted the token, does not exist")
        .await?;
    fixture.apply(&with_role("team")).await?;
    fixture.issued("login").await?;
    let second = fixture.data("login").await?;
    ensure!(
        second["token"] != first["token"] && fixture.emulator.mints(0) == 2,
        "the earlier token was given"
    );

    // The role is taken from it: the token goes with the annotation.
    fixture.apply(&annotated("team", &json!({}))).await?;
    fixture.gone("Secret", "login").await?;
    fixture.login_ready_for("login", "RoleAnnotationMissing").await?;
    fixture.apply(&with_role("team")).await?;
    fixture.issued("login").await?;

    // What is not the ServiceAccount's own doing takes nothing away.
    let kept = fixture.data("login").await?;
    trust(&fixture, "system:serviceaccount:team:other").await?;
    fixture.emulator.forward("9h").await?;
    fixture.login_ready_for("login", "RenewalFailing").await?;
    ensure!(fixture.data("login").await? == kept, "the Secret was taken or changed");
    Ok(())
}

#[tokio::test]
async fn tokens_that_the_operator_may_not_have_are_told_with_the_remedy() -> Result<()> {
    let fixture = world().await?;
    fixture.apply(&with_role("team")).await?;
    let bindings = fixture.cluster.client()?;
    let bindings = kube::Api::<RoleBinding>::namespaced(bindings, "team");
    let all = bindings.list(&kube::api::ListParams::default()).await?.items;
    let ours = |it: &RoleBinding| it.name_any().ends_with("-service-accounts");
    let mut binding = all.into_iter().find(ours).context("no RoleBinding")?;
    bindings.delete(&binding.name_any(), &kube::api::DeleteParams::default()).await?;
    fixture.login("login", &as_builder()).await?;
    let told = fixture.login_ready_for("login", "TokenRequestForbidden").await?;
    ensure!(told.message.contains("`serviceAccounts` in the values of the chart"), "{told:?}");
    ensure!(fixture.emulator.calls("AssumeRoleWithWebIdentity", 0) == 0, "AWS was asked without a token");

    // Who does what the message says sees that it works.
    binding.metadata.resource_version = None;
    binding.metadata.uid = None;
    bindings.create(&kube::api::PostParams::default(), &binding).await?;
    fixture.issued_after_looks("login").await
}

/// `serviceAccountRef` of a ClusterRegistryCredential means the ServiceAccount of that name in each namespace, and never one of another.
#[tokio::test]
async fn in_each_namespace_its_own_service_account_mints_and_none_other() -> Result<()> {
    const KIND: &str = "ClusterRegistryCredential";
    let fixture = world().await?;
    let elsewhere = fixture.at(OTHER);
    let spec = json!({"namespaces": ["team", OTHER], "serviceAccountRef": {"name": "builder"},
        "registries": [{"repository": {"domain": "acme", "name": "store"}, "formats": ["npm"]}]});
    fixture.apply(&with_role("team")).await?;
    fixture.apply(&fixture.object(KIND, "login", &spec)).await?;
    let what = "one namespace is filled and the other waits";
    fixture
        .until(what, KIND, "login", |object| {
            let namespaces = &object.data["status"]["namespaces"];
            namespaces["filled"] == json!(1) && namespaces["waiting"] == json!(1)
        })
        .await?;
    fixture.data("login").await?;

    // The role trusts the ServiceAccount of the first namespace alone.
    fixture.apply(&with_role(OTHER)).await?;
    let what = "AWS refuses the ServiceAccount of the other namespace";
    let object = fixture
        .until(what, KIND, "login", |object| object.data["status"]["namespaces"]["failing"] == json!(1))
        .await?;
    let failure = &object.data["status"]["failures"][0];
    ensure!(failure["namespace"] == OTHER, "{failure}");
    ensure!(elsewhere.secrets()?.get_opt("login").await?.is_none(), "a login without a proof");
    ensure!(fixture.emulator.mints(0) == 1, "{} mints", fixture.emulator.mints(0));

    fixture.delete("ServiceAccount", "builder").await?;
    fixture.gone("Secret", "login").await
}
