//! Python's repository protocols: the simple index of one project, files, and uploads.

mod accept;
mod index;
mod upload;

use super::exchange::Exchange;
use super::names::PYPI_GET_FILE;
use crate::error::Result;
use crate::state::package::PackageKey;
use accept::Form;
use axum::body::Bytes;
use http::{Method, Request};

/// What the request wants, if pip or twine would ask for it.
pub(super) async fn understand(path: &str, request: Request<Bytes>) -> Option<Exchange> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let reads = matches!(request.method(), &Method::GET | &Method::HEAD);
    match segments[..] {
        // There is no list of all projects.
        ["simple", project] if reads => {
            // Links are relative: they lead to the files only from an address with a slash at its end.
            path.ends_with('/').then(|| index(project, Form::wanted(request.headers())))
        }
        ["simple", project, version, file] if reads => Some(download(project, version, file)),
        [] if request.method() == Method::POST => Some(upload::upload(request).await),
        _ => None,
    }
}

/// The files of a project.
fn index(project: &str, form: Result<Form>) -> Exchange {
    let key = PackageKey::from_python_name(project);
    let about = key.clone();
    let content_type = form.as_ref().ok().map(|form| form.content_type());
    let read =
        Exchange::read("PypiGetIndex", move |state, target, _| index::index(state, target, &key, form?));
    Exchange { content_type, ..read.about(&about) }
}

fn download(project: &str, version: &str, file: &str) -> Exchange {
    let key = PackageKey::from_python_name(project);
    let file = file.to_owned();
    Exchange::download(PYPI_GET_FILE, key, version, move |version| version.asset(&file))
}
