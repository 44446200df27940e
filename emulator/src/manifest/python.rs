//! Python: the core metadata in wheels (`METADATA`) and source distributions (`PKG-INFO`).

mod legal;

pub(crate) use legal::{is_file_name, is_file_of, is_name, is_version};

use super::{text, unpacked};
use crate::state::version::{Dependency, Details, License};
use serde_json::{Value, json};
use std::io::Cursor;

/// What the API calls the kind of every dependency.
const KIND: &str = "Requires-Dist";

/// Fields, whose order is kept, and the text after them.
struct Metadata {
    fields: Vec<(String, String)>,
    body: String,
}

/// What the file says; nothing when it is none that can be read.
pub(crate) fn details(file: &str, content: &[u8]) -> Option<Details> {
    let is_wheel = has_extension(file, "whl");
    let written = if is_wheel || has_extension(file, "zip") { in_zip(content) } else { in_tar(content) };
    Some(Details { of_source: !is_wheel, ..Metadata::parse(&written?).details() })
}

fn has_extension(file: &str, extension: &str) -> bool {
    file.rsplit_once('.').is_some_and(|(_, found)| found.eq_ignore_ascii_case(extension))
}

/// `X.dist-info/METADATA`, or `PKG-INFO` in the top folder of a zipped source distribution.
fn is_metadata(path: &str) -> bool {
    match path.split_once('/') {
        Some((folder, "METADATA")) => folder.ends_with(".dist-info"),
        Some((_, name)) => name == "PKG-INFO",
        None => false,
    }
}

fn in_zip(content: &[u8]) -> Option<String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(content)).ok()?;
    let name = archive.file_names().flatten().find(|name| is_metadata(name))?.into_owned();
    text(archive.by_name(&name).ok()?).ok()
}

fn in_tar(content: &[u8]) -> Option<String> {
    let mut archive = unpacked(content);
    for entry in archive.entries().ok()? {
        let entry = entry.ok()?;
        if entry.path().ok()?.to_str().is_some_and(is_metadata) {
            return text(entry).ok();
        }
    }
    None
}

impl Metadata {
    /// Fields as in mail, and after an empty line the description.
    fn parse(written: &str) -> Self {
        let written = written.replace("\r\n", "\n");
        let (head, body) = written.split_once("\n\n").unwrap_or((&written, ""));
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in head.lines() {
            match (line.split_once(':'), fields.last_mut()) {
                (_, Some((_, value))) if line.starts_with([' ', '\t', '|']) => {
                    value.push('\n');
                    value.push_str(line.trim_start_matches(' ').trim_start_matches('|'));
                }
                (Some((name, value)), _) => {
                    fields.push((name.trim().to_ascii_lowercase(), value.trim().into()));
                }
                (None, _) => {}
            }
        }
        Self { fields, body: body.into() }
    }

    fn details(&self) -> Details {
        let requires = self.first("requires-python");
        let document = requires.map_or(Value::Null, |text| json!({ "requires_python": text }));
        let source = ["source", "source code", "repository", "code"];
        Details {
            document,
            display_name: self.first("name"),
            summary: self.first("summary"),
            home_page: self.first("home-page").or_else(|| self.url(&["homepage", "home"])),
            source_code_repository: self.url(&source),
            licenses: self.licenses(),
            readme: Some(self.body.clone())
                .filter(|body| !body.trim().is_empty())
                .or_else(|| self.first("description")),
            dependencies: self.all("requires-dist").filter_map(dependency).collect(),
            of_source: false,
        }
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Unknown things are written as `UNKNOWN` by old tools.
    fn first(&self, name: &str) -> Option<String> {
        self.all(name).find(|value| !value.is_empty() && *value != "UNKNOWN").map(str::to_owned)
    }

    /// One of the project's addresses, by its label.
    fn url(&self, labels: &[&str]) -> Option<String> {
        let urls = self.all("project-url").filter_map(|value| value.split_once(','));
        let suits = |label: &str| labels.contains(&label.trim().to_lowercase().as_str());
        urls.filter(|(label, _)| suits(label)).map(|(_, url)| url.trim().to_owned()).next()
    }

    fn licenses(&self) -> Vec<License> {
        let said = self.first("license-expression").or_else(|| self.first("license"));
        let classified = || {
            let classes = self.all("classifier").filter(|class| class.starts_with("License ::"));
            classes.filter_map(|class| class.rsplit(" :: ").next()).map(License::named).collect()
        };
        said.map_or_else(classified, |name| vec![License::named(name)])
    }
}

/// `name[extra] (>=1.0); marker`: what follows the name is the requirement.
fn dependency(requirement: &str) -> Option<Dependency> {
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    let end = requirement.find(|letter| !is_of_name(letter)).unwrap_or(requirement.len());
    let (name, rest) = requirement.split_at_checked(end)?;
    let rest = rest.trim();
    (!name.is_empty()).then(|| Dependency {
        namespace: None,
        package: name.into(),
        kind: Some(KIND.into()),
        requirement: (!rest.is_empty()).then(|| rest.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = "Metadata-Version: 2.1\nName: Left_Pad\nSummary: Pads\nHome-page: UNKNOWN\n\
        License: MIT\n\twith more\nProject-URL: Homepage, https://a.example\n\
        Project-URL: Source Code, https://b.example\nRequires-Python: >=3.8\n\
        Requires-Dist: requests[socks] (>=2.0) ; extra == 'net'\nRequires-Dist: six\n\n# Pads\n\nText\n";

    #[test]
    fn core_metadata_tells_what_the_api_shows() {
        let details = Metadata::parse(METADATA).details();
        assert_eq!(details.display_name.as_deref(), Some("Left_Pad"));
        assert_eq!(details.summary.as_deref(), Some("Pads"));
        assert_eq!(details.home_page.as_deref(), Some("https://a.example"));
        assert_eq!(details.source_code_repository.as_deref(), Some("https://b.example"));
        assert_eq!(details.licenses, [License::named("MIT\n\twith more")]);
        assert_eq!(details.readme.as_deref(), Some("# Pads\n\nText\n"));
        assert_eq!(details.document["requires_python"], ">=3.8");
        let told: Vec<_> = details.dependencies.iter().map(Dependency::describe).collect();
        let requirement = "[socks] (>=2.0) ; extra == 'net'";
        assert_eq!(
            told,
            [
                json!({ "package": "requests", "dependencyType": KIND, "versionRequirement": requirement }),
                json!({ "package": "six", "dependencyType": KIND }),
            ]
        );
    }

    #[test]
    fn licences_may_be_classified_instead() {
        let told =
            Metadata::parse("Name: a\nLicense: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License");
        assert_eq!(told.licenses(), [License::named("MIT License")]);
        assert_eq!(told.details().readme, None);
    }

    #[test]
    fn files_that_cannot_be_read_say_nothing() {
        for file in ["a.whl", "a.tar.gz", "a.zip", "a"] {
            for content in [&b""[..], b"PK\x03\x04", &[0x1f, 0x8b, 8, 0], &[0; 64]] {
                assert_eq!(details(file, content), None, "{file}");
            }
        }
    }
}
