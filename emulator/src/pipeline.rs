//! What every call goes through, whatever its protocol: faults, effect, journal.

use crate::app::App;
use crate::call::{Access, Call, Disconnect, Refused};
use crate::error::{Error, Result};
use crate::faults::{Effect, Fired};
use crate::journal::Entry;
use crate::state::State;
use axum::response::Response;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use std::time::{Duration, Instant};

/// Run a call: hold it to its rate, pick a fault, have the effect under the lock, write the journal,
/// answer.
pub(crate) async fn perform(
    app: &App,
    call: Call,
    effect: impl FnOnce(&mut State, Timestamp) -> Result<Response>,
) -> Response {
    let begun = Instant::now();
    let (outcome, fault) = match app.throttle.check(&call) {
        Ok(()) => {
            let fault = app.faults.pick(&call.subject(), app.clock.now());
            (outcome(app, call.access, fault.as_ref(), effect).await, fault)
        }
        Err(throttled) => (Err(throttled), None),
    };
    let (response, code) = match outcome {
        Ok(response) => {
            let code = response.extensions().get().map(|Refused(code)| code.to_string());
            (response, code)
        }
        Err(error) => ((call.render)(&error), Some(error.code.into_owned())),
    };
    let disconnected = response.extensions().get::<Disconnect>().is_some();
    let status = (!disconnected).then(|| response.status().as_u16());
    write(app, call, (status, code), begun.elapsed());
    if let Some(fault) = fault
        && matches!(fault.effect, Effect::Hold)
    {
        fault.hold().await;
    }
    response
}

/// Write the call into the journal, with the status and the error that answered it.
fn write(app: &App, call: Call, (status, error): (Option<u16>, Option<String>), took: Duration) {
    let entry = Entry {
        seq: 0,
        at: app.clock.now(),
        service: call.service,
        operation: call.operation,
        principal: call.principal,
        from: call.from,
        parameters: call.parameters,
        status,
        error,
    };
    let logged = app.on_call.as_ref().map(|on_call| (on_call, entry.clone()));
    let seq = app.journal().append(entry);
    if let Some((on_call, entry)) = logged {
        on_call.tell(&Entry { seq, ..entry }, took);
    }
}

/// The effect, or what a fault makes of it.
async fn outcome(
    app: &App,
    access: Access,
    fault: Option<&Fired>,
    effect: impl FnOnce(&mut State, Timestamp) -> Result<Response>,
) -> Result<Response> {
    match fault.map(|fault| &fault.effect) {
        Some(Effect::Error(error)) => Err(error.clone()),
        Some(Effect::Status(status)) => Ok(bare(*status)),
        Some(Effect::Disconnect) => Ok(cut()),
        Some(Effect::NotYetImported(_)) => {
            Err(Error::new("ResourceNotFoundException", "The package version is not imported yet"))
        }
        Some(Effect::Delay(delay)) => {
            tokio::time::sleep(*delay).await;
            run(app, access, None, effect)
        }
        Some(Effect::StaleReads(lag)) => run(app, access, Some(*lag), effect),
        Some(Effect::FailAfterWrite) => run(app, access, None, effect)
            .and_then(|_| Err(Error::internal("The request failed after it took effect"))),
        Some(Effect::Hold) | None => run(app, access, None, effect),
    }
}

/// Have the effect. A read may be made on the state as it was a while ago.
fn run(
    app: &App,
    access: Access,
    lag: Option<SignedDuration>,
    effect: impl FnOnce(&mut State, Timestamp) -> Result<Response>,
) -> Result<Response> {
    let now = app.clock.now();
    let mut store = app.store();
    match (access, lag) {
        (Access::Read, Some(lag)) => {
            store.settle(now)?;
            effect(&mut store.as_of(now, lag), now)
        }
        // A package manager's download changes something too: it retains what it got.
        (Access::Read | Access::Write | Access::Mint, _) => {
            let answer = store.change(now, |state| effect(state, now))?;
            if let Some(addresses) = &app.addresses {
                addresses.follow(store.current().domain_numbers());
            }
            Ok(answer)
        }
    }
}

fn bare(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

fn cut() -> Response {
    let mut response = Response::default();
    response.extensions_mut().insert(Disconnect);
    response
}
