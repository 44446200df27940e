//! Reads the stored tokens at the start, and removes those that are of no use now and then.

use std::sync::Arc;
use std::time::Duration;

use crate::credential::token_store;
use crate::error::Result;

use super::TokenCache;

/// How often tokens are looked for that have expired or that nobody uses.
const SWEEP: Duration = Duration::from_mins(10);

impl TokenCache {
    /// Takes in what was kept, and begins to sweep.
    pub(super) async fn load(&self) -> Result<()> {
        let now = self.context.clock.now();
        let mut expired = Vec::new();
        for (name, kept) in token_store::load(&self.context).await? {
            if !kept.token.life.valid(now) {
                expired.push((name, kept.version));
                continue;
            }
            self.entries().entry(name).or_default().lock().kept = Some(Arc::new(kept));
        }
        let (this, stop) = (self.clone(), self.context.stop.clone());
        tokio::spawn(async move { stop.run_until_cancelled(this.sweep(expired)).await });
        Ok(())
    }

    /// Removes tokens that are of no use, now and then, for ever.
    async fn sweep(&self, mut useless: Vec<(String, Option<String>)>) {
        loop {
            for (name, version) in useless {
                if let Err(error) = token_store::delete(&self.context, &name, version).await {
                    tracing::warn!(%error, secret = %name, "could not remove a token that is of no use");
                }
            }
            self.context.clock.sleep(SWEEP).await;
            useless = self.useless();
        }
    }

    /// Forgets expired tokens and users that are gone. Returns the Secrets to remove.
    fn useless(&self) -> Vec<(String, Option<String>)> {
        let (now, caches) = (self.context.clock.now(), &self.context.caches);
        let mut useless = Vec::new();
        self.entries().retain(|name, entry| {
            let mut state = entry.lock();
            state.retain_users(|user| caches.exists(user));
            if state.in_flight.is_some() {
                return true;
            }
            useless.extend(state.take_useless(now).map(|kept| (name.clone(), kept.version.clone())));
            state.kept.is_some() || state.is_used()
        });
        useless
    }
}
