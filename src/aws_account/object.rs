//! What the engine needs to know about an AwsAccount.

use crate::api::{AwsAccount, AwsAccountStatus, CommonStatus, KindName};
use crate::engine::object::{Controlled, ReadByUsers, Target};
use crate::engine::status::summary::is_ready;

impl Controlled for AwsAccount {
    const KIND: KindName = KindName::AwsAccount;
    type Status = AwsAccountStatus;

    fn status(&self) -> Option<&Self::Status> {
        self.status.as_ref()
    }

    fn common(status: &Self::Status) -> &CommonStatus {
        &status.common
    }

    fn common_mut(status: &mut Self::Status) -> &mut CommonStatus {
        &mut status.common
    }

    fn references(&self) -> Vec<Target> {
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
