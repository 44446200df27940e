//! Origins: what an address begins with, up to its path.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// The port of https where an address names none.
const HTTPS: u16 = 443;

/// The same of http.
const HTTP: u16 = 80;

/// DNS has no longer names.
const LONGEST_NAME: usize = 253;

/// DNS has no longer labels, which are the parts of a name between its dots.
const LONGEST_LABEL: usize = 63;

/// `http` or `https`, a host, and the port where it is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    is_secure: bool,
    host: HostName,
    port: Option<u16>,
}

/// A host as addresses name it: a name in lower case, an IPv4 address, or an IPv6 address in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(String);

/// A text that is no origin.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "{0:?} is not http://HOST or https://HOST, with a port or without, such as https://packages.example.com:8443"
)]
pub struct BadOrigin(String);

/// A text that is no host.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0:?} is not the name or the address of a host, such as codeartifact or packages.example.com")]
pub struct BadHostName(String);

impl Origin {
    /// What is reached at `host` or `host:port`; none for a text that is neither.
    pub(crate) fn at(is_secure: bool, authority: &str) -> Option<Self> {
        let (host, port) = match authority.rsplit_once(':') {
            // The colons of an IPv6 address are inside of its brackets.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port_number(port)?)),
            _ => (authority, None),
        };
        Some(Self { is_secure, host: host.parse().ok()?, port })
    }

    /// What listens on that address.
    pub(crate) fn listening(is_secure: bool, address: SocketAddr) -> Self {
        Self { is_secure, host: HostName::of(address.ip()), port: Some(address.port()) }
    }

    /// The standard port of https on that host.
    pub(crate) fn secure(host: HostName) -> Self {
        Self { is_secure: true, host, port: None }
    }

    /// The same by that scheme.
    pub(crate) fn by_scheme(self, is_secure: bool) -> Self {
        Self { is_secure, ..self }
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.is_secure
    }

    pub(crate) fn host(&self) -> &HostName {
        &self.host
    }

    /// The same on another host.
    pub(crate) fn on(&self, address: IpAddr) -> Self {
        Self { host: HostName::of(address), ..self.clone() }
    }

    /// The same on a host of that name.
    pub(crate) fn named(&self, host: &HostName) -> Self {
        Self { host: host.clone(), ..self.clone() }
    }

    /// The same with that port where it names none.
    pub(crate) fn or_port(self, port: u16) -> Self {
        let usual = if self.is_secure { HTTPS } else { HTTP };
        Self { port: self.port.or((port != usual).then_some(port)), ..self }
    }

    /// The same with its port named, which is 443 where it is left out of an address of https.
    pub(crate) fn naming_port(self) -> Self {
        Self { port: self.port.or(self.is_secure.then_some(HTTPS)), ..self }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { is_secure, host: HostName(host), port } = self;
        write!(formatter, "{}://{host}", if *is_secure { "https" } else { "http" })?;
        port.map_or(Ok(()), |port| write!(formatter, ":{port}"))
    }
}

impl FromStr for Origin {
    type Err = BadOrigin;

    fn from_str(text: &str) -> Result<Self, BadOrigin> {
        let parsed = text.split_once("://").and_then(|(scheme, rest)| {
            let is_secure = is_https(scheme)?;
            Self::at(is_secure, rest.strip_suffix('/').unwrap_or(rest))
        });
        parsed.ok_or_else(|| BadOrigin(text.into()))
    }
}

impl HostName {
    fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self(address.to_string()),
            IpAddr::V6(address) => Self(format!("[{address}]")),
        }
    }

    /// This machine, for those who are on it.
    pub(crate) fn localhost() -> Self {
        Self("localhost".into())
    }

    /// A name that is made of parts that are good.
    pub(crate) fn known(name: String) -> Self {
        Self(name)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The address, where it is one.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        match in_brackets(&self.0) {
            Some(address) => address.parse().ok().map(IpAddr::V6),
            None => self.0.parse().ok().map(IpAddr::V4),
        }
    }
}

impl FromStr for HostName {
    type Err = BadHostName;

    /// An underscore is no letter of a host's name, but services of container networks have it in theirs.
    fn from_str(text: &str) -> Result<Self, BadHostName> {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let is_label =
            |label: &str| (1..=LONGEST_LABEL).contains(&label.len()) && label.bytes().all(is_letter);
        let is_host = match in_brackets(text) {
            Some(address) => address.parse::<Ipv6Addr>().is_ok(),
            None => text.len() <= LONGEST_NAME && text.split('.').all(is_label),
        };
        if is_host { Ok(Self(text.to_ascii_lowercase())) } else { Err(BadHostName(text.into())) }
    }
}

/// Whether that scheme is https; none for a scheme that is not http either.
pub(crate) fn is_https(scheme: &str) -> Option<bool> {
    match scheme.to_ascii_lowercase().as_str() {
        "https" => Some(true),
        "http" => Some(false),
        _ => None,
    }
}

/// A port from 1 to 65535.
pub(crate) fn port_number(text: &str) -> Option<u16> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| is_number && *port > 0)
}

fn in_brackets(text: &str) -> Option<&str> {
    text.strip_prefix('[')?.strip_suffix(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_a_host_and_perhaps_a_port() {
        for (text, expected) in [
            ("http://codeartifact:4566", "http://codeartifact:4566"),
            ("HTTPS://Packages.Example.com/", "https://packages.example.com"),
            ("https://my_service", "https://my_service"),
            ("http://[::1]:80", "http://[::1]:80"),
            ("http://[2001:DB8::1]", "http://[2001:db8::1]"),
            ("http://10.0.0.1:65535", "http://10.0.0.1:65535"),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().to_string(), expected);
        }
        let (label, name) = ("x".repeat(64), "abc.".repeat(64));
        for authority in [
            "",
            ":",
            ":80",
            "host:",
            "host:0",
            "host:65536",
            "host:+80",
            "host:8o",
            "a:1:2",
            "::1",
            "[::1",
            "[::g]",
            "[]:1",
            "a b",
            "user@host",
            "host/path",
            "host?query",
            "host#part",
            "a..b",
            ".",
            "host.",
            "<a>",
            "é",
            "a\"b",
            "a%20b",
            "a\\b",
            &label,
            name.trim_end_matches('.'),
        ] {
            assert!(Origin::at(false, authority).is_none(), "{authority}");
            assert!(format!("http://{authority}").parse::<Origin>().is_err(), "{authority}");
        }
        for text in ["host", "ftp://host", "://host", "http:host", "http://host//", "http:///"] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_port_of_https_is_named_on_demand() {
        for (origin, named) in [
            ("https://host", "https://host:443"),
            ("https://host:8443", "https://host:8443"),
            ("http://host", "http://host"),
        ] {
            assert_eq!(origin.parse::<Origin>().unwrap().naming_port().to_string(), named);
        }
    }
}
