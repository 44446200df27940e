//! Signature Version 4, in the headers or in the query: the request is signed again with AWS's own
//! crate, and compared.

mod parse;
mod verify;

pub(crate) use parse::{PRESIGNING, date, parse};

use crate::error::Error;
use jiff::{SignedDuration, Timestamp};

/// What a request says about its signature.
pub(crate) struct Signed {
    pub(crate) access_key_id: String,
    pub(crate) session_token: Option<String>,
    date: String,
    region: String,
    service: String,
    header_names: Vec<String>,
    signature: String,
    at: Timestamp,
    /// How long a signature in the query holds. None: it is in the headers.
    holds: Option<SignedDuration>,
}

/// What a request must be signed for.
pub(crate) struct Scope<'a> {
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    /// Whether the body may differ from the hash that was signed. The operation then looks into that itself.
    pub(crate) hash_is_a_member: bool,
    /// By which the age of signatures is judged.
    pub(crate) now: Timestamp,
}

/// Why a request is not let in. Each service has its own codes for these.
#[derive(Debug)]
pub(crate) enum Refusal {
    Missing,
    Incomplete(String),
    UnknownKey,
    ExpiredSession,
    Mismatch(String),
}

impl Refusal {
    /// As CodeArtifact answers.
    pub(crate) fn for_codeartifact(&self) -> Error {
        self.to_error([
            "MissingAuthenticationTokenException",
            "UnrecognizedClientException",
            "ExpiredTokenException",
            "InvalidSignatureException",
        ])
    }

    /// As STS answers.
    pub(crate) fn for_sts(&self) -> Error {
        self.to_error([
            "MissingAuthenticationToken",
            "InvalidClientTokenId",
            "ExpiredToken",
            "SignatureDoesNotMatch",
        ])
    }

    fn to_error(&self, [missing, unknown, expired, mismatch]: [&'static str; 4]) -> Error {
        match self {
            Self::Missing => Error::new(missing, "Missing Authentication Token"),
            Self::Incomplete(what) => Error::new("IncompleteSignature", what.as_str()),
            Self::UnknownKey => Error::new(unknown, "The security token included in the request is invalid."),
            Self::ExpiredSession => {
                Error::new(expired, "The security token included in the request is expired")
            }
            Self::Mismatch(why) => Error::new(mismatch, why.as_str()),
        }
    }
}
