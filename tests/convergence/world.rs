//! An emulator, a client of it, and a reconcile of a kind without Kubernetes around it.

use std::io::Write;
use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_sdk_codeartifact::config::{BehaviorVersion, Region};
use aws_sdk_codeartifact::{Client, Config};
use codeartifact_emulator::{Emulator, Options};
use codeartifact_operator::api::{
    AdoptionPolicy, AwsResource, DeletionPolicy, Identity, Limits as Rates, Mode, OWNER_TAG, Tags,
};
use codeartifact_operator::aws::{Aws, Limits};
use codeartifact_operator::engine::pipeline::apply::{Applied, Subject, Unwitnessed, apply};
use codeartifact_operator::engine::pipeline::downstreams::Downstreams;
use codeartifact_operator::engine::pipeline::kind::{Kind, Settings};
use codeartifact_operator::engine::pipeline::screen::Owner;
use kube::core::object::HasStatus;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// The account that the emulator serves.
pub(crate) const ACCOUNT: &str = "123456789012";
/// How many pairs are worked on at once.
pub(crate) const AT_ONCE: usize = 8;

/// An emulator and a client of it.
pub(crate) struct World {
    /// The emulator.
    pub(crate) emulator: Emulator,
    /// The client, as kinds get it.
    pub(crate) aws: Aws,
    /// The client, for what happens behind the operator's back.
    pub(crate) client: Client,
}

impl World {
    /// A fresh emulator with room for many domains.
    pub(crate) async fn new() -> Self {
        let mut options = Options::default();
        options.quotas.domains_per_account = 1_000;
        options.largest_page = 4;
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
    pub(crate) async fn with_repositories(names: &[&str]) -> Self {
        let world = Self::new().await;
        world.client.create_domain().domain("acme").send().await.unwrap();
        for name in names {
            world.client.create_repository().domain("acme").repository(*name).send().await.unwrap();
        }
        world
    }

    /// Makes a public registry hold a version of an npm package.
    pub(crate) async fn seed_npm(&self, package: &str, version: &str) {
        let packages = serde_json::json!([{ "name": package, "version": version }]);
        let seed = serde_json::json!({ "connection": "public:npmjs", "packages": packages });
        assert_eq!(self.ask("PUT", "/_emulator/seed", "", &seed.to_string()).await / 100, 2);
    }

    /// Fetches a version of an npm package as npm does; the HTTP status.
    pub(crate) async fn fetch_npm(&self, repository: &str, package: &str, version: &str) -> u16 {
        let token = self.client.get_authorization_token().domain("acme").send().await.unwrap();
        let login = format!("authorization: Bearer {}\r\n", token.authorization_token().unwrap());
        let path = format!("/npm/d/acme-{ACCOUNT}/{repository}/{package}/-/{package}-{version}.tgz");
        self.ask("GET", &path, &login, "").await
    }

    /// Denies operations from now on.
    pub(crate) async fn deny(&self, operations: &[&str]) {
        let faults = operations.iter().map(|operation| {
            serde_json::json!({"match": {"operation": operation}, "fault": {"error": "AccessDeniedException"}})
        });
        let faults = serde_json::Value::Array(faults.collect()).to_string();
        assert_eq!(self.ask("PUT", "/_emulator/faults", "", &faults).await / 100, 2);
    }

    /// One plain HTTP request; the status of the answer.
    async fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> u16 {
        let mut stream = TcpStream::connect(self.emulator.address()).await.unwrap();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: emulator\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer);
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// The operations that were called since a call of the journal, in order.
    pub(crate) fn called_since(&self, seq: u64) -> Vec<String> {
        self.emulator.journal(seq).into_iter().map(|entry| entry.operation).collect()
    }

    /// The last call of the journal.
    pub(crate) fn last_call(&self) -> u64 {
        self.emulator.journal(0).last().map_or(0, |entry| entry.seq)
    }
}

/// The identity of a domain, or of a repository in `acme`.
pub(crate) fn identity(domain: &str, repository: Option<&str>) -> Identity {
    Identity {
        account: ACCOUNT.into(),
        region: "us-east-1".into(),
        owner: ACCOUNT.into(),
        domain: domain.into(),
        resource: repository.map_or(AwsResource::Domain, |name| AwsResource::Repository(name.into())),
    }
}

/// Tags, ours among them.
pub(crate) fn tags(pairs: &[(&str, &str)]) -> Tags {
    let own = [(OWNER_TAG.to_owned(), "test/team/app".to_owned())];
    own.into_iter().chain(pairs.iter().map(|(key, value)| ((*key).into(), (*value).into()))).collect()
}

/// What a reconcile is about: the object whose status remembers, and how to put a status on it.
pub(crate) struct Trial<K: Kind> {
    /// What AWS calls it.
    pub(crate) identity: Identity,
    /// The object.
    pub(crate) object: K::Object,
    /// Puts a status on the object.
    pub(crate) remember: fn(&mut K::Object, <K::Object as HasStatus>::Status),
}

impl<K: Kind> Trial<K> {
    /// One reconcile: makes AWS as desired by the pipeline's own `apply`, or deletes the resource, and remembers in status. Returns the
    /// steps that were taken.
    pub(crate) async fn reconcile(&mut self, aws: &Aws, want: Option<&K::State>) -> Vec<K::Step> {
        let Some(want) = want else { return self.delete(aws).await };
        let owner = Owner::new("test", &[], "team", "app");
        let settings = Settings {
            account: "default".into(),
            mode: Mode::Enforce,
            adoption: AdoptionPolicy::Never,
            deletion: DeletionPolicy::Delete,
            interval: jiff::SignedDuration::from_hours(1),
        };
        let subject =
            Subject { object: &self.object, identity: &self.identity, settings: &settings, owner: &owner };
        let applied = apply::<K>(subject, aws, want, &mut Unwitnessed, &CancellationToken::new()).await;
        let Applied::Taken { taken, have, facts } = applied.unwrap() else { panic!("the mode is Enforce") };
        assert!(taken.error.is_none(), "{:?}, from {have:?} to {want:?}: {:?}", taken.failed, taken.error);
        let mut status = self.object.status().cloned().unwrap_or_default();
        K::fill_status(&mut status, Some(want), taken.facts.or(facts).as_ref());
        (self.remember)(&mut self.object, status);
        taken.done
    }

    async fn delete(&mut self, aws: &Aws) -> Vec<K::Step> {
        let observed = K::observe(aws, &self.identity, &self.object, None).await.unwrap();
        let steps = K::plan(None, observed.map(|observed| observed.state).as_ref());
        for step in &steps {
            let told = K::execute(aws, &self.identity, step).await;
            told.unwrap_or_else(|error| panic!("{step}: {error}"));
        }
        let mut status = self.object.status().cloned().unwrap_or_default();
        K::fill_status(&mut status, None, None);
        (self.remember)(&mut self.object, status);
        steps
    }

    /// What stands in the way of its deletion, by a look of its own.
    pub(crate) async fn blockers(&self, aws: &Aws) -> Vec<String> {
        let blockers = K::blockers(&Downstreams::default(), aws, &self.identity, &self.object).await;
        blockers.unwrap().into_iter().map(|blocker| blocker.text).collect()
    }

    /// One reconcile to `have`, one to `want`; then AWS holds `want`, and nothing is left to do.
    pub(crate) async fn converges(mut self, aws: &Aws, have: Option<&K::State>, want: Option<&K::State>) {
        self.reconcile(aws, have).await;
        self.reconcile(aws, want).await;
        let after = K::observe(aws, &self.identity, &self.object, want).await.unwrap();
        let after = after.map(|after| after.state);
        assert_eq!(after.as_ref(), want, "one reconcile from {have:?}");
        let left = K::plan(want, after.as_ref());
        assert_eq!(left, [], "a second reconcile from {have:?} to {want:?}");
    }
}

/// Says something that the test harness does not hide when the test passes.
pub(crate) fn say(text: &str) {
    std::io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}
