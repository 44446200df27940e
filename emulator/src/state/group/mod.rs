//! Package groups.

/// The part of a group's ARN after the account: of the pattern only `*`, `$` and `%` are encoded.
pub(crate) fn arn_path(domain: &str, pattern: &str) -> String {
    let pattern = pattern.replace('%', "%25").replace('*', "%2a").replace('$', "%24");
    format!("package-group/{domain}{pattern}")
}

#[cfg(test)]
mod tests {
    use super::arn_path;

    #[test]
    fn patterns_are_encoded_as_in_the_documentation() {
        assert_eq!(arn_path("acme", "/*"), "package-group/acme/%2a");
        assert_eq!(arn_path("acme", "/nuget//alpha$"), "package-group/acme/nuget//alpha%24");
    }
}
