//! Python's repository protocols: the simple index of one project, files, and uploads.

use super::exchange::Exchange;
use super::{Target, typed};
use crate::error::{Error, Result};
use crate::manifest::python;
use crate::state::State;
use crate::state::package::PackageKey;
use crate::state::publish::{Growth, Publication};
use crate::state::resolution::versions;
use crate::state::version::Asset;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart};
use axum::response::Response;
use http::{Method, Request};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What the request wants, if pip or twine would ask for it.
pub(super) async fn understand(path: &str, request: Request<Bytes>) -> Option<Exchange> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let reads = matches!(request.method(), &Method::GET | &Method::HEAD);
    match segments[..] {
        // There is no list of all projects.
        ["simple", project] if reads => {
            let key = PackageKey::from_python_name(project);
            let about = key.clone();
            let index = Exchange::read("PypiGetIndex", move |state, target, _| index(state, target, &key));
            Some(index.about(&about))
        }
        ["simple", project, version, file] if reads => Some(download(project, version, file)),
        [] if request.method() == Method::POST => Some(upload(form(request).await)),
        _ => None,
    }
}

/// The files of a project. Any spelling of its name will do; links are to the normalised one.
fn index(state: &State, target: &Target, key: &PackageKey) -> Result<Response> {
    let places = state.places(&target.domain, &target.repository, key)?;
    let found = versions(&places);
    if found.is_empty() {
        return Err(key.not_found());
    }
    let url = target.url(&state.settings);
    let mut page =
        format!("<!DOCTYPE html>\n<html><head><title>Links for {0}</title></head><body>\n", key.name);
    for version in found.values() {
        let requires = version.details.document["requires_python"].as_str().map(escape);
        let requires = requires.map(|text| format!(" data-requires-python=\"{text}\"")).unwrap_or_default();
        for Asset { name, sha256, .. } in &version.assets {
            let (shown, number) = (escape(name), escape(&version.number));
            let link = format!("{url}simple/{}/{number}/{shown}#sha256={sha256}", key.name);
            writeln!(page, "<a href=\"{link}\"{requires}>{shown}</a><br>")
                .map_err(|error| Error::internal(error.to_string()))?;
        }
    }
    page.push_str("</body></html>\n");
    Ok(typed("text/html; charset=utf-8", page))
}

fn download(project: &str, version: &str, file: &str) -> Exchange {
    let key = PackageKey::from_python_name(project);
    let file = file.to_owned();
    Exchange::download("PypiGetFile", key, version, move |version| version.asset(&file))
}

/// The fields of an upload; the file's is called `content`.
#[derive(Default)]
struct Form {
    texts: BTreeMap<String, String>,
    file: Option<(String, Bytes)>,
}

async fn form(request: Request<Bytes>) -> Result<Form> {
    let unparsable = |error: &dyn std::fmt::Display| Error::unparsable(error.to_string());
    let mut request = request.map(Body::from);
    // The whole body is here already; the server has its own limit.
    DefaultBodyLimit::disable().apply(&mut request);
    let mut parts = Multipart::from_request(request, &()).await.map_err(|error| unparsable(&error))?;
    let mut form = Form::default();
    while let Some(field) = parts.next_field().await.map_err(|error| unparsable(&error))? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "content" {
            let file = field.file_name().unwrap_or_default().to_owned();
            form.file = Some((file, field.bytes().await.map_err(|error| unparsable(&error))?));
        } else {
            form.texts.insert(name, field.text().await.map_err(|error| unparsable(&error))?);
        }
    }
    Ok(form)
}

fn upload(form: Result<Form>) -> Exchange {
    Exchange::publish("PypiUpload", form.and_then(publication), |state, target, now, publication| {
        state.publish(&target.domain, &target.repository, publication, now)?;
        Ok(Response::default())
    })
}

fn publication(mut form: Form) -> Result<Publication> {
    let mut field = |name: &str| form.texts.remove(name).filter(|text| !text.is_empty());
    let missing = |name: &str| Error::invalid(format!("The upload has no field '{name}'"));
    if field(":action").as_deref() != Some("file_upload") {
        return Err(Error::invalid("The field ':action' must be 'file_upload'"));
    }
    let name = field("name").ok_or_else(|| missing("name"))?;
    let version = field("version").ok_or_else(|| missing("version"))?;
    let requires_python = field("requires_python");
    let digests = [field("sha256_digest"), field("md5_digest")];
    let (file, content) = form.file.ok_or_else(|| missing("content"))?;
    if !python::is_name(&name) || !python::is_version(&version) || !python::is_file_name(&file) {
        return Err(Error::invalid("The name, the version or the file's name is not legal"));
    }
    let asset = Asset::new(file, content);
    let differs =
        |(said, is): (Option<String>, String)| said.is_some_and(|said| !said.eq_ignore_ascii_case(&is));
    if digests.into_iter().zip([asset.sha256.to_string(), asset.md5.to_string()]).any(differs) {
        return Err(Error::invalid("The file does not have the digest that the upload says"));
    }
    let mut details = python::details(&asset.name, &asset.content).unwrap_or_default();
    if let Some(requires_python) = requires_python {
        details.document = json!({ "requires_python": requires_python });
    }
    Ok(Publication {
        key: PackageKey::from_python_name(&name),
        version,
        asset,
        details: Some(details),
        tags: Vec::new(),
        growth: Growth::Any,
        unfinished: false,
    })
}

/// For HTML text and attributes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
