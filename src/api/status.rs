//! What the statuses of all kinds have in common.

use super::{
    AwsAccountStatus, ClusterRegistryCredentialStatus, CommonStatus, DomainStatus, Identity,
    PackagePolicyStatus, RegistryCredentialStatus, RepositoryStatus,
};

/// The status of an object of ours. What a kind does not have in its status stays as this trait gives it.
pub trait ObjectStatus {
    /// The part that every status has.
    fn common(&self) -> &CommonStatus;
    /// The part that every status has, to be changed.
    fn common_mut(&mut self) -> &mut CommonStatus;
    /// What AWS calls the resource that the object stands for, once it is pinned.
    fn identity(&self) -> Option<&Identity> {
        None
    }
    /// Pins what AWS calls the resource that the object stands for.
    fn pin(&mut self, _identity: Identity) {}
    /// The keys of the tags that the object has set in AWS.
    fn tag_keys_mut(&mut self) -> Option<&mut Vec<String>> {
        None
    }
    /// Whether the object manages something in AWS, or holds a token. An object that never had a grant does neither.
    fn uses_aws(&self) -> bool {
        self.identity().is_some()
    }
}

macro_rules! object_status {
    ($($status:ident { $($has:ident)* })+) => {
        $(impl ObjectStatus for $status {
            fn common(&self) -> &CommonStatus {
                &self.common
            }

            fn common_mut(&mut self) -> &mut CommonStatus {
                &mut self.common
            }

            $(object_status!(@ $has);)*
        })+
    };
    (@ identity) => {
        fn identity(&self) -> Option<&Identity> {
            self.identity.as_ref()
        }

        fn pin(&mut self, identity: Identity) {
            self.identity = Some(identity);
        }
    };
    (@ tag_keys) => {
        fn tag_keys_mut(&mut self) -> Option<&mut Vec<String>> {
            Some(&mut self.tag_keys)
        }
    };
    (@ tokens) => {
        fn uses_aws(&self) -> bool {
            !self.tokens.is_empty()
        }
    };
}

// Each status with the fields that it has beside the common ones.
object_status! {
    AwsAccountStatus {}
    DomainStatus { identity tag_keys }
    RepositoryStatus { identity tag_keys }
    PackagePolicyStatus { identity }
    RegistryCredentialStatus { tokens }
    ClusterRegistryCredentialStatus { tokens }
}
