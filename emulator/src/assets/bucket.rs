//! The files to which signed addresses lead. A file stays until its last address has expired, also when its
//! package is deleted.

use super::presigned::Presigner;
use super::range::{Range, Wanted};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::options::Options;
use crate::origin::{HostName, Origin};
use crate::reached::Reached;
use crate::state::version::{Asset, Checksum};
use crate::state::{DomainKey, State};
use crate::wire::header_value;
use axum::body::Bytes;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Marks an answer that is a file of a package.
#[derive(Clone)]
pub(crate) struct Download {
    content: Bytes,
    md5: Checksum<16>,
    sha256: Checksum<32>,
}

impl Download {
    pub(crate) fn of(asset: &Asset) -> Self {
        Self { content: asset.content().clone(), md5: asset.md5(), sha256: asset.sha256() }
    }
}

/// The bucket, on a port of its own.
pub(crate) struct Bucket {
    /// Where it listens.
    served: Origin,
    /// The host that addresses have, whatever host was asked.
    host: Option<HostName>,
    /// Whether it listens on every address of the machine.
    is_everywhere: bool,
    name: String,
    presigner: Presigner,
    objects: Mutex<Objects>,
}

impl Bucket {
    pub(crate) fn new(served: Origin, options: &Options) -> Self {
        Self {
            served,
            host: options.assets_host.clone(),
            is_everywhere: options.listen.ip().is_unspecified(),
            name: format!("assets-{}-{}", options.account, options.region),
            presigner: Presigner::new(&options.region),
            objects: Mutex::default(),
        }
    }

    pub(crate) fn served(&self) -> &Origin {
        &self.served
    }

    /// Replaces an answer that is a file by one that says where the file is. Other answers stay as they are.
    pub(crate) fn instead_of(
        &self,
        answer: Response,
        (method, domain, reached): (&Method, &DomainKey, &Reached),
        now: Timestamp,
    ) -> Response {
        let Some(download) = answer.extensions().get::<Download>() else { return answer };
        let modified = answer.headers().get(header::LAST_MODIFIED).cloned();
        let name = object_name(download, modified.as_ref());
        let path = format!("/{}/{}/{}/{name}", self.name, domain.owner, domain.name);
        let (query, expires) = self.presigner.query(method, &path, now);
        let location = header_value(&format!("{}{path}?{query}", self.origin(reached)));
        self.objects().put(path, Object::new(download, domain, (modified.clone(), expires)), now);
        let mut redirect = Response::default();
        *redirect.status_mut() = StatusCode::TEMPORARY_REDIRECT;
        let modified = modified.map(|modified| (header::LAST_MODIFIED, modified));
        redirect.headers_mut().extend([(header::LOCATION, location)].into_iter().chain(modified));
        redirect
    }

    /// Where the bucket is, on another host than the request named, if there is one: clients repeat a login to
    /// the same host.
    fn origin(&self, reached: &Reached) -> Origin {
        if let Some(host) = &self.host {
            return self.served.named(host);
        }
        let asked = reached.origin.as_ref().filter(|_| reached.host == Host::Other).map(Origin::host);
        match asked {
            Some(host) if host == self.served.host() => self.served.named(&HostName::localhost()),
            Some(host) if self.is_everywhere && *host != HostName::localhost() => self.served.named(host),
            Some(host) if host.address().is_none() && *host != HostName::localhost() => {
                self.served.named(host)
            }
            Some(_) | None => self.served.clone(),
        }
    }

    /// The file at the address of a request. Nobody is asked for a token; the signature must be right.
    pub(crate) fn get(&self, state: &State, request: &Request<Bytes>, now: Timestamp) -> Result<Response> {
        let uri = request.uri();
        let query = uri.query().unwrap_or_default();
        let is_authorized = request.headers().contains_key(header::AUTHORIZATION);
        self.presigner.check((request.method(), uri.path(), query), is_authorized, now)?;
        let objects = self.objects();
        let object = objects.by_path.get(uri.path()).ok_or_else(no_such_key)?;
        // The file outlives its domain, and is not read without its key.
        if state.domains.contains_key(&object.domain) {
            state.check_readable(&object.domain).map_err(|_| key_lost())?;
        }
        object.answer(request.headers())
    }

    /// Forget all files. Their addresses then lead to nothing.
    pub(crate) fn clear(&self) {
        *self.objects() = Objects::default();
    }

    fn objects(&self) -> MutexGuard<'_, Objects> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of a file in the bucket, which is the same each time. Files with the same bytes may have been published
/// at different times.
fn object_name(download: &Download, modified: Option<&HeaderValue>) -> String {
    let mut digest = Sha256::new();
    digest.update(download.sha256.0);
    digest.update(modified.map(HeaderValue::as_bytes).unwrap_or_default());
    hex::encode(digest.finalize())
}

fn no_such_key() -> Error {
    Error::new("NoSuchKey", "The specified key does not exist.").with_status(StatusCode::NOT_FOUND)
}

fn key_lost() -> Error {
    Error::new(
        "KMS.DisabledException",
        "The KMS key that the file is encrypted with is disabled or not there",
    )
}

struct Object {
    domain: DomainKey,
    content: Bytes,
    headers: HeaderMap,
    /// When its last address expires.
    until: Timestamp,
}

impl Object {
    fn new(
        download: &Download,
        domain: &DomainKey,
        (modified, until): (Option<HeaderValue>, Timestamp),
    ) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(header::ETAG, header_value(&format!("\"{}\"", download.md5)));
        headers.extend(modified.map(|modified| (header::LAST_MODIFIED, modified)));
        Self { domain: domain.clone(), content: download.content.clone(), headers, until }
    }

    /// All of it, or the part that is asked for.
    fn answer(&self, asked: &HeaderMap) -> Result<Response> {
        let size = self.content.len();
        let (status, content, range) = match Wanted::of(asked, size) {
            Wanted::All => (StatusCode::OK, self.content.clone(), None),
            Wanted::Part(range) => {
                let part = self.content.slice(range.first..=range.last);
                (StatusCode::PARTIAL_CONTENT, part, Some(range.told(size)))
            }
            Wanted::Nothing => return Err(Range::refusal()),
        };
        let mut response = Response::new(content.into());
        *response.status_mut() = status;
        response.headers_mut().clone_from(&self.headers);
        let range = range.map(|told| (header::CONTENT_RANGE, header_value(&told)));
        response.headers_mut().extend(range);
        Ok(response)
    }
}

/// The files of the bucket: few more than those to which an address leads that has not expired.
#[derive(Default)]
struct Objects {
    by_path: BTreeMap<String, Object>,
    /// How many files were left when expired ones were removed the last time.
    left: usize,
}

impl Objects {
    /// The emulator looks for expired files when there are twice as many files as this, or more.
    const LEAST: usize = 256;

    fn put(&mut self, path: String, object: Object, now: Timestamp) {
        if self.by_path.len() >= 2 * self.left.max(Self::LEAST) {
            self.by_path.retain(|_, object| object.until > now);
            self.left = self.by_path.len();
        }
        let known = self.by_path.get(&path).map_or(object.until, |known| known.until);
        self.by_path.insert(path, Object { until: object.until.max(known), ..object });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::presigned::LIFE;

    #[test]
    fn an_address_is_on_another_host_where_one_is_known() {
        for (listen, asked, expected) in [
            ("127.0.0.1:0", "http://127.0.0.1:4566", "http://localhost:1"),
            ("127.0.0.1:0", "http://localhost:4566", "http://127.0.0.1:1"),
            ("127.0.0.1:0", "http://codeartifact:4566", "http://codeartifact:1"),
            // The address of a domain.
            ("127.0.0.1:0", "http://127.0.1.1:4566", "http://127.0.0.1:1"),
            ("0.0.0.0:0", "http://10.0.0.7:4566", "http://10.0.0.7:1"),
            ("0.0.0.0:0", "http://localhost:4566", "http://127.0.0.1:1"),
            ("0.0.0.0:0", "https://acme-1.d.codeartifact.us-east-1.amazonaws.com", "http://127.0.0.1:1"),
        ] {
            let options = Options { listen: listen.parse().unwrap(), ..Options::default() };
            let origin: Origin = asked.parse().unwrap();
            let host = Host::of(origin.host(), "us-east-1");
            let reached = Reached { origin: Some(origin), host };
            let bucket = |options: &Options| Bucket::new("http://127.0.0.1:1".parse().unwrap(), options);
            assert_eq!(bucket(&options).origin(&reached).to_string(), expected, "{asked}");
            let named = Options { assets_host: Some("s3".parse().unwrap()), ..options };
            assert_eq!(bucket(&named).origin(&reached).to_string(), "http://s3:1");
        }
    }

    #[test]
    fn files_go_when_no_address_leads_to_them() {
        let bucket = Bucket::new("http://127.0.0.1:1".parse().unwrap(), &Options::default());
        let reached = Reached { origin: None, host: Host::Other };
        let begun = Timestamp::UNIX_EPOCH;
        let file = |number: u64, now| {
            let asset = Asset::new("a", Bytes::from(number.to_string()));
            let mut answer = Response::default();
            answer.extensions_mut().insert(Download::of(&asset));
            let domain = DomainKey { owner: "1".into(), name: "acme".into() };
            bucket.instead_of(answer, (&Method::GET, &domain, &reached), now);
        };
        let most = 2 * Objects::LEAST as u64;
        // An older address of this file lives longer than the newest one.
        file(0, begun + LIFE);
        (0..most).for_each(|number| file(number, begun));
        assert_eq!(bucket.objects().by_path.len(), 2 * Objects::LEAST);
        file(most, begun + LIFE);
        assert_eq!(bucket.objects().by_path.len(), 2);
    }
}
