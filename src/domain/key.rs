//! Compares the KMS key of a spec with the key that AWS uses. Pure.

/// What comparing the names of two keys can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// They name one key.
    Same,
    /// They name two keys.
    Different,
    /// Only KMS knows which key an alias names.
    Unknown,
}

/// Compares the key of a spec, by id, ARN or alias, with the ARN that AWS answers with.
pub(super) fn compare(declared: &str, in_use: &str) -> Comparison {
    let is_alias = |name: &str| name.starts_with("alias/") || name.contains(":alias/");
    let (declared_id, used_id) = (id(declared), id(in_use));
    if declared == in_use {
        Comparison::Same
    } else if is_alias(declared) || is_alias(in_use) {
        Comparison::Unknown
    } else if declared_id == used_id && !(is_arn(declared) && is_arn(in_use)) {
        Comparison::Same
    } else {
        Comparison::Different
    }
}

fn is_arn(name: &str) -> bool {
    name.starts_with("arn:")
}

/// The last part of a key's ARN, or the id itself.
fn id(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_arns_are_compared_and_aliases_are_not() {
        const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
        let arn = |account: &str, id: &str| format!("arn:aws:kms:us-east-1:{account}:key/{id}");
        let used = arn("123456789012", ID);
        let table = [
            ("the same ARN", used.clone(), Comparison::Same),
            ("the id of that key", ID.into(), Comparison::Same),
            ("another id", "0000abcd-12ab-34cd-56ef-1234567890ab".into(), Comparison::Different),
            ("another key's ARN", arn("123456789012", "mrk-1"), Comparison::Different),
            ("the same id in another account", arn("111122223333", ID), Comparison::Different),
            ("an alias", "alias/packages".into(), Comparison::Unknown),
            (
                "an alias' ARN",
                "arn:aws:kms:us-east-1:123456789012:alias/packages".into(),
                Comparison::Unknown,
            ),
        ];
        for (sentence, declared, expected) in table {
            assert_eq!(compare(&declared, &used), expected, "{sentence}");
        }
    }
}
