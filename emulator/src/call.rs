//! A call is one request, whatever its protocol: it has a name, somebody makes and pays it, it is about something,
//! and its answer can carry marks.

use crate::error::Error;
use axum::response::Response;
use http::Request;
use serde_json::Value;
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;

/// A request that is none of the others.
pub(crate) const UNKNOWN: &str = "Unknown";

/// A request whose body could not be read.
pub(crate) const UNREAD: &str = "Unread";

/// Whether a call reads, writes or mints a token. Stale reads and failed writes depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
    Mint,
}

/// A call before it has its effect.
pub(crate) struct Call {
    pub(crate) service: &'static str,
    pub(crate) operation: String,
    pub(crate) access: Access,
    /// The caller's ARN, as claimed.
    pub(crate) principal: Option<String>,
    /// Where it came from.
    pub(crate) from: IpAddr,
    /// Whose rates it counts towards.
    pub(crate) payer: Payer,
    /// The number of requests as which the call counts towards rates.
    pub(crate) requests: NonZeroU32,
    pub(crate) domain: Option<String>,
    /// All that the call is about.
    pub(crate) repositories: Vec<String>,
    /// The version that the call imports: a Python version that only a public registry has. Only the fault
    /// `notYetImported` looks at this.
    pub(crate) imports: Option<String>,
    /// What the journal keeps of the request. Never a token.
    pub(crate) parameters: Value,
    /// How this protocol tells an error.
    pub(crate) render: fn(&Error) -> Response,
}

impl Call {
    /// What faults look at.
    pub(crate) fn subject(&self) -> Subject<'_> {
        Subject {
            operation: &self.operation,
            domain: self.domain.as_deref(),
            repositories: &self.repositories,
            principal: self.principal.as_deref(),
            imports: self.imports.as_deref(),
            access: self.access,
        }
    }
}

/// What a fault is matched against.
pub(crate) struct Subject<'a> {
    pub(crate) operation: &'a str,
    pub(crate) domain: Option<&'a str>,
    pub(crate) repositories: &'a [String],
    pub(crate) principal: Option<&'a str>,
    pub(crate) imports: Option<&'a str>,
    pub(crate) access: Access,
}

/// Whose rates a call counts towards.
#[derive(Clone, Debug)]
pub(crate) enum Payer {
    /// The account of a caller whose signature was verified.
    Account(String),
    /// An authorization token that is good, and the account of the caller that got the token.
    Token {
        /// The token's text.
        text: String,
        /// The caller's account.
        account: String,
    },
    /// Where somebody calls from who has shown nothing that is good.
    Address(IpAddr),
}

/// Who is at the other end of a connection.
#[derive(Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// The address that a request comes from.
pub(crate) fn peer<T>(request: &Request<T>) -> IpAddr {
    request.extensions().get().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |Peer(address)| *address)
}

/// Marks a response that must not be sent: the connection is cut instead.
#[derive(Clone, Copy)]
pub(crate) struct Disconnect;

/// Marks an answer that refuses although the call has an effect: the code of its error.
#[derive(Clone)]
pub(crate) struct Refused(pub(crate) Cow<'static, str>);
