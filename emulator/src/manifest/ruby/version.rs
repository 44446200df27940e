//! The version of a gem with its platform, alone and at the end of a full name.

/// Take `name-1.0-platform` apart: the version begins where digits, and a platform that begins with a
/// letter, make sense of all that follows.
pub(crate) fn split_full_name(full_name: &str) -> Option<(&str, &str)> {
    let splits = full_name.match_indices('-').filter_map(|(index, _)| {
        let (name, version) = (full_name.get(..index)?, full_name.get(index.checked_add(1)?..)?);
        let (number, platform) = version.split_once('-').unwrap_or((version, "ruby"));
        (is_number(number) && is_platform(platform)).then_some((name, version))
    });
    splits.into_iter().next()
}

pub(super) fn is_number(text: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    text.starts_with(|first: char| first.is_ascii_digit())
        && text.len() <= 100
        && text.split('.').all(is_part)
}

pub(super) fn is_platform(text: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.len() <= 100
        && text.bytes().all(is_legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_names_are_taken_apart() {
        for (full_name, expected) in [
            ("left-pad-1.0.0", Some(("left-pad", "1.0.0"))),
            ("nokogiri-1.15.0-x86_64-darwin-19", Some(("nokogiri", "1.15.0-x86_64-darwin-19"))),
            ("foo-2-1.0.pre", Some(("foo-2", "1.0.pre"))),
            ("foo-1-2.0-java", Some(("foo-1", "2.0-java"))),
            ("foo", None),
            ("foo-bar", None),
            ("foo-1.", None),
            ("-1.0", Some(("", "1.0"))),
            ("", None),
        ] {
            assert_eq!(split_full_name(full_name), expected, "{full_name}");
        }
    }
}
