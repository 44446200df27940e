//! What the engine needs to know about an AwsAccount.

use crate::api::{AwsAccount, AwsAccountStatus, CommonStatus};
use crate::engine::{Controlled, KindName, Target};

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

    fn suspended(&self) -> bool {
        self.spec.suspend
    }
}
