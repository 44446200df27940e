//! Patterns with `*` and `?`, as IAM has them: both match any character, `/` and `:` too.

/// Whether `text` matches `pattern`. Linear in practice: only the last star is tried again.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while seen < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[seen] => {
                at += 1;
                seen += 1;
            }
            _ => match star {
                Some((position, taken)) => {
                    star = Some((position, taken + 1));
                    at = position + 1;
                    seen = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("codeartifact:*", "codeartifact:CreateDomain", true),
            ("codeartifact:Get*Token", "codeartifact:GetAuthorizationToken", true),
            ("arn:*:domain/a?me", "arn:aws:codeartifact:us-east-1:1:domain/acme", true),
            ("*/team-*-x", "repository/acme/team-a-b-x", true),
            ("acme", "acme2", false),
            ("?", "", false),
            ("a*b", "acbd", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
    }
}
