//! A Secret as a YAML document for people. Pure.

use std::collections::BTreeMap;

use kube::ResourceExt;

use crate::api::{MANAGED_BY, MANAGER, RegistryCredential};
use crate::credential::preview::{MASK, Previewed};

/// The Secret of a login.
pub(super) fn document(login: &RegistryCredential, previewed: &Previewed) -> String {
    let settings = &login.spec.secret;
    let name = settings.name.clone().unwrap_or_else(|| login.name_any());
    let mut labels = settings.labels.clone();
    labels.insert(MANAGED_BY.into(), MANAGER.into());
    let mut out = format!(
        "---\n# {}. {MASK} and the name of a domain stand for the token, and the time is a stand-in, too.\n",
        super::documents::title(login)
    );
    for note in &previewed.notes {
        line(&mut out, format_args!("# {note}"));
    }
    line(&mut out, format_args!("apiVersion: v1\nkind: Secret\ntype: Opaque\nmetadata:"));
    line(
        &mut out,
        format_args!(
            "  name: {}\n  namespace: {}",
            scalar(&name),
            scalar(&login.namespace().unwrap_or_default())
        ),
    );
    members(&mut out, "  labels", &labels);
    members(&mut out, "  annotations", &settings.annotations);
    members(&mut out, "stringData", &previewed.files);
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.push_str(&text.to_string());
    out.push('\n');
}

fn members(out: &mut String, title: &str, members: &BTreeMap<String, String>) {
    if members.is_empty() {
        return;
    }
    let indent = " ".repeat(title.len() - title.trim_start().len() + 2);
    line(out, format_args!("{title}:"));
    for (key, text) in members {
        match block(text, &format!("{indent}  ")) {
            Some(block) => line(out, format_args!("{indent}{}: {block}", scalar(key))),
            None => line(out, format_args!("{indent}{}: {}", scalar(key), scalar(text))),
        }
    }
}

/// A text of several lines as a block, where YAML gives it back as it is.
fn block(text: &str, indent: &str) -> Option<String> {
    let readable = |character: char| {
        character == '\n'
            || !character.is_control() && character != '\u{feff}' && !"\u{2028}\u{2029}".contains(character)
    };
    let lines = text.strip_suffix('\n').unwrap_or(text);
    if !lines.contains('\n') && lines == text
        || !text.chars().all(readable)
        || text.starts_with([' ', '\n'])
        || lines.ends_with('\n')
        || lines.is_empty()
    {
        return None;
    }
    let chomping = if lines == text { "-" } else { "" };
    let indented = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("\n{indent}{line}") };
    let lines: String = lines.split('\n').map(indented).collect();
    Some(format!("|{chomping}{lines}"))
}

/// A text in one line: as it is when nothing in it means anything, else in quotes.
pub(super) fn scalar(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/+".contains(&byte);
    let word = text.starts_with(|first: char| first.is_ascii_alphabetic() || "./".contains(first))
        && text.bytes().all(plain);
    let reserved = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        .contains(&text.to_ascii_lowercase().as_str());
    let number =
        [".inf", ".nan"].contains(&text.to_ascii_lowercase().as_str()) || text.parse::<f64>().is_ok();
    if word && !reserved && !number { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_back(text: &str) -> BTreeMap<String, String> {
        let mut out = String::new();
        members(
            &mut out,
            "stringData",
            &BTreeMap::from([("a".into(), text.into()), (".b".into(), text.into())]),
        );
        let read: BTreeMap<String, BTreeMap<String, String>> =
            serde_saphyr::from_str(&out).unwrap_or_else(|error| panic!("{out:?}: {error}"));
        read["stringData"].clone()
    }

    #[test]
    fn every_text_is_read_back_as_it_is() {
        for text in [
            "",
            "a",
            "a\n",
            "a\nb",
            "a\n\nb\n",
            "\n",
            "\n\n",
            " a\nb",
            "a\n b\n",
            "a\n\n",
            "# a\n",
            "- a\nb: c\n",
            "a: b",
            "true",
            "No",
            "1",
            "1e3",
            ".5",
            ".inf",
            "~",
            "a\tb\nc",
            "a\r\nb",
            "'\"",
            "---\na",
            "\u{85}\na",
            "é\n",
            "a \nb ",
            "a\n  \nb",
            "*\n",
            "&\n",
            "%a\n",
            "|\n",
        ] {
            for (key, read) in read_back(text) {
                assert_eq!(read, text, "{key}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_back_as_it_is(text in "[a-z \n\t:#'\"|>\\-é{}]{0,30}") {
            prop_assert_eq!(&read_back(&text)["a"], &text);
        }
    }
}
