//! What AWS refuses to a login: each refusal has its reason, and says what to do.

use anyhow::{Result, ensure};
use harness::Fixture;
use harness::emulator::MINT;
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::123456789012:role/team";

fn policy(statements: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn allow(actions: &[&str]) -> Value {
    json!({"Effect": "Allow", "Resource": "*", "Action": actions})
}

/// A role with these statements mints. A login of that duration, which nobody had asked for before, is refused for the reason, and its message
/// says each part.
async fn refused(
    fixture: &Fixture,
    statements: Value,
    duration: &str,
    reason: &str,
    parts: &[&str],
) -> Result<()> {
    fixture.emulator.set_principal(&json!({"roleArn": ROLE, "policy": policy(&statements)})).await?;
    fixture.login(&reason.to_lowercase(), &json!({"token": {"duration": duration}})).await?;
    let told = fixture.login_ready_for(&reason.to_lowercase(), reason).await?;
    for part in parts {
        ensure!(told.message.contains(part), "{part} is not in: {told:?}");
    }
    fixture.delete("RegistryCredential", &reason.to_lowercase()).await?;
    fixture.gone("RegistryCredential", &reason.to_lowercase()).await
}

async fn minted_by_role() -> Result<Fixture> {
    let fixture = Fixture::with_store().await?;
    fixture.emulator.set_principal(&json!({"roleArn": ROLE})).await?;
    fixture.grant_credentials(json!([{"domains": ["*"], "roleArn": ROLE}])).await?;
    Ok(fixture)
}

#[tokio::test]
async fn each_policy_that_is_in_the_way_has_its_own_reason() -> Result<()> {
    let fixture = minted_by_role().await?;
    let (endpoint, mint, bearer) = (
        "codeartifact:GetRepositoryEndpoint",
        "codeartifact:GetAuthorizationToken",
        "sts:GetServiceBearerToken",
    );
    refused(
        &fixture,
        json!([allow(&[endpoint, bearer])]),
        "9h",
        "MintDenied",
        &["assumed-role/team the call codeartifact:GetAuthorizationToken on domain acme", "statement Mint"],
    )
    .await?;
    refused(
        &fixture,
        json!([allow(&[endpoint, mint])]),
        "10h",
        "BearerTokenDenied",
        &["the call sts:GetServiceBearerToken in its own policy", "spec.token.duration to less than 10h"],
    )
    .await?;
    let mut short = allow(&[bearer]);
    short["Condition"] = json!({"NumericLessThanEquals": {"sts:DurationSeconds": "3600"}});
    let short = json!([allow(&[endpoint, mint]), short]);
    fixture.emulator.set_principal(&json!({"roleArn": ROLE, "policy": policy(&short)})).await?;
    fixture.ready_login("short", &json!({"token": {"duration": "1h"}})).await?;
    refused(
        &fixture,
        short,
        "11h",
        "DurationDenied",
        &[
            "minted shorter-lived tokens and may not have a token that lives 11h",
            "set spec.token.duration",
            "sts:DurationSeconds",
        ],
    )
    .await?;
    let deny = json!({"Effect": "Deny", "Principal": "*", "Resource": "*", "Action": mint});
    let aws = fixture.emulator.aws();
    aws.put_domain_permissions_policy()
        .domain("acme")
        .policy_document(policy(&json!([deny])).to_string())
        .send()
        .await?;
    refused(
        &fixture,
        json!([allow(&["*"])]),
        "12h",
        "DomainPolicyDenied",
        &[
            "the permissions policy of domain acme of account 123456789012 denies",
            "take arn:aws:sts::123456789012:assumed-role/team out",
        ],
    )
    .await
}

#[tokio::test]
async fn a_policy_of_the_organization_is_told_as_such() -> Result<()> {
    let fixture = minted_by_role().await?;
    let message = "User: u is not authorized to perform: codeartifact:GetAuthorizationToken on resource: d with an explicit deny in a \
                   service control policy";
    fixture.emulator.fault(MINT, &json!({"error": "AccessDeniedException", "message": message})).await?;
    fixture.login("login", &json!({})).await?;
    let told = fixture.login_ready_for("login", "OrganizationDenied").await?;
    ensure!(told.message.contains("nothing in this account can allow it"), "{told:?}");
    fixture.emulator.clear_faults().await?;
    fixture.reconcile_now("RegistryCredential", "login").await?;
    fixture.issued("login").await.map(drop)
}

#[tokio::test]
async fn a_role_that_trusts_somebody_else_is_told_with_whom_it_must_trust() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let trust =
        policy(&json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "444455556666"}}));
    fixture.emulator.set_principal(&json!({"roleArn": ROLE, "trust": trust})).await?;
    fixture.grant_credentials(json!([{"domains": ["*"], "roleArn": ROLE}])).await?;
    fixture.login("login", &json!({})).await?;
    let told = fixture.login_ready_for("login", "TrustDenied").await?;
    ensure!(
        told.message.contains("its trust policy must allow arn:aws:iam::123456789012:user/admin"),
        "{told:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_domain_that_is_missing_or_has_another_owner_is_told_apart() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let owner = "444455556666";
    fixture.grant_credentials(json!([{"domains": ["*", format!("{owner}:*")]}])).await?;
    for (name, domain, endpoint, reason, part) in [
        (
            "asked",
            json!({"domain": "acmee", "name": "store"}),
            None,
            "DomainNotFound",
            "has no domain acmee in Region us-east-1",
        ),
        (
            "minted",
            json!({"domain": "acmee", "name": "store"}),
            Some("https://vpce.example.com"),
            "DomainNotFound",
            "name that account as `owner`",
        ),
        (
            "owned",
            json!({"domain": "acme", "name": "store", "owner": owner}),
            Some("https://vpce.example.com"),
            "DomainPolicyDenied",
            "because account 444455556666 owns the domain; if another account owns it, correct the `owner` in the spec",
        ),
    ] {
        let mut registry = json!({"repository": domain, "formats": ["npm"]});
        if let Some(endpoint) = endpoint {
            registry["endpoint"] = endpoint.into();
        }
        fixture.login(name, &json!({"registries": [registry]})).await?;
        let told = fixture.login_ready_for(name, reason).await?;
        ensure!(told.message.contains(part), "{told:?}");
    }
    let absent =
        json!({"error": "ResourceNotFoundException", "resourceType": "domain", "resourceId": "acme"});
    fixture.emulator.fault(MINT, &absent).await?;
    fixture.reconcile_now("RegistryCredential", "owned").await?;
    let told = fixture.login_ready_for("owned", "DomainOwnerWrong").await?;
    let expected = "account 444455556666, which the spec names as `owner`, has no domain acme";
    ensure!(told.message.contains(expected), "{told:?}");
    Ok(())
}
