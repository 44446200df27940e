//! The rate limits of each account and Region, shared by all that sign in to it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use kube::ResourceExt;

use crate::api::{self, AwsAccount};
use crate::aws::Limits;

/// The service counts calls by account and Region, so that AwsAccounts of the same ones share their limits.
#[derive(Debug, Default)]
pub(super) struct SharedLimits {
    shares: Mutex<HashMap<(String, String), Share>>,
}

#[derive(Debug)]
struct Share {
    limits: Arc<Limits>,
    /// By the name of the AwsAccount.
    declared: BTreeMap<String, api::Limits>,
}

impl SharedLimits {
    /// The limits to use for an AwsAccount, as declared now. Where several declare some, the smallest hold.
    pub(super) fn of(&self, account: &AwsAccount) -> Arc<Limits> {
        let spec = &account.spec;
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let share = shares.entry((spec.account_id.clone(), spec.region.clone())).or_insert_with(|| Share {
            limits: Arc::new(Limits::new(&spec.limits)),
            declared: BTreeMap::new(),
        });
        let name = account.name_any();
        if share.declared.get(&name) != Some(&spec.limits) {
            share.declared.insert(name, spec.limits.clone());
            share.apply();
        }
        Arc::clone(&share.limits)
    }

    /// Forgets what the AwsAccount of that name declared.
    pub(super) fn remove(&self, name: &str) {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        shares.retain(|_, share| {
            if share.declared.remove(name).is_some() {
                share.apply();
            }
            !share.declared.is_empty()
        });
    }
}

impl Share {
    fn apply(&self) {
        if let Some(smallest) = self.smallest() {
            self.limits.set(&smallest);
        }
    }

    fn smallest(&self) -> Option<api::Limits> {
        let all = || self.declared.values();
        Some(api::Limits {
            reads_per_second: all().map(|limits| limits.reads_per_second).min()?,
            writes_per_second: all().map(|limits| limits.writes_per_second).min()?,
            tokens_per_second: all().map(|limits| limits.tokens_per_second).min()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    fn account(name: &str, region: &str, writes: i32) -> AwsAccount {
        let spec = serde_json::json!({
            "region": region, "accountId": "123456789012",
            "limits": {"readsPerSecond": 100, "writesPerSecond": writes, "tokensPerSecond": 10},
        });
        AwsAccount::new(name, serde_json::from_value(spec).unwrap())
    }

    /// How many writes may be made at once.
    fn burst(limits: &Arc<Limits>) -> usize {
        let (client, limits) = (crate::aws::tests::nowhere(), Arc::clone(limits));
        let aws = crate::aws::Aws::new(client, limits, "123456789012".into(), "us-east-1".into());
        (0..100).take_while(|_| aws.writes().now_or_never().is_some()).count()
    }

    #[tokio::test]
    async fn accounts_of_one_account_and_region_share_the_smallest_limits() {
        let shared = SharedLimits::default();
        let one = shared.of(&account("one", "us-east-1", 20));
        let two = shared.of(&account("two", "us-east-1", 5));
        assert!(Arc::ptr_eq(&one, &two));
        assert_eq!(burst(&one), 5);
        assert_eq!(burst(&two), 0, "the bucket is the same");
        assert!(!Arc::ptr_eq(&one, &shared.of(&account("three", "eu-west-1", 20))));
    }

    #[tokio::test]
    async fn changed_limits_reach_clients_that_are_in_use() {
        let shared = SharedLimits::default();
        let limits = shared.of(&account("one", "us-east-1", 20));
        assert_eq!(burst(&limits), 20);
        shared.of(&account("one", "us-east-1", 30));
        assert_eq!(burst(&limits), 30);
        shared.of(&account("one", "us-east-1", 30));
        assert_eq!(burst(&limits), 0, "what did not change keeps its level");
        shared.of(&account("two", "us-east-1", 3));
        shared.remove("two");
        assert_eq!(burst(&limits), 30, "who is gone limits nobody");
    }
}
