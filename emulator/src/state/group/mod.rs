//! Package groups: which packages belong together, and what may come into repositories of them.

mod describe;
mod matching;
mod origin;
mod pattern;
#[cfg(test)]
mod properties;
mod ruling;
mod tree;

pub(crate) use origin::{ListUpdates, Mode, OriginChange, Way};
pub(crate) use pattern::{Pattern, ROOT};
pub(crate) use ruling::Ruling;
pub(crate) use tree::{Association, Group, Groups};

/// The part of a group's ARN after the account: of the pattern only `*`, `$` and `%` are encoded.
pub(crate) fn arn_path(domain: &str, pattern: &str) -> String {
    let pattern = pattern.replace('%', "%25").replace('*', "%2a").replace('$', "%24");
    format!("package-group/{domain}{pattern}")
}

/// The domain and the pattern that such a part of an ARN names, if it is encoded as it should be.
pub(crate) fn from_arn_path(path: &str) -> Option<(&str, String)> {
    let (domain, pattern) = path.strip_prefix("package-group/")?.split_once('/')?;
    let plain = pattern.replace("%24", "$").replace("%2a", "*").replace("%25", "%");
    let plain = format!("/{plain}");
    (arn_path(domain, &plain) == path).then_some((domain, plain))
}

#[cfg(test)]
mod tests {
    use super::{arn_path, from_arn_path};

    #[test]
    fn patterns_are_encoded_as_in_the_documentation() {
        assert_eq!(arn_path("acme", "/*"), "package-group/acme/%2a");
        assert_eq!(arn_path("acme", "/nuget//alpha$"), "package-group/acme/nuget//alpha%24");
    }

    #[test]
    fn arns_lead_back_to_patterns() {
        for pattern in ["/*", "/npm/acme/*", "/nuget//alpha$", "/npm//100%~", "/npm//%2a$", "/npm//%24%25~"] {
            let path = arn_path("acme", pattern);
            assert_eq!(from_arn_path(&path), Some(("acme", pattern.to_owned())), "{path}");
        }
        for path in [
            "package-group/acme",
            "package-group/acme/*",
            "package-group/acme/%2A",
            "package-group/acme/npm//alpha$",
            "package-group/acme/npm//a%20b%24",
            "repository/acme/team",
        ] {
            assert_eq!(from_arn_path(path), None, "{path}");
        }
    }
}
