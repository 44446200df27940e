//! How a token could look in a file.

use std::collections::BTreeSet;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What RFC 3986 leaves as it is in a URL.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Long enough to be of this token alone, short enough that a cut-off token is found, too.
const SLICE: usize = 48;

/// Slices out of the middle of each encoding of a secret, each with the name of the encoding.
///
/// Whoever holds the whole token in that encoding also holds the slice. The middle is taken because tokens of one kind
/// share their beginning.
pub(super) fn needles(secret: &str) -> BTreeSet<(Vec<u8>, &'static str)> {
    encodings(secret).into_iter().map(|(text, name)| (middle(text.as_bytes()).to_vec(), name)).collect()
}

fn encodings(secret: &str) -> Vec<(String, &'static str)> {
    let mut all = vec![(secret.to_owned(), "raw")];
    for shift in 0..3 {
        all.push((base64_at(&BASE64_STANDARD_NO_PAD, secret, shift), "base64"));
        all.push((base64_at(&BASE64_URL_SAFE_NO_PAD, secret, shift), "base64"));
    }
    for set in [UNRESERVED, NON_ALPHANUMERIC] {
        let encoded = utf8_percent_encode(secret, set).to_string();
        all.push((lower_hex(&encoded), "percent"));
        all.push((encoded, "percent"));
    }
    let json = serde_json::Value::from(secret).to_string();
    let json = &json[1..json.len() - 1];
    all.push((json.replace('/', "\\/"), "JSON"));
    // Go escapes these in JSON, too.
    all.push((json.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e"), "JSON"));
    all.push((json.to_owned(), "JSON"));
    all
}

/// The characters that the secret has in the base64 of a text in which it begins `shift` bytes after a multiple of
/// three, without those at both ends that it shares with its neighbours.
fn base64_at(engine: &impl Engine, secret: &str, shift: usize) -> String {
    let bytes = [&b"..."[..shift], secret.as_bytes()].concat();
    let encoded = engine.encode(&bytes);
    let first = (shift * 8).div_ceil(6);
    encoded[first..bytes.len() * 8 / 6].to_owned()
}

fn lower_hex(percent_encoded: &str) -> String {
    let mut pieces = percent_encoded.split('%');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| {
        let (hex, rest) = piece.split_at(2);
        text + "%" + &hex.to_ascii_lowercase() + rest
    })
}

fn middle(bytes: &[u8]) -> &[u8] {
    let from = bytes.len().saturating_sub(SLICE) / 2;
    &bytes[from..bytes.len().min(from + SLICE)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(secret: &str, text: &str) -> bool {
        needles(secret).iter().any(|(needle, _)| text.as_bytes().windows(needle.len()).any(|w| w == needle))
    }

    #[test]
    fn a_secret_is_found_in_base64_wherever_it_begins() {
        let secret = "AbC+/=~.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        for before in ["", "a", "ab", "abc", "user:", "aws:"] {
            for after in ["", "z", "zy", "zyx"] {
                let text = format!("{before}{secret}{after}");
                assert!(found(secret, &BASE64_STANDARD_NO_PAD.encode(&text)), "{before} {after}");
                assert!(found(secret, &BASE64_URL_SAFE_NO_PAD.encode(&text)), "{before} {after}");
            }
        }
    }

    #[test]
    fn a_secret_is_found_in_addresses_and_json() {
        let secret = "a\"b/c&d=e+f%0123456789";
        let url = "https://aws:a%22b%2Fc%26d%3De%2Bf%250123456789@host/";
        assert!(
            found(secret, url)
                && found(secret, &url.replace("%2F", "%2f").replace("%3D", "%3d").replace("%2B", "%2b"))
        );
        assert!(found(secret, r#"{"token":"a\"b\/c&d=e+f%0123456789"}"#));
        assert!(found(secret, r#"{"token":"a\"b/c\u0026d=e+f%0123456789"}"#));
        assert!(!found(secret, "a-b/c&d=e+f%0123456789"));
    }
}
