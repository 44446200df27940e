//! One namespace that asks for very much, and another that wants its login all the same.

use anyhow::{Result, ensure};
use codeartifact_emulator::Entry;
use harness::wait::PATIENCE;
use harness::{Emulator, Install, shared, unique, wait_for};
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

const MINT: &str = "GetAuthorizationToken";
/// How many objects the first namespace makes.
const FLOOD: usize = 300;
/// The operator makes so many reads and mints in a second: the flood alone keeps it busy for a minute.
const READS: usize = 5;
const TOKENS: usize = 5;
/// A burst of requests of one object that is served at once, and in how many seconds one more is served.
const BURST: usize = 5;
const EVERY: i64 = 3;

/// An operator of two namespaces: the first floods, the second wants a login. Both may have every token.
struct Two<'a> {
    install: Install<'a>,
    account: String,
}

impl<'a> Two<'a> {
    async fn start(emulator: &'a Emulator) -> Result<Self> {
        let install = Install::into(shared().await?, emulator).namespaced(2).start().await?;
        let two = Self { install, account: unique("account") };
        let grants =
            json!([{"namespaces": {"names": two.install.namespaces}, "credentials": [{"domains": ["*"]}]}]);
        two.install.account(&two.account, &grants).await?;
        emulator.aws().create_domain().domain("acme").send().await?;
        emulator.aws().create_repository().domain("acme").repository("store").send().await?;
        Ok(two)
    }

    async fn limit(&self, limits: &Value) -> Result<()> {
        let accounts = self.install.control_plane.api("AwsAccount", "").await?;
        let patch = json!({"spec": {"limits": limits}});
        accounts.patch(&self.account, &PatchParams::default(), &Patch::Merge(&patch)).await?;
        Ok(())
    }

    fn noisy(&self) -> &str {
        &self.install.namespaces[0]
    }

    fn calm(&self) -> &str {
        &self.install.namespaces[1]
    }

    fn login(&self, name: &str, mut registry: Value) -> Value {
        registry["formats"] = json!(["npm"]);
        let spec = json!({"accountRef": {"name": self.account}, "registries": [registry]});
        json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "RegistryCredential",
            "metadata": {"name": name}, "spec": spec})
    }

    fn good(&self, name: &str) -> Value {
        self.login(name, json!({"repository": {"domain": "acme", "name": "store"}}))
    }

    async fn flood(&self, registry: impl Fn(usize) -> Value) -> Result<()> {
        let logins = (0..FLOOD).map(|number| self.login(&format!("flood-{number}"), registry(number)));
        self.install.control_plane.create_many("RegistryCredential", self.noisy(), logins.collect()).await
    }

    /// A login of the calm namespace becomes Ready, and its Secret is put back; returns the calls that were made meanwhile.
    async fn calm_login(&self) -> Result<Vec<Entry>> {
        let before = self.install.emulator.last_call();
        self.install.control_plane.apply(self.calm(), &self.good("login").to_string()).await?;
        self.install.ready("RegistryCredential", self.calm(), "login").await?;
        self.put_back().await?;
        Ok(self.install.emulator.journal(before))
    }

    async fn put_back(&self) -> Result<()> {
        let secrets = self.install.control_plane.api("Secret", self.calm()).await?;
        let uid = |secret: Option<DynamicObject>| secret.and_then(|secret| secret.metadata.uid);
        let old = uid(secrets.get_opt("login").await?);
        secrets.delete("login", &DeleteParams::default()).await?;
        let waited = wait_for("the deleted Secret is put back", PATIENCE, async || {
            let new = uid(secrets.get_opt("login").await?);
            ensure!(new.is_some() && new != old, "it is {new:?}");
            Ok(())
        });
        self.install.explain(waited.await)
    }

    async fn due(&self) -> Result<f64> {
        self.install.operator.metric(r#"codeartifact_operator_queue_depth{kind="RegistryCredential"}"#).await
    }

    async fn passes(&self) -> Result<f64> {
        let page = self.install.operator.get("/metrics").await?;
        let of_logins = |line: &&str| {
            line.starts_with("codeartifact_operator_reconciles_total")
                && line.contains("kind=\"RegistryCredential\"")
        };
        let counts = page.lines().filter(of_logins);
        Ok(counts.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }
}

#[tokio::test]
async fn logins_for_repositories_that_do_not_exist_delay_no_login_of_another_namespace() -> Result<()> {
    let emulator = Emulator::start().await?;
    let two = Two::start(&emulator).await?;
    two.limit(&json!({"readsPerSecond": READS})).await?;
    two.flood(|number| json!({"repository": {"domain": "acme", "name": format!("missing-{number}")}}))
        .await?;
    let due = two.due().await?;
    ensure!(due > 100.0, "no flood: only {due} logins wait");

    let calls = two.calm_login().await?;
    let of_flood = calls.iter().filter(|call| call.error.as_deref() == Some("ResourceNotFoundException"));
    let of_flood = of_flood.count();
    let still = two.due().await?;
    ensure!(still > 50.0, "the flood was over: only {still} logins wait");
    ensure!(of_flood < FLOOD / 3, "{of_flood} calls of the flood came first, of {}", calls.len());
    Ok(())
}

#[tokio::test]
async fn logins_for_domains_that_do_not_exist_delay_no_login_of_another_namespace() -> Result<()> {
    let emulator = Emulator::start().await?;
    let two = Two::start(&emulator).await?;
    two.limit(&json!({"tokensPerSecond": TOKENS})).await?;
    two.flood(made_up).await?;
    let calls = two.calm_login().await?;
    let of_flood = calls.iter().filter(|call| refused_mint(call)).count();
    let still = two.due().await?;
    ensure!(still > 50.0, "the flood was over: only {still} logins wait");
    ensure!(of_flood < FLOOD / 3, "{of_flood} refused mints came first, of {} calls", calls.len());
    ensure!(emulator.tokens_minted().len() == 1, "{} tokens", emulator.tokens_minted().len());
    Ok(())
}

#[tokio::test]
async fn a_login_that_names_one_made_up_domain_after_another_makes_few_refused_mints() -> Result<()> {
    const NAMES: usize = 60;
    let emulator = Emulator::start().await?;
    let two = Two::start(&emulator).await?;
    let before = emulator.now();
    for number in 0..NAMES {
        let login = two.login("restless", made_up(number));
        two.install.control_plane.apply(two.noisy(), &login.to_string()).await?;
    }
    two.install.condition(("RegistryCredential", two.noisy(), "restless"), "Ready", "False").await?;
    let refused = emulator.journal(0).iter().filter(|call| refused_mint(call)).count();
    let seconds = emulator.now().duration_since(before).as_secs();
    // Each look may be followed by one that nobody asked for, the retry of what failed.
    let most = 2 * (BURST + 2 + usize::try_from(seconds / EVERY)?);
    ensure!(refused <= most, "{refused} refused mints in {seconds} s for {NAMES} names, at most {most}");
    Ok(())
}

#[tokio::test]
async fn who_keeps_asking_for_a_look_gets_a_few_and_delays_nobody() -> Result<()> {
    const LOGINS: usize = 10;
    const ROUNDS: usize = 60;
    let emulator = Emulator::start().await?;
    let two = Two::start(&emulator).await?;
    let logins = (0..LOGINS).map(|number| two.good(&format!("noisy-{number}")));
    two.install.control_plane.create_many("RegistryCredential", two.noisy(), logins.collect()).await?;
    for number in 0..LOGINS {
        two.install.ready("RegistryCredential", two.noisy(), &format!("noisy-{number}")).await?;
    }
    let (passes, before) = (two.passes().await?, emulator.now());
    let flood = async {
        let api = two.install.control_plane.api("RegistryCredential", two.noisy()).await?;
        for round in 0..ROUNDS {
            let patch = json!({"metadata": {"annotations": {"codeartifact-operator.dev/reconcile-at": round.to_string()}}});
            for number in 0..LOGINS {
                let name = format!("noisy-{number}");
                api.patch(&name, &PatchParams::default(), &Patch::Merge(&patch)).await?;
            }
        }
        anyhow::Ok(())
    };
    let (flooded, calm) = tokio::join!(flood, two.calm_login());
    flooded?;
    let calls = calm?;
    ensure!(calls.iter().filter(|call| call.operation == MINT).count() == 0, "{calls:?}");
    let passes = two.passes().await? - passes;
    let seconds = emulator.now().duration_since(before).as_secs();
    // A look of its own kind after the last write of status each, the calm login's, and what the limit allows.
    let most = LOGINS * (BURST + 2 + usize::try_from(seconds / EVERY)?) + 10;
    ensure!(
        passes <= f64::from(u32::try_from(most)?),
        "{passes} passes in {seconds} s for {} requests, at most {most}",
        LOGINS * ROUNDS
    );
    Ok(())
}

/// A registry in a domain that does not exist, behind a private endpoint: nothing is asked of AWS before the token itself.
fn made_up(number: usize) -> Value {
    let name = json!({"domain": format!("made-up-{number}"), "name": "store"});
    json!({"repository": name, "endpoint": "https://packages.example.com"})
}

fn refused_mint(call: &Entry) -> bool {
    call.operation == MINT && call.status != Some(200)
}
