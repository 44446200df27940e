//! The ServiceAccounts as which logins may be minted: those that the administrator lists, by metadata only.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::PartialObjectMeta;
use tokio::sync::watch::Sender;

use crate::engine::object::ObjectKey;
use crate::engine::watching::cache::Cache;
use crate::engine::watching::watch::{Incoming, ListState};

/// Where the IAM role of a ServiceAccount stands, as EKS reads it.
pub const ROLE_ARN: &str = "eks.amazonaws.com/role-arn";

/// The listed ServiceAccounts. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct ServiceAccounts {
    listed: Arc<BTreeMap<ObjectKey, Followed>>,
}

/// One ServiceAccount, which has a watch of its own: RBAC opens it by its name.
#[derive(Clone, Debug, Default)]
pub struct Followed {
    /// It alone.
    pub cache: Cache<PartialObjectMeta<ServiceAccount>>,
    /// How far the first list is.
    pub progress: Sender<ListState>,
}

/// What is known of a ServiceAccount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// The administrator does not list it.
    NotListed,
    /// Nobody knows yet.
    NotSeen,
    /// It does not exist.
    Gone,
    /// It exists.
    There {
        /// metadata.uid.
        uid: String,
        /// The role that its annotation names.
        role_arn: Option<String>,
    },
}

impl ServiceAccounts {
    /// Nothing is known of them yet.
    pub fn listed(keys: impl IntoIterator<Item = ObjectKey>) -> Self {
        Self { listed: Arc::new(keys.into_iter().map(|key| (key, Followed::default())).collect()) }
    }

    /// Each, with what follows it.
    pub fn all(&self) -> impl Iterator<Item = (&ObjectKey, &Followed)> {
        self.listed.iter()
    }

    /// What is known of one.
    pub fn known(&self, key: &ObjectKey) -> Known {
        let Some(followed) = self.listed.get(key) else { return Known::NotListed };
        match followed.cache.get(key) {
            Some(account) => Known::There {
                uid: account.metadata.uid.clone().unwrap_or_default(),
                role_arn: role_arn(&account).map(str::to_owned),
            },
            None if *followed.progress.borrow() == ListState::Synced => Known::Gone,
            None => Known::NotSeen,
        }
    }
}

/// The role that the annotation names.
pub fn role_arn(account: &PartialObjectMeta<ServiceAccount>) -> Option<&str> {
    let annotations = account.metadata.annotations.as_ref()?;
    annotations.get(ROLE_ARN).map(|value| value.trim()).filter(|value| !value.is_empty())
}

impl Incoming for PartialObjectMeta<ServiceAccount> {
    type Kept = Self;

    /// Only the role is read.
    fn accept(mut self) -> Result<Self, (ObjectKey, String)> {
        self.metadata.managed_fields = None;
        self.metadata.labels = None;
        if let Some(annotations) = &mut self.metadata.annotations {
            annotations.retain(|key, _| key == ROLE_ARN);
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_service_account_is_gone_only_when_a_list_says_so() {
        let key = ObjectKey::new("team", "builder");
        let accounts = ServiceAccounts::listed([key.clone()]);
        assert_eq!(accounts.known(&ObjectKey::new("other", "builder")), Known::NotListed);
        assert_eq!(accounts.known(&key), Known::NotSeen);
        let followed = accounts.all().next().unwrap().1;
        let seen = json!({"metadata": {"namespace": "team", "name": "builder", "uid": "1", "resourceVersion": "1",
            "annotations": {ROLE_ARN: " arn:aws:iam::123456789012:role/team ", "other": "x"}}});
        let seen: PartialObjectMeta<ServiceAccount> = serde_json::from_value(seen).unwrap();
        let seen = seen.accept().unwrap();
        assert_eq!(seen.metadata.annotations.as_ref().unwrap().len(), 1);
        followed.cache.apply(seen);
        let role_arn = Some("arn:aws:iam::123456789012:role/team".to_owned());
        assert_eq!(accounts.known(&key), Known::There { uid: "1".into(), role_arn });
        followed.cache.remove(&key);
        assert_eq!(accounts.known(&key), Known::NotSeen);
        followed.progress.send_replace(ListState::Synced);
        assert_eq!(accounts.known(&key), Known::Gone);
    }
}
