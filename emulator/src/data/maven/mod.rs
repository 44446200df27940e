//! Maven's repository layout: files of versions, `maven-metadata.xml`, and checksums of both.

mod checksum;
mod metadata;
mod order;
mod path;
mod publish;
mod snapshot;
mod verify;

pub(crate) use checksum::Algorithm;
pub(crate) use path::{is_file_of, is_version};

use super::exchange::{Exchange, Permission};
use super::{Target, file, typed};
use crate::call::UNKNOWN;
use crate::error::{Error, ResourceType, Result};
use crate::state::State;
use crate::state::package::PackageKey;
use crate::state::version::Asset;
use crate::wire::header_value;
use axum::body::Bytes;
use axum::response::Response;
use http::{Method, Request, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use path::{Path, Wanted};

/// What the request wants, if Maven or Gradle would ask for it.
pub(super) fn understand(path: &str, request: &Request<Bytes>) -> Option<Exchange> {
    let Some(Path { wanted, checksum }) = Path::parse(path) else {
        return (request.method() == Method::PUT).then(misplaced);
    };
    let body = request.body().clone();
    let key = wanted.key().clone();
    let version = wanted.version().map(str::to_owned);
    let exchange = match *request.method() {
        Method::GET | Method::HEAD => read(wanted, checksum),
        Method::PUT => write(wanted, checksum, body),
        _ => return None,
    };
    Some(Exchange { version, ..exchange.about(&key) })
}

/// Refuses an upload to a path that is none of Maven's.
fn misplaced() -> Exchange {
    Exchange::read(UNKNOWN, |_, target, _| {
        Err(Error::invalid(format!("'/{}' is no path of a file in a Maven repository", target.rest)))
    })
}

fn read(wanted: Wanted, checksum: Option<Algorithm>) -> Exchange {
    let operation = match (&wanted, checksum) {
        (_, Some(_)) => "MavenGetChecksum",
        (Wanted::Metadata(_) | Wanted::Snapshot { .. }, None) => "MavenGetMetadata",
        (Wanted::File { .. }, None) => "MavenGetFile",
    };
    Exchange::read(operation, move |state, target, now| {
        let asset = match &wanted {
            Wanted::Metadata(key) => metadata::of(state, target, key)?,
            Wanted::Snapshot { key, version } => snapshot::of(state, target, key, version)?,
            Wanted::File { key, version, name } => find(state, target, (key, version, name), now)?,
        };
        Ok(match (checksum, &wanted) {
            (Some(algorithm), _) => typed("text/plain", algorithm.of(&asset)),
            (None, Wanted::Metadata(_) | Wanted::Snapshot { .. }) => {
                typed("application/xml", asset.content().clone())
            }
            (None, Wanted::File { .. }) => dated(file(&asset), &asset),
        })
    })
}

/// A file, of a version that is retained with it. So is one whose checksum alone is asked for.
fn find(
    state: &mut State,
    target: &Target,
    (key, version, name): (&PackageKey, &str, &str),
    now: Timestamp,
) -> Result<Asset> {
    if let Some(asset) = snapshot::stand_in(state, target, (key, version, name))? {
        return Ok(asset);
    }
    let found = state.fetch(&target.domain, &target.repository, (key, version), now)?;
    found.asset(name).cloned().ok_or_else(|| no_asset(key, version, name))
}

fn write(wanted: Wanted, checksum: Option<Algorithm>, body: Bytes) -> Exchange {
    match (wanted, checksum) {
        (Wanted::File { key, version, name }, None) => {
            Exchange::write("MavenPutFile", Permission::Publish, move |state, target, now| {
                publish::file(state, target, (&key, &version, &name), body, now)
            })
        }
        (Wanted::Metadata(key), None) => {
            Exchange::write("MavenPutMetadata", Permission::PutMetadata, move |state, target, now| {
                publish::metadata(state, target, &key, &body, now)
            })
        }
        (Wanted::Snapshot { key, version }, None) => {
            Exchange::write("MavenPutMetadata", Permission::PutMetadata, move |state, target, now| {
                snapshot::publish(state, target, (&key, &version), &body, now)
            })
        }
        (wanted, Some(algorithm)) => {
            let permission = match wanted {
                Wanted::File { .. } => Permission::Publish,
                Wanted::Metadata(_) | Wanted::Snapshot { .. } => Permission::PutMetadata,
            };
            Exchange::write("MavenPutChecksum", permission, move |state, target, _| {
                verify::checksum(state, target, &wanted, (algorithm, &body))
            })
        }
    }
}

/// The answer, with the time at which the file was published.
fn dated(mut response: Response, asset: &Asset) -> Response {
    let published = asset.release.published;
    let written = published.and_then(|time| DateTimePrinter::new().timestamp_to_rfc9110_string(&time).ok());
    if let Some(written) = written {
        response.headers_mut().insert(header::LAST_MODIFIED, header_value(&written));
    }
    response
}

fn no_asset(key: &PackageKey, version: &str, name: &str) -> Error {
    let message = format!("Version '{version}' of package '{}' has no asset '{name}'", key.full_name());
    Error::not_found(ResourceType::Asset, name, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_understood_as_maven_and_gradle_mean_them() {
        for (method, path, expected) in [
            ("GET", "org/acme/widgets/maven-metadata.xml", Some("MavenGetMetadata")),
            ("GET", "org/acme/widgets/maven-metadata.xml.sha512", Some("MavenGetChecksum")),
            ("HEAD", "org/acme/widgets/1.0/widgets-1.0.jar", Some("MavenGetFile")),
            ("GET", "org/acme/widgets/1.0/widgets-1.0.jar.md5", Some("MavenGetChecksum")),
            ("PUT", "org/acme/widgets/1.0/widgets-1.0.pom", Some("MavenPutFile")),
            ("PUT", "org/acme/widgets/1.0/widgets-1.0.pom.sha1", Some("MavenPutChecksum")),
            ("PUT", "org/acme/widgets/maven-metadata.xml", Some("MavenPutMetadata")),
            ("PUT", "org/acme/widgets/1.0-SNAPSHOT/maven-metadata.xml", Some("MavenPutMetadata")),
            ("GET", "org/acme/widgets/1.0-SNAPSHOT/maven-metadata.xml", Some("MavenGetMetadata")),
            ("DELETE", "org/acme/widgets/1.0/widgets-1.0.pom", None),
            ("GET", "org/acme/widgets/", None),
            ("PUT", "org/acme/widgets/", Some("Unknown")),
            ("PUT", "org/acme/widgets/1.0/other-1.0.jar", Some("Unknown")),
        ] {
            let request = Request::builder().method(method).body(Bytes::new()).unwrap();
            let exchange = understand(path, &request);
            assert_eq!(exchange.map(|exchange| exchange.operation), expected, "{method} {path}");
        }
    }

    #[test]
    fn metadata_needs_another_permission_than_files() {
        for (path, permission) in [
            ("org/acme/widgets/1.0/widgets-1.0.pom", Permission::Publish),
            ("org/acme/widgets/1.0/widgets-1.0.pom.sha1", Permission::Publish),
            ("org/acme/widgets/maven-metadata.xml", Permission::PutMetadata),
            ("org/acme/widgets/maven-metadata.xml.md5", Permission::PutMetadata),
            ("org/acme/widgets/1.0-SNAPSHOT/maven-metadata.xml", Permission::PutMetadata),
            ("org/acme/widgets/1.0-SNAPSHOT/maven-metadata.xml.md5", Permission::PutMetadata),
        ] {
            let request = Request::put("/").body(Bytes::new()).unwrap();
            assert_eq!(understand(path, &request).unwrap().permission, permission, "{path}");
        }
    }
}
