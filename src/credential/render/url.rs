//! Addresses that may stand in every kind of file. Pure.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but the unreserved characters of RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A token as the password of an address.
pub(super) fn escaped(token: &str) -> String {
    utf8_percent_encode(token, ESCAPED).to_string()
}

/// An address made of characters that mean nothing in any of the files: scheme, host, perhaps a port, and a path that ends in a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    scheme: String,
    authority: String,
    path: String,
}

/// Whether a host stays as it is when a URL is parsed: what ends in a number is taken for an IPv4 address, and rewritten.
fn is_host(host: &str) -> bool {
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let number = last.starts_with(|first: char| first.is_ascii_digit())
        && (last.bytes().all(|byte| byte.is_ascii_digit())
            || last.starts_with("0x")
            || last.starts_with("0X"));
    let octet = |part: &str| {
        let canonical = part == "0" || !part.starts_with('0');
        canonical && part.bytes().all(|byte| byte.is_ascii_digit()) && part.parse::<u8>().is_ok()
    };
    !host.is_empty() && (!number || (host.split('.').count() == 4 && host.split('.').all(octet)))
}

impl Url {
    /// The address, with a slash at its end and written as npm writes the keys of logins: the host in small letters and without
    /// the scheme's own port. `None` when it has anything else in it, such as a user, a query or an escape.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) =
            authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
        let own = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return None,
        };
        let port = match port {
            None => own,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse::<u16>().ok()?,
            Some(_) => return None,
        };
        let plain = |text: &str, also: &[u8]| {
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || also.contains(&byte))
        };
        let legal = is_host(host)
            && plain(host, b".-")
            && port > 0
            && plain(path, b"._-/")
            && !path.split('/').any(|segment| [".", ".."].contains(&segment));
        let slash = if path.is_empty() || path.ends_with('/') { "" } else { "/" };
        let port = if port == own { String::new() } else { format!(":{port}") };
        legal.then(|| Self {
            scheme: scheme.into(),
            authority: format!("{}{port}", host.to_ascii_lowercase()),
            path: format!("{path}{slash}"),
        })
    }

    /// The whole address.
    pub(super) fn whole(&self) -> String {
        format!("{}:{}", self.scheme, self.without_scheme())
    }

    /// From the two slashes on.
    pub(super) fn without_scheme(&self) -> String {
        format!("//{}/{}", self.authority, self.path)
    }

    /// The whole address, without the slash at its end.
    pub(super) fn without_slash(&self) -> String {
        self.whole().trim_end_matches('/').to_owned()
    }

    /// The path, with a slash at both ends.
    pub(super) fn path(&self) -> String {
        format!("/{}", self.path)
    }

    /// The host, with the port where it is not the scheme's own.
    pub(super) fn authority(&self) -> String {
        self.authority.clone()
    }

    /// The address with user and password in it, which must be escaped already.
    pub(super) fn with_login(&self, user: &str, password: &str) -> String {
        format!("{}://{user}:{password}@{}/{}", self.scheme, self.authority, self.path)
    }

    /// The address of something under this one.
    pub(super) fn join(&self, segment: &str) -> Self {
        Self { path: format!("{}{segment}/", self.path), ..self.clone() }
    }

    /// The host without the port.
    pub(super) fn host(&self) -> &str {
        self.authority.split(':').next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The right column is what npm 11 makes of it: `nerfDart` of `@npmcli/config`, with the scheme kept.
    #[test]
    fn addresses_are_written_as_npm_looks_for_them() {
        let table = [
            ("https://vpce-1.example.com/npm/d/a-1/r/", Some("https://vpce-1.example.com/npm/d/a-1/r/")),
            ("https://VPCE-1.Example.COM/npm/", Some("https://vpce-1.example.com/npm/")),
            ("https://example.com:443/npm/", Some("https://example.com/npm/")),
            ("https://example.com:0443/npm/", Some("https://example.com/npm/")),
            ("https://example.com:8443/npm/", Some("https://example.com:8443/npm/")),
            ("https://example.com:08443/npm/", Some("https://example.com:8443/npm/")),
            ("https://example.com:80/npm/", Some("https://example.com:80/npm/")),
            ("http://example.com:80/npm/", Some("http://example.com/npm/")),
            ("https://example.com/npm", Some("https://example.com/npm/")),
            ("https://example.com", Some("https://example.com/")),
            ("http://127.0.0.1:4566/NPM/", Some("http://127.0.0.1:4566/NPM/")),
            ("https://example.1st/npm/", Some("https://example.1st/npm/")),
            ("https://127.1/npm/", None),
            ("https://127.0.0.256/npm/", None),
            ("https://127.0.0.01/npm/", None),
            ("https://127.0.0.1./npm/", None),
            ("https://0x7f.0.0.0x1/npm/", None),
            ("https://example.com:70000/npm/", None),
            ("https://example.com:0/npm/", None),
            ("https://example.com:+443/npm/", None),
            ("https://example.com/a/../b/", None),
            ("https://user@example.com/npm/", None),
            ("ftp://example.com/npm/", None),
            ("https:///npm/", None),
        ];
        for (text, expected) in table {
            assert_eq!(Url::parse(text).map(|url| url.whole()).as_deref(), expected, "{text}");
        }
    }
}
