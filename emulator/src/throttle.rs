//! Rates, as the service limits them: off unless asked for, each with a bucket of its own per account,
//! per token, or per address of those who prove nothing.

use crate::call::{Access, Call, Payer};
use crate::error::{Error, Result};
use crate::rates::{PER_TOKEN, READ, Rates, UNAUTHENTICATED, WRITE};
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{InsufficientCapacity, Quota, RateLimiter};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// One rate: a bucket for each payer.
type Buckets = RateLimiter<String, HashMapStateStore<String>, DefaultClock>;

/// The rates in force, by name. They are on real time: a clock that is moved fills no bucket.
pub(crate) struct Throttle {
    rates: BTreeMap<String, Buckets>,
    checks: AtomicU32,
}

/// Full buckets are dropped after this many checks: a dropped bucket counts as a full one.
const SWEPT: u32 = 10_000;

impl Throttle {
    pub(crate) fn new(rates: &Rates) -> Self {
        let buckets = |rate| RateLimiter::hashmap(Quota::per_second(rate));
        let rates = rates.iter().map(|(name, rate)| (name.to_owned(), buckets(rate))).collect();
        Self { rates, checks: AtomicU32::new(0) }
    }

    /// Refuse a call that comes too soon.
    pub(crate) fn check(&self, call: &Call) -> Result<()> {
        if self.rates.is_empty() {
            return Ok(());
        }
        if self.checks.fetch_add(1, Ordering::Relaxed) % SWEPT == SWEPT - 1 {
            self.rates.values().for_each(RateLimiter::retain_recent);
        }
        applying(call).iter().try_for_each(|(name, key)| self.take(name, key, call.requests))
    }

    fn take(&self, name: &str, key: &String, requests: NonZeroU32) -> Result<()> {
        let Some(buckets) = self.rates.get(name) else { return Ok(()) };
        let wait = match buckets.check_key_n(key, requests) {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(early)) => early.wait_time_from(DefaultClock::default().now()),
            // More than a full bucket holds: such a request takes a whole bucket, or it would never be let in.
            Err(InsufficientCapacity(bucket)) => match NonZeroU32::new(bucket) {
                Some(bucket) => return self.take(name, key, bucket),
                None => Duration::ZERO,
            },
        };
        let mut error = Error::new("ThrottlingException", "Rate exceeded");
        // Whole seconds, and never none: a caller that waits as long as it is told is let in.
        error.retry_after_seconds = Some(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1));
        Err(error)
    }
}

/// The rates that a call counts towards, each with the key of the bucket. An operation with a rate of its own
/// counts among the reads or writes too, and so does what a package manager asks for: whether they do is not
/// documented.
fn applying(call: &Call) -> Vec<(&str, String)> {
    let all = if call.access == Access::Write { WRITE } else { READ };
    match (call.service, &call.payer) {
        ("codeartifact", Payer::Account(account)) => {
            vec![(call.operation.as_str(), account.clone()), (all, account.clone())]
        }
        ("codeartifact", Payer::Address(address)) => {
            vec![(call.operation.as_str(), address.to_string()), (all, address.to_string())]
        }
        ("data", Payer::Token { text, account }) => vec![(PER_TOKEN, text.clone()), (all, account.clone())],
        ("data", Payer::Address(address)) => vec![(UNAUTHENTICATED, address.to_string())],
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
            requests: NonZeroU32::MIN,
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
        let token = || Payer::Token { text: "abc".into(), account: "123456789012".into() };
        for (call, expected) in [
            (
                call("codeartifact", "ListPackages", Access::Read, account()),
                vec![("ListPackages", "123456789012"), (READ, "123456789012")],
            ),
            (
                call("codeartifact", "GetAuthorizationToken", Access::Mint, account()),
                vec![("GetAuthorizationToken", "123456789012"), (READ, "123456789012")],
            ),
            (
                call("codeartifact", "CreateDomain", Access::Write, address()),
                vec![("CreateDomain", "127.0.0.7"), (WRITE, "127.0.0.7")],
            ),
            (
                call("data", "NpmPublish", Access::Write, token()),
                vec![(PER_TOKEN, "abc"), (WRITE, "123456789012")],
            ),
            (
                call("data", "NpmGetTarball", Access::Read, token()),
                vec![(PER_TOKEN, "abc"), (READ, "123456789012")],
            ),
            (call("data", "NpmPing", Access::Read, address()), vec![(UNAUTHENTICATED, "127.0.0.7")]),
            (call("sts", "AssumeRole", Access::Mint, account()), vec![]),
        ] {
            let applying = applying(&call);
            let applying: Vec<_> = applying.iter().map(|(name, key)| (*name, key.as_str())).collect();
            assert_eq!(applying, expected, "{}", call.operation);
        }
    }

    #[test]
    fn a_request_that_counts_as_many_takes_as_much_and_at_most_a_whole_bucket() {
        let mut rates = Rates::default();
        rates.set("per-token=60").unwrap();
        let token = |text: &str| Payer::Token { text: text.into(), account: "123456789012".into() };
        let counting = |text: &str, requests| {
            let call = call("data", "RubyGetDependencies", Access::Read, token(text));
            Call { requests: NonZeroU32::new(requests).unwrap(), ..call }
        };
        let throttle = Throttle::new(&rates);
        throttle.check(&counting("one", 50)).unwrap();
        throttle.check(&counting("one", 50)).unwrap_err();
        throttle.check(&counting("two", 200)).unwrap();
        throttle.check(&counting("two", 50)).unwrap_err();
    }

    #[test]
    fn buckets_that_are_full_again_are_dropped() {
        let mut rates = Rates::default();
        rates.set("per-token=1000000000").unwrap();
        let throttle = Throttle::new(&rates);
        for number in 0..SWEPT {
            let payer = Payer::Token { text: number.to_string(), account: "123456789012".into() };
            throttle.check(&call("data", "NpmPing", Access::Read, payer)).unwrap();
        }
        assert!(throttle.rates[PER_TOKEN].len() < 100);
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
