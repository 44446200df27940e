//! How a request reached the emulator: by which scheme, host and port, as far as the request says so.

use crate::host::Host;
use crate::links::Links;
use crate::origin::{Origin, is_https, port_number};
use http::{HeaderMap, Request, header};

/// The origin that a request was sent to, and what its host is to the service.
#[derive(Clone, Debug)]
pub(crate) struct Reached {
    /// None for a request that names no host, or that names it in a wrong way.
    pub(crate) origin: Option<Origin>,
    pub(crate) host: Host,
}

impl Reached {
    pub(crate) fn of<T>(request: &Request<T>, links: &Links) -> Self {
        let sent = authority(request).and_then(|host| Origin::at(links.served.is_secure(), host));
        let origin = if links.trust_forwarded {
            forwarded(request.headers(), sent, links.served.is_secure())
        } else {
            sent
        };
        let host = origin.as_ref().map_or(Host::Other, |origin| Host::of(origin.host(), &links.region));
        Self { origin, host }
    }

    /// How the request came. The connection has found this out and left it with the request.
    pub(crate) fn by<T>(request: &Request<T>) -> Self {
        request.extensions().get().cloned().unwrap_or(Self { origin: None, host: Host::Other })
    }
}

/// The host and the port that a request names: those in its target, or else those in its one `Host` header.
fn authority<T>(request: &Request<T>) -> Option<&str> {
    if let Some(authority) = request.uri().authority() {
        return Some(authority.as_str());
    }
    let mut named = request.headers().get_all(header::HOST).iter();
    let host = named.next()?.to_str().ok()?;
    named.next().is_none().then_some(host)
}

/// The origin that the headers of a proxy name. A part that the headers leave out, or that makes no sense there,
/// is taken from the request itself.
fn forwarded(headers: &HeaderMap, sent: Option<Origin>, is_secure: bool) -> Option<Origin> {
    let scheme = first(headers, "x-forwarded-proto").and_then(is_https);
    let is_secure = scheme.unwrap_or(is_secure);
    let host = first(headers, "x-forwarded-host").and_then(|host| Origin::at(is_secure, host));
    let origin = host.or_else(|| Some(sent?.by_scheme(is_secure)))?;
    Some(match first(headers, "x-forwarded-port").and_then(port_number) {
        Some(port) => origin.or_port(port),
        None => origin,
    })
}

/// The first entry of a header: each proxy adds to the end, so the first is of the proxy that the client used.
fn first<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()?.split(',').next().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;

    fn reached(options: &Options, uri: &str, headers: &[(&str, &str)]) -> Option<String> {
        let request = Request::builder().uri(uri);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let links = Links::new(options, "http://127.0.0.1:1".parse().unwrap());
        Some(Reached::of(&request.body(()).unwrap(), &links).origin?.to_string())
    }

    #[test]
    fn the_one_host_of_a_request_counts() {
        let host = |value| ("host", value);
        for (uri, headers, expected) in [
            ("/", &[host("codeartifact:4566")][..], Some("http://codeartifact:4566")),
            ("/", &[host("CodeArtifact")], Some("http://codeartifact")),
            ("/", &[], None),
            ("/", &[host("")], None),
            ("/", &[host("a/b")], None),
            ("/", &[host("a"), host("a")], None),
            ("http://b:2/", &[host("a")], Some("http://b:2")),
            ("http://u@b/", &[host("a")], None),
            ("/", &[host("a"), ("x-forwarded-host", "b"), ("x-forwarded-proto", "https")], Some("http://a")),
        ] {
            assert_eq!(reached(&Options::default(), uri, headers).as_deref(), expected, "{uri} {headers:?}");
        }
    }

    #[test]
    fn a_proxy_that_is_trusted_says_what_was_asked() {
        let options = Options { trust_forwarded: true, ..Options::default() };
        for (said, expected) in [
            (&[][..], "http://a:1"),
            (&[("host", "b")], "http://b"),
            (&[("host", "b:2"), ("port", "3")], "http://b:2"),
            (&[("host", "b"), ("port", "3")], "http://b:3"),
            (&[("host", "b"), ("proto", "HTTPS")], "https://b"),
            (&[("host", "b"), ("proto", "https"), ("port", "443")], "https://b"),
            (&[("host", "b"), ("proto", "https"), ("port", "80")], "https://b:80"),
            (&[("host", "b"), ("port", "80")], "http://b"),
            (&[("host", "b:2, c:3"), ("proto", "https, http")], "https://b:2"),
            (&[("proto", "https")], "https://a:1"),
            (&[("host", "b/c"), ("proto", "gopher"), ("port", "0")], "http://a:1"),
        ] {
            let names: Vec<_> = said.iter().map(|(name, _)| format!("x-forwarded-{name}")).collect();
            let said = names.iter().map(String::as_str).zip(said.iter().map(|(_, value)| *value));
            let headers: Vec<_> = [("host", "a:1")].into_iter().chain(said).collect();
            assert_eq!(reached(&options, "/", &headers).as_deref(), Some(expected), "{headers:?}");
        }
    }
}
