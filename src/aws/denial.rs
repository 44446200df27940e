//! Which policy refused a call, from AWS's own words (IAM User Guide, "Troubleshoot access denied error messages"). Pure.

/// The policy that refused a call, as far as AWS tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeniedBy {
    /// A policy of the AWS organization.
    Organization,
    /// The policy of the resource. `explicit`: it denies the call, rather than not allowing it.
    Resource {
        /// Whether a statement denies the call.
        explicit: bool,
    },
    /// The identity's own policies.
    Identity {
        /// Whether a statement denies the call.
        explicit: bool,
    },
    /// A permissions boundary, a session policy or the policy of a VPC endpoint; by its name.
    Limit(&'static str),
    /// AWS does not say.
    Untold,
}

/// Which policy refused the call that a message speaks of.
pub fn denied_by(message: &str) -> DeniedBy {
    const LIMITS: [&str; 3] = ["permissions boundary", "session policy", "VPC endpoint policy"];
    let says = |words: &str| message.contains(words);
    let explicit = says("explicit deny");
    if says("service control policy") || says("resource control policy") {
        return DeniedBy::Organization;
    }
    if let Some(limit) = LIMITS.into_iter().find(|limit| says(limit)) {
        return DeniedBy::Limit(limit);
    }
    match (says("resource-based policy"), says("identity-based policy")) {
        (true, _) => DeniedBy::Resource { explicit },
        (_, true) => DeniedBy::Identity { explicit },
        _ => DeniedBy::Untold,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_says_which_kind_of_policy_it_was() {
        let sentence = |why: &str| {
            format!(
                "User: arn:aws:iam::1:user/a is not authorized to perform: codeartifact:Call on resource: arn {why}"
            )
        };
        for (why, expected) in [
            ("with an explicit deny in a service control policy", DeniedBy::Organization),
            ("because no service control policy allows the codeartifact:Call action", DeniedBy::Organization),
            ("with an explicit deny in a resource control policy", DeniedBy::Organization),
            ("with an explicit deny in a resource-based policy", DeniedBy::Resource { explicit: true }),
            (
                "because no resource-based policy allows the codeartifact:Call action",
                DeniedBy::Resource { explicit: false },
            ),
            ("with an explicit deny in an identity-based policy", DeniedBy::Identity { explicit: true }),
            (
                "because no identity-based policy allows the codeartifact:Call action",
                DeniedBy::Identity { explicit: false },
            ),
            (
                "because no permissions boundary allows the codeartifact:Call action",
                DeniedBy::Limit("permissions boundary"),
            ),
            ("with an explicit deny in a session policy", DeniedBy::Limit("session policy")),
            ("with an explicit deny in a VPC endpoint policy", DeniedBy::Limit("VPC endpoint policy")),
            ("", DeniedBy::Untold),
        ] {
            assert_eq!(denied_by(&sentence(why)), expected, "{why}");
        }
    }
}
