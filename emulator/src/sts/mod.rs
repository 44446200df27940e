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

use crate::error::{Error, Result};
use crate::journal::kept;
use crate::perform::{Access, Call, perform};
use crate::server::App;
use crate::state::{Caller, State};
use crate::wire::sigv4;
use axum::body::Bytes;
use axum::response::Response;
use form::Form;
use http::Request;
use reply::{elements, success};

/// What is answered, by the names in the journal and for faults. A session is minted, but nothing that a
/// stale read could show changes.
pub(crate) const NAMES: [(&str, Access); 4] = [
    ("GetCallerIdentity", Access::Read),
    ("AssumeRole", Access::Mint),
    ("AssumeRoleWithWebIdentity", Access::Mint),
    ("AssumeRoleForPodIdentity", Access::Mint),
];

const VERSION: &str = "2011-06-15";

/// Answer a request to `/`.
pub(crate) async fn answer(app: &App, request: &Request<Bytes>) -> Response {
    let form = Form::parse(request);
    let signed = sigv4::parse(request);
    let principal = signed.as_ref().ok().and_then(|signed| {
        app.store().current().principals.claimed_arn(&signed.access_key_id).map(str::to_owned)
    });
    let action = form.get("Action").unwrap_or_default();
    let call = Call {
        service: "sts",
        operation: action.into(),
        // A session is minted, but nothing that a stale read could show changes.
        access: if action == "GetCallerIdentity" { Access::Read } else { Access::Mint },
        principal,
        bearer: None,
        domain: None,
        repositories: Vec::new(),
        parameters: kept(form.journaled(), request.body().len()),
        render: error_response,
    };
    perform(app, call, |state, now| {
        let caller = |state: &State| -> Result<Caller> {
            let scope =
                sigv4::Scope { service: "sts", region: &state.settings.region, hash_is_a_member: false };
            let verified =
                signed.and_then(|signed| state.principals.authenticate(&signed, request, &scope, now));
            verified.map_err(sigv4::Refusal::for_sts)
        };
        match form.action()? {
            "GetCallerIdentity" => Ok(caller_identity(&caller(state)?)),
            "AssumeRole" => {
                let caller = caller(state)?;
                assume_role::answer(state, &caller, &form, now)
            }
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
