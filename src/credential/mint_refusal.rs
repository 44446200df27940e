//! Why AWS does not mint: the reason, and what an administrator can do, the likeliest first. Pure.

use crate::aws::{AwsError, AwsErrorKind, DeniedBy, denied_by};
use crate::credential::token::TokenKey;
use crate::reason::Reason;

const BEARER: &str = "sts:GetServiceBearerToken";

/// Who asked AWS for a token, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker<'a> {
    /// The identity.
    pub(super) arn: &'a str,
    /// The account that it signs in to.
    pub(super) account: &'a str,
    /// Whether the same identity has a token of the domain that lives less long.
    pub(super) has_shorter: bool,
}

/// Adds the reason and the remedy to what AWS said.
pub(super) fn explain(key: &TokenKey, asker: Asker<'_>, error: AwsError) -> AwsError {
    let (reason, remedy) = match error.kind {
        AwsErrorKind::Denied => denied(key, asker, &error.message),
        AwsErrorKind::NotFound => {
            let domain = &key.domain;
            crate::aws::no_domain(&domain.domain, &domain.owner, asker.account, &domain.region)
        }
        _ => return error,
    };
    AwsError { kind: AwsErrorKind::Known(reason), message: format!("{remedy} ({})", error.message), ..error }
}

fn denied(key: &TokenKey, asker: Asker<'_>, message: &str) -> (Reason, String) {
    let (who, domain, owner) = (asker.arn, &key.domain.domain, &key.domain.owner);
    let action = if message.contains(BEARER) { BEARER } else { "codeartifact:GetAuthorizationToken" };
    match denied_by(message) {
        DeniedBy::Organization => (
            Reason::OrganizationDenied,
            format!(
                "a policy of the AWS organization denies {who} the call {action}; nothing in this account can allow it: ask whoever \
                 administers the organization to except {who} or the Region {}",
                key.domain.region
            ),
        ),
        DeniedBy::Limit(limit) => {
            (Reason::AccessDenied, format!("a {limit} denies {who} the call {action}; allow the call there"))
        }
        DeniedBy::Identity { explicit } if action == BEARER => bearer(key, asker, explicit),
        DeniedBy::Resource { explicit: true } => (
            Reason::DomainPolicyDenied,
            format!(
                "the permissions policy of domain {domain} of account {owner} denies {who} the call {action}; take {who} out of that \
                 statement"
            ),
        ),
        DeniedBy::Resource { explicit: false } => (
            Reason::DomainPolicyDenied,
            format!(
                "the permissions policy of domain {domain} must allow {who} the call {action}, because account {owner} owns the domain; if \
                 another account owns it, correct the `owner` in the spec"
            ),
        ),
        DeniedBy::Identity { explicit: true } => (
            Reason::MintDenied,
            format!("a policy of {who} denies {action} on domain {domain} of account {owner}"),
        ),
        DeniedBy::Identity { explicit: false } => (
            Reason::MintDenied,
            format!(
                "allow {who} the call {action} on domain {domain} of account {owner}, as in the statement Mint of deploy/iam/tokens.json"
            ),
        ),
        DeniedBy::Untold => (
            Reason::AccessDenied,
            format!(
                "{who} needs codeartifact:GetAuthorizationToken on domain {domain} of account {owner}, and {BEARER} for tokens that live \
                 {:#} (spec.token.duration), and no policy of the domain, of the organization or of a VPC endpoint may deny these calls",
                key.duration
            ),
        ),
    }
}

/// The identity's own policies refuse the part of the call that its condition on the life of the token is about.
fn bearer(key: &TokenKey, asker: Asker<'_>, explicit: bool) -> (Reason, String) {
    let (who, life) = (asker.arn, key.duration);
    let shorten = format!(
        "set spec.token.duration to less than {life:#}, or raise the limit in the condition sts:DurationSeconds"
    );
    if asker.has_shorter || explicit {
        let known = if asker.has_shorter { "minted shorter-lived tokens and" } else { "" };
        return (
            Reason::DurationDenied,
            format!(
                "{who} {known} may not have a token that lives {life:#}; {shorten} of its policy for {BEARER}"
            )
            .replace("  ", " "),
        );
    }
    (
        Reason::BearerTokenDenied,
        format!(
            "allow {who} the call {BEARER} in its own policy, as in the statement Bearer of deploy/iam/tokens.json; if the policy allows it \
             already, its condition sts:DurationSeconds is the cause: {shorten}"
        ),
    )
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::credential::render::DomainKey;

    const OWN: &str = "123456789012";
    const OTHER: &str = "444455556666";
    const BY_IDENTITY: &str = "because no identity-based policy allows the action";
    const DENIES: &str = "with an explicit deny in an identity-based policy";
    const USER: &str = "arn:aws:iam::123456789012:role/team";

    fn key(owner: &str) -> TokenKey {
        TokenKey {
            proof: "p".into(),
            domain: DomainKey {
                account: "default".into(),
                region: "us-east-1".into(),
                owner: owner.into(),
                domain: "acme".into(),
            },
            duration: SignedDuration::from_hours(12),
            shard: 0,
        }
    }

    fn told(owner: &str, has_shorter: bool, kind: AwsErrorKind, message: &str) -> (Reason, String) {
        let asker = Asker { arn: USER, account: "123456789012", has_shorter };
        let error = AwsError { operation: "GetAuthorizationToken", kind, message: message.into() };
        let told = explain(&key(owner), asker, error);
        (told.reason(), told.message)
    }

    type Row = (&'static str, bool, &'static str, &'static str, Reason, &'static str);

    /// Who owns the domain, whether there is a shorter token, what AWS says, and then the reason and a part of the message.
    fn rows() -> Vec<Row> {
        let mint = "AccessDeniedException: User: u is not authorized to perform: codeartifact:GetAuthorizationToken on resource: d";
        let bearer = "AccessDeniedException: User: u is not authorized to perform: sts:GetServiceBearerToken on resource: *";
        let by_resource = "because no resource-based policy allows the action";
        vec![
            (OWN, false, mint, BY_IDENTITY, Reason::MintDenied, "statement Mint of deploy/iam/tokens.json"),
            (
                OWN,
                false,
                mint,
                DENIES,
                Reason::MintDenied,
                "denies codeartifact:GetAuthorizationToken on domain acme",
            ),
            (OTHER, false, mint, by_resource, Reason::DomainPolicyDenied, "correct the `owner`"),
            (
                OWN,
                false,
                mint,
                "with an explicit deny in a resource-based policy",
                Reason::DomainPolicyDenied,
                "take",
            ),
            (OWN, false, bearer, BY_IDENTITY, Reason::BearerTokenDenied, "statement Bearer"),
            (
                OWN,
                false,
                bearer,
                BY_IDENTITY,
                Reason::BearerTokenDenied,
                "spec.token.duration to less than 12h",
            ),
            (OWN, true, bearer, BY_IDENTITY, Reason::DurationDenied, "lives 12h; set spec.token.duration"),
            (OWN, false, bearer, DENIES, Reason::DurationDenied, "may not have a token that lives 12h"),
            (OWN, true, mint, BY_IDENTITY, Reason::MintDenied, "statement Mint"),
            (
                OWN,
                false,
                bearer,
                "with an explicit deny in a service control policy",
                Reason::OrganizationDenied,
                BEARER,
            ),
            (
                OWN,
                false,
                mint,
                "because no service control policy allows the action",
                Reason::OrganizationDenied,
                "Region us-east-1",
            ),
            (
                OWN,
                false,
                mint,
                "because no permissions boundary allows the action",
                Reason::AccessDenied,
                "a permissions boundary",
            ),
            (OWN, false, "AccessDeniedException", "", Reason::AccessDenied, "live 12h (spec.token.duration)"),
        ]
    }

    #[test]
    fn each_refusal_has_its_reason_and_its_remedy() {
        for (owner, shorter, call, why, reason, part) in rows() {
            let message = format!("{call} {why}");
            let (is, text) = told(owner, shorter, AwsErrorKind::Denied, &message);
            assert_eq!(is, reason, "{message}: {text}");
            assert!(
                text.contains(part) && text.contains(USER) && text.ends_with(&format!("({message})")),
                "{text}"
            );
            assert!(!text.contains("  "), "{text}");
        }
    }

    #[test]
    fn a_domain_that_is_not_there_is_told_by_whose_it_should_be() {
        let missing = |owner| told(owner, false, AwsErrorKind::NotFound, "ResourceNotFoundException: no");
        assert_eq!(missing(OWN).0, Reason::DomainNotFound);
        assert_eq!(missing(OTHER).0, Reason::DomainOwnerWrong);
        assert_eq!(told(OWN, false, AwsErrorKind::SignIn, "no"), (Reason::SignInFailed, "no".into()));
    }
}
