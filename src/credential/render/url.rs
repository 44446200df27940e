//! Addresses that may stand in every kind of file. Pure.

/// An address made of characters that mean nothing in any of the files: scheme, host, perhaps a port, and a path that ends in a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    scheme: String,
    authority: String,
    path: String,
}

impl Url {
    /// The address, with a slash at its end; `None` when it has anything else in it, such as a user, a query or an escape.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
        let plain = |text: &str, also: &[u8]| {
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || also.contains(&byte))
        };
        let legal = ["http", "https"].contains(&scheme)
            && !host.is_empty()
            && plain(host, b".-")
            && port.parse::<u16>().is_ok_and(|_| plain(port, b""))
            && plain(path, b"._-/");
        let slash = if path.is_empty() || path.ends_with('/') { "" } else { "/" };
        legal.then(|| Self {
            scheme: scheme.into(),
            authority: authority.into(),
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
