//! Names as AWS takes them: what the rules of the schema say, for those who have no API server. Pure.

use super::documents::shown;

/// Refuses an account that is not 12 digits.
pub(super) fn account(field: &str, id: &str) -> Result<(), String> {
    let legal = id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
    legal.then_some(()).ok_or_else(|| {
        format!("{field} is {}: an AWS account is 12 digits, without spaces or dashes", shown(id))
    })
}

/// Refuses what is no code of a Region.
pub(super) fn region(field: &str, code: &str) -> Result<(), String> {
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let parts: Vec<_> = code.split('-').collect();
    let numbered = parts.last().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    let legal = parts.len() >= 3 && numbered && parts.iter().all(|part| plain(part));
    legal.then_some(()).ok_or_else(|| {
        format!("{field} is {}: write the code of an AWS Region, such as eu-central-1", shown(code))
    })
}

/// Refuses what is no name of a domain.
pub(super) fn domain(field: &str, name: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let legal = (2..=50).contains(&name.len())
        && name.bytes().all(plain)
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('-');
    legal.then_some(()).ok_or_else(|| {
        format!("{field} is {}: the name of a domain has 2 to 50 lower-case letters, digits and -, begins with a letter and does not end with -", shown(name))
    })
}

/// Refuses what is no name of a repository.
pub(super) fn repository(field: &str, name: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let legal = (2..=100).contains(&name.len())
        && name.bytes().all(plain)
        && name.starts_with(|first: char| first.is_ascii_alphanumeric());
    legal.then_some(()).ok_or_else(|| {
        format!("{field} is {}: the name of a repository has 2 to 100 letters, digits and . _ -, and begins with a letter or a digit", shown(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_judged_as_by_the_schema() {
        for (judge, legal, illegal) in [
            (
                account as fn(&str, &str) -> _,
                &["123456789012"][..],
                &["", "12345678901", "1234-5678-9012"][..],
            ),
            (region, &["eu-central-1", "us-gov-west-1"], &["", "eu-central", "EU-central-1", "eu--1", "1"]),
            (domain, &["ab", "a-1"], &["a", "Ab", "1a", "a-", "a_b", ""]),
            (repository, &["ab", "0a._-", "A.b"], &["a", "-ab", "a/b", "a b", ""]),
        ] {
            for name in legal {
                assert_eq!(judge("field", name), Ok(()), "{name}");
            }
            for name in illegal {
                assert!(judge("field", name).is_err_and(|told| told.starts_with("field is ")), "{name}");
            }
        }
    }
}
