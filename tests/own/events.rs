//! Events: each thing that was done is told with its own text.

use anyhow::{Result, ensure};
use kube::api::ListParams;
use serde_json::json;

use crate::scene::{NAMESPACE, scene};

#[tokio::test]
async fn each_edit_is_told_with_its_own_text() -> Result<()> {
    scene!(scene);
    for team in ["a", "b", "c"] {
        let domain = json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "Domain",
            "metadata": {"name": "acme"}, "spec": {"tags": {"team": team}}});
        scene.apply(&domain.to_string()).await?;
        scene.until_tag("acme", "team", team).await?;
        scene.ready("Domain", "acme").await?;
    }
    scene.until_event("Created", "acme").await?;
    scene.until_event("Updated", "team to \"b\"").await?;
    scene.until_event("Updated", "team to \"c\"").await?;
    let events = scene.cluster.api("Event", NAMESPACE).await?.list(&ListParams::default()).await?;
    let told = events.items.iter().filter(|event| event.data["reason"] == "Updated").count();
    ensure!(told == 2, "{told} events Updated for two edits");
    Ok(())
}
