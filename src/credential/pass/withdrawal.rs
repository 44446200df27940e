//! The Secret goes when its grant has gone.

use std::collections::{BTreeSet, HashSet};

use super::Pass;
use crate::api::Identity;
use crate::credential::secret::is_controlled_by;
use crate::credential::write;
use crate::engine::{Note, ObjectKey};
use crate::error::{Error, Reason, Result};

impl Pass<'_> {
    /// Why nobody allows the tokens that the Secret holds, whatever else keeps its registries from being looked up.
    pub(super) fn not_allowed(&self) -> Option<Error> {
        let caches = &self.context.caches;
        let name = &self.object.spec.account_ref.name;
        let Some(account) = caches.accounts.get(&ObjectKey::new("", name)) else {
            let message = format!("AwsAccount {name}, which allowed it, does not exist");
            return (!self.status.tokens.is_empty()).then(|| Error::waiting(Reason::GrantMissing, message));
        };
        let refused = self.status.tokens.iter().find_map(|token| {
            let identity = Identity {
                account: account.spec.account_id.clone(),
                region: account.spec.region.clone(),
                owner: token.owner.clone(),
                domain: token.domain.clone(),
                repository: None,
            };
            caches.credential_grant(&account, &self.namespace, &identity.domain_resource()).err()
        });
        refused.filter(|error| error.reason() == Reason::GrantMissing)
    }

    /// Nobody allows it any more: the Secret goes at once.
    pub(super) async fn withdraw(&mut self, error: &Error) -> Result<()> {
        self.reconciler.tokens.only(&self.target(), &HashSet::new());
        // The status may have been lost before it named the Secret, or a renaming may have left an earlier one.
        let (secrets, uid) = (&self.context.caches.secrets, self.uid());
        let ours = |key: &ObjectKey| {
            let secret = secrets.get(key);
            secret.is_some_and(|secret| is_controlled_by(&secret.metadata, &uid))
        };
        let known = secrets.keys(Some(&self.namespace)).into_iter().filter(ours).map(|key| key.name);
        let names: BTreeSet<_> = known.chain(self.status.secret_name.clone()).collect();
        for name in names {
            if write::remove(self.context, &self.namespace, &name, &uid).await? {
                let message = format!("Secret {name} removed: {error}");
                self.notes.push(Note::warning(Reason::GrantMissing, message));
            }
        }
        self.status.secret_name = None;
        self.status.tokens = Vec::new();
        Ok(())
    }
}
