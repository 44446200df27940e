//! What `cargo publish` sends: a length, JSON, a length, and the crate.

use crate::error::{Error, Result};
use crate::manifest::cargo::entry::Published;
use crate::manifest::cargo::{details, manifest};
use crate::state::package::PackageKey;
use crate::state::publish::{Growth, Publication};
use crate::state::version::Asset;
use axum::body::Bytes;

/// The version in the body.
pub(super) fn parse(body: &Bytes) -> Result<Publication> {
    let short = || Error::unparsable("The request is shorter or longer than its lengths say");
    let (document, rest) = part(body).ok_or_else(short)?;
    let Some((content, [])) = part(rest) else { return Err(short()) };
    let published: Published =
        serde_json::from_slice(document).map_err(|error| Error::unparsable(error.to_string()))?;
    let key = PackageKey::from_crate_name(&published.name)
        .ok_or_else(|| Error::invalid(format!("'{}' is not the name of a crate", published.name)))?;
    let manifest = manifest(content, &published.name, &published.vers).map_err(Error::invalid)?;
    let version = published.vers.to_string();
    let details = details(&published.entry(), &manifest, content).map_err(Error::internal)?;
    Ok(Publication {
        asset: Asset::new(file_name(&key, &version), Bytes::copy_from_slice(content)),
        details: Some(details),
        key,
        version,
        tags: Vec::new(),
        growth: Growth::Whole,
        unfinished: false,
    })
}

/// A length of four bytes, the lowest first, and as many bytes; then what follows.
fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
}

/// What the file of a version is called.
pub(crate) fn file_name(key: &PackageKey, version: &str) -> String {
    format!("{}-{version}.crate", key.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn body(document: &[u8], content: &[u8]) -> Bytes {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
        [&length(document), document, &length(content), content].concat().into()
    }

    fn refusal(body: &Bytes) -> String {
        parse(body).err().unwrap().message
    }

    #[test]
    fn a_body_that_is_cut_or_lies_about_its_lengths_is_refused() {
        let document = json!({ "name": "a", "vers": "1.0.0", "deps": [], "features": {} }).to_string();
        let whole = body(document.as_bytes(), b"content");
        for length in 0..whole.len() {
            let told = refusal(&whole.slice(..length));
            assert!(told.contains("lengths"), "{length}: {told}");
        }
        let longer = [&whole[..], b"x"].concat();
        assert!(refusal(&longer.into()).contains("lengths"));
        assert!(refusal(&Bytes::from_static(&[0xff; 4])).contains("lengths"));
        // All lengths are right; the crate is none.
        assert!(refusal(&whole).contains("no archive"));
    }

    #[test]
    fn a_document_that_makes_no_sense_is_refused() {
        for document in [
            json!(null),
            json!({ "name": "a", "vers": "one", "deps": [], "features": {} }),
            json!({ "name": "../a", "vers": "1.0.0", "deps": [], "features": {} }),
            json!({ "name": "a", "vers": "1.0.0", "features": {} }),
        ] {
            let text = document.to_string();
            assert!(parse(&body(text.as_bytes(), b"")).is_err(), "{document}");
        }
        assert!(parse(&body(b"\xff", b"")).is_err());
    }
}
