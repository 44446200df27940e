//! `PublishPackageVersion`.

use super::with_identity;
use crate::error::{Error, Result};
use crate::operations::Input;
use crate::state::publish::{Growth, Publication};
use crate::state::version::Asset;
use crate::state::{Format, State};
use crate::wire::json_response;
use axum::response::Response;
use serde_json::json;

/// The marks that an asset's name may have besides letters and numbers.
const MARKS: &str = "~!@^&()-_+[]{};,.`";

/// One file of a generic package. The other formats have package managers to publish with.
pub(crate) fn publish(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let key = input.package_key()?;
    if key.format != Format::Generic {
        let format = key.format.name();
        return Err(Error::invalid(format!(
            "Packages of format '{format}' cannot be published with this operation, only generic ones"
        )));
    }
    let name = input.required("assetName")?;
    if !is_asset_name(name) {
        return Err(Error::invalid(format!("'{name}' is not a legal asset name")));
    }
    let asset = Asset::new(name, input.body().clone());
    if asset.sha256().to_string() != input.required("assetSHA256")? {
        return Err(Error::invalid("The asset does not have the SHA-256 hash that the request says"));
    }
    let publication = Publication {
        key: key.clone(),
        version: input.required("packageVersion")?.into(),
        asset: asset.clone(),
        details: None,
        tags: Vec::new(),
        growth: Growth::WhileUnfinished,
        unfinished: input.flag("unfinished"),
    };
    let version = state.publish(&input.domain_key()?, input.repository_name()?, publication, input.now)?;
    let answer = json!({ "status": version.status.name(), "asset": asset.summary() });
    Ok(json_response(&with_identity(answer, &key, &version)))
}

/// Letters, numbers and some marks, with single spaces between them.
fn is_asset_name(name: &str) -> bool {
    let is_legal = |letter: char| letter.is_alphanumeric() || letter == ' ' || MARKS.contains(letter);
    let has_outer_space = name.starts_with(' ') || name.ends_with(' ');
    !matches!(name, "" | "." | "..") && name.chars().all(is_legal) && !has_outer_space && !name.contains("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asset_names_follow_the_guide() {
        for name in ["a", "größe 1.tar.gz", "日本.zip", "~!@^&()-_+[]{};,.`", "...", "a b c"] {
            assert!(is_asset_name(name), "{name}");
        }
        for name in ["", ".", "..", " a", "a ", "a  b", "a/b", "a\\b", "a:b", "a#b", "a%b", "a\"b", "a\tb"] {
            assert!(!is_asset_name(name), "{name}");
        }
    }
}
