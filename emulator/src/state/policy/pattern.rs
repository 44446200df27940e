//! Patterns with `*` and `?`, matched by following every way through them at once, so that no
//! pattern is slow.

/// A part of a pattern. What a wildcard may stand for depends on where the pattern is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Exactly(char),
    /// `?`
    One {
        colon: bool,
    },
    /// `*`
    Many {
        colon: bool,
    },
}

/// An ARN has six parts; the last one may have colons of its own.
const ARN_PARTS: usize = 6;

impl Token {
    pub(super) fn any() -> Self {
        Self::Many { colon: true }
    }

    fn takes(self, character: char) -> bool {
        match self {
            Self::Exactly(wanted) => wanted == character,
            Self::One { colon } | Self::Many { colon } => colon || character != ':',
        }
    }
}

/// Whether the pattern covers the whole text.
pub(super) fn matches(pattern: &[Token], text: &str) -> bool {
    let mut here = vec![false; pattern.len() + 1];
    here[0] = true;
    skip_stars(pattern, &mut here);
    for character in text.chars() {
        let mut next = vec![false; pattern.len() + 1];
        for (at, token) in pattern.iter().enumerate() {
            if here[at] && token.takes(character) {
                let stays = matches!(token, Token::Many { .. });
                next[if stays { at } else { at + 1 }] = true;
            }
        }
        skip_stars(pattern, &mut next);
        here = next;
    }
    here[pattern.len()]
}

/// A star may stand for nothing.
fn skip_stars(pattern: &[Token], here: &mut [bool]) {
    for (at, token) in pattern.iter().enumerate() {
        if here[at] && matches!(token, Token::Many { .. }) {
            here[at + 1] = true;
        }
    }
}

/// The `Resource` element: wildcards stay within their part of the ARN, but that a star at the end
/// of a part may go on beyond its colon.
pub(super) fn for_resource(mut pattern: Vec<Token>) -> Vec<Token> {
    let mut colons = 0;
    for at in 0..pattern.len() {
        let ends_part = matches!(pattern.get(at + 1), None | Some(Token::Exactly(':')));
        let free = colons + 1 >= ARN_PARTS;
        match &mut pattern[at] {
            Token::Exactly(':') => colons += 1,
            Token::Exactly(_) => {}
            Token::One { colon } => *colon = free,
            Token::Many { colon } => *colon = free || ends_part,
        }
    }
    pattern
}

/// The ARN conditions: each of the six parts is matched by itself.
pub(super) fn matches_arn(pattern: &[Token], text: &str) -> bool {
    let wanted = pattern.splitn(ARN_PARTS, |token| *token == Token::Exactly(':')).collect::<Vec<_>>();
    let parts = text.splitn(ARN_PARTS, ':').collect::<Vec<_>>();
    wanted.len() == parts.len() && wanted.iter().zip(parts).all(|(pattern, part)| matches(pattern, part))
}

#[cfg(test)]
mod tests {
    use super::super::template::Template;
    use super::*;

    fn tokens(pattern: &str) -> Vec<Token> {
        Template::literal(pattern).tokens(&super::super::Context::default()).unwrap()
    }

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("codeartifact:get*token", "codeartifact:getauthorizationtoken", true),
            ("a*b*c", "aXbYbZc", true),
            ("a?c", "aéc", true),
            ("?", "", false),
            ("a*b", "acbd", false),
            ("", "", true),
            ("", "a", false),
            ("****", "abc", true),
        ] {
            assert_eq!(matches(&tokens(pattern), text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn a_star_leaves_its_part_of_an_arn_only_at_the_end_of_it() {
        let arn = "arn:aws:codeartifact:us-east-1:111122223333:package/acme/team/npm//a:b";
        for (pattern, expected) in [
            ("*", true),
            ("arn:*", true),
            ("arn:aws:codeartifact:*", true),
            ("arn:*:package/acme/*", true),
            ("arn:aws:codeartifact:us-*:111122223333:package/acme/team/*", true),
            ("arn:aws:code*fact:us-east-1:111122223333:package/acme/*b", true),
            ("arn:aws:code*1:111122223333:package/acme/*", false),
            ("arn:aws?codeartifact:*", false),
            ("arn:aws:codeartifact:us-east-1:111122223333:package/*a?b", true),
        ] {
            assert_eq!(matches(&for_resource(tokens(pattern)), arn), expected, "{pattern}");
        }
    }

    #[test]
    fn the_parts_of_an_arn_are_compared_one_by_one() {
        let arn = "arn:aws:iam::111122223333:role/team/builder";
        for (pattern, expected) in [
            ("arn:aws:iam::111122223333:role/*", true),
            ("arn:*:iam:*:1111*:role/team/builder", true),
            ("arn:aws:iam:*", false),
            ("arn:aws:iam::*", false),
            ("*", false),
        ] {
            assert_eq!(matches_arn(&tokens(pattern), arn), expected, "{pattern}");
        }
    }
}
