//! Templates that are written to break, to grow or to tell.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{CANARY, MOST_BYTES, of};

/// The stack of a worker of the operator, and no more.
const STACK: usize = 2 << 20;
/// The longest template that the schema takes.
const LENGTH: usize = 8192;
/// How long one template may take on a busy machine, in a build without optimisation.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs a template on a worker's stack. A panic ends the test.
fn run(source: String) -> Result<String, String> {
    let run = move || of(&source, CANARY);
    std::thread::Builder::new().stack_size(STACK).spawn(run).unwrap().join().unwrap()
}

/// As often as it fits into a template.
fn filled(before: &str, again: &str, after: &str) -> String {
    let times = (LENGTH - before.len() - after.len()) / again.len();
    [before, &again.repeat(times), after].concat()
}

#[test]
fn no_template_grows_without_an_end() {
    let nested =
        "{% for a in registries[0].endpoints %}".repeat(12) + "{{ token }}" + &"{% endfor %}".repeat(12);
    let letters = "{% for a in token %}".repeat(6) + "x" + &"{% endfor %}".repeat(6);
    let join =
        "{{ registries[0].formats | join(token)".to_owned() + &" | replace('e', token)".repeat(20) + "}}";
    for source in [
        filled("", "{% set a = [a, a] %}", "{{ a }}"),
        filled("", "{% set a = a ~ a %}", "{{ a }}"),
        filled("", "{% set a %}{{ a }}{{ a }}{% endset %}", "{{ a }}"),
        filled("", "{% for a in [a ~ a] %}", ""),
        filled("", "{% for a in [[a, a]] %}", ""),
        filled("", "{% with a = a ~ a %}", ""),
        filled("{{ '' ", "~ token ", "}}"),
        filled("{{ registries ", "+ registries ", "| json }}"),
        filled("{{ ((registries ", "+ registries ", ")) == registries }}"),
        filled("", "{{ token }}", ""),
        filled("", "{{ token | json | json | json | json | json | json }}", ""),
        "{{ 'x' * 999999999 }}".into(),
        "{{ [1] * 999999999 }}".into(),
        "{{ 9 ** 9 ** 9 }}".into(),
        "{% for a in registries recursive %}{{ loop(registries) }}{% endfor %}".into(),
        nested,
        letters,
        join,
    ] {
        let (start, shown) = (Instant::now(), source.chars().take(60).collect::<String>());
        let done = run(source);
        assert!(start.elapsed() < PATIENCE, "{shown} took {:?}", start.elapsed());
        assert!(done.as_ref().map_or(true, |text| text.len() <= MOST_BYTES), "{shown}");
    }
}

#[test]
fn nothing_that_is_deep_exhausts_the_stack() {
    for (before, again, after) in [
        ("{{ ", "(", ""),
        ("{{ ", "[", ""),
        ("{{ ", "{'a':", ""),
        ("{{ ", "-", "1 }}"),
        ("{{ ", "not ", "1 }}"),
        ("{{ 1", "+1", " }}"),
        ("{{ token", "[0]", " }}"),
        ("{{ token", ".a", " }}"),
        ("{{ token", "|json", " }}"),
        ("{{ token", " is defined", " }}"),
        ("{{ ", "1 if 1 else ", "1 }}"),
        ("{{ 1", "<1", " }}"),
        ("{{ 1", " and 1", " }}"),
        ("{{ 'a'", " 'a'", " }}"),
        ("{% for ", "(", "a in token %}"),
        ("{% for a", ",a", " in token %}"),
        ("", "{% if 1 %}", ""),
        ("{% if 1 %}", "{% elif 1 %}", "{% endif %}"),
        ("", "{% for a in token %}", ""),
        ("", "{% raw %}", ""),
        ("", "{#", ""),
        ("", "{%- ", ""),
        ("", "{{{{", ""),
        ("{% set ", "(", ""),
        ("{% set a", ".a", " = 1 %}"),
        ("{% do a", "()", " %}"),
        ("{% call ", "(", ""),
    ] {
        let start = Instant::now();
        assert!(run(filled(before, again, after)).is_err(), "{before}{again}");
        assert!(start.elapsed() < PATIENCE, "{before}{again} took {:?}", start.elapsed());
    }
}

/// Pieces of messages, from the values that a template knows.
fn tells(message: &str) -> bool {
    let letters: Vec<char> = CANARY.chars().collect();
    letters.windows(5).any(|piece| message.contains(&piece.iter().collect::<String>()))
}

#[test]
fn a_message_holds_no_piece_of_a_token() {
    assert!(tells("… e7d6c …") && !tells("spec.secret.templates"));
    for source in [
        "{{ token - 1 }}",
        "{{ 1 - token }}",
        "{{ -token }}",
        "{{ token + 1 }}",
        "{{ token.x }}",
        "{{ token[token] }}",
        "{{ registries[token] }}",
        "{{ registries[0][token].y }}",
        "{{ registries[0][token] }}",
        "{{ token | join(token) }}",
        "{{ registries | join(token) }}",
        "{{ token | replace(token) }}",
        "{{ token | json(token) }}",
        "{{ token[token:] }}",
        "{{ token[::0] }}",
        "{% for a in token - 1 %}{% endfor %}",
        "{% for a in token.x %}{% endfor %}",
        "{{ token < registries }}{{ token.x }}",
        "{{ token in 1 }}",
        "{{ token | default(token) - 1 }}",
        "{{ registries | shell }}",
        "{{ (token ~ '\0') | shell }}",
        "{{ (token ~ '\x01') | xml }}",
        "{{ registries + token }}",
        "{{ registries | replace(token, token) }}",
        "{{ token | length(token) }}",
        "{{ token is defined(token) }}",
        "{{ registries[0] }}",
        "{{ expires_at + token }}",
        "{{ token | replace('e', token ~ token ~ token) | replace('e', token ~ token ~ token) | replace('e', token ~ token ~ token) | replace('e', token ~ token ~ token) | replace('e', token ~ token ~ token) }}",
    ] {
        match of(source, CANARY) {
            Ok(text) => panic!("{source} gives {text}"),
            Err(message) => assert!(!tells(&message), "{source}: {message}"),
        }
    }
}

/// Words and signs that mean something in templates.
const PIECES: [&str; 70] = [
    "{{ ",
    " }}",
    "{% ",
    " %}",
    "{%- ",
    " -%}",
    "for ",
    "in ",
    "if ",
    "else",
    "elif ",
    "endif",
    "endfor",
    "set ",
    "a",
    "b",
    " = ",
    "token",
    "registries",
    "[0]",
    ".endpoints",
    ".npm",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    ",",
    ":",
    "|",
    "json",
    "xml",
    "shell",
    "toml",
    "join('')",
    "replace('e', 'eee')",
    "default(",
    "length",
    "~",
    "+",
    "-",
    "*",
    "**",
    "==",
    "<",
    "not ",
    "and ",
    "or ",
    "is ",
    "defined",
    "'x'",
    "\"",
    "1",
    "9999999999999999999",
    "1.5",
    "none",
    "true",
    "loop",
    ".index",
    "recursive",
    "\n",
    "{#",
    "#}",
    "raw",
    "endraw",
    "é",
    "\u{1f600}",
    "\\",
    "'",
];

/// A template of pieces that mean something.
fn pieces() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60).prop_map(|pieces| pieces.concat())
}

/// A template in which most of the pieces fit each other.
fn sound() -> impl Strategy<Value = String> {
    let value = prop::sample::select(vec![
        "token",
        "a",
        "registries",
        "registries[0].endpoints",
        "expires_at",
        "'e'",
        "7",
        "registries[0].scopes",
    ]);
    let filter = prop::sample::select(vec![
        "",
        "|json",
        "|xml",
        "|shell",
        "|toml",
        "|upper",
        "|length",
        "|replace('e', token)",
        "|join(token)",
        "|default(token)",
        "[1:]",
        "[::-1]",
    ]);
    let expression = (value, prop::collection::vec(filter, 0..4))
        .prop_map(|(value, filters)| value.to_owned() + &filters.concat());
    let printed = expression.clone().prop_map(|expression| format!("{{{{ {expression} }}}}"));
    let looped = (expression.clone(), printed.clone())
        .prop_map(|(list, body)| format!("{{% for a in {list} %}}{body}{{% endfor %}}"));
    let chosen = (expression.clone(), expression, printed.clone()).prop_map(|(left, right, body)| {
        format!("{{% if {left} == {right} %}}{body}{{% else %}}x{{% endif %}}")
    });
    prop::collection::vec(prop_oneof![printed, looped, chosen], 1..8).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn whatever_is_written_ends_in_bounds(source in prop_oneof![pieces(), sound(), any::<String>()]) {
        match of(&source, CANARY) {
            Ok(text) => prop_assert!(text.len() <= MOST_BYTES),
            Err(message) => {
                prop_assert!(message.starts_with("spec.secret.templates[\"key\"]"), "{message}");
                prop_assert!(!tells(&message), "{source}: {message}");
                prop_assert!(message.len() < 600, "{message}");
            }
        }
    }
}
