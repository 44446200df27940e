//! Another account's domain, with no more than what AWS documents as enough.

use anyhow::{Result, ensure};
use harness::Fixture;
use harness::emulator::ACCOUNT as OWNER;
use harness::fixture::Setup;
use harness::objects::object;
use harness::web::get_with_token;
use serde_json::{Value, json};

/// Who uses the domain.
const GUEST: &str = "444455556666";

/// A policy that allows actions on everything.
fn allow(actions: &[&str]) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", "Action": actions}]})
}

/// An operator that signs in as an identity of another account with these rights. The AwsAccount names no endpoint, as one of
/// AWS itself.
async fn guest(actions: &[&str]) -> Result<Fixture> {
    let fixture = Setup::own().endpoint_by_environment().start().await?;
    let user = json!({"accessKeyId": "guest", "secretAccessKey": "guest",
        "arn": format!("arn:aws:iam::{GUEST}:user/guest"), "policy": allow(actions)});
    fixture.emulator.set_principal(&user).await?;
    fixture.put_key("guest", "guest", "guest").await?;
    let grants = json!([{"namespaces": {"all": true}, "manage": [format!("{OWNER}:acme/*")],
        "use": [format!("{OWNER}:acme"), format!("{OWNER}:acme/*")], "credentials": [{"domains": [format!("{OWNER}:acme")]}]}]);
    let secret = json!({"namespace": fixture.install.operator_namespace, "name": "guest"});
    let spec = json!({"accountId": GUEST, "region": "us-east-1", "grants": grants, "credentials": {"secretRef": secret}});
    fixture.apply(&object("AwsAccount", "guest", &spec)).await?;
    fixture.emulator.aws().create_domain().domain("acme").send().await?;
    Ok(fixture)
}

/// What the owner lets the guest's account do.
fn let_in(actions: &[&str]) -> String {
    let mut policy = allow(actions);
    policy["Statement"][0]["Principal"] = json!({"AWS": GUEST});
    policy.to_string()
}

#[tokio::test]
async fn a_login_needs_a_token_and_the_right_to_read_and_nothing_else() -> Result<()> {
    let rights = [
        "codeartifact:GetAuthorizationToken",
        "codeartifact:ReadFromRepository",
        "sts:GetServiceBearerToken",
    ];
    let fixture = guest(&rights).await?;
    fixture
        .emulator
        .seed(&json!({"connection": "public:npmjs", "packages": [{"name": "left-pad", "version": "1.3.0"}]}))
        .await?;
    let aws = fixture.emulator.aws();
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
    fixture.apply(&object("RegistryCredential", "login", &login)).await?;
    fixture.ready("RegistryCredential", "login").await?;
    let data = fixture.data("login").await?;
    let npmrc = &data[".npmrc"];
    let address = format!("registry=https://acme-{OWNER}.d.codeartifact.us-east-1.amazonaws.com/npm/store/");
    ensure!(npmrc.lines().any(|line| line == address), "it is not the address of AWS");
    ensure!(fixture.emulator.took_effect("DescribeRepository") == 0, "nobody has that right");

    // The emulator serves at one address what AWS serves at one for each domain.
    let package = format!("{}/npm/d/acme-{OWNER}/store/left-pad", fixture.emulator.url());
    let (refused, _) = get_with_token(&package, "no token").await?;
    let (status, body) = get_with_token(&package, &data["token"]).await?;
    ensure!(
        refused.is_client_error() && status.is_success() && body.contains("1.3.0"),
        "{refused}, {status}: {body}"
    );
    Ok(())
}

#[tokio::test]
async fn a_repository_stays_ready_that_may_be_created_and_not_described() -> Result<()> {
    let rights = ["codeartifact:CreateRepository", "codeartifact:TagResource"];
    let fixture = guest(&rights).await?;
    let rights = let_in(&rights);
    fixture
        .emulator
        .aws()
        .put_domain_permissions_policy()
        .domain("acme")
        .policy_document(rights)
        .send()
        .await?;

    let domain = json!({"name": "acme", "owner": OWNER});
    let spec = |more: &str| json!({"accountRef": {"name": "guest"}, "domain": domain, "description": more});
    fixture.apply(&object("Repository", "mine", &spec("one"))).await?;
    fixture.ready("Repository", "mine").await?;
    fixture.until_event("Created", "create the repository").await?;
    for _ in 0..2 {
        fixture.reconcile_now("Repository", "mine").await?;
        let ready = fixture.ready("Repository", "mine").await?;
        ensure!(ready.reason == "ReadDenied" && ready.message.contains("DescribeRepository"), "{ready:?}");
    }
    let told = fixture.told("ReadDenied").await?;
    ensure!(told.len() == 1, "the trouble is told once: {told:?}");
    // An outage in between is no reason to doubt, nor is a restart.
    fixture.emulator.fault("DescribeRepository", &json!({"status": 503})).await?;
    fixture.reconcile_now("Repository", "mine").await?;
    fixture.condition("Repository", "mine", "Ready", "False").await?;
    fixture.install.operator.terminate().await?;
    fixture.emulator.clear_faults().await?;
    fixture.install.operator.start_again().await?;
    fixture.says("Repository", "mine", "Ready", "the repository was made as declared").await?;
    let ready = fixture.ready("Repository", "mine").await?;
    ensure!(fixture.emulator.took_effect("CreateRepository") == 1, "{ready:?}");

    // What was changed in the spec cannot be carried out unseen, and that is told.
    fixture.apply(&object("Repository", "mine", &spec("two"))).await?;
    let denied = fixture.condition("Repository", "mine", "Ready", "False").await?;
    ensure!(denied.reason == "AccessDenied" && denied.message.contains("DescribeRepository"), "{denied:?}");
    fixture.apply(&object("Repository", "mine", &spec("one"))).await?;
    let denied = fixture.condition("Repository", "mine", "Ready", "False").await?;
    ensure!(denied.reason == "AccessDenied", "{denied:?}");

    // With the right, all is compared again.
    let more = let_in(&["codeartifact:*"]);
    fixture
        .emulator
        .aws()
        .put_domain_permissions_policy()
        .domain("acme")
        .policy_document(more)
        .send()
        .await?;
    let user = json!({"accessKeyId": "guest", "secretAccessKey": "guest", "arn": format!("arn:aws:iam::{GUEST}:user/guest")});
    fixture.emulator.set_principal(&user).await?;
    fixture.reconcile_now("Repository", "mine").await?;
    let ready = fixture.says("Repository", "mine", "Ready", "in sync with AWS").await?;
    ensure!(!ready.message.contains("DescribeRepository"), "{ready:?}");
    Ok(())
}
