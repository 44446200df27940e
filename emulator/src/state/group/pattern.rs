//! Patterns of package groups: their six legal shapes, and which is more specific than another.

use super::matching::{Component, Name, Strength, has_word_end};
use crate::error::{Error, Result};
use crate::state::Format;
use crate::state::package::PackageKey;
use serde::{Deserialize, Serialize};

/// The pattern of the group that every domain is born with.
pub(crate) const ROOT: &str = "/*";

/// Which packages a group is for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Pattern {
    text: String,
    format: Option<Format>,
    namespace: Component,
    name: Component,
}

/// A package as patterns see it.
pub(super) struct Subject {
    format: Format,
    namespace: Name,
    name: Name,
}

impl Subject {
    pub(super) fn new(key: &PackageKey) -> Self {
        let namespace = key.namespace.as_deref().unwrap_or_default();
        Self { format: key.format, namespace: Name::new(namespace), name: Name::new(&key.name) }
    }
}

impl Pattern {
    /// The pattern of the root group.
    pub(crate) fn root() -> Self {
        Self { text: ROOT.into(), format: None, namespace: Component::Any, name: Component::Any }
    }

    /// From its text; anything but the six legal shapes is refused.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        Parser { text }.parse()
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_root(&self) -> bool {
        self.format.is_none()
    }

    /// How the package matches, if it does.
    pub(super) fn strength(&self, subject: &Subject) -> Option<Strength> {
        if self.format.is_some_and(|format| format != subject.format) {
            return None;
        }
        let namespace = self.namespace.strength(&subject.namespace)?;
        Some(namespace.min(self.name.strength(&subject.name)?))
    }

    /// Whether this pattern matches all that the other one does, and more; and how.
    pub(super) fn contains(&self, other: &Self) -> Option<Strength> {
        if self.format.is_some() && self.format != other.format || self.specificity() >= other.specificity() {
            return None;
        }
        Some(self.namespace.covers(&other.namespace)?.min(self.name.covers(&other.name)?))
    }

    /// Of two patterns that match the same package, the greater one is the more specific.
    pub(super) fn specificity(&self) -> impl Ord + use<> {
        (self.format.is_some(), self.namespace.specificity(), self.name.specificity())
    }
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).map_err(|error| error.message)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.text
    }
}

struct Parser<'a> {
    text: &'a str,
}

impl Parser<'_> {
    fn parse(&self) -> Result<Pattern> {
        let Some(path) = self.text.strip_prefix('/') else {
            return Err(self.refuse("it must begin with a slash"));
        };
        let segments: Vec<&str> = path.split('/').collect();
        let (format, namespace, name) = match segments[..] {
            ["*"] => return Ok(Pattern::root()),
            [format, "*"] => (self.format(format)?, Component::Any, Component::Any),
            [format, namespace] => {
                let format = self.format(format)?;
                let Some(prefix) = namespace.strip_suffix('~') else {
                    return Err(self.refuse("a format is followed by /*, a namespace by ~ or /"));
                };
                self.check_namespace(format, prefix)?;
                (format, Component::Prefix(self.prefix(format, prefix)?), Component::Any)
            }
            [format, namespace, "*"] => {
                let format = self.format(format)?;
                (format, self.namespace(format, namespace)?, Component::Any)
            }
            [format, namespace, name] => {
                let format = self.format(format)?;
                (format, self.namespace(format, namespace)?, self.name(format, name)?)
            }
            _ => return Err(self.refuse("it has too many slashes")),
        };
        Ok(Pattern { text: self.text.into(), format: Some(format), namespace, name })
    }

    fn format(&self, name: &str) -> Result<Format> {
        Format::parse(name).ok_or_else(|| self.refuse(format!("there is no package format '{name}'")))
    }

    fn namespace(&self, format: Format, namespace: &str) -> Result<Component> {
        self.check_namespace(format, namespace)?;
        if namespace.is_empty() {
            return Ok(Component::Exact(Name::new("")));
        }
        Ok(Component::Exact(self.stored(format, namespace)?))
    }

    fn check_namespace(&self, format: Format, namespace: &str) -> Result<()> {
        let given = (!namespace.is_empty()).then_some(namespace);
        match format.namespace_problem(given) {
            Some(problem) => Err(self.refuse(format!("packages of format '{}' {problem}", format.name()))),
            None => Ok(()),
        }
    }

    fn name(&self, format: Format, name: &str) -> Result<Component> {
        if let Some(prefix) = name.strip_suffix('~') {
            return Ok(Component::Prefix(self.prefix(format, prefix)?));
        }
        match name.strip_suffix('$') {
            Some(name) => Ok(Component::Exact(self.stored(format, name)?)),
            None => Err(self.refuse("a name ends with $ or ~, or is *")),
        }
    }

    fn prefix(&self, format: Format, prefix: &str) -> Result<Name> {
        if !has_word_end(prefix, prefix.len()) {
            return Err(self.refuse("~ follows a letter or a number; after anything else there is only *"));
        }
        self.stored(format, prefix)
    }

    /// Packages are matched as they are stored, so nothing else would ever match.
    fn stored(&self, format: Format, name: &str) -> Result<Name> {
        let is_legal = |letter: char| letter != '#' && !letter.is_whitespace();
        if name.is_empty() || name.chars().count() > 255 || !name.chars().all(is_legal) {
            return Err(self.refuse("a name or namespace has 1 to 255 characters without # and spaces"));
        }
        // Names can have a ~ in them; at their end it is meant otherwise.
        if name.contains(['*', '$']) || name.ends_with('~') {
            return Err(self.refuse("there is one of *, ~ and $, at its end"));
        }
        let stored = format.normalise(name);
        if stored != name {
            return Err(self.refuse(format!("'{name}' is not normalised; use '{stored}'")));
        }
        Ok(Name::new(name))
    }

    fn refuse(&self, why: impl std::fmt::Display) -> Error {
        Error::invalid(format!("The package group pattern '{}' is not valid: {why}", self.text))
    }
}

#[cfg(test)]
mod tests;
