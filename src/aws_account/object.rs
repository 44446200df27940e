//! What the engine needs to know about an AwsAccount.

use crate::api::{AwsAccount, KindName};
use crate::engine::object::{Controlled, ObjectId, ReadByUsers};
use crate::engine::status::summary::is_ready;

impl Controlled for AwsAccount {
    const KIND: KindName = KindName::AwsAccount;

    fn references(&self) -> Vec<ObjectId> {
        Vec::new()
    }

    fn read_by_users(&self) -> ReadByUsers<'_> {
        let ready = self.status.as_ref().is_some_and(|status| is_ready(&status.common));
        ReadByUsers { ready, ..ReadByUsers::default() }
    }

    fn suspended(&self) -> bool {
        self.spec.suspend
    }
}
