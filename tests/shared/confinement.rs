//! What the chart gives the operator's ServiceAccount, and what it withholds.

use anyhow::{Context, Result, ensure};
use harness::{ControlPlane, shared, unique, wait_for};
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};

const RELEASE: &str = "codeartifact-operator";

/// A release without a running operator; the tests act as its ServiceAccount.
struct Release {
    control_plane: &'static ControlPlane,
    own: String,
    tenant: String,
    other: String,
    client: Client,
}

impl Release {
    /// Installs the chart for one of two new namespaces.
    async fn install() -> Result<Self> {
        let control_plane = shared().await?;
        let (own, tenant, other) = (unique("operator"), unique("tenant"), unique("other"));
        for namespace in [&own, &tenant, &other] {
            control_plane.namespace(namespace, &[("pod-security.kubernetes.io/warn", "restricted")]).await?;
        }
        let chart = harness::repository().join("charts/codeartifact-operator").display().to_string();
        let namespaces = format!("namespaces={{{tenant}}}");
        let install = ["install", RELEASE, &chart, "--namespace", &own, "--skip-crds", "--set", &namespaces];
        control_plane.helm(&install).await?;
        let client = control_plane.client_as(&own, RELEASE).await?;
        let release = Self { control_plane, own, tenant, other, client };
        release.confined().await?;
        Ok(release)
    }

    /// The API server notices a new admission policy some moments later.
    async fn confined(&self) -> Result<()> {
        let probe = secret("probe", &json!({}), &json!({"type": "example.com/probe"}))?;
        let dry = PostParams { dry_run: true, ..PostParams::default() };
        wait_for("the admission policy is in force", harness::wait::PATIENCE, async || {
            ensure!(self.secrets(&self.tenant).create(&dry, &probe).await.is_err(), "it is not yet");
            Ok(())
        })
        .await
    }

    fn secrets(&self, namespace: &str) -> Api<Secret> {
        Api::namespaced(self.client.clone(), namespace)
    }

    /// A Secret of somebody else's.
    async fn foreign_secret(&self, namespace: &str) -> Result<String> {
        let name = unique("foreign");
        let api: Api<Secret> = Api::namespaced(self.control_plane.client()?, namespace);
        api.create(&PostParams::default(), &secret(&name, &json!({}), &json!({}))?).await?;
        Ok(name)
    }
}

fn secret(name: &str, labels: &Value, more: &Value) -> Result<Secret> {
    let mut document = json!({"metadata": {"name": name, "labels": labels}});
    for (key, value) in more.as_object().into_iter().flatten() {
        document[key] = value.clone();
    }
    Ok(serde_json::from_value(document)?)
}

/// A Secret as the operator writes it for a RegistryCredential.
fn owned(name: &str, change: impl FnOnce(&mut Value)) -> Result<Secret> {
    let owner = json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "RegistryCredential",
        "name": "login", "uid": "7d0b2c5e-0000-4000-8000-000000000000", "controller": true});
    let labels = json!({"app.kubernetes.io/managed-by": "codeartifact-operator"});
    let mut document = json!({"metadata": {"name": name, "labels": labels, "ownerReferences": [owner]}});
    change(&mut document);
    Ok(serde_json::from_value(document)?)
}

fn refused<T>(answer: kube::Result<T>, message: &str) -> Result<()> {
    let Err(refusal) = answer else { anyhow::bail!("accepted, but it should say: {message}") };
    ensure!(refusal.to_string().contains(message), "it should say: {message}\nbut it says: {refusal}");
    Ok(())
}

#[tokio::test]
async fn the_operator_writes_no_spec() -> Result<()> {
    let release = Release::install().await?;
    let domain =
        r"{apiVersion: codeartifact-operator.dev/v1alpha1, kind: Domain, metadata: {name: acme}, spec: {}}";
    release.control_plane.apply(&release.tenant, domain).await?;
    let kind = GroupVersionKind::gvk("codeartifact-operator.dev", "v1alpha1", "Domain");
    let resource = ApiResource::from_gvk(&kind);
    let domains: Api<DynamicObject> =
        Api::namespaced_with(release.client.clone(), &release.tenant, &resource);
    let dry = PatchParams { dry_run: true, ..PatchParams::default() };
    let spec = json!({"spec": {"deletionPolicy": "Delete"}});
    wait_for("the policy on specs is in force", harness::wait::PATIENCE, async || {
        refused(domains.patch("acme", &dry, &Patch::Merge(&spec)).await, "and never a spec")
    })
    .await?;
    let finalizer = json!({"metadata": {"finalizers": ["codeartifact-operator.dev/finalizer"]}});
    domains.patch("acme", &dry, &Patch::Merge(&finalizer)).await.context("a finalizer")?;
    Ok(())
}

#[tokio::test]
async fn the_operator_writes_its_own_kind_of_secret_only() -> Result<()> {
    let release = Release::install().await?;
    let secrets = release.secrets(&release.tenant);
    let create = PostParams { dry_run: true, ..PostParams::default() };
    secrets.create(&create, &owned("login", |_| {})?).await.context("a Secret as it should be")?;
    let refusals: [(fn(&mut Value), &str); 5] = [
        (|secret| secret["type"] = json!("kubernetes.io/basic-auth"), "of type Opaque only"),
        (
            |secret| secret["metadata"]["labels"] = json!({}),
            "app.kubernetes.io/managed-by=codeartifact-operator only",
        ),
        (
            |secret| secret["metadata"]["labels"]["codeartifact-operator.dev/component"] = json!("token"),
            "the label codeartifact-operator.dev/component marks the operator's own Secrets",
        ),
        (
            |secret| secret["metadata"]["ownerReferences"] = json!([]),
            "that a RegistryCredential controls only",
        ),
        (
            |secret| secret["metadata"]["ownerReferences"][0]["kind"] = json!("Deployment"),
            "that a RegistryCredential controls only",
        ),
    ];
    for (change, message) in refusals {
        let basic = json!({"username": "", "password": ""});
        let wrong = owned("login", |secret| {
            secret["stringData"] = basic;
            change(secret);
        })?;
        refused(secrets.create(&create, &wrong).await, message)?;
    }
    Ok(())
}

#[tokio::test]
async fn the_operator_touches_no_secret_of_somebody_else() -> Result<()> {
    let release = Release::install().await?;
    let secrets = release.secrets(&release.tenant);
    let foreign = release.foreign_secret(&release.tenant).await?;
    let theft = owned(&foreign, |secret| {
        secret["apiVersion"] = json!("v1");
        secret["kind"] = json!("Secret");
    })?;
    let apply = PatchParams::apply("codeartifact-operator").force();
    let message = "changes and deletes no Secret of somebody else";
    refused(secrets.patch(&foreign, &apply, &Patch::Apply(&theft)).await, message)?;
    refused(secrets.delete(&foreign, &DeleteParams::default()).await, message)?;

    // Its own, also with the label taken off by somebody, it puts right and removes. The owner is real, lest the
    // garbage collector removes the Secret first.
    let credential = json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "RegistryCredential",
        "metadata": {"name": "login"},
        "spec": {"registries": [{"repositoryRef": {"name": "team"}, "formats": ["npm"]}]}});
    let applied = release.control_plane.apply(&release.tenant, &credential.to_string()).await?;
    let uid = applied.first().and_then(ResourceExt::uid).context("no uid")?;
    let unlabelled = owned("login", |secret| {
        secret["metadata"]["labels"] = json!({});
        secret["metadata"]["ownerReferences"][0]["uid"] = json!(uid);
    })?;
    let administrator: Api<Secret> = Api::namespaced(release.control_plane.client()?, &release.tenant);
    administrator.create(&PostParams::default(), &unlabelled).await?;
    let labels = json!({"metadata": {"labels": {"app.kubernetes.io/managed-by": "codeartifact-operator"}}});
    secrets
        .patch("login", &PatchParams::default(), &Patch::Merge(&labels))
        .await
        .context("its own, without a label")?;
    secrets.delete("login", &DeleteParams::default()).await.context("its own")?;
    Ok(())
}

#[tokio::test]
async fn tokens_lie_in_the_operators_namespace_only() -> Result<()> {
    let release = Release::install().await?;
    let labels = json!({"app.kubernetes.io/managed-by": "codeartifact-operator", "codeartifact-operator.dev/component": "token"});
    let token = secret("token", &labels, &json!({}))?;
    let own = release.secrets(&release.own);
    own.create(&PostParams::default(), &token).await.context("a token in its own namespace")?;
    own.delete("token", &DeleteParams::default()).await?;
    let tenant = release.secrets(&release.tenant);
    refused(
        tenant.create(&PostParams::default(), &token).await,
        "codeartifact-operator.dev/component marks",
    )?;
    let unlabelled =
        secret("token", &json!({"app.kubernetes.io/managed-by": "codeartifact-operator"}), &json!({}))?;
    refused(
        own.create(&PostParams::default(), &unlabelled).await,
        "codeartifact-operator.dev/component marks",
    )
}

#[tokio::test]
async fn an_install_for_some_namespaces_has_no_rights_in_others() -> Result<()> {
    let release = Release::install().await?;
    let forbidden = "is forbidden";
    let foreign = release.foreign_secret(&release.other).await?;
    let other = release.secrets(&release.other);
    refused(other.get(&foreign).await, forbidden)?;
    refused(other.list(&ListParams::default()).await, forbidden)?;
    refused(other.create(&PostParams::default(), &owned("login", |_| {})?).await, forbidden)?;
    refused(Api::<Secret>::all(release.client.clone()).list(&ListParams::default()).await, forbidden)?;
    let repositories = kind("Repository", "repositories");
    let elsewhere: Api<DynamicObject> =
        Api::namespaced_with(release.client.clone(), &release.other, &repositories);
    refused(elsewhere.list(&ListParams::default()).await, forbidden)?;
    let here: Api<DynamicObject> =
        Api::namespaced_with(release.client.clone(), &release.tenant, &repositories);
    here.list(&ListParams::default()).await.context("its own namespace")?;
    refused(here.delete("any", &DeleteParams::default()).await, forbidden)?;
    let accounts: Api<DynamicObject> =
        Api::all_with(release.client.clone(), &kind("AwsAccount", "awsaccounts"));
    accounts.list(&ListParams::default()).await.context("AwsAccounts")?;
    let status = Patch::Merge(json!({"status": {"identityArn": "arn"}}));
    refused(accounts.patch_status("any", &PatchParams::default(), &status).await, forbidden)?;
    let namespaces: Api<Namespace> = Api::all(release.client.clone());
    namespaces.list(&ListParams::default()).await.context("namespaces")?;
    refused(namespaces.delete(&release.other, &DeleteParams::default()).await, forbidden)
}

fn kind(kind: &str, plural: &str) -> ApiResource {
    let group_version_kind = kube::core::GroupVersionKind::gvk("codeartifact-operator.dev", "v1alpha1", kind);
    ApiResource::from_gvk_with_plural(&group_version_kind, plural)
}

#[tokio::test]
async fn all_pods_keep_the_restricted_pod_security_standard() -> Result<()> {
    let control_plane = shared().await?;
    let namespace = unique("restricted");
    control_plane.namespace(&namespace, &[("pod-security.kubernetes.io/warn", "restricted")]).await?;
    let chart = harness::repository().join("charts/codeartifact-operator").display().to_string();
    let template = [
        "template",
        RELEASE,
        &chart,
        "--namespace",
        &namespace,
        "--is-upgrade",
        "--set",
        "releaseOnUninstall=true",
    ];
    let rendered = control_plane.helm(&template).await?;
    assert_eq!(rendered.matches("kind: Job").count(), 2, "the hooks are pods, too");
    let apply = ["create", "--dry-run=server", "--warnings-as-errors", "--validate=strict", "-f", "-"];
    control_plane.kubectl_with(&rendered, &apply).await.map(drop)
}

#[tokio::test]
async fn editors_declare_and_viewers_look_and_nobody_writes_status() -> Result<()> {
    let control_plane = shared().await?;
    let namespace = unique("people");
    control_plane.namespace(&namespace, &[]).await?;
    let chart = harness::repository().join("charts/codeartifact-operator").display().to_string();
    let roles = [
        "template",
        RELEASE,
        &chart,
        "--namespace",
        &namespace,
        "--show-only",
        "templates/rbac-aggregated.yaml",
    ];
    let manifest = control_plane.helm(&roles).await?;
    control_plane.apply(&namespace, &manifest).await?;
    for role in ["view", "edit"] {
        let account = format!("{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: {role}}}}}");
        control_plane.apply(&namespace, &account).await?;
        let subject = format!("--serviceaccount={namespace}:{role}");
        control_plane
            .kubectl(&["create", "rolebinding", role, "--clusterrole", role, &subject, "-n", &namespace])
            .await?;
    }
    let may = async |role: &str, verb: &str, what: &str, part: &str| {
        let user = format!("system:serviceaccount:{namespace}:{role}");
        // kubectl prints `no` and fails when it is not allowed.
        control_plane
            .kubectl(&["auth", "can-i", verb, what, "--subresource", part, "--as", &user, "-n", &namespace])
            .await
            .is_ok()
    };
    let domains = "domains.codeartifact-operator.dev";
    wait_for("the roles are aggregated", harness::wait::PATIENCE, async || {
        ensure!(
            may("edit", "create", domains, "").await && may("view", "get", domains, "").await,
            "they are not yet"
        );
        Ok(())
    })
    .await?;
    for plural in ["domains", "repositories", "packagepolicies", "registrycredentials"] {
        let kind = format!("{plural}.codeartifact-operator.dev");
        for verb in ["get", "list", "watch", "create", "update", "patch", "delete"] {
            let reads = ["get", "list", "watch"].contains(&verb);
            assert!(may("edit", verb, &kind, "").await, "edit {verb} {kind}");
            assert_eq!(may("view", verb, &kind, "").await, reads, "view {verb} {kind}");
            assert!(!may("edit", verb, &kind, "status").await, "edit {verb} {kind}/status");
        }
    }
    Ok(())
}
