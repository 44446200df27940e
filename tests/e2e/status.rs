//! Writing status: to the object that it speaks of, and to no other of its name.

use anyhow::{Result, ensure};
use codeartifact_operator::api::{Domain, DomainStatus};
use codeartifact_operator::clock::Clock;
use codeartifact_operator::engine::status::publish::Publisher;
use codeartifact_operator::engine::watching::cache::Cache;
use codeartifact_operator::engine::watching::references::References;
use codeartifact_operator::kubernetes::KubeClient;
use harness::{shared, unique};
use kube::Api;

const DOMAIN: &str =
    "{apiVersion: codeartifact-operator.dev/v1alpha1, kind: Domain, metadata: {name: acme}, spec: {}}";

#[tokio::test]
async fn a_status_reaches_the_object_that_it_speaks_of_and_no_other_of_that_name() -> Result<()> {
    let control_plane = shared().await?;
    let namespace = unique("publish");
    control_plane.namespace(&namespace, &[]).await?;
    control_plane.apply(&namespace, DOMAIN).await?;
    let client = control_plane.client()?;
    let domains: Api<Domain> = Api::namespaced(client.clone(), &namespace);
    let publisher = Publisher::new(KubeClient(client), References::new(Clock::default()), Cache::default());
    let status = DomainStatus { arn: Some("arn".into()), ..DomainStatus::default() };

    let known = domains.get("acme").await?;
    ensure!(publisher.status(&known, &status).await?, "the status was not written");
    let mut former = domains.get("acme").await?;
    former.metadata.uid = Some("7d0b2c5e-0000-4000-8000-000000000000".into());
    let other = DomainStatus { arn: Some("another".into()), ..DomainStatus::default() };
    ensure!(!publisher.status(&former, &other).await?, "the status of another object was written");
    let now = domains.get("acme").await?;
    ensure!(now.status.as_ref().and_then(|status| status.arn.as_deref()) == Some("arn"), "{:?}", now.status);

    domains.delete("acme", &kube::api::DeleteParams::default()).await?;
    control_plane.gone("Domain", &namespace, "acme").await?;
    ensure!(!publisher.status(&now, &other).await?, "a status came back to life");
    Ok(())
}
