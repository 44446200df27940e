//! Runs an operator and scrapes its metrics once per minute of the emulator's clock.

use anyhow::{Result, ensure};
use harness::wait::PATIENCE;
use harness::{Fixture, wait_for};

use crate::promtool::{Expected, test_rules};
use crate::recording::Recording;

const EXPIRY: &str = "codeartifact_operator_credential_expiry_seconds";

/// The operator, and what was scraped so far.
pub(crate) struct Watched {
    pub(crate) fixture: Fixture,
    pub(crate) recording: Recording,
}

impl Watched {
    pub(crate) fn new(fixture: Fixture) -> Self {
        Self { fixture, recording: Recording::default() }
    }

    /// The next scrape; its number.
    pub(crate) async fn scrape(&mut self) -> Result<usize> {
        let page = self.fixture.install.operator.get("/metrics").await?;
        self.recording.scraped(Some(&page))
    }

    /// A scrape that nobody answers; its number.
    pub(crate) fn scrape_in_vain(&mut self) -> Result<usize> {
        self.recording.scraped(None)
    }

    /// Lets minutes pass, with a scrape after each. Returns the number of the last one.
    pub(crate) async fn minutes(&mut self, count: usize) -> Result<usize> {
        let mut last = 0;
        for _ in 0..count {
            self.minute().await?;
            last = self.scrape().await?;
        }
        Ok(last)
    }

    /// Lets a minute pass: the operator has noticed it and is idle.
    async fn minute(&self) -> Result<()> {
        let operator = &self.fixture.install.operator;
        let before = operator.metric(EXPIRY).await.ok();
        self.fixture.emulator.forward("1m").await?;
        if let Some(before) = before {
            let waited = wait_for("the operator notices the minute", PATIENCE, async || {
                let now = operator.metric(EXPIRY).await?;
                ensure!(now <= before - 59.0 || now > before, "{EXPIRY} is {now}, and was {before}");
                Ok(())
            });
            waited.await?;
        }
        self.fixture.until_idle().await
    }

    /// Has promtool judge what was recorded.
    pub(crate) async fn judge(&self, expected: &[Expected]) -> Result<()> {
        test_rules(&self.recording, expected).await
    }

    /// The labels of an alert about this login.
    pub(crate) fn login(&self, name: &str) -> String {
        format!("login_namespace=\"{}\",login=\"{name}\"", self.fixture.namespace())
    }
}
