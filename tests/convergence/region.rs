//! The AWS that kinds work with, and what happens behind the operator's back.

use std::sync::Arc;

use aws_sdk_codeartifact::Client;
use codeartifact_emulator::Options;
use codeartifact_operator::api::Limits as Rates;
use codeartifact_operator::aws::{Aws, Limits};
use harness::Emulator;
use harness::emulator::ACCOUNT;
use harness::web::get_with_token;
use serde_json::{Value, json};

/// An emulator with room for many domains, and clients of it.
pub(crate) struct Region {
    /// The emulator.
    pub(crate) emulator: Emulator,
    /// The client, as kinds get it: no limit of rates holds it up.
    pub(crate) aws: Aws,
    /// The client, for what happens behind the operator's back.
    pub(crate) client: Client,
}

impl Region {
    /// Nothing is in it. Its pages are small, so that lists have several.
    pub(crate) async fn new() -> Self {
        let mut options = Options::default();
        options.quotas.domains_per_account = 1_000;
        options.largest_page = 4;
        let emulator = Emulator::start_with(options).await.unwrap();
        let client = emulator.aws();
        let rates = Rates { reads_per_second: 10_000, writes_per_second: 10_000, tokens_per_second: 10_000 };
        let limits = Arc::new(Limits::new(&rates));
        let aws = Aws::new(client.clone(), limits, ACCOUNT.into(), "us-east-1".into());
        Self { emulator, aws, client }
    }

    /// It holds the domain `acme` and these repositories.
    pub(crate) async fn with_repositories(names: &[&str]) -> Self {
        let region = Self::new().await;
        region.client.create_domain().domain("acme").send().await.unwrap();
        for name in names {
            region.client.create_repository().domain("acme").repository(*name).send().await.unwrap();
        }
        region
    }

    /// Makes a public registry hold a version of an npm package.
    pub(crate) async fn seed_npm(&self, package: &str, version: &str) {
        let packages = json!([{ "name": package, "version": version }]);
        self.emulator.seed(&json!({"connection": "public:npmjs", "packages": packages})).await.unwrap();
    }

    /// Fetches a version of an npm package as npm does; the HTTP status.
    pub(crate) async fn fetch_npm(&self, repository: &str, package: &str, version: &str) -> u16 {
        let token = self.client.get_authorization_token().domain("acme").send().await.unwrap();
        let url = self.emulator.url();
        let url = format!("{url}/npm/d/acme-{ACCOUNT}/{repository}/{package}/-/{package}-{version}.tgz");
        let (status, _) = get_with_token(&url, token.authorization_token().unwrap()).await.unwrap();
        status.as_u16()
    }

    /// Denies operations from now on.
    pub(crate) async fn deny(&self, operations: &[&str]) {
        let deny = |operation| json!({"match": {"operation": operation}, "fault": {"error": "AccessDeniedException"}});
        self.emulator.set_faults(&operations.iter().map(deny).collect::<Value>()).await.unwrap();
    }
}
