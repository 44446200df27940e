//! Users and roles that go. Whoever gets the ARN next is somebody else, to policies too.

use super::permissions::Permissions;
use super::{Domain, State};
use std::sync::Arc;

impl State {
    /// Forget a principal with its keys and sessions, and mean nobody by it in any policy. Whether there was one.
    pub(crate) fn forget_principal(&mut self, arn: &str) -> bool {
        let Some(unique_id) = self.principals.remove(arn) else { return false };
        let naming = self.domains.iter().filter(|(_, domain)| domain.names(arn));
        let keys: Vec<_> = naming.map(|(key, _)| key.clone()).collect();
        for key in keys {
            if let Some(domain) = self.domains.get_mut(&key) {
                Arc::make_mut(domain).forget_principal(arn, &unique_id);
            }
        }
        true
    }
}

impl Domain {
    /// Whether a policy in it names that user or role.
    fn names(&self, arn: &str) -> bool {
        names(self.policy.as_ref(), arn)
            || self.repositories.values().any(|repository| names(repository.policy.as_ref(), arn))
    }

    fn forget_principal(&mut self, arn: &str, unique_id: &str) {
        let naming = self.repositories.iter().filter(|(_, one)| names(one.policy.as_ref(), arn));
        let keys: Vec<_> = naming.map(|(name, _)| name.clone()).collect();
        for name in keys {
            if let Some(repository) = self.repositories.get_mut(&name) {
                forget(Arc::make_mut(repository).policy.as_mut(), arn, unique_id);
            }
        }
        forget(self.policy.as_mut(), arn, unique_id);
    }
}

fn names(permissions: Option<&Permissions>, arn: &str) -> bool {
    permissions.is_some_and(|permissions| permissions.policy.named_identities().any(|named| named == arn))
}

fn forget(permissions: Option<&mut Permissions>, arn: &str, unique_id: &str) {
    if let Some(permissions) = permissions {
        permissions.forget(arn, unique_id);
    }
}
