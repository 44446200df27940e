//! What is wrong with a template. Pure.
//!
//! The engine's own words may hold values, and so a piece of a token: they are repeated only where no value is known yet.

use minijinja::ErrorKind;

use super::filters::Refusal;
use super::{MOST_BYTES, MOST_STEPS};
use crate::error::Error;
use crate::reason::Reason;

/// The most characters of a word of the template that a message repeats.
const MOST_SHOWN: usize = 60;

/// What is wrong, where, and what to do about it.
#[derive(Debug)]
pub(super) struct Flaw {
    line: Option<usize>,
    what: String,
}

impl Flaw {
    /// Something that is wrong with all of it.
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { line: None, what: what.into() }
    }

    /// The flaw at a line.
    pub(super) fn at(line: impl Into<usize>, what: impl Into<String>) -> Self {
        Self { line: Some(line.into()), what: what.into() }
    }

    /// The template cannot be read. No value is known at that time.
    pub(super) fn in_syntax(error: &minijinja::Error) -> Self {
        let what = error.detail().map_or_else(|| error.kind().to_string(), shown);
        Self { line: error.line(), what: format!("{what}; correct the syntax") }
    }

    /// The template fails while it runs.
    pub(super) fn at_work(error: &minijinja::Error) -> Self {
        Self { line: error.line(), what: why(error) }
    }

    /// The error of a login with that template.
    pub(super) fn in_template(&self, key: &str) -> Error {
        let line = self.line.map(|line| format!(", line {line}")).unwrap_or_default();
        let message = format!("spec.secret.templates[\"{}\"]{line}: {}", shown(key), self.what);
        Error::stalled(Reason::InvalidSpec, message)
    }
}

fn why(error: &minijinja::Error) -> String {
    let refusal = std::error::Error::source(error).and_then(|source| source.downcast_ref::<Refusal>());
    if let Some(Refusal(why)) = refusal {
        return (*why).to_owned();
    }
    match error.kind() {
        ErrorKind::UndefinedError => {
            "a value is not defined here: with registries in several domains each has its own token, as in \
             `registries[0].token`; `is defined` asks, and the filter default fills in"
                .into()
        }
        ErrorKind::OutOfFuel => format!(
            "it takes more than {MOST_STEPS} steps, of which 64 bytes of text are one, or makes far more than {} KiB; make it shorter",
            MOST_BYTES >> 10
        ),
        ErrorKind::MissingArgument | ErrorKind::TooManyArguments => {
            "a filter has too few or too many arguments; correct them".into()
        }
        _ => "an operator or a filter does not fit the value that it is given; correct the expression".into(),
    }
}

/// A word of the template, as a message repeats it.
pub(super) fn shown(text: &str) -> String {
    let short: String = text.chars().take(MOST_SHOWN).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{}{more}", short.escape_debug())
}
