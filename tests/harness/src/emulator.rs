//! An emulator of AWS CodeArtifact and its control routes.

use std::ops::Deref;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use aws_sdk_codeartifact::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_async::time::StaticTimeSource;
use codeartifact_emulator::Options;
use http::Method;
use serde_json::{Value, json};

use crate::evidence::Evidence;
use crate::web;

/// The operation that mints tokens.
pub const MINT: &str = "GetAuthorizationToken";
/// The account that emulators serve.
pub const ACCOUNT: &str = "123456789012";

/// A running emulator; dropping its last copy leaves its journal and its tokens as evidence and stops it.
#[derive(Clone)]
pub struct Emulator(Arc<Running>);

struct Running {
    emulator: codeartifact_emulator::Emulator,
    region: String,
    evidence: Evidence,
}

impl Emulator {
    /// Starts one on a free port, with one administrator whose access key is `test`.
    pub async fn start() -> Result<Self> {
        Self::start_with(Options::default()).await
    }

    /// Starts one with other options.
    pub async fn start_with(options: Options) -> Result<Self> {
        let evidence = Evidence::of_this_test()?;
        let region = options.region.clone();
        let emulator = codeartifact_emulator::Emulator::start(options).await?;
        Ok(Self(Arc::new(Running { emulator, region, evidence })))
    }

    /// Where the operator follows its clock.
    pub fn clock_url(&self) -> String {
        format!("{}/_emulator/clock", self.url())
    }

    /// Calls a control route; `route` is what follows `/_emulator/`. An empty answer is null.
    pub async fn control(&self, method: Method, route: &str, body: &Value) -> Result<Value> {
        let url = format!("{}/_emulator/{route}", self.url());
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, answer) = web::send(method, &url, body).await?;
        ensure!(status.is_success(), "{url} answered {status}: {answer}");
        if answer.is_empty() { Ok(Value::Null) } else { serde_json::from_str(&answer).context(url) }
    }

    /// Moves the clock forward, such as by `4h`, or back, such as by `-4h`. Whoever follows it learns of the jump at once.
    pub async fn forward(&self, by: &str) -> Result<()> {
        self.control(Method::POST, "clock", &json!({"advance": by})).await.map(drop)
    }

    /// Puts a list of faults in force, instead of those that were.
    pub async fn set_faults(&self, faults: &Value) -> Result<()> {
        self.control(Method::PUT, "faults", faults).await.map(drop)
    }

    /// One fault for an operation, until faults are cleared; a `*` at the end of the operation is a wildcard.
    pub async fn fault(&self, operation: &str, fault: &Value) -> Result<()> {
        self.set_faults(&json!([{"match": {"operation": operation}, "fault": fault}])).await
    }

    /// One fault for the next call of an operation.
    pub async fn fault_once(&self, operation: &str, fault: &Value) -> Result<()> {
        self.set_faults(&json!([{"match": {"operation": operation}, "fault": fault, "times": 1}])).await
    }

    /// Ends all faults; calls that are held go on.
    pub async fn clear_faults(&self) -> Result<()> {
        self.control(Method::DELETE, "faults", &Value::Null).await.map(drop)
    }

    /// The faults in force, with how often each fired.
    pub async fn faults(&self) -> Result<Value> {
        self.control(Method::GET, "faults", &Value::Null).await
    }

    /// Puts packages into a public registry.
    pub async fn seed(&self, packages: &Value) -> Result<()> {
        self.control(Method::PUT, "seed", packages).await.map(drop)
    }

    /// Adds or replaces a principal.
    pub async fn set_principal(&self, principal: &Value) -> Result<()> {
        self.control(Method::PUT, "principals", principal).await.map(drop)
    }

    /// Deletes a user or role and makes it anew, as somebody does by hand in IAM: what AWS had given to the earlier one is void.
    pub async fn remake_principal(&self, arn: &str, principal: &Value) -> Result<()> {
        self.control(Method::DELETE, &format!("principals?arn={arn}"), &Value::Null).await?;
        self.set_principal(principal).await
    }

    /// The AWS SDK, signed in as the administrator: what somebody does by hand in AWS. Ask for a new one after the clock
    /// moved: signatures carry the emulator's time.
    pub fn aws(&self) -> aws_sdk_codeartifact::Client {
        let config = aws_sdk_codeartifact::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(self.0.region.clone()))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url(self.url())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .time_source(StaticTimeSource::new(self.now().into()))
            .build();
        aws_sdk_codeartifact::Client::from_conf(config)
    }

    /// How many calls of an operation the journal holds after a sequence number; a `*` at the end is a wildcard.
    pub fn calls(&self, operation: &str, since: u64) -> usize {
        let matches = |name: &str| match operation.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == operation,
        };
        self.journal(since).iter().filter(|entry| matches(&entry.operation)).count()
    }

    /// How often a token was asked for after a sequence number.
    pub fn mints(&self, since: u64) -> usize {
        self.calls(MINT, since)
    }

    /// How often an operation took effect; answers that are held, and failures after the write, count when it did.
    pub fn took_effect(&self, operation: &str) -> usize {
        let journal = self.journal(0);
        let effective = journal
            .iter()
            .filter(|entry| entry.operation == operation && entry.status.is_none_or(|status| status < 300));
        effective.count()
    }

    /// The operations that were called after a sequence number, in order.
    pub fn operations(&self, since: u64) -> Vec<String> {
        self.journal(since).into_iter().map(|entry| entry.operation).collect()
    }

    /// How many calls the journal holds that change something in AWS, mints not counted.
    pub fn writes(&self, since: u64) -> usize {
        const READS: [&str; 4] = ["Get", "List", "Describe", "AssumeRole"];
        let api = |service: &str| service == "codeartifact";
        let journal = self.journal(since);
        journal
            .iter()
            .filter(|e| api(e.service) && !READS.iter().any(|read| e.operation.starts_with(read)))
            .count()
    }

    /// The sequence number of the last call.
    pub fn last_call(&self) -> u64 {
        self.journal(0).last().map_or(0, |entry| entry.seq)
    }
}

impl Deref for Emulator {
    type Target = codeartifact_emulator::Emulator;

    fn deref(&self) -> &Self::Target {
        &self.0.emulator
    }
}

impl Running {
    fn collect(&self) -> Result<()> {
        let journal = serde_json::to_string_pretty(&self.emulator.journal(0))?;
        std::fs::write(self.evidence.fresh("journal", "json")?, journal)?;
        self.evidence.keep_tokens(&self.emulator.tokens_minted())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = self.collect() {
            crate::process::report(&format!("the emulator's journal is not collected: {error:#}"));
        }
    }
}
