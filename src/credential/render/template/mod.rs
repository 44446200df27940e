//! Further keys of the Secret, from the templates of its owner. Pure.
//!
//! Whoever may write a RegistryCredential may write any template. So a template is screened before it runs, knows nothing but the
//! context, and ends after a bounded number of steps with a bounded result.

mod filters;
mod flaw;
mod screen;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{Environment, Output, UndefinedBehavior, Value};
use secrecy::SecretString;

use crate::credential::render::files::Files;
use crate::error::Result;
use filters::refuse;
use flaw::Flaw;

/// Secret key to template.
pub type Templates = BTreeMap<String, String>;

/// The most bytes of the result of one template, and of one filter.
const MOST_BYTES: usize = 64 << 10;
/// The most bytes of the results of all templates of a Secret.
const MOST_BYTES_TOGETHER: usize = 256 << 10;
/// The most steps of one template; 64 bytes that it makes count as a step, too.
const MOST_STEPS: u64 = 20_000;

/// The keys that every login may have, whatever its formats are.
const PLAIN_KEYS: [&str; 5] = ["token", "password", "username", "expiration", "expires_at"];
/// How the names of the others begin: tokens of a domain, and addresses.
const PLAIN_PREFIXES: [&str; 3] = ["token-", "endpoint-", "publish-"];

/// The result of each template in a context. `taken` are the files that the Secret has already.
pub(super) fn files(templates: &Templates, context: &Value, taken: &Files) -> Result<Files> {
    let mut left = MOST_BYTES_TOGETHER;
    let mut files = Files::new();
    for (key, source) in templates {
        let result = legal(key, taken).and_then(|()| rendered(source, context));
        let text = result.map_err(|flaw| flaw.in_template(key))?;
        left = left.checked_sub(text.len()).ok_or_else(|| too_much().in_template(key))?;
        files.insert(key.clone(), SecretString::from(text));
    }
    Ok(files)
}

/// Refuses what can be seen to be wrong without a token.
pub fn check(templates: &Templates) -> Result<()> {
    let none = Files::new();
    let check = |(key, source): (&String, &String)| {
        legal(key, &none).and_then(|()| screen::screen(source)).map_err(|flaw| flaw.in_template(key))
    };
    templates.iter().try_for_each(check)
}

fn rendered(source: &str, context: &Value) -> Result<String, Flaw> {
    screen::screen(source)?;
    let environment = environment()?;
    let template = environment.template_from_str(source).map_err(|error| Flaw::in_syntax(&error))?;
    let text = template.render(context.clone()).map_err(|error| Flaw::at_work(&error))?;
    if text.len() > MOST_BYTES {
        return Err(Flaw::new(format!("the result has more than {} KiB; make it shorter", MOST_BYTES >> 10)));
    }
    Ok(text)
}

/// An environment that has nothing but our filters.
fn environment() -> Result<Environment<'static>, Flaw> {
    let mut environment = Environment::empty();
    environment.set_syntax(syntax()?);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(MOST_STEPS));
    environment.set_formatter(|out, _, value| print(out, value));
    environment.add_test(screen::DEFINED, |value: &Value| !value.is_undefined());
    filters::add(&mut environment);
    Ok(environment)
}

/// What is written is what comes out, but for lines that hold only a tag.
fn syntax() -> Result<SyntaxConfig, Flaw> {
    let built =
        SyntaxConfig::builder().keep_trailing_newline(true).trim_blocks(true).lstrip_blocks(true).build();
    built.map_err(|error| Flaw::in_syntax(&error))
}

/// Lists are never printed as they are: nobody reads such a file, and their size is not known before.
fn print(out: &mut Output<'_>, value: &Value) -> Result<(), minijinja::Error> {
    match value.kind() {
        // The end of `x if y` without `else`.
        ValueKind::Undefined => Ok(()),
        ValueKind::String | ValueKind::Number | ValueKind::Bool => Ok(out.write_str(&filters::text(value)?)?),
        _ => refuse(
            "only a text, a number, true and false can be printed: use a loop, or the filter join or json",
        ),
    }
}

/// Whether the key may stand in a Secret, and is not one of ours.
fn legal(key: &str, taken: &Files) -> Result<(), Flaw> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if key.is_empty() || key.len() > 253 || !key.bytes().all(plain) || key == "." || key.starts_with("..") {
        return Err(Flaw::new(
            "a key of a Secret has at most 253 letters, digits and - . _, and does not begin with ..",
        ));
    }
    if PLAIN_KEYS.contains(&key) || PLAIN_PREFIXES.iter().any(|begin| key.starts_with(begin)) {
        return Err(Flaw::new("the operator itself writes that key; choose another one"));
    }
    if taken.contains_key(key) {
        return Err(Flaw::new(
            "one of the formats in spec.registries writes that key; choose another key, or remove the format",
        ));
    }
    Ok(())
}

fn too_much() -> Flaw {
    let most = MOST_BYTES_TOGETHER >> 10;
    Flaw::new(format!(
        "with it the results of all templates have more than {most} KiB; make a second RegistryCredential for some"
    ))
}
