//! Rates, as the service limits them: off unless asked for, each with a bucket of its own per account,
//! per token, or per address of those who prove nothing.

use crate::call::{Access, Call, Payer};
use crate::error::{Error, Result};
use crate::rates::{PER_TOKEN, READ, Rates, UNAUTHENTICATED, WRITE};
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use std::collections::BTreeMap;

impl Payer {
    fn key(&self) -> String {
        match self {
            Self::Account(text) | Self::Token(text) => text.clone(),
            Self::Address(address) => address.to_string(),
        }
    }
}

/// One rate: a bucket for each payer.
type Buckets = RateLimiter<String, HashMapStateStore<String>, DefaultClock>;

/// The rates in force, by name. They are on real time: a clock that is moved fills no bucket.
pub(crate) struct Throttle {
    rates: BTreeMap<String, Buckets>,
}

impl Throttle {
    pub(crate) fn new(rates: &Rates) -> Self {
        let buckets = |rate| RateLimiter::hashmap(Quota::per_second(rate));
        Self { rates: rates.iter().map(|(name, rate)| (name.to_owned(), buckets(rate))).collect() }
    }

    /// Refuse a call that comes too soon.
    pub(crate) fn check(&self, call: &Call) -> Result<()> {
        if self.rates.is_empty() {
            return Ok(());
        }
        let key = call.payer.key();
        applying(call).into_iter().try_for_each(|name| self.take(name, &key))
    }

    fn take(&self, name: &str, key: &String) -> Result<()> {
        let Some(buckets) = self.rates.get(name) else { return Ok(()) };
        let Err(early) = buckets.check_key(key) else { return Ok(()) };
        let wait = early.wait_time_from(DefaultClock::default().now());
        let mut error = Error::new("ThrottlingException", "Rate exceeded");
        // Whole seconds, and never none: a caller that waits as long as it is told is let in.
        error.retry_after_seconds = Some(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1));
        Err(error)
    }
}

/// The rates that a call counts towards. An operation with a rate of its own counts among the reads or writes
/// too: whether it does is not documented.
fn applying(call: &Call) -> Vec<&str> {
    match (call.service, &call.payer) {
        ("codeartifact", _) => {
            vec![call.operation.as_str(), if call.access == Access::Write { WRITE } else { READ }]
        }
        ("data", Payer::Token(_)) => vec![PER_TOKEN],
        ("data", _) => vec![UNAUTHENTICATED],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn call(service: &'static str, operation: &str, access: Access, payer: Payer) -> Call {
        Call {
            service,
            operation: operation.into(),
            access,
            payer,
            from: [127, 0, 0, 1].into(),
            principal: Some("arn:aws:iam::123456789012:user/admin".into()),
            domain: None,
            repositories: Vec::new(),
            imports: None,
            parameters: Value::Null,
            render: Error::to_json_response,
        }
    }

    #[test]
    fn each_call_counts_where_it_belongs() {
        let account = || Payer::Account("123456789012".into());
        let address = || Payer::Address([127, 0, 0, 7].into());
        for (call, expected) in [
            (call("codeartifact", "ListPackages", Access::Read, account()), vec!["ListPackages", READ]),
            (
                call("codeartifact", "GetAuthorizationToken", Access::Mint, account()),
                vec!["GetAuthorizationToken", READ],
            ),
            (call("codeartifact", "CreateDomain", Access::Write, address()), vec!["CreateDomain", WRITE]),
            (call("data", "NpmPublish", Access::Write, Payer::Token("abc".into())), vec![PER_TOKEN]),
            (call("data", "NpmPing", Access::Read, address()), vec![UNAUTHENTICATED]),
            (call("sts", "AssumeRole", Access::Mint, account()), vec![]),
        ] {
            assert_eq!(applying(&call), expected, "{}", call.operation);
        }
    }

    #[test]
    fn a_burst_of_a_second_passes_and_the_next_call_is_told_when_to_come() {
        let mut rates = Rates::default();
        rates.set("ListDomains=3").unwrap();
        let throttle = Throttle::new(&rates);
        let call = call("codeartifact", "ListDomains", Access::Read, Payer::Account("123456789012".into()));
        assert!((0..3).all(|_| throttle.check(&call).is_ok()));
        // On a slow machine some more are let in meanwhile.
        let mut calls = std::iter::repeat_with(|| throttle.check(&call)).take(10_000);
        let refused = calls.find_map(Result::err).unwrap();
        assert_eq!(refused.retry_after_seconds, Some(1));
        let other = Call { operation: "ListRepositories".into(), ..call };
        throttle.check(&other).unwrap();
    }
}
