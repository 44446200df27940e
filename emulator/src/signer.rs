//! Who signed a request, found out before anything is done for it.

use crate::app::App;
use crate::call::{Payer, peer};
use crate::state::Caller;
use crate::wire::sigv4::{Refusal, Scope, parse};
use axum::body::Bytes;
use http::Request;

/// Who signed a request.
pub(crate) struct Signer {
    /// The ARN behind the access key, as claimed.
    pub(crate) claimed: Option<String>,
    /// Who it is, by the signature.
    pub(crate) verified: Result<Caller, Refusal>,
}

impl Signer {
    /// Verify the signature of a request to a service, by the principals that there are now. `hash_is_a_member`
    /// is for bodies that may differ from the hash that was signed.
    pub(crate) fn of(
        app: &App,
        request: &Request<Bytes>,
        service: &'static str,
        hash_is_a_member: bool,
    ) -> Self {
        let signed = match parse(request) {
            Ok(signed) => signed,
            Err(refusal) => return Self { claimed: None, verified: Err(refusal) },
        };
        let store = app.store();
        let state = store.current();
        let now = app.clock.signing_time();
        let scope = Scope { service, region: &state.settings.region, hash_is_a_member, now };
        Self {
            claimed: state.principals.claimed_arn(&signed.access_key_id).map(str::to_owned),
            verified: state.principals.authenticate(&signed, request, &scope, app.clock.now()),
        }
    }

    /// Whose rates the call counts towards. Nobody uses up those of an account by claiming to be of it.
    pub(crate) fn payer(&self, request: &Request<Bytes>) -> Payer {
        match &self.verified {
            Ok(caller) => Payer::Account(caller.account.clone()),
            Err(_) => Payer::Address(peer(request)),
        }
    }
}
