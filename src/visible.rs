//! Text of others in messages for people. Pure.

/// The text with the replacement character in the place of what no reader sees: control characters, and marks that turn or hide
/// other text. Names in owner references, for example, may hold any of them. A message is one line: a new line becomes a space.
pub fn visible(text: &str) -> String {
    let shown = |character: char| match character {
        '\n' | '\t' => ' ',
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
            '\u{fffd}'
        }
        character if character.is_control() => '\u{fffd}',
        character => character,
    };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_or_turns_text_is_shown() {
        for (text, expected) in [
            ("Secret login, Zürich, 東京", "Secret login, Zürich, 東京"),
            ("red \u{1b}[31m, bell \u{7}", "red \u{fffd}[31m, bell \u{fffd}"),
            ("turned \u{202e}txt, hidden \u{200b}.", "turned \u{fffd}txt, hidden \u{fffd}."),
            ("two\nlines", "two lines"),
        ] {
            assert_eq!(visible(text), expected);
        }
    }
}
