//! The code of the API's operations, and the way of every request to it.

mod connections;
mod domains;
mod groups;
mod input;
mod named;
mod packages;
mod policies;
mod repositories;
mod table;
mod tags;
mod tokens;
mod versions;

pub(crate) use input::Input;

use crate::app::App;
use crate::call::{Access, Call, UNKNOWN, peer};
use crate::error::{Error, Result};
use crate::journal::kept;
use crate::model::{Operation, Place, Raw, Resource};
use crate::pipeline::perform;
use crate::reached::Reached;
use crate::signer::Signer;
use crate::state::State;
use crate::unrouted::place;
use axum::body::Bytes;
use axum::response::Response;
use http::Request;
use named::Named;
use std::num::NonZeroU32;

/// An operation's code. It runs on a copy of the state, which is kept when it succeeds.
type Handler = fn(&Input<'_>, &mut State) -> Result<Response>;

/// Answer a request under `/v1`.
pub(crate) async fn answer(app: &App, request: &Request<Bytes>) -> Response {
    let found = table::find(request.method(), request.uri().path());
    let operation = found.map(|(operation, _)| operation);
    let has_payload = operation.is_some_and(|operation| operation.has(Place::Payload));
    let raw = Raw::parse(request, has_payload);
    let signer = Signer::of(app, request, "codeartifact", has_payload);
    let reached = Reached::by(request);
    let (domain, repositories) = places(operation, &raw);
    let call = Call {
        service: "codeartifact",
        operation: operation.map_or(UNKNOWN, |operation| operation.name).into(),
        access: operation.map_or(Access::Read, |operation| operation.access),
        payer: signer.payer(request),
        requests: NonZeroU32::MIN,
        principal: signer.claimed,
        from: peer(request),
        domain,
        repositories,
        imports: None,
        parameters: match operation {
            // A payload is not among them.
            Some(_) => kept(raw.journaled(), if has_payload { 0 } else { request.body().len() }),
            None => place(request.method(), request.uri().path()),
        },
        render: Error::to_json_response,
    };
    perform(app, call, |state, now| {
        let (operation, handler) = found.ok_or_else(Error::unknown_operation)?;
        let caller = signer.verified.map_err(|refusal| refusal.for_codeartifact())?;
        let values = raw.check(operation.input, request.headers())?;
        let body = request.body();
        let input = Input { operation, values: &values, body, caller: &caller, reached: &reached, now };
        let resource = input.resource(state)?;
        input.authorize(state, operation.name, &resource)?;
        handler(&input, state)
    })
    .await
}

/// The domain and the repositories that a request is about. A copy is about its source, too.
fn places(operation: Option<&Operation>, raw: &Raw) -> (Option<String>, Vec<String>) {
    let is_named = operation.is_some_and(|operation| matches!(operation.resource, Resource::Named));
    if let Some(named) = raw.text("resourceArn").filter(|_| is_named).and_then(Named::parse) {
        let repository = named.repository().map(str::to_owned);
        return (Some(named.domain.to_owned()), repository.into_iter().collect());
    }
    let members = ["repository", "destination-repository", "source-repository"];
    let repositories = members.into_iter().filter_map(|name| raw.text(name)).map(str::to_owned).collect();
    (raw.text("domain").map(str::to_owned), repositories)
}
