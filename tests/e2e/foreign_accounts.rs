//! Another account's domain, with no more than what AWS documents as enough.

use anyhow::{Context, Result, ensure};
use harness::web::get_with_token;
use harness::{Emulator, Install};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use serde_json::{Value, json};

use crate::scene::{NAMESPACE, Scene};

/// Who owns the domain.
const OWNER: &str = "123456789012";
/// Who uses the domain.
const GUEST: &str = "444455556666";

/// An operator that signs in as an identity of another account with these rights. The AwsAccount names no endpoint, as one of
/// AWS itself.
async fn guest<'a>(
    cluster: &'a harness::ControlPlane,
    emulator: &'a Emulator,
    actions: &[&str],
) -> Result<Scene<'a>> {
    cluster.namespace(NAMESPACE, &[]).await?;
    let url = emulator.url();
    let install = Install::into(cluster, emulator).env("AWS_ENDPOINT_URL", &url).start().await?;
    install.operator.ready().await?;
    let allow = |actions: &[&str]| json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", "Action": actions}]});
    let user = json!({"accessKeyId": "guest", "secretAccessKey": "guest",
        "arn": format!("arn:aws:iam::{GUEST}:user/guest"), "policy": allow(actions)});
    emulator.set_principal(&user).await?;
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "guest"},
        "stringData": {"AWS_ACCESS_KEY_ID": "guest", "AWS_SECRET_ACCESS_KEY": "guest"}});
    let operator = &install.operator_namespace;
    cluster.apply(operator, &secret.to_string()).await?;
    let grants = json!([{"namespaces": {"all": true}, "manage": [format!("{OWNER}:acme/*")],
        "use": [format!("{OWNER}:acme"), format!("{OWNER}:acme/*")], "credentials": [{"domains": [format!("{OWNER}:acme")]}]}]);
    let account = json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "AwsAccount", "metadata": {"name": "guest"},
        "spec": {"accountId": GUEST, "region": "us-east-1", "grants": grants,
            "credentials": {"secretRef": {"namespace": operator, "name": "guest"}}}});
    cluster.apply(NAMESPACE, &account.to_string()).await?;
    let scene = Scene { install, cluster, emulator };
    scene.aws().create_domain().domain("acme").send().await?;
    Ok(scene)
}

/// What the owner lets the guest's account do.
fn let_in(actions: &[&str]) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", "Action": actions,
        "Principal": {"AWS": GUEST}}]})
    .to_string()
}

fn object(kind: &str, name: &str, spec: &Value) -> String {
    json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
        .to_string()
}

#[tokio::test]
async fn a_login_needs_a_token_and_the_right_to_read_and_nothing_else() -> Result<()> {
    let cluster = harness::own(harness::Options::default()).await?;
    let emulator = Emulator::start().await?;
    let rights = [
        "codeartifact:GetAuthorizationToken",
        "codeartifact:ReadFromRepository",
        "sts:GetServiceBearerToken",
    ];
    let scene = guest(&cluster, &emulator, &rights).await?;
    emulator
        .seed(&json!({"connection": "public:npmjs", "packages": [{"name": "left-pad", "version": "1.3.0"}]}))
        .await?;
    let aws = scene.aws();
    aws.create_repository().domain("acme").repository("store").send().await?;
    let connect = aws.associate_external_connection().domain("acme").repository("store");
    connect.external_connection("public:npmjs").send().await?;
    let token = let_in(&["codeartifact:GetAuthorizationToken"]);
    aws.put_domain_permissions_policy().domain("acme").policy_document(token).send().await?;
    let read = let_in(&["codeartifact:ReadFromRepository"]);
    let put = aws.put_repository_permissions_policy().domain("acme").repository("store");
    put.policy_document(read).send().await?;

    let registry =
        json!({"repository": {"domain": "acme", "owner": OWNER, "name": "store"}, "formats": ["npm"]});
    let login = json!({"accountRef": {"name": "guest"}, "registries": [registry]});
    scene.apply(&object("RegistryCredential", "login", &login)).await?;
    scene.ready("RegistryCredential", "login").await?;
    let secrets: Api<Secret> = Api::namespaced(cluster.client()?, NAMESPACE);
    let secret = secrets.get("login").await?;
    let data = |key: &str| -> Result<String> {
        let bytes =
            secret.data.as_ref().and_then(|data| data.get(key)).with_context(|| format!("no {key}"))?;
        Ok(String::from_utf8(bytes.0.clone())?)
    };
    let npmrc = data(".npmrc")?;
    let address = format!("registry=https://acme-{OWNER}.d.codeartifact.us-east-1.amazonaws.com/npm/store/");
    ensure!(npmrc.lines().any(|line| line == address), "it is not the address of AWS");
    ensure!(scene.took_effect("DescribeRepository") == 0, "nobody has that right");

    // The emulator serves at one address what AWS serves at one for each domain.
    let package = format!("{}/npm/d/acme-{OWNER}/store/left-pad", emulator.url());
    let (refused, _) = get_with_token(&package, "no token").await?;
    let (status, body) = get_with_token(&package, &data("token")?).await?;
    ensure!(
        refused.is_client_error() && status.is_success() && body.contains("1.3.0"),
        "{refused}, {status}: {body}"
    );
    Ok(())
}

#[tokio::test]
async fn a_repository_stays_ready_that_may_be_created_and_not_described() -> Result<()> {
    let cluster = harness::own(harness::Options::default()).await?;
    let emulator = Emulator::start().await?;
    let rights = ["codeartifact:CreateRepository", "codeartifact:TagResource"];
    let scene = guest(&cluster, &emulator, &rights).await?;
    let rights = let_in(&rights);
    scene.aws().put_domain_permissions_policy().domain("acme").policy_document(rights).send().await?;

    let domain = json!({"name": "acme", "owner": OWNER});
    let spec = |more: &str| json!({"accountRef": {"name": "guest"}, "domain": domain, "description": more});
    scene.apply(&object("Repository", "mine", &spec("one"))).await?;
    scene.ready("Repository", "mine").await?;
    scene.until_event("Created", "create the repository").await?;
    for _ in 0..2 {
        scene.reconcile_now("Repository", "mine").await?;
        let ready = scene.ready("Repository", "mine").await?;
        ensure!(ready.reason == "Synced" && ready.message.contains("DescribeRepository"), "{ready:?}");
    }
    // An outage in between is no reason to doubt, nor is a restart.
    scene.fault("DescribeRepository", &json!({"status": 503})).await?;
    scene.reconcile_now("Repository", "mine").await?;
    scene.condition("Repository", "mine", "Ready", "False").await?;
    scene.install.operator.terminate().await?;
    emulator.clear_faults().await?;
    scene.install.operator.start_again().await?;
    scene.says(("Repository", "mine"), "Ready", "it was made as declared").await?;
    let ready = scene.ready("Repository", "mine").await?;
    ensure!(scene.took_effect("CreateRepository") == 1, "{ready:?}");

    // What was changed in the spec cannot be carried out unseen, and that is told.
    scene.apply(&object("Repository", "mine", &spec("two"))).await?;
    let denied = scene.condition("Repository", "mine", "Ready", "False").await?;
    ensure!(denied.reason == "AccessDenied" && denied.message.contains("DescribeRepository"), "{denied:?}");
    scene.apply(&object("Repository", "mine", &spec("one"))).await?;
    let denied = scene.condition("Repository", "mine", "Ready", "False").await?;
    ensure!(denied.reason == "AccessDenied", "{denied:?}");

    // With the right, all is compared again.
    let more = let_in(&["codeartifact:*"]);
    scene.aws().put_domain_permissions_policy().domain("acme").policy_document(more).send().await?;
    let user = json!({"accessKeyId": "guest", "secretAccessKey": "guest", "arn": format!("arn:aws:iam::{GUEST}:user/guest")});
    emulator.set_principal(&user).await?;
    scene.reconcile_now("Repository", "mine").await?;
    let ready = scene.says(("Repository", "mine"), "Ready", "in sync with AWS").await?;
    ensure!(!ready.message.contains("DescribeRepository"), "{ready:?}");
    Ok(())
}
