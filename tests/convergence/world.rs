//! An emulator, a client of it, and a pass of a kind without Kubernetes around it.

use std::io::Write;
use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_sdk_codeartifact::config::{BehaviorVersion, Region};
use aws_sdk_codeartifact::{Client, Config};
use codeartifact_emulator::{Emulator, Options};
use codeartifact_operator::api::{Identity, Limits as Rates, OWNER_TAG, Tags};
use codeartifact_operator::aws::{Aws, Limits};
use codeartifact_operator::engine::{Controlled, Kind};

/// The account that the emulator serves.
pub const ACCOUNT: &str = "123456789012";
/// How many pairs are worked on at once.
pub const AT_ONCE: usize = 8;

/// An emulator and a client of it.
pub struct World {
    /// The emulator.
    pub emulator: Emulator,
    /// The client, as kinds get it.
    pub aws: Aws,
    /// The client, for what happens behind the operator's back.
    pub client: Client,
}

impl World {
    /// A fresh emulator with room for many domains.
    pub async fn new() -> Self {
        let mut options = Options::default();
        options.quotas.domains_per_account = 1_000;
        let emulator = Emulator::start(options).await.unwrap();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(emulator.url())
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        let client = Client::from_conf(config);
        let rates = Rates { reads_per_second: 10_000, writes_per_second: 10_000, tokens_per_second: 10_000 };
        let limits = Arc::new(Limits::new(&rates));
        let aws = Aws::new(client.clone(), limits, ACCOUNT.into(), "us-east-1".into());
        Self { emulator, aws, client }
    }

    /// A fresh emulator that holds the domain `acme` and these repositories.
    pub async fn with_repositories(names: &[&str]) -> Self {
        let world = Self::new().await;
        world.client.create_domain().domain("acme").send().await.unwrap();
        for name in names {
            world.client.create_repository().domain("acme").repository(*name).send().await.unwrap();
        }
        world
    }

    /// The operations that were called since a call of the journal, in order.
    pub fn called_since(&self, seq: u64) -> Vec<String> {
        self.emulator.journal(seq).into_iter().map(|entry| entry.operation).collect()
    }

    /// The last call of the journal.
    pub fn last_call(&self) -> u64 {
        self.emulator.journal(0).last().map_or(0, |entry| entry.seq)
    }
}

/// The identity of a domain, or of a repository in `acme`.
pub fn identity(domain: &str, repository: Option<&str>) -> Identity {
    Identity {
        account: ACCOUNT.into(),
        region: "us-east-1".into(),
        owner: ACCOUNT.into(),
        domain: domain.into(),
        repository: repository.map(Into::into),
    }
}

/// Tags, ours among them.
pub fn tags(pairs: &[(&str, &str)]) -> Tags {
    let own = [(OWNER_TAG.to_owned(), "test/team/app".to_owned())];
    own.into_iter().chain(pairs.iter().map(|(key, value)| ((*key).into(), (*value).into()))).collect()
}

/// What a pass is about: the object whose status remembers, and how to put a status on it.
pub struct Subject<K: Kind> {
    /// What AWS calls it.
    pub identity: Identity,
    /// The object.
    pub object: K::Object,
    /// Puts a status on the object.
    pub remember: fn(&mut K::Object, <K::Object as Controlled>::Status),
}

impl<K: Kind> Subject<K> {
    /// Observe, plan, execute, tell: as the pipeline does. Returns the steps.
    pub async fn pass(&mut self, aws: &Aws, want: Option<&K::State>) -> Vec<K::Step> {
        let observed = K::observe(aws, &self.identity, &self.object, want).await.unwrap();
        let (have, mut facts) = observed.map(|observed| (observed.state, observed.facts)).unzip();
        let steps = K::plan(want, have.as_ref());
        for step in &steps {
            let told = K::execute(aws, &self.identity, step).await;
            facts =
                told.unwrap_or_else(|error| panic!("{step}, from {have:?} to {want:?}: {error}")).or(facts);
        }
        let mut status = self.object.status().cloned().unwrap_or_default();
        K::tell(&mut status, want, facts.filter(|_| want.is_some()).as_ref());
        (self.remember)(&mut self.object, status);
        steps
    }

    /// One pass to `have`, one to `want`; then AWS holds `want`, and nothing is left to do.
    pub async fn converges(mut self, aws: &Aws, have: Option<&K::State>, want: Option<&K::State>) {
        self.pass(aws, have).await;
        self.pass(aws, want).await;
        let after = K::observe(aws, &self.identity, &self.object, want).await.unwrap();
        let after = after.map(|after| after.state);
        assert_eq!(after.as_ref(), want, "one pass from {have:?}");
        let left = K::plan(want, after.as_ref());
        assert_eq!(left, [], "a second pass from {have:?} to {want:?}");
    }
}

/// Says something that the test harness does not hide when the test passes.
pub fn say(text: &str) {
    writeln!(std::io::stderr(), "{text}").unwrap();
}
