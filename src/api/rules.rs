//! Rules of the schema that several fields share, in the CEL of Kubernetes 1.30. A pattern of the schema would answer with a
//! regular expression; a rule answers with a sentence.

use kube::core::Rule;

/// How a duration is written. A number has at most six digits, so that no sum of 16 characters is too large for CEL.
const DURATION: &str = "^([0-9]{1,6}([.][0-9]+)?[hms])+$";

/// The value is written like a duration. Every other rule about a duration must hold for what is not.
pub(super) fn duration() -> Rule {
    Rule::new(format!("self.matches('{DURATION}')"))
        .message("write a duration like 90m or 1h30m, in h, m and s; days are not known")
}

/// The duration has these limits.
pub(super) fn duration_between(field: &str, least: &str, most: &str) -> Rule {
    about_duration(&format!("duration(self) >= duration('{least}') && duration(self) <= duration('{most}')"))
        .message(format!("{field} must lie between {least} and {most}").as_str())
}

/// A rule that counts for a value that is written like a duration.
pub(super) fn about_duration(rule: &str) -> Rule {
    Rule::new(format!("!self.matches('{DURATION}') || ({rule})"))
}

/// A token is renewed in the second half of its life.
pub(super) fn at_most_half() -> Rule {
    let written = |field: &str| format!("self.{field}.matches('{DURATION}')");
    let known = format!(
        "has(self.renewBefore) && {} && (!has(self.duration) || {})",
        written("renewBefore"),
        written("duration")
    );
    let rest = "duration(has(self.duration) ? self.duration : '12h') - duration(self.renewBefore)";
    Rule::new(format!("!({known}) || duration(self.renewBefore) <= {rest}"))
        .message("renewBefore must be at most half of duration")
}

/// The number of an AWS account.
pub(super) fn account_number() -> Rule {
    matches("^[0-9]{12}$", "an AWS account is 12 digits, without spaces or dashes")
}

/// The name of a domain in AWS; the schema bounds its length.
pub(super) fn domain_name() -> Rule {
    matches(
        "^[a-z][a-z0-9-]*[a-z0-9]$",
        "the name of a domain has lower-case letters, digits and -, begins with a letter and does not end with -",
    )
}

/// The name of a repository in AWS; the schema bounds its length.
pub(super) fn repository_name() -> Rule {
    matches(
        "^[A-Za-z0-9][A-Za-z0-9._-]*$",
        "the name of a repository has letters, digits and . _ -, and begins with a letter or a digit",
    )
}

/// The address of a service.
pub(super) fn service_address() -> Rule {
    matches(
        "^https?://[^\\\\s/?#]+/?$",
        "an address is https:// or http:// and a host, perhaps with a port; no path follows",
    )
}

/// An object of a whole cluster has no namespace of its own in which a reference could be looked up.
pub(super) fn names_its_namespace() -> Rule {
    Rule::new("self.all(r, !has(r.repositoryRef) || has(r.repositoryRef.namespace))")
        .message("repositoryRef needs a namespace in a ClusterRegistryCredential")
}

/// The text matches a regular expression, in which a backslash is written twice.
pub(super) fn matches(pattern: &str, message: &str) -> Rule {
    Rule::new(format!("self.matches('{pattern}')")).message(message)
}

/// `spec.name`, or metadata.name where it is left out, stays: setting the name that holds anyway changes nothing.
pub(super) fn name_stays() -> Rule {
    let name = |of: &str| format!("(has({of}.spec.name) ? {of}.spec.name : {of}.metadata.name)");
    Rule::new(format!("{} == {}", name("self"), name("oldSelf")))
        .message("name is immutable; delete this object and make a new one")
        .field_path(".spec.name")
}
