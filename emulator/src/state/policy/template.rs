//! Text of a policy that may have variables, such as `${aws:PrincipalTag/team}`.

use super::context::Context;
use super::pattern::Token;

/// Text with its variables found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// `${*}`, `${?}`, `${$}`: a character that means itself.
    Itself(char),
    Variable {
        key: String,
        otherwise: Option<String>,
    },
}

impl Template {
    /// Text in which `${` means nothing, as in policies of the version 2008-10-17.
    pub(super) fn literal(text: &str) -> Self {
        Self(vec![Piece::Text(text.into())])
    }

    /// Text of a policy of the version 2012-10-17.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, tail) =
                after.split_once('}').ok_or_else(|| format!("unclosed variable in {text:?}"))?;
            pieces.push(Piece::Text(before.into()));
            pieces.push(variable(name).ok_or_else(|| format!("malformed variable in {text:?}"))?);
            rest = tail;
        }
        pieces.push(Piece::Text(rest.into()));
        Ok(Self(pieces))
    }

    /// Whether the text is known before a request is.
    pub(super) fn is_constant(&self) -> bool {
        !self.0.iter().any(|piece| matches!(piece, Piece::Variable { .. }))
    }

    /// The text for a request; none where a variable has no single value.
    pub(super) fn text(&self, context: &Context) -> Option<String> {
        self.0.iter().try_fold(String::new(), |mut text, piece| {
            match piece {
                Piece::Text(part) => text.push_str(part),
                Piece::Itself(character) => text.push(*character),
                Piece::Variable { key, otherwise } => text.push_str(value(key, otherwise.as_ref(), context)?),
            }
            Some(text)
        })
    }

    /// The pattern for a request. What a variable brings in means itself.
    pub(super) fn tokens(&self, context: &Context) -> Option<Vec<Token>> {
        self.0.iter().try_fold(Vec::new(), |mut tokens, piece| {
            match piece {
                Piece::Text(part) => tokens.extend(part.chars().map(|character| match character {
                    '*' => Token::any(),
                    '?' => Token::One { colon: true },
                    other => Token::Exactly(other),
                })),
                Piece::Itself(character) => tokens.push(Token::Exactly(*character)),
                Piece::Variable { key, otherwise } => {
                    tokens.extend(value(key, otherwise.as_ref(), context)?.chars().map(Token::Exactly));
                }
            }
            Some(tokens)
        })
    }
}

/// `aws:username` or `aws:username, 'somebody'`.
fn variable(name: &str) -> Option<Piece> {
    if let "*" | "?" | "$" = name {
        return name.chars().next().map(Piece::Itself);
    }
    let (key, otherwise) = match name.split_once(',') {
        Some((key, default)) => {
            let default = default.trim().strip_prefix('\'')?.strip_suffix('\'')?;
            (key.trim(), Some(default.to_owned()))
        }
        None => (name.trim(), None),
    };
    key.contains(':').then(|| Piece::Variable { key: key.into(), otherwise })
}

fn value<'a>(key: &str, otherwise: Option<&'a String>, context: &'a Context) -> Option<&'a str> {
    match context.get(key) {
        Some([one]) => Some(one),
        Some(_) => None,
        None => otherwise.map(String::as_str),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_take_their_values_from_the_request() {
        let context = Context::default()
            .with("aws:PrincipalTag/team", "a*")
            .with_all("aws:TagKeys", ["a".into(), "b".into()]);
        for (text, expected) in [
            ("plain", Some("plain")),
            ("x/${aws:principaltag/TEAM}/y", Some("x/a*/y")),
            ("${aws:username}", None),
            ("${aws:username, 'nobody'}", Some("nobody")),
            ("${aws:PrincipalTag/team, 'nobody'}", Some("a*")),
            ("${aws:TagKeys}", None),
            ("${*}${?}${$}{", Some("*?${")),
        ] {
            let template = Template::parse(text).unwrap();
            assert_eq!(template.text(&context).as_deref(), expected, "{text}");
        }
        for malformed in ["${", "a${aws:username", "${nothing}", "${aws:username, nobody}"] {
            assert!(Template::parse(malformed).is_err(), "{malformed}");
        }
    }

    #[test]
    fn what_a_variable_brings_in_is_no_wildcard() {
        let context = Context::default().with("aws:PrincipalTag/team", "*");
        let tokens = Template::parse("${aws:PrincipalTag/team}*${*}").unwrap().tokens(&context).unwrap();
        assert_eq!(tokens, [Token::Exactly('*'), Token::any(), Token::Exactly('*')]);
    }
}
