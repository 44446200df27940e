//! The ways in which the emulator is started, each of which every client is put to.

use codeartifact_emulator::{Assets, Endpoints, Options};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Without options.
    Plain,
    /// Files of packages are elsewhere, and refuse the token.
    Redirect,
    /// Over https, by the service's own names.
    Aws,
}

impl Mode {
    pub(crate) fn options(self) -> Options {
        let plain = Options::default();
        match self {
            Self::Plain => plain,
            Self::Redirect => Options { assets: Assets::Redirect, ..plain },
            Self::Aws => Options { tls: true, endpoints: Endpoints::Aws, ..plain },
        }
    }
}
