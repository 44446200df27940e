//! Many logins in many namespaces, and what the operator's Pod says of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use harness::install::Metrics;
use harness::node::Memory;
use harness::objects::object;
use harness::wait_for;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::workload::name_of;

/// Domains, and so tokens.
pub(crate) const DOMAINS: usize = 20;
/// How many logins a namespace has.
const A_NAMESPACE: usize = 50;
/// How long a crowd may take on two cores, which everything shares.
const CROWD: Duration = Duration::from_mins(10);

/// What a Pod looks like when nothing is due.
pub(crate) struct Rest {
    pub(crate) memory: Memory,
    pub(crate) metrics: Metrics,
}

impl Cluster {
    /// Makes the domains in AWS that the logins of a crowd are for.
    pub(crate) async fn stores(&self) -> Result<()> {
        let aws = self.emulator.aws();
        for number in 0..DOMAINS {
            let domain = format!("domain-{number}");
            aws.create_domain().domain(&domain).send().await?;
            aws.create_repository().domain(&domain).repository("store").send().await?;
        }
        Ok(())
    }

    /// Makes logins with these numbers, and the namespaces that they need.
    pub(crate) async fn logins(&self, numbers: std::ops::Range<usize>) -> Result<()> {
        let namespaces = numbers.start.div_ceil(A_NAMESPACE)..numbers.end.div_ceil(A_NAMESPACE);
        for number in namespaces {
            self.node.control_plane.namespace(&format!("crowd-{number}"), &[]).await?;
        }
        self.login_again(numbers).await
    }

    /// Makes logins whose namespaces are there.
    pub(crate) async fn login_again(&self, numbers: std::ops::Range<usize>) -> Result<()> {
        let mut places = BTreeMap::<_, Vec<_>>::new();
        for number in numbers {
            let repository = json!({"domain": format!("domain-{}", number % DOMAINS), "name": "store"});
            let spec =
                json!({"registries": [{"repository": repository, "formats": ["npm", "pip", "netrc"]}]});
            let login = object("RegistryCredential", &login(number), &spec);
            places.entry(namespace(number)).or_default().push(login);
        }
        for (place, logins) in places {
            self.node.control_plane.create_many("RegistryCredential", &place, logins).await?;
        }
        Ok(())
    }

    /// Deletes the namespaces of a crowd.
    pub(crate) async fn no_crowd(&self, logins: usize) -> Result<()> {
        let places: Vec<_> =
            (0..logins.div_ceil(A_NAMESPACE)).map(|place| format!("crowd-{place}")).collect();
        let mut delete = vec!["delete", "namespace", "--wait=false"];
        delete.extend(places.iter().map(String::as_str));
        self.kubectl(&delete).await.map(drop)
    }

    /// Waits until so many logins are Ready and nothing is due, and looks at the one Pod.
    pub(crate) async fn rest(&self, logins: usize) -> Result<Rest> {
        const READY: &str = "codeartifact_operator_objects{kind=\"RegistryCredential\",ready=\"true\"}";
        wait_for("every login is Ready and nothing is due", CROWD, async || {
            let pods = self.node.operators().await?;
            ensure!(pods.len() == 1, "{} Pods", pods.len());
            let metrics = Metrics::new(self.node.page(&name_of(&pods[0]), "/metrics").await?);
            let (ready, due) = (metrics.value(READY)?, metrics.sum("codeartifact_operator_queue_depth"));
            #[expect(clippy::cast_precision_loss, reason = "no crowd has 2^52 logins")]
            let missing = logins as f64 - ready;
            ensure!(missing.abs() < 0.5 && due < 0.5, "{ready} of {logins} are Ready, {due} are due");
            let uid = pods[0].pointer("/metadata/uid").and_then(Value::as_str).context("no uid")?;
            Ok(Rest { memory: self.node.memory(uid)?, metrics })
        })
        .await
    }

    /// Every login of the crowd has its Secret, and the Secrets hold one good token a domain.
    pub(crate) async fn every_login_has_its_secret(&self, logins: usize) -> Result<()> {
        wait_for("every login has a Secret with the token of its domain", CROWD, async || {
            let (mut secrets, mut tokens) = (0, BTreeSet::new());
            for place in 0..logins.div_ceil(A_NAMESPACE) {
                let api = self.node.control_plane.api("Secret", &format!("crowd-{place}")).await?;
                for secret in api.list(&kube::api::ListParams::default()).await? {
                    secrets += 1;
                    tokens.extend(secret.data["data"]["token"].as_str().map(str::to_owned));
                }
            }
            ensure!(secrets == logins, "{secrets} Secrets for {logins} logins");
            ensure!(tokens.len() == DOMAINS, "{} tokens for {DOMAINS} domains", tokens.len());
            Ok(())
        })
        .await
    }
}

/// The name of a login by its number.
pub(crate) fn login(number: usize) -> String {
    format!("login-{number}")
}

/// Where a login is.
pub(crate) fn namespace(number: usize) -> String {
    format!("crowd-{}", number / A_NAMESPACE)
}

/// For tables.
pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{}.{}", bytes >> 20, ((bytes & 0xf_ffff) * 10) >> 20)
}
