//! What a filter writes, somebody else reads back.

use std::process::Command;

use proptest::prelude::*;

use super::of;

const HOSTILE: [&str; 14] = [
    "plain",
    "",
    "a b",
    "it's",
    "\"q\"",
    "back\\slash",
    "$(touch x)`y`$HOME!",
    "<a b='c'>&amp;</a>",
    "]]>",
    "a\nb\tc\rd",
    "#;[x]=",
    "é\u{1f600}\u{2028}",
    "\u{7f}\u{85}",
    "${env.HOME}%41{{ token }}",
];

fn filtered(filter: &str, text: &str) -> Result<String, String> {
    of(&format!("{{{{ token | {filter} }}}}"), text)
}

fn read_json(text: &str) -> String {
    serde_json::from_str(&filtered("json", text).unwrap()).unwrap()
}

fn read_toml(text: &str) -> String {
    let document = of("a = {{ token | toml }}\nb = {{ [1, true, 'x'] | toml }}", text).unwrap();
    let table: toml::Table = toml::from_str(&document).unwrap();
    assert_eq!(table["b"].as_array().unwrap().len(), 3);
    table["a"].as_str().unwrap().to_owned()
}

/// The text of an element and of an attribute in either kind of quotes.
fn read_xml(text: &str) -> [String; 3] {
    let document =
        of("<a b=\"{{ token | xml }}\" c='{{ token | xml }}'>{{ token | xml }}</a>", text).unwrap();
    let mut reader = quick_xml::Reader::from_str(&document);
    let mut read = Vec::new();
    let mut inner = String::new();
    loop {
        use quick_xml::events::Event;
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                for attribute in start.attributes() {
                    let value = attribute
                        .unwrap()
                        .normalized_value(quick_xml::XmlVersion::Implicit1_0)
                        .unwrap()
                        .into_owned();
                    read.push(value);
                }
            }
            Event::Text(text) => inner.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().unwrap() {
                Some(character) => inner.push(character),
                None => inner.push_str(quick_xml::escape::resolve_predefined_entity(&reference).unwrap()),
            },
            Event::Eof => break,
            _ => {}
        }
    }
    read.push(inner);
    read.try_into().unwrap()
}

/// Runs the words through a shell, each as an argument of printf.
fn read_by_shell(shell: &str, words: &[String]) -> Vec<String> {
    let script = format!("printf '%s\\0' {}", words.join(" "));
    let output = Command::new(shell).args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

#[test]
fn every_syntax_gives_hostile_texts_back() {
    for text in HOSTILE {
        assert_eq!(read_json(text), text);
        assert_eq!(read_toml(text), text);
        assert_eq!(read_xml(text), [text, text, text]);
        let encoded = filtered("urlencode", text).unwrap();
        assert!(
            encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)),
            "{encoded}"
        );
        assert_eq!(percent_encoding::percent_decode_str(&encoded).decode_utf8().unwrap(), text);
        let decoded = aws_smithy_types::base64::decode(filtered("base64", text).unwrap()).unwrap();
        assert_eq!(decoded, text.as_bytes());
    }
    let words: Vec<_> = HOSTILE.iter().map(|text| filtered("shell", text).unwrap()).collect();
    for shell in ["sh", "bash"] {
        assert_eq!(read_by_shell(shell, &words), HOSTILE, "{shell}");
    }
}

#[test]
fn what_a_syntax_cannot_hold_is_refused() {
    for (filter, text) in [("shell", "a\0b"), ("xml", "a\u{1}b"), ("xml", "\u{ffff}"), ("xml", "\0")] {
        let error = filtered(filter, text).unwrap_err();
        assert!(error.contains("remove it"), "{error}");
    }
}

#[test]
fn lists_and_maps_are_written_as_json() {
    let whole = of("{{ registries | json }}", "t\"").unwrap();
    let read: serde_json::Value = serde_json::from_str(&whole).unwrap();
    assert_eq!(read[0]["token"], "t\"");
    assert_eq!(read[0]["scopes"][0], "@acme");
    assert_eq!(read[0]["expires_at"], 1_767_268_800);
    assert_eq!(
        of("{{ [] | json }}{{ none | json }}{{ true | json }}{{ [1, 'a'] | json }}", "t"),
        Ok("[]nulltrue[1,\"a\"]".into())
    );
}

proptest! {
    #[test]
    fn json_and_toml_give_every_text_back(text in any::<String>().prop_filter("a token has a character", |text| !text.is_empty())) {
        prop_assert_eq!(read_json(&text), text.clone());
        prop_assert_eq!(read_toml(&text), text);
    }

    #[test]
    fn xml_gives_every_text_back(text in "[\t\n\r -\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]{1,80}") {
        prop_assert_eq!(read_xml(&text), [text.clone(), text.clone(), text]);
    }

    #[test]
    fn a_shell_gives_every_text_back(texts in prop::collection::vec("[^\0]{1,20}", 40)) {
        let words: Vec<_> = texts.iter().map(|text| filtered("shell", text).unwrap()).collect();
        prop_assert_eq!(read_by_shell("sh", &words), texts);
    }
}
