//! How the parts of a pattern match the parts of a package's identity: strongly when they are the
//! same, weakly when they are variations of each other.

use regex::Regex;
use std::sync::{LazyLock, OnceLock};
use unicase::UniCase;
use unicode_security::skeleton;

/// How well a package fits its group. A weak fit is no fit that lets versions in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    Weak,
    Strong,
}

impl Strength {
    /// The model's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Weak => "WEAK",
            Self::Strong => "STRONG",
        }
    }
}

/// A namespace or a name, with what weak matching makes of it, which is found out when needed.
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) given: String,
    folded: OnceLock<String>,
}

impl Name {
    pub(super) fn new(given: &str) -> Self {
        Self { given: given.into(), folded: OnceLock::new() }
    }

    pub(super) fn folded(&self) -> &str {
        self.folded.get_or_init(|| fold(&self.given))
    }
}

/// What a pattern says of a namespace or of a name.
#[derive(Clone, Debug)]
pub(super) enum Component {
    Any,
    /// It begins with these words.
    Prefix(Name),
    Exact(Name),
}

impl Component {
    /// How the name matches, if it does.
    pub(super) fn strength(&self, name: &Name) -> Option<Strength> {
        let (own, matches): (&Name, fn(&str, &str) -> bool) = match self {
            Self::Any => return Some(Strength::Strong),
            Self::Prefix(own) => (own, begins_with_words),
            Self::Exact(own) => (own, |name, own| name == own),
        };
        if matches(&name.given, &own.given) {
            return Some(Strength::Strong);
        }
        matches(name.folded(), own.folded()).then_some(Strength::Weak)
    }

    /// Whether all that the other matches is matched by this one too, and how.
    pub(super) fn covers(&self, other: &Self) -> Option<Strength> {
        match (self, other) {
            (Self::Any, _) => Some(Strength::Strong),
            (Self::Exact(_) | Self::Prefix(_), Self::Exact(name)) | (Self::Prefix(_), Self::Prefix(name)) => {
                self.strength(name)
            }
            _ => None,
        }
    }

    /// Of two that match the same name, the greater one is the more specific. Folded lengths are
    /// compared, for a weak match may be longer than what it is a variation of.
    pub(super) fn specificity(&self) -> (u8, usize) {
        match self {
            Self::Any => (0, 0),
            Self::Prefix(own) => (1, own.folded().len()),
            Self::Exact(own) => (2, own.folded().len()),
        }
    }
}

/// Whether the text begins with the other one, which ends where a word of the text does.
fn begins_with_words(text: &str, prefix: &str) -> bool {
    text.starts_with(prefix) && has_word_end(text, prefix.len())
}

/// Whether a word ends there: a letter or number, followed by letters, numbers and marks.
pub(super) fn has_word_end(text: &str, at: usize) -> bool {
    static WORD: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"[\p{L}\p{N}][\p{L}\p{N}\p{M}]*").ok());
    WORD.as_ref().is_some_and(|word| word.find_iter(text).any(|word| word.end() == at))
}

/// What all variations of a text have in common: it is case folded, of characters that look alike
/// one stands for all, and a run of dashes, dots and underscores is one dot.
fn fold(text: &str) -> String {
    let caseless = |text: &str| UniCase::unicode(text).to_folded_case();
    // Some characters that stand for their likes are capital letters.
    let alike = caseless(&skeleton(&caseless(text)).collect::<String>());
    let mut folded = String::with_capacity(alike.len());
    for letter in alike.chars() {
        if !matches!(letter, '-' | '.' | '_') {
            folded.push(letter);
        } else if !folded.ends_with('.') {
            folded.push('.');
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_before_what_is_neither_letter_nor_number_nor_mark() {
        for (text, prefix, expected) in [
            ("foo", "foo", true),
            ("foo-bar", "foo", true),
            ("foo.bar", "foo", true),
            ("food", "foo", false),
            ("foo2", "foo", false),
            ("OneWord", "One", false),
            ("foo-bar-baz", "foo-bar", true),
            ("foo-bark", "foo-bar", false),
            ("bar-foo", "foo", false),
            ("cafe\u{301}", "cafe", false),
            ("cafe\u{301}-x", "cafe\u{301}", true),
            ("日本-語", "日本", true),
            ("日本語", "日本", false),
            ("fo", "foo", false),
        ] {
            assert_eq!(begins_with_words(text, prefix), expected, "{text} {prefix}");
        }
    }

    #[test]
    fn variations_fold_to_the_same() {
        for (one, other) in [
            ("AsyncStorage", "asyncstorage"),
            ("foo-bar", "foo.bar"),
            ("foo-bar", "foo..bar"),
            ("foo_-.bar", "foo_bar"),
            ("com.act-on", "com.act.on"),
            // Cyrillic and Greek letters, digits, a hyphen of its own kind.
            ("acme", "\u{430}cme"),
            ("acme", "ACM\u{415}"),
            ("foo", "f\u{3bf}o"),
            ("foo", "f0O"),
            ("tool", "too1"),
            ("foo-bar", "foo\u{2010}bar"),
            ("STRASSE", "straße"),
            ("modem", "modern"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
        for (one, other) in [("foobar", "foo-bar"), ("foo", "food"), ("acme", "acne"), ("foo-", "foo")] {
            assert_ne!(fold(one), fold(other), "{one} {other}");
        }
    }
}
