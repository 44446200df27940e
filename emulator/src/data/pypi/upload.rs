//! Uploads, as twine sends them.

use super::super::exchange::Exchange;
use crate::error::{Error, Result};
use crate::manifest::python;
use crate::state::package::PackageKey;
use crate::state::publish::{Growth, Publication};
use crate::state::version::Asset;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart};
use axum::response::Response;
use http::Request;
use serde_json::json;
use std::collections::BTreeMap;

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

/// A file that is published.
pub(super) async fn upload(request: Request<Bytes>) -> Exchange {
    let publication = form(request).await.and_then(publication);
    Exchange::publish("PypiUpload", publication, |state, target, now, publication| {
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
    if !python::is_file_of(&file, &name, &version) {
        return Err(Error::invalid(format!("'{file}' is not the name of a file of '{name}' {version}")));
    }
    let asset = Asset::new(file, content);
    let differs =
        |(said, is): (Option<String>, String)| said.is_some_and(|said| !said.eq_ignore_ascii_case(&is));
    if digests.into_iter().zip([asset.sha256().to_string(), asset.md5().to_string()]).any(differs) {
        return Err(Error::invalid("The file does not have the digest that the upload says"));
    }
    let mut details = python::details(&asset.name, asset.content()).unwrap_or_default();
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
