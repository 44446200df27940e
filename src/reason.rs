//! The reasons that conditions and events give, and what follows a failure. `docs/conditions.md` is generated from the one
//! table of reasons in this file.

mod page;

use std::time::Duration;

pub use page::reference;

/// What follows a failure. The outlook decides the condition, the event and the requeue together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// The operator tries again with backoff, from 1 s to 5 min; not before the given time when AWS asked for one.
    Retrying(Option<Duration>),
    /// A dependency comes first. A change of the dependency wakes the object, and the operator looks again now and then.
    Waiting,
    /// Access, a quota or sign-in. The operator tries again, from 10 s to 5 min; Stalled after 10 minutes without a success.
    Denied,
    /// The spec must change. The operator looks again every interval.
    Stalled,
}

/// The kinds of object that give a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// By every kind.
    ByAll,
    /// By every kind that refers to an AwsAccount.
    ByUsersOfAccounts,
    /// By every kind but RegistryCredential and ClusterRegistryCredential.
    ByAllButLogins,
    /// By Domain, Repository and PackagePolicy.
    ByAwsKinds,
    /// By Domain and Repository: a resource in AWS belongs to one object.
    ByOwners,
    /// By AwsAccount, Domain and Repository: their deletion may have to wait.
    ByKeepers,
    /// By Domain, Repository, RegistryCredential and ClusterRegistryCredential: each makes something that belongs to it.
    ByMakers,
    /// By Repository.
    ByRepositories,
    /// By RegistryCredential and ClusterRegistryCredential.
    ByLogins,
    /// By ClusterRegistryCredential.
    ByClusterLogins,
}

/// Where a reason stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In Ready=True.
    Ready,
    /// In Ready=True, of an object that works and is in trouble: one Warning event, and metrics count the object as degraded.
    Degraded,
    /// In Ready, whose status stays as it was, until a login expires.
    Kept,
    /// In Ready=False and Reconciling=True.
    Reconciling,
    /// In Ready=False and Stalled=True.
    Stalled,
    /// In Ready=False and Reconciling=True; in Stalled=True instead after 10 minutes without a success.
    Denied,
    /// In Drifted.
    Drifted,
    /// In Ready=False, Reconciling=True and DeletionBlocked=True.
    Blocked,
    /// In an event.
    Event,
    /// In an event, and in Ready=False of an object that others keep.
    Done,
}

/// One row of the table of reasons.
#[derive(Clone, Copy, Debug)]
pub struct Described {
    /// The reason.
    pub reason: Reason,
    /// Which kinds give the reason.
    pub given: Given,
    /// Where the reason stands.
    pub place: Place,
    /// When the reason is given, in lines of the source.
    pub when: &'static [&'static str],
    /// What the user does next.
    pub remedy: &'static str,
}

macro_rules! reasons {
    ($($(#[doc = $when:literal])+ $name:ident $given:ident $place:ident $remedy:literal)+) => {
        /// The closed list of reasons in conditions, events and metrics.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[doc = $when])+ $name,)+
        }

        impl Reason {
            /// The reason as conditions, events and metrics spell it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }
        }

        /// Every reason, in the order of the documentation.
        pub const REASONS: &[Described] = &[$(Described {
            reason: Reason::$name,
            given: Given::$given,
            place: Place::$place,
            when: &[$($when),+],
            remedy: $remedy,
        },)+];
    };
}

reasons! {
    /// AWS matches the spec, as far as the operator may read the resource; the message says what AWS does not let it read. For an AwsAccount:
    /// the operator has signed in.
    Synced ByAllButLogins Ready "Nothing."
    /// The resource exists in AWS and can be read. The mode is Observe, so nothing is written.
    Observed ByAwsKinds Ready "Nothing. The condition Drifted says what Enforce would change."
    /// The Secret holds a valid login. As an event: a renewal was asked for, and the token was younger than 5 minutes and was kept.
    Issued ByLogins Ready "Nothing."
    /// The token could not be renewed; the login in the Secret still works until the time that the message names.
    RenewalFailing ByLogins Degraded "Do what the message says before that time. The operator tries again by itself."
    /// Some of the namespaces that are picked could not be filled; `status.failures` names them. The Secrets of the others hold a valid login.
    PartlyFilled ByClusterLogins Degraded "Do what the messages in `status.failures` say. The operator tries again by itself."
    /// The repository was made as declared, and AWS does not let the operator read the repository: a later change or deletion in AWS is
    /// not seen.
    ReadDenied ByRepositories Degraded "Allow the identity that signs in `codeartifact:DescribeRepository`, as the message says."
    /// The object, or its AwsAccount, has `spec.suspend: true`. A login whose token has ended meanwhile is Stalled, and
    /// one whose grant is gone is `GrantMissing`.
    Suspended ByAll Kept "Set `spec.suspend` to false."
    /// A write to AWS is under way, or the operator is being restarted in the middle of one. For a login: a new token is on its way, and
    /// the old one has expired.
    Progressing ByUsersOfAccounts Reconciling "Wait."
    /// A referenced object does not exist, is not ready, or may not be referred to from this namespace. In the last case an
    /// administrator must add a grant.
    DependencyNotReady ByUsersOfAccounts Reconciling "Create or mend the object that the message names. The operator notices at once."
    /// The AwsAccount does not exist, or cannot be read.
    AccountNotReady ByUsersOfAccounts Reconciling "Create or correct the AwsAccount, or correct the `accountRef`."
    /// A resource that is referred to by its AWS name, or observed, does not exist in AWS.
    NotFound ByUsersOfAccounts Reconciling "Create the resource in AWS, or correct the name, in a new object where the field is immutable. The operator looks again by itself."
    /// The account has no domain of that name in the Region of the AwsAccount.
    DomainNotFound ByLogins Reconciling "Create the domain, or correct its name or its `owner` in the spec. The operator looks again within 5 minutes."
    /// The account that the spec names as `owner` has no domain of that name in the Region of the AwsAccount.
    DomainOwnerWrong ByLogins Reconciling "Correct `owner`, the name of the domain or the AwsAccount in the spec."
    /// Another client changed the same thing at the same time.
    Conflict ByAll Reconciling "Wait. If the reason stays, two tools manage the same resource, or the name of a new Repository is taken in other capital letters: do what the message says."
    /// AWS asked the operator to slow down. The operator waits as long as AWS asks, at most 15 minutes, and longer after each failure.
    Throttled ByAll Reconciling "Wait. If the reason stays, lower `spec.limits` of the AwsAccount or raise the quotas in AWS."
    /// AWS failed, or could not be reached.
    AwsUnavailable ByAll Reconciling "Check `spec.endpoints` of the AwsAccount, the proxy and the network, if the reason stays."
    /// The API server of Kubernetes failed, or could not be reached.
    KubernetesUnavailable ByAll Reconciling "Wait. If the reason stays, look at the health of the API server."
    /// The resource is being deleted in AWS, or AWS does not show it, which is believed after 30 s.
    Deleting ByOwners Reconciling "Wait."
    /// The Secret is being deleted, and a finalizer keeps it.
    SecretDeleting ByLogins Reconciling "Remove the finalizer of the Secret, or set another `spec.secret.name`."
    /// A resource in AWS keeps the object from being deleted, or AWS denies the deletion. For an AwsAccount: objects use it.
    DeletionBlocked ByKeepers Blocked "Remove what the message names, or set `spec.deletionPolicy` to Retain to leave the resource in AWS. For an AwsAccount: delete the objects that the message names, or let them refer to another AwsAccount. If `helm uninstall` deleted the AwsAccount, see [README](../README.md#uninstall)."
    /// A value of the spec cannot be carried out. The message names the field and the value.
    InvalidSpec ByUsersOfAccounts Stalled "Correct the field."
    /// The object does not match its schema, so that it cannot be read.
    Malformed ByAll Stalled "Correct the object. Until then the operator leaves it alone, and its deletion waits."
    /// The spec names another resource than the one that this object manages.
    IdentityChanged ByAwsKinds Stalled "Put the spec back, or delete this object and make a new one."
    /// The resource in AWS carries the owner tag of another object.
    OwnedByOther ByOwners Stalled "Let the other object go, or make a new object with another name. If this cluster has replaced the one in the tag, or had that name earlier, list the name in `spec.formerClusters` of the AwsAccount."
    /// The resource exists in AWS, has no owner tag, and `spec.adoptionPolicy` does not allow to take it over.
    AdoptionRefused ByOwners Stalled "Set `spec.adoptionPolicy` to IfIdentical or Overwrite, or `spec.mode` to Observe."
    /// A Secret of that name belongs to somebody else.
    SecretNotOurs ByLogins Stalled "Delete the Secret, set another `spec.secret.name`, or let the operator take the Secret over with `spec.secret.adoption`."
    /// No grant of the AwsAccount allows this namespace to do what the spec asks for. A login whose AwsAccount was deleted is
    /// Reconciling instead. A reference into another namespace that no grant covers is `DependencyNotReady`, unless the namespace has no
    /// grant of that sort at all, or the status of the object shows what the reference stood for.
    GrantMissing ByUsersOfAccounts Stalled "Ask a cluster administrator for the grant that the message names."
    /// IAM, or a policy in AWS, denies the call that the message names.
    AccessDenied ByAll Denied "Allow the call; `deploy/iam` holds the policies that the operator needs."
    /// The policies of the identity that mints do not allow `codeartifact:GetAuthorizationToken` on the domain.
    MintDenied ByLogins Denied "Allow the call, as in the statement Mint of `deploy/iam/tokens.json`."
    /// The policies of the identity that mints do not allow `sts:GetServiceBearerToken`, which a token needs as well.
    BearerTokenDenied ByLogins Denied "Allow the call in the identity's own policy, as in the statement Bearer of `deploy/iam/tokens.json`; a policy of the domain cannot allow it. If it is allowed, shorten `spec.token.duration`: a condition on `sts:DurationSeconds` may be the cause."
    /// The identity that mints may have tokens, and none that lives as long as `spec.token.duration` asks for.
    DurationDenied ByLogins Denied "Shorten `spec.token.duration`, or raise the limit in the condition `sts:DurationSeconds` of the identity's policy."
    /// The permissions policy of the domain denies the token, or does not allow it to an identity of another account.
    DomainPolicyDenied ByLogins Denied "Have the owner of the domain change its permissions policy, as the message says."
    /// A policy of the AWS organization (a service or resource control policy) denies the call.
    OrganizationDenied ByAll Denied "Ask whoever administers the AWS organization; no policy of the account can allow the call."
    /// The trust policy of a role does not let the operator in as that role, or the role does not exist.
    TrustDenied ByAll Denied "Correct the trust policy of the role, as the message says. The operator tries again within 5 minutes, and at once when the object changes."
    /// The operator may not have tokens of the ServiceAccount that a login or an AwsAccount names.
    TokenRequestForbidden ByAll Denied "List the ServiceAccount under `serviceAccounts` in the values of the chart, and upgrade the release."
    /// The ServiceAccount that a login is minted as names no IAM role.
    RoleAnnotationMissing ByLogins Reconciling "Annotate the ServiceAccount with `eks.amazonaws.com/role-arn`. The operator notices at once."
    /// A quota of the AWS account, or a `ResourceQuota` of the namespace, is reached.
    QuotaExceeded ByUsersOfAccounts Denied "Raise the quota, or remove what is not needed."
    /// The AwsAccount cannot sign in to AWS. When its credentials belong to another account, the AwsAccount is Stalled at once, and the
    /// objects that use it stay Reconciling.
    SignInFailed ByAll Denied "Do what the message of the AwsAccount says."
    /// AWS does not accept the request.
    AwsRejected ByAll Stalled "Correct the spec as the message of AWS says, in a new object where the field is immutable."
    /// A webhook or a policy of the cluster refused what the operator wrote.
    AdmissionDenied ByAll Denied "Change the webhook or policy that the message names, or the spec."
    /// The roles of the operator in the cluster do not allow what the operator has to do.
    KubernetesForbidden ByAll Denied "Install the chart's roles; an older release may lack one."
    /// The API server does not accept what the operator wrote. When that is the status of the object itself, only an event says so.
    KubernetesRejected ByAll Denied "Do what the message says: correct the spec, or upgrade the CRDs."
    /// The operator has a defect.
    InternalError ByAll Reconciling "Report the message, with the operator's log."
    /// AWS differs from the spec, and the mode is Observe.
    Drifted ByAwsKinds Drifted "Change the spec or AWS, or set `spec.mode` to Enforce."
    /// AWS matches the spec, and the mode is Observe.
    InSync ByAwsKinds Drifted "Nothing."
    /// The operator created the resource in AWS, or the Secret.
    Created ByMakers Event "Nothing."
    /// The operator changed the resource in AWS for the first time, or because the spec, or something that the spec refers to, had
    /// changed. Or the operator wrote the Secret without a new token: the spec had changed, or somebody had changed or deleted the Secret.
    Updated ByUsersOfAccounts Event "Nothing."
    /// The operator took over a resource in AWS, or a Secret, that existed before.
    Adopted ByMakers Event "Nothing."
    /// The object is gone. The resource stays in AWS, without the owner tag if the operator could remove the tag.
    Released ByOwners Event "Remove the owner tag by hand if the message asks for that."
    /// The operator deleted the resource in AWS, or the resource was gone already. In Ready: the operator is done with the deleted object.
    Deleted ByKeepers Done "Nothing. If the object stays, look at `metadata.finalizers`: only finalizers of others keep it."
    /// Somebody had changed the resource in AWS, and the operator changed it back.
    DriftCorrected ByAwsKinds Event "Find out who changes the resource, if this happens again."
    /// The Secret holds a new token.
    Renewed ByLogins Event "Nothing."
}

#[cfg(test)]
impl Outlook {
    /// Where the reason of a failure with this outlook stands.
    pub fn place(self) -> Place {
        match self {
            Self::Retrying(_) | Self::Waiting => Place::Reconciling,
            Self::Denied => Place::Denied,
            Self::Stalled => Place::Stalled,
        }
    }
}

impl Reason {
    /// The reason that conditions, events and metrics spell so.
    pub fn named(name: &str) -> Option<Self> {
        REASONS.iter().map(|row| row.reason).find(|reason| reason.as_str() == name)
    }

    /// Where the reason stands.
    pub fn place(self) -> Option<Place> {
        REASONS.iter().find(|row| row.reason == self).map(|row| row.place)
    }

    /// Whether the reason stands for an object that is ready and in trouble.
    pub fn is_degraded(self) -> bool {
        self.place() == Some(Place::Degraded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_known_by_its_name() {
        for row in REASONS {
            assert_eq!(Reason::named(row.reason.as_str()), Some(row.reason));
        }
        assert_eq!(Reason::named("NoSuchReason"), None);
        assert!(Reason::RenewalFailing.is_degraded() && !Reason::Issued.is_degraded());
    }
}
