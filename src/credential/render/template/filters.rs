//! The filters of templates: each gives a text that is right in one syntax, or one of bounded size. Pure.

use std::borrow::Cow;

use aws_smithy_types::base64;
use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, Value};

use super::MOST_BYTES;
use crate::credential::render::url;

/// The names of all filters.
pub(super) const FILTERS: [&str; 13] = [
    "json",
    "xml",
    "shell",
    "toml",
    "urlencode",
    "base64",
    "default",
    "join",
    "replace",
    "lower",
    "upper",
    "trim",
    "length",
];

/// Why a filter refuses its value. Says nothing of the value.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refusal(pub(super) &'static str);

/// Refuses a value without a word about it.
pub(super) fn refuse<T>(why: &'static str) -> Result<T, Error> {
    Err(Error::from(ErrorKind::InvalidOperation).with_source(Refusal(why)))
}

/// Adds the filters, and nothing else.
pub(super) fn add(environment: &mut Environment<'_>) {
    environment.add_filter("json", json);
    environment.add_filter("toml", toml);
    environment.add_filter("xml", |value: &Value| xml(&text(value)?));
    environment.add_filter("shell", |value: &Value| shell(&text(value)?));
    environment.add_filter("urlencode", |value: &Value| bounded(url::escaped(&text(value)?)));
    environment.add_filter("base64", |value: &Value| bounded(base64::encode(text(value)?.as_bytes())));
    environment.add_filter(
        "default",
        |value: &Value, other: &Value| {
            if value.is_undefined() { other.clone() } else { value.clone() }
        },
    );
    environment.add_filter("join", join);
    environment.add_filter("replace", replace);
    environment.add_filter("lower", |value: &Value| bounded(text(value)?.to_lowercase()));
    environment.add_filter("upper", |value: &Value| bounded(text(value)?.to_uppercase()));
    environment.add_filter("trim", |value: &Value| Ok::<_, Error>(text(value)?.trim().to_owned()));
    environment.add_filter("length", length);
}

/// A text, a number, true or false as it is printed.
pub(super) fn text(value: &Value) -> Result<Cow<'_, str>, Error> {
    match (value.kind(), value.as_str()) {
        (ValueKind::Undefined, _) => Err(ErrorKind::UndefinedError.into()),
        (_, Some(text)) => Ok(text.into()),
        (ValueKind::Bool, _) => Ok((if value.is_true() { "true" } else { "false" }).into()),
        (ValueKind::Number, _) => {
            let number = value.to_string();
            if number.parse::<serde_json::Number>().is_err() {
                return refuse("a number is infinite; write another one");
            }
            Ok(number.into())
        }
        _ => refuse(
            "a text, a number, true or false is needed there; for a list use a loop, or the filter join or json",
        ),
    }
}

/// The items of a list.
fn items(value: &Value) -> Result<minijinja::value::ValueIter, Error> {
    match value.kind() {
        ValueKind::Undefined => Err(ErrorKind::UndefinedError.into()),
        ValueKind::Seq | ValueKind::Iterable => value.try_iter(),
        _ => refuse("the filter is for lists; remove it, or give it one such as registries"),
    }
}

fn bounded(text: String) -> Result<String, Error> {
    if text.len() > MOST_BYTES {
        refuse("the result of a filter has more than 64 KiB; make it shorter")
    } else {
        Ok(text)
    }
}

fn json(value: &Value) -> Result<String, Error> {
    let mut out = String::new();
    write_json(value, &mut out)?;
    Ok(out)
}

/// The values of the context, and what filters and operators make of them, are flat: nothing here goes deep.
fn write_json(value: &Value, out: &mut String) -> Result<(), Error> {
    match value.kind() {
        ValueKind::None => out.push_str("null"),
        ValueKind::String => out.push_str(&quoted(&text(value)?)?),
        ValueKind::Seq | ValueKind::Iterable => {
            let mut before = '[';
            for item in value.try_iter()? {
                out.push(std::mem::replace(&mut before, ','));
                write_json(&item, out)?;
            }
            out.push_str(if before == '[' { "[]" } else { "]" });
        }
        ValueKind::Map => {
            let mut before = '{';
            for key in value.try_iter()? {
                out.push(std::mem::replace(&mut before, ','));
                out.push_str(&quoted(&text(&key)?)?);
                out.push(':');
                write_json(&value.get_item(&key)?, out)?;
            }
            out.push_str(if before == '{' { "{}" } else { "}" });
        }
        _ => out.push_str(&text(value)?),
    }
    if out.len() > MOST_BYTES {
        refuse("the result of a filter has more than 64 KiB; make it shorter")
    } else {
        Ok(())
    }
}

fn quoted(text: &str) -> Result<String, Error> {
    serde_json::to_string(text).or_else(|_| refuse("a text cannot be written as JSON"))
}

/// A basic string in double quotes, a number, true or false; or a list of them.
fn toml(value: &Value) -> Result<String, Error> {
    if !matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
        return bounded(toml_scalar(value)?);
    }
    let mut out = String::from("[");
    for (index, item) in items(value)?.enumerate() {
        out.push_str(if index == 0 { "" } else { ", " });
        out.push_str(&toml_scalar(&item)?);
        out = bounded(out)?;
    }
    Ok(out + "]")
}

fn toml_scalar(value: &Value) -> Result<String, Error> {
    let text = text(value)?;
    if value.kind() != ValueKind::String {
        return Ok(text.into_owned());
    }
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            control if control.is_control() => out.extend(format!("\\u{:04X}", u32::from(control)).chars()),
            plain => out.push(plain),
        }
    }
    Ok(out + "\"")
}

/// Right in the text of an element, and in an attribute in either kind of quotes.
fn xml(text: &str) -> Result<String, Error> {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // In an attribute a parser takes them for spaces.
            '\t' | '\n' | '\r' => out.extend(format!("&#{};", u32::from(character)).chars()),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => {
                return refuse("a text holds a control character, which XML cannot hold; remove it");
            }
            plain => out.push(plain),
        }
    }
    bounded(out)
}

/// One word of a shell, in single quotes.
fn shell(text: &str) -> Result<String, Error> {
    if text.contains('\0') {
        return refuse("a text holds a NUL, which no word of a shell can hold; remove it");
    }
    bounded(format!("'{}'", text.replace('\'', r"'\''")))
}

fn join(list: &Value, between: &Value) -> Result<String, Error> {
    let (between, mut out) = (text(between)?, String::new());
    for (index, item) in items(list)?.enumerate() {
        if index > 0 {
            out.push_str(&between);
        }
        out.push_str(&text(&item)?);
        out = bounded(out)?;
    }
    Ok(out)
}

fn replace(value: &Value, from: &Value, to: &Value) -> Result<String, Error> {
    let (value, from, to) = (text(value)?, text(from)?, text(to)?);
    if from.is_empty() {
        return refuse("replace needs a text to look for; write one");
    }
    let grown = value.matches(&*from).count().saturating_mul(to.len());
    if grown > MOST_BYTES {
        return refuse("the result of a filter has more than 64 KiB; make it shorter");
    }
    bounded(value.replace(&*from, &to))
}

fn length(value: &Value) -> Result<usize, Error> {
    match (value.as_str(), value.kind()) {
        (Some(text), _) => Ok(text.chars().count()),
        (None, ValueKind::Map) => value.len().map_or_else(|| refuse("the length is not known"), Ok),
        (None, _) => Ok(items(value)?.count()),
    }
}
