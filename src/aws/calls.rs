//! Every call to AWS is counted and, at debug level, logged: operation, outcome and time, never a body. None goes out when another
//! process may lead.

use std::time::{Duration, Instant};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
    FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

use crate::ops::{Fence, Metrics};

/// Counts the calls of a client.
#[derive(Clone, Debug)]
pub(super) struct CountCalls(pub(super) Metrics);

#[derive(Clone, Copy, Debug)]
struct Began(Instant);

impl Storable for Began {
    type Storer = StoreReplace<Self>;
}

/// Credentials were found, the request is signed and goes out.
#[derive(Clone, Copy, Debug)]
struct Sent;

impl Storable for Sent {
    type Storer = StoreReplace<Self>;
}

#[dyn_dispatch_hint]
impl Intercept for CountCalls {
    fn name(&self) -> &'static str {
        "CountCalls"
    }

    fn read_before_execution(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        cfg.interceptor_state().store_put(Began(Instant::now()));
        Ok(())
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        cfg.interceptor_state().store_put(Sent);
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = cfg.load::<Metadata>().map_or("unknown", Metadata::name);
        let took = cfg.load::<Began>().map_or(Duration::ZERO, |began| began.0.elapsed());
        let failed = context.output_or_error().is_some_and(|result| result.is_err());
        let outcome = outcome(failed, cfg.load::<Sent>().is_some(), context.response());
        self.0.aws_call(operation, outcome, took);
        let id = context.response().and_then(request_id).unwrap_or_default();
        tracing::debug!(operation, outcome, took_ms = took.as_millis(), request_id = id, "called AWS");
        Ok(())
    }
}

/// Lets a request out only while the fence is open.
#[derive(Clone, Debug)]
pub(super) struct Fenced(pub(super) Fence);

#[dyn_dispatch_hint]
impl Intercept for Fenced {
    fn name(&self) -> &'static str {
        "Fenced"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        Ok(self.0.check()?)
    }
}

fn outcome(failed: bool, sent: bool, response: Option<&HttpResponse>) -> &'static str {
    let Some(response) = response else { return if sent { "no_answer" } else { "not_sent" } };
    let throttled =
        response.headers().get("x-amzn-errortype").is_some_and(|code| code.contains("Throttling"));
    match response.status().as_u16() {
        _ if !failed => "ok",
        429 => "throttled",
        _ if throttled => "throttled",
        401 | 403 => "denied",
        402 => "quota",
        404 => "not_found",
        409 => "conflict",
        400..=499 => "rejected",
        _ => "unavailable",
    }
}

fn request_id(response: &HttpResponse) -> Option<&str> {
    response.headers().get("x-amzn-requestid").or_else(|| response.headers().get("x-amz-request-id"))
}
