//! Text and names in XML. Pure.

/// The text with entities in the place of what XML has a meaning for, also between quotes.
pub(super) fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&apos;",
            other => escaped.push(other),
        }
    }
    escaped
}

/// The name of a repository as the name of an element, as .NET's `XmlConvert.EncodeLocalName` writes it: an element begins with a
/// letter, and what looks like an escape is escaped.
pub(super) fn element(name: &str) -> String {
    let written = |(place, character): (usize, char)| match character {
        '0'..='9' if place == 0 => format!("_x003{character}_"),
        '_' if is_escape(&name.as_bytes()[place..]) => "_x005F_".into(),
        other => other.into(),
    };
    name.char_indices().map(written).collect::<Vec<String>>().concat()
}

fn is_escape(text: &[u8]) -> bool {
    let hex = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    matches!(text, [b'_', b'x', rest @ ..] if rest.len() > 4 && rest[4] == b'_' && hex(&rest[..4]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_net_reads_them() {
        let table = [
            ("team", "team"),
            ("1team", "_x0031_team"),
            ("team.1-2_3", "team.1-2_3"),
            ("a_x0020_b", "a_x005F_x0020_b"),
            ("a_x00_b", "a_x00_b"),
        ];
        for (name, expected) in table {
            assert_eq!(element(name), expected);
        }
        assert_eq!(text("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&apos;");
    }
}
