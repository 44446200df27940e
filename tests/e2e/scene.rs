//! A control plane, an emulator and an operator of a test's own, and what tests of this program do with them.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use aws_sdk_codeartifact::config::{BehaviorVersion, Credentials, Region};
use codeartifact_emulator::Entry;
use harness::objects::{Condition, conditions};
use harness::wait::PATIENCE;
use harness::{ControlPlane, Emulator, Install, wait_for};
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

/// The namespace that tests work in.
pub(crate) const NAMESPACE: &str = "team";

/// Starts everything; the first name becomes the scene.
macro_rules! scene {
    ($scene:ident) => {
        let cluster = harness::own(harness::Options::default()).await?;
        let emulator = harness::Emulator::start().await?;
        let $scene = crate::scene::Scene::start(&cluster, &emulator).await?;
    };
}
pub(crate) use scene;

/// What a test works with.
pub(crate) struct Scene<'a> {
    pub(crate) install: Install<'a>,
    pub(crate) cluster: &'a ControlPlane,
    pub(crate) emulator: &'a Emulator,
}

/// Where the counters of writes stood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    audit: usize,
    call: u64,
}

/// What was written since a mark.
#[derive(Debug)]
pub(crate) struct Moved {
    pub(crate) kubernetes_writes: Vec<String>,
    pub(crate) aws_writes: usize,
    pub(crate) mints: usize,
}

impl Moved {
    pub(crate) fn is_silent(&self) -> bool {
        self.kubernetes_writes.is_empty() && self.aws_writes == 0 && self.mints == 0
    }
}

/// The manifest of an object of ours.
pub(crate) fn object(kind: &str, name: &str, spec: &Value) -> String {
    json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
        .to_string()
}

impl<'a> Scene<'a> {
    /// An operator of the whole cluster, whose AwsAccount `default` grants everything to everybody.
    pub(crate) async fn start(cluster: &'a ControlPlane, emulator: &'a Emulator) -> Result<Self> {
        cluster.namespace(NAMESPACE, &[]).await?;
        let grants = json!([{
            "namespaces": {"all": true}, "manage": ["*", "*/*"], "connect": ["*"], "credentials": [{"domains": ["*"]}],
        }]);
        let install = Install::into(cluster, emulator).account(&grants).start().await?;
        install.operator.ready().await?;
        Ok(Self { install, cluster, emulator })
    }

    pub(crate) async fn apply(&self, manifest: &str) -> Result<()> {
        self.cluster.apply(NAMESPACE, manifest).await.map(drop)
    }

    pub(crate) async fn delete(&self, kind: &str, name: &str) -> Result<()> {
        self.cluster.api(kind, NAMESPACE).await?.delete(name, &DeleteParams::default()).await?;
        Ok(())
    }

    /// Sets `spec.suspend` of the AwsAccount.
    pub(crate) async fn suspend_account(&self, suspend: bool) -> Result<()> {
        let accounts = self.cluster.api("AwsAccount", "").await?;
        let patch = Patch::Merge(json!({"spec": {"suspend": suspend}}));
        accounts.patch("default", &PatchParams::default(), &patch).await?;
        Ok(())
    }

    pub(crate) async fn ready(&self, kind: &str, name: &str) -> Result<Condition> {
        self.install.ready(kind, NAMESPACE, name).await
    }

    pub(crate) async fn gone(&self, kind: &str, name: &str) -> Result<()> {
        self.install.gone(kind, NAMESPACE, name).await
    }

    pub(crate) async fn condition(
        &self,
        kind: &str,
        name: &str,
        condition: &str,
        status: &str,
    ) -> Result<Condition> {
        self.install.condition((kind, NAMESPACE, name), condition, status).await
    }

    /// Waits until the message of a condition holds a text.
    pub(crate) async fn says(
        &self,
        (kind, name): (&str, &str),
        condition: &str,
        text: &str,
    ) -> Result<Condition> {
        let says = |seen: &Condition| seen.kind == condition && seen.message.contains(text);
        let seen = self
            .until(&format!("{condition} says {text}"), kind, name, |object| {
                conditions(object).iter().any(says)
            })
            .await?;
        conditions(&seen).into_iter().find(says).context("the condition is gone")
    }

    pub(crate) async fn until(
        &self,
        what: &str,
        kind: &str,
        name: &str,
        test: impl FnMut(&DynamicObject) -> bool,
    ) -> Result<DynamicObject> {
        self.install.until(what, (kind, NAMESPACE, name), test).await
    }

    /// Whether the object has a condition now.
    pub(crate) async fn has(&self, kind: &str, name: &str, condition: &str) -> Result<bool> {
        let object = self.cluster.get(kind, NAMESPACE, name).await?;
        Ok(conditions(&object).iter().any(|seen| seen.kind == condition && seen.status == "True"))
    }

    pub(crate) async fn status(&self, kind: &str, name: &str, pointer: &str) -> Result<String> {
        let object = self.cluster.get(kind, NAMESPACE, name).await?;
        let value = object.data.pointer(&format!("/status{pointer}")).and_then(Value::as_str);
        value.map(str::to_owned).with_context(|| format!("no status{pointer}"))
    }

    /// Waits until an event with a reason speaks of something.
    pub(crate) async fn until_event(&self, reason: &str, about: &str) -> Result<()> {
        let events = self.cluster.api("Event", NAMESPACE).await?;
        wait_for(&format!("event {reason} about {about}"), PATIENCE, async || {
            let list = events.list(&kube::api::ListParams::default()).await?;
            let told = list.items.iter().any(|event| {
                event.data["reason"] == reason
                    && event.data["message"].as_str().is_some_and(|text| text.contains(about))
            });
            ensure!(told, "{} other events", list.items.len());
            Ok(())
        })
        .await
    }

    /// The texts of the events with a reason, and how often each was told.
    pub(crate) async fn told(&self, reason: &str) -> Result<Vec<(String, u64)>> {
        let list =
            self.cluster.api("Event", NAMESPACE).await?.list(&kube::api::ListParams::default()).await?;
        let told = list.items.iter().filter(|event| event.data["reason"] == reason);
        let count = |event: &DynamicObject| event.data["series"]["count"].as_u64().unwrap_or(1);
        let text = |event: &DynamicObject| event.data["message"].as_str().unwrap_or_default().to_owned();
        Ok(told.map(|event| (text(event), count(event))).collect())
    }

    /// Asks for a look now, as a user does, and waits for its end.
    pub(crate) async fn reconcile_now(&self, kind: &str, name: &str) -> Result<()> {
        let at = harness::unique("at");
        let patch = json!({"metadata": {"annotations": {"codeartifact-operator.dev/reconcile-at": at}}});
        let api = self.cluster.api(kind, NAMESPACE).await?;
        api.patch(name, &PatchParams::default(), &Patch::Merge(&patch)).await?;
        let echoed = |object: &DynamicObject| object.data["status"]["lastHandledReconcileAt"] == at;
        self.until("it is echoed", kind, name, echoed).await.map(drop)
    }

    /// The administrator's own client.
    pub(crate) fn aws(&self) -> aws_sdk_codeartifact::Client {
        let http = aws_smithy_http_client::Builder::new().build_http();
        let config = aws_sdk_codeartifact::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url(self.emulator.url())
            .http_client(http)
            .time_source(EmulatorTime(self.emulator.now()))
            .build();
        aws_sdk_codeartifact::Client::from_conf(config)
    }

    pub(crate) async fn tag(&self, domain: &str, key: &str) -> Result<Option<String>> {
        let arn = format!("arn:aws:codeartifact:us-east-1:123456789012:domain/{domain}");
        let tags = self.aws().list_tags_for_resource().resource_arn(arn).send().await?;
        Ok(tags.tags().iter().find(|tag| tag.key() == key).map(|tag| tag.value().to_owned()))
    }

    pub(crate) async fn until_tag(&self, domain: &str, key: &str, value: &str) -> Result<()> {
        wait_for(&format!("tag {key} of {domain} is {value}"), PATIENCE, async || {
            let seen = self.tag(domain, key).await?;
            ensure!(seen.as_deref() == Some(value), "it is {seen:?}");
            Ok(())
        })
        .await
    }

    pub(crate) fn journal(&self) -> Vec<Entry> {
        self.emulator.journal(0)
    }

    /// How often an operation was asked for.
    pub(crate) fn calls(&self, operation: &str) -> usize {
        self.emulator.calls(operation, 0)
    }

    /// How often an operation took effect, held and failed answers counted when they did.
    pub(crate) fn took_effect(&self, operation: &str) -> usize {
        let effective =
            |entry: &&Entry| entry.operation == operation && entry.status.is_none_or(|status| status < 300);
        self.journal().iter().filter(effective).count()
    }

    pub(crate) async fn until_calls(&self, what: &str, operation: &str, least: usize) -> Result<()> {
        let what = format!("{what}: {least} calls of {operation}");
        let waited = wait_for(&what, PATIENCE, async || {
            let calls = self.calls(operation);
            ensure!(calls >= least, "{calls} so far");
            Ok(())
        });
        self.install.explain(waited.await)
    }

    /// One fault for an operation, until faults are cleared.
    pub(crate) async fn fault(&self, operation: &str, fault: &Value) -> Result<()> {
        self.emulator.set_faults(&json!([{"match": {"operation": operation}, "fault": fault}])).await
    }

    /// Waits until a call is held.
    pub(crate) async fn until_held(&self) -> Result<()> {
        let waited = wait_for("a call is held", PATIENCE, async || {
            let faults = self.emulator.faults().await?;
            ensure!(faults[0]["held"] == 1, "{faults}");
            Ok(())
        });
        self.install.explain(waited.await)
    }

    /// Waits until nothing is due and nothing is being looked at.
    pub(crate) async fn until_idle(&self) -> Result<()> {
        let mut before = None;
        wait_for("the operator is idle", PATIENCE, async || {
            let page = self.install.operator.get("/metrics").await?;
            let sum = |name: &str| -> f64 {
                let lines = page.lines().filter(|line| line.starts_with(name));
                lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
            };
            let now =
                (sum("codeartifact_operator_reconciles_total"), sum("codeartifact_operator_queue_depth"));
            let same = before.replace(now) == Some(now);
            ensure!(same && now.1 == 0.0, "passes and queue: {now:?}");
            Ok(())
        })
        .await
    }

    /// How many reconciles of a kind have ended.
    pub(crate) async fn reconciles(&self, kind: &str) -> Result<f64> {
        let page = self.install.operator.get("/metrics").await?;
        let of_kind = format!("kind=\"{kind}\"");
        let lines = page.lines().filter(|line| {
            line.starts_with("codeartifact_operator_reconciles_total") && line.contains(&of_kind)
        });
        Ok(lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }

    pub(crate) async fn until_reconciles(&self, kind: &str, least: f64) -> Result<()> {
        wait_for(&format!("{least} reconciles of {kind}"), Duration::from_mins(2), async || {
            let reconciles = self.reconciles(kind).await?;
            ensure!(reconciles >= least, "{reconciles} so far");
            Ok(())
        })
        .await
    }

    pub(crate) async fn mark(&self) -> Result<Mark> {
        Ok(Mark { audit: self.cluster.audit_log().await?.len(), call: self.emulator.last_call() })
    }

    pub(crate) async fn since(&self, mark: &Mark) -> Result<Moved> {
        let log = self.cluster.audit_log().await?;
        let ours = log
            .iter()
            .skip(mark.audit)
            .filter(|event| event.user.username == self.install.user && event.writes());
        Ok(Moved {
            kubernetes_writes: ours.map(harness::control_plane::AuditEvent::summary).collect(),
            aws_writes: self.emulator.writes(mark.call),
            mints: self.emulator.calls("GetAuthorizationToken", mark.call),
        })
    }
}

/// The emulator's time when the client was made: signatures must match its clock.
#[derive(Debug)]
struct EmulatorTime(jiff::Timestamp);

impl aws_smithy_async::time::TimeSource for EmulatorTime {
    fn now(&self) -> std::time::SystemTime {
        self.0.into()
    }
}
