//! Which texts can name a project, a version and a file.

use regex::Regex;
use std::sync::LazyLock;

/// PEP 440, with all the spellings that it lets pass.
const VERSION: &str = r"(?ix)^ v? ([0-9]+!)? [0-9]+(\.[0-9]+)*
    ([-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?[0-9]*)?
    (-[0-9]+|[-_.]?(post|rev|r)[-_.]?[0-9]*)?
    ([-_.]?dev[-_.]?[0-9]*)?
    (\+[a-z0-9]+([-_.][a-z0-9]+)*)? $";

/// Letters and numbers, and dots, dashes and underscores between them, as PEP 508 has it.
pub(crate) fn is_name(text: &str) -> bool {
    let is_edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let mut bytes = text.bytes();
    is_edge(bytes.clone().next())
        && is_edge(bytes.clone().next_back())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// Such as `1.0rc1`, in any spelling.
pub(crate) fn is_version(text: &str) -> bool {
    static LEGAL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(VERSION).ok());
    LEGAL.as_ref().is_some_and(|legal| legal.is_match(text))
}

/// What pip can ask for as the last part of a path.
pub(crate) fn is_file_name(text: &str) -> bool {
    !matches!(text, "" | "." | "..")
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-+!".contains(&byte))
}

/// Whether a file is called as those of a project and version are: by both, in any spelling. A version that is
/// more than numbers and dots has so many spellings that it is not looked for.
pub(crate) fn is_file_of(file: &str, name: &str, version: &str) -> bool {
    let bare = |text: &str| text.replace(['-', '_', '.'], "").to_ascii_lowercase();
    let is_plain = version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    bare(file).strip_prefix(&bare(name)).is_some_and(|rest| !is_plain || rest.starts_with(&bare(version)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_by_project_and_version() {
        for (file, is_of) in [
            ("left_pad-1.0-py3-none-any.whl", true),
            ("Left.Pad-1.0.tar.gz", true),
            ("left-pad-1.0.zip", true),
            ("left_pad-2.0-py3-none-any.whl", false),
            ("other-1.0.tar.gz", false),
            ("a.txt", false),
        ] {
            assert_eq!(is_file_of(file, "left-pad", "1.0"), is_of, "{file}");
        }
        assert!(is_file_of("left_pad-1.0rc1.tar.gz", "left-pad", "1.0-RC.1"));
        assert!(!is_file_of("other-1.0rc1.tar.gz", "left-pad", "1.0-RC.1"));
    }

    #[test]
    fn names_begin_and_end_with_letters_or_numbers() {
        for name in ["a", "Tool", "my.Tool-box_2", "9"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "-a", "a_", ".", "a b", "a/b", "größe"] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn versions_are_those_of_pep_440() {
        for version in [
            "1",
            "1.0",
            "2024.10.1",
            "1!2.0",
            "v1.0",
            "1.0a1",
            "1.0.ALPHA-1",
            "1.0rc",
            "1.0-1",
            "1.0.post2",
            "1.0.dev3",
            "1.0a1.post2.dev3",
            "1.0+ubuntu.1",
        ] {
            assert!(is_version(version), "{version}");
        }
        for version in ["", "abc", "1.", ".1", "1.0-x", "1.0+", "1.0+a..b", "1/0", "1.0\n", "latest", "１.0"]
        {
            assert!(!is_version(version), "{version:?}");
        }
    }

    #[test]
    fn files_are_in_no_folder() {
        assert!(is_file_name("tool-1!2.0+a-py3-none-any.whl"));
        for file in ["", ".", "..", "a/b.whl", "a b.whl", "a\\b"] {
            assert!(!is_file_name(file), "{file}");
        }
    }
}
