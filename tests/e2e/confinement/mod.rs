//! What the chart gives the operator's ServiceAccount, and what it withholds.

mod people;
mod secrets;

use anyhow::{Context, Result, ensure};
use harness::{ControlPlane, shared, unique, wait_for};
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client};
use secrets::owned;
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
        let chart = chart();
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

fn chart() -> String {
    harness::repository().join("charts/codeartifact-operator").display().to_string()
}

/// The chart's manifests, as a release in that namespace would have them.
async fn template(control_plane: &ControlPlane, namespace: &str, more: &[&str]) -> Result<String> {
    let chart = chart();
    let template = ["template", RELEASE, &chart, "--namespace", namespace];
    control_plane.helm(&[&template, more].concat()).await
}

fn secret(name: &str, labels: &Value, more: &Value) -> Result<Secret> {
    let mut document = json!({"metadata": {"name": name, "labels": labels}});
    for (key, value) in more.as_object().into_iter().flatten() {
        document[key] = value.clone();
    }
    Ok(serde_json::from_value(document)?)
}

fn refused<T>(answer: kube::Result<T>, message: &str) -> Result<()> {
    let Err(refusal) = answer else { anyhow::bail!("accepted, but it should say: {message}") };
    ensure!(refusal.to_string().contains(message), "it should say: {message}\nbut it says: {refusal}");
    Ok(())
}

fn kind(kind: &str, plural: &str) -> ApiResource {
    let group_version_kind = GroupVersionKind::gvk("codeartifact-operator.dev", "v1alpha1", kind);
    ApiResource::from_gvk_with_plural(&group_version_kind, plural)
}

#[tokio::test]
async fn the_operator_writes_no_spec() -> Result<()> {
    let release = Release::install().await?;
    let domain =
        r"{apiVersion: codeartifact-operator.dev/v1alpha1, kind: Domain, metadata: {name: acme}, spec: {}}";
    release.control_plane.apply(&release.tenant, domain).await?;
    let domains: Api<DynamicObject> =
        Api::namespaced_with(release.client.clone(), &release.tenant, &kind("Domain", "domains"));
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
    // They carry no finalizer, so that the operator has nothing to write outside their status.
    let finalizers = Patch::Merge(json!({"metadata": {"finalizers": []}}));
    for (name, plural) in
        [("RegistryCredential", "registrycredentials"), ("PackagePolicy", "packagepolicies")]
    {
        let objects: Api<DynamicObject> =
            Api::namespaced_with(release.client.clone(), &release.tenant, &kind(name, plural));
        objects.list(&ListParams::default()).await.context(plural)?;
        refused(objects.patch("any", &PatchParams::default(), &finalizers).await, forbidden)?;
    }
    let accounts: Api<DynamicObject> =
        Api::all_with(release.client.clone(), &kind("AwsAccount", "awsaccounts"));
    accounts.list(&ListParams::default()).await.context("AwsAccounts")?;
    let status = Patch::Merge(json!({"status": {"identityArn": "arn"}}));
    refused(accounts.patch_status("any", &PatchParams::default(), &status).await, forbidden)?;
    let namespaces: Api<Namespace> = Api::all(release.client.clone());
    namespaces.list(&ListParams::default()).await.context("namespaces")?;
    refused(namespaces.delete(&release.other, &DeleteParams::default()).await, forbidden)
}

#[tokio::test]
async fn all_pods_keep_the_restricted_pod_security_standard() -> Result<()> {
    let control_plane = shared().await?;
    let namespace = unique("restricted");
    control_plane.namespace(&namespace, &[("pod-security.kubernetes.io/warn", "restricted")]).await?;
    let values = "releaseOnUninstall=true,caBundle.configMap=trusted,caBundle.key=ca.crt,\
        extraVolumes[0].name=scratch,extraVolumeMounts[0].name=scratch,extraVolumeMounts[0].mountPath=/tmp";
    let rendered = template(control_plane, &namespace, &["--is-upgrade", "--set", values]).await?;
    assert_eq!(
        rendered.matches("value: /etc/codeartifact-operator/ca/ca.crt").count(),
        2,
        "operator and release"
    );
    assert_eq!(rendered.matches("mountPath: /tmp").count(), 2, "operator and release");
    assert_eq!(rendered.matches("kind: Job").count(), 2, "the hooks are pods, too");
    let apply = ["create", "--dry-run=server", "--warnings-as-errors", "--validate=strict", "-f", "-"];
    control_plane.kubectl_with(&rendered, &apply).await.map(drop)
}
