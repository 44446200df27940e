//! One signed-in client of one account and Region, behind its rate limits.

use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};

use aws_sdk_codeartifact::Client;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::api;

/// A CodeArtifact client that waits its turn. Cloning shares the limits.
#[derive(Clone, Debug)]
pub struct Aws {
    client: Client,
    limits: Arc<Limits>,
    /// The account that the client is signed in to.
    pub account: String,
    /// The Region that it works in.
    pub region: String,
}

impl Aws {
    /// A client behind limits.
    pub fn new(client: Client, limits: Arc<Limits>, account: String, region: String) -> Self {
        Self { client, limits, account, region }
    }

    /// The client, for one call that describes, gets or lists.
    pub async fn reads(&self) -> &Client {
        self.limits.buckets().reads.until_ready().await;
        &self.client
    }

    /// The client, for one call that creates, changes or deletes.
    pub async fn writes(&self) -> &Client {
        self.limits.buckets().writes.until_ready().await;
        &self.client
    }

    /// The client, for one GetAuthorizationToken.
    pub async fn mints(&self) -> &Client {
        self.limits.buckets().mints.until_ready().await;
        &self.client
    }
}

/// The token buckets of one account and Region; each holds one second's worth. They can change while in use.
#[derive(Debug)]
pub struct Limits {
    current: RwLock<Current>,
}

#[derive(Debug)]
struct Current {
    declared: api::Limits,
    buckets: Arc<Buckets>,
}

#[derive(Debug)]
struct Buckets {
    reads: DefaultDirectRateLimiter,
    writes: DefaultDirectRateLimiter,
    mints: DefaultDirectRateLimiter,
}

impl Limits {
    /// Buckets of the declared size.
    pub fn new(limits: &api::Limits) -> Self {
        Self { current: RwLock::new(Current::new(limits)) }
    }

    /// Changes the sizes. Nothing happens when they are what they were.
    pub fn set(&self, limits: &api::Limits) {
        if self.current.read().unwrap_or_else(PoisonError::into_inner).declared != *limits {
            *self.current.write().unwrap_or_else(PoisonError::into_inner) = Current::new(limits);
        }
    }

    fn buckets(&self) -> Arc<Buckets> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).buckets)
    }
}

impl Current {
    fn new(limits: &api::Limits) -> Self {
        let buckets = Buckets {
            reads: bucket(limits.reads_per_second),
            writes: bucket(limits.writes_per_second),
            mints: bucket(limits.tokens_per_second),
        };
        Self { declared: limits.clone(), buckets: Arc::new(buckets) }
    }
}

fn bucket(per_second: i32) -> DefaultDirectRateLimiter {
    let rate = u32::try_from(per_second).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
    RateLimiter::direct(Quota::per_second(rate))
}
