//! The index of one project: its versions and files, as JSON (PEP 691, PEP 700) or as HTML (PEP 503).

use super::super::{Target, typed};
use super::accept::Form;
use crate::error::Result;
use crate::state::State;
use crate::state::package::PackageKey;
use crate::state::resolution::{Place, in_registry, versions};
use crate::state::version::{Asset, Version};
use axum::response::Response;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The files of a project. Any spelling of its name will do.
pub(super) fn index(state: &State, target: &Target, key: &PackageKey, form: Form) -> Result<Response> {
    let places = state.places(&target.domain, &target.repository, key)?;
    let found = versions(&places);
    if found.is_empty() {
        return Err(key.not_found());
    }
    let text = match form {
        Form::Json => as_json(&key.name, &found, &places).to_string(),
        Form::Html | Form::VersionedHtml => as_html(&key.name, &found, &places),
    };
    Ok(typed(form.content_type(), text))
}

/// A file, with what the index tells of it.
struct File<'a> {
    version: &'a Version,
    asset: &'a Asset,
    yanked: Option<&'a str>,
}

/// The files of the versions, and the files that the registry of a version has received since the version was
/// retained. As long as the registry can be reached, the registry decides which files are yanked.
fn files<'a>(versions: &BTreeMap<&str, &'a Version>, places: &[Place<'a>]) -> impl Iterator<Item = File<'a>> {
    let of = move |version: &'a Version| {
        let registry = in_registry(version, places).map(|(_, registry)| registry);
        let gained = registry.into_iter().flat_map(|registry| &registry.assets);
        let gained = gained.filter(|asset| version.asset(&asset.name).is_none());
        version.assets.iter().chain(gained).map(move |asset| {
            let there = registry.and_then(|registry| registry.asset(&asset.name));
            File { version, asset, yanked: there.unwrap_or(asset).release.yanked.as_deref() }
        })
    };
    versions.values().copied().flat_map(of)
}

impl<'a> File<'a> {
    /// The file's address, relative to the index.
    fn link(&self) -> String {
        format!("{}/{}", self.version.number, self.asset.name)
    }

    fn requires_python(&self) -> Option<&'a str> {
        self.version.details.document["requires_python"].as_str()
    }

    fn upload_time(&self) -> String {
        format!("{:.6}", self.version.published_of(self.asset))
    }

    fn as_json(&self) -> Value {
        let (name, sha256, md5) = (&self.asset.name, self.asset.sha256(), self.asset.md5());
        let mut file = json!({
            "filename": name,
            "url": self.link(),
            "hashes": { "sha256": sha256.to_string(), "md5": md5.to_string() },
            "size": self.asset.size(),
            "upload-time": self.upload_time(),
            "yanked": match self.yanked {
                None => Value::Bool(false),
                Some("") => Value::Bool(true),
                Some(reason) => reason.into(),
            },
        });
        if let Some(requires) = self.requires_python() {
            file["requires-python"] = requires.into();
        }
        file
    }

    fn as_html(&self) -> String {
        let (name, sha256) = (&self.asset.name, self.asset.sha256());
        let attributes = [
            ("requires-python", self.requires_python().map(escape)),
            ("upload-time", Some(self.upload_time())),
            ("yanked", self.yanked.map(escape)),
        ];
        let attributes: String = attributes
            .into_iter()
            .filter_map(|(name, value)| Some(format!(" data-{name}=\"{}\"", value?)))
            .collect();
        let link = escape(&self.link());
        format!("<a href=\"{link}#sha256={sha256}\"{attributes}>{}</a><br>\n", escape(name))
    }
}

fn as_json<'a>(name: &str, versions: &BTreeMap<&str, &'a Version>, places: &[Place<'a>]) -> Value {
    json!({
        "meta": { "api-version": "1.1" },
        "name": name,
        "versions": versions.keys().collect::<Vec<_>>(),
        "files": files(versions, places).map(|file| file.as_json()).collect::<Vec<_>>(),
    })
}

fn as_html<'a>(name: &str, versions: &BTreeMap<&str, &'a Version>, places: &[Place<'a>]) -> String {
    let links: String = files(versions, places).map(|file| file.as_html()).collect();
    format!(
        "<!DOCTYPE html>\n<html><head><title>Links for {name}</title></head><body>\n{links}</body></html>\n"
    )
}

/// For HTML text and attributes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::version::{Details, Origin};
    use jiff::Timestamp;

    fn version(yanked: Option<&str>, requires: &str) -> Version {
        let mut asset = Asset::new("tool-1!2.0+a.tar.gz", "x".into());
        asset.release.yanked = yanked.map(str::to_owned);
        let details = Details { document: json!({ "requires_python": requires }), ..Details::default() };
        let time: Timestamp = "2024-03-01T12:00:00.25Z".parse().unwrap();
        Version::new("1!2.0+a", Origin::Internal("team".into()), asset, details, time)
    }

    fn index_of(version: &Version) -> BTreeMap<&str, &Version> {
        BTreeMap::from([(version.number.as_str(), version)])
    }

    #[test]
    fn json_tells_all_of_a_file() {
        for (yanked, told) in [(None, json!(false)), (Some(""), json!(true)), (Some("bad"), json!("bad"))] {
            let version = version(yanked, ">=3.9,<4");
            let file = json!({
                "filename": "tool-1!2.0+a.tar.gz",
                "url": "1!2.0+a/tool-1!2.0+a.tar.gz",
                "hashes": {
                    "sha256": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
                    "md5": "9dd4e461268c8034f5c8564e155c67a6",
                },
                "requires-python": ">=3.9,<4",
                "size": 1,
                "upload-time": "2024-03-01T12:00:00.250000Z",
                "yanked": told,
            });
            let meta = json!({ "api-version": "1.1" });
            let expected = json!({ "meta": meta, "name": "tool", "versions": ["1!2.0+a"], "files": [file] });
            assert_eq!(as_json("tool", &index_of(&version), &[]), expected);
        }
    }

    #[test]
    fn html_tells_it_in_attributes() {
        let version = version(Some("\"bad\""), ">=3.9");
        let page = as_html("tool", &index_of(&version), &[]);
        let link = "<a href=\"1!2.0+a/tool-1!2.0+a.tar.gz#sha256=2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db\
            02258717921a4881\" data-requires-python=\"&gt;=3.9\" data-upload-time=\"2024-03-01T12:00:00.250000Z\" \
            data-yanked=\"&quot;bad&quot;\">tool-1!2.0+a.tar.gz</a><br>\n";
        assert!(page.contains(link), "{page}");
    }
}
