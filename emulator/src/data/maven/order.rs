//! Which of two versions is the higher one, as Maven compares them.

/// Between what comes before a release, such as `rc`, and what comes after it, such as `sp`.
const RELEASE: u8 = 5;

/// Numbers are higher than all words.
const NUMBER: u8 = 8;

/// One part of a version. Parts compare as they are: first what they are, then numbers by their
/// length and digits, other words by their letters.
pub(super) type Part = (u8, usize, String);

/// What to compare versions by.
pub(super) fn rank(version: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for word in words(&version.to_ascii_lowercase()) {
        let part = part(&word);
        // `1.0-rc` is `1-rc`.
        if !word.starts_with(|first: char| first.is_ascii_digit()) {
            trim(&mut parts);
        }
        parts.push(part);
    }
    trim(&mut parts);
    // A version that goes on is compared with the release that it goes on from.
    parts.push((RELEASE, 0, String::new()));
    parts
}

/// Runs of digits and of letters; all else separates.
fn words(version: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = None;
    for letter in version.chars() {
        let is_of_word = letter.is_alphanumeric();
        let kind = is_of_word.then(|| letter.is_ascii_digit());
        match words.last_mut() {
            Some(word) if is_of_word && kind == previous => word.push(letter),
            _ if is_of_word => words.push(letter.into()),
            _ => {}
        }
        previous = kind;
    }
    words
}

fn part(word: &str) -> Part {
    if word.starts_with(|first: char| first.is_ascii_digit()) {
        let digits = word.trim_start_matches('0');
        return (NUMBER, digits.len(), digits.into());
    }
    let class = match word {
        "alpha" | "a" => 0,
        "beta" | "b" => 1,
        "milestone" | "m" => 2,
        "rc" | "cr" => 3,
        "snapshot" => 4,
        "ga" | "final" | "release" => RELEASE,
        "sp" => 6,
        _ => 7,
    };
    (class, 0, if class == 7 { word.into() } else { String::new() })
}

/// Zeros at the end, and words for a release, say nothing.
fn trim(parts: &mut Vec<Part>) {
    let says_nothing = |(class, length, _): &Part| *class == RELEASE || (*class == NUMBER && *length == 0);
    while parts.last().is_some_and(says_nothing) {
        parts.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_maven_orders_them() {
        let ordered = [
            "0.9",
            "1.0-alpha-1",
            "1.0-alpha-2",
            "1.0-beta",
            "1.0-M1",
            "1.0-rc1",
            "1.0-SNAPSHOT",
            "1.0",
            "1.0-sp1",
            "1.0-jre",
            "1.0.0.1",
            "1.0.1-rc1",
            "1.0.1",
            "1.2",
            "1.10",
            "2.0.0.RC1",
            "2.0.0",
            "20240101",
            "100000000000000000000000000000000000000000",
        ];
        for (lower, higher) in ordered.iter().zip(&ordered[1..]) {
            assert!(rank(lower) < rank(higher), "{lower} {higher}");
        }
        for (one, other) in [("1", "1.0.0"), ("1.0-ga", "1"), ("1.0-RC1", "1-rc-1"), ("1.0.Final", "1.0")] {
            assert_eq!(rank(one), rank(other), "{one} {other}");
        }
    }
}
