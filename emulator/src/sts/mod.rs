//! STS over the Query protocol: who am I, and sessions of roles.

mod assume_role;
mod form;
mod jwt;
mod pod;
mod reply;
mod session;
mod web_identity;

pub(crate) use pod::answer as answer_pod;
pub(crate) use reply::error_response;

use crate::app::App;
use crate::call::{Access, Call, UNKNOWN, peer};
use crate::error::Error;
use crate::journal::kept;
use crate::pipeline::perform;
use crate::signer::Signer;
use crate::state::Caller;
use crate::wire::{elements, sigv4};
use axum::body::Bytes;
use axum::response::Response;
use form::Form;
use http::Request;
use reply::success;
use std::num::NonZeroU32;

/// What is answered, by the names in the journal and for faults. A session is minted, but nothing that a
/// stale read could show changes.
pub(crate) const NAMES: [(&str, Access); 4] = [
    ("GetCallerIdentity", Access::Read),
    ("AssumeRole", Access::Mint),
    ("AssumeRoleWithWebIdentity", Access::Mint),
    ("AssumeRoleForPodIdentity", Access::Mint),
];

const VERSION: &str = "2011-06-15";

/// No action of AWS has a longer name; the journal keeps none that has.
const LONGEST_ACTION: usize = 128;

/// Answer a request to `/`.
pub(crate) async fn answer(app: &App, request: &Request<Bytes>) -> Response {
    let form = Form::parse(request);
    let signer = Signer::of(app, request, "sts", false);
    let action = form.get("Action").unwrap_or_default();
    let call = Call {
        service: "sts",
        operation: if action.len() <= LONGEST_ACTION { action } else { UNKNOWN }.into(),
        // A session is minted, but nothing that a stale read could show changes.
        access: if action == "GetCallerIdentity" { Access::Read } else { Access::Mint },
        payer: signer.payer(request),
        requests: NonZeroU32::MIN,
        principal: signer.claimed,
        from: peer(request),
        domain: None,
        repositories: Vec::new(),
        imports: None,
        parameters: kept(form.journaled(), request.body().len()),
        render: error_response,
    };
    perform(app, call, |state, now| {
        let caller = || signer.verified.as_ref().map_err(sigv4::Refusal::for_sts);
        match form.action()? {
            "GetCallerIdentity" => Ok(caller_identity(caller()?)),
            "AssumeRole" => assume_role::answer(state, caller()?, &form, now),
            // Whoever has no access key yet cannot sign.
            "AssumeRoleWithWebIdentity" => web_identity::answer(state, &form, now),
            action => Err(unknown(action, VERSION)),
        }
    })
    .await
}

fn unknown(action: &str, version: &str) -> Error {
    Error::new("InvalidAction", format!("Could not find operation {action} for version {version}"))
}

fn caller_identity(caller: &Caller) -> Response {
    let user_id = caller.user_id();
    let result =
        [("Arn", caller.arn.as_str()), ("UserId", user_id.as_str()), ("Account", caller.account.as_str())];
    success("GetCallerIdentity", &elements(&result))
}
