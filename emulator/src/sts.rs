//! STS over the Query protocol: who am I, and sessions of roles.

use crate::error::{Error, Result};
use crate::perform::{Access, Call, perform};
use crate::server::App;
use crate::state::principal::denied;
use crate::state::{Caller, State};
use crate::wire::{header_value, request_id, sigv4};
use axum::body::Bytes;
use axum::response::Response;
use http::{HeaderValue, Request, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
/// Sessions opened by a session last an hour at most.
const CHAINED_LIMIT: i64 = 3_600;

/// The parameters of a Query request.
struct Form(Vec<(String, String)>);

impl Form {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// What the journal keeps: nothing that proves who somebody is.
    fn journaled(&self) -> Value {
        let proofs = ["WebIdentityToken", "SAMLAssertion", "TokenCode", "ExternalId"];
        let kept = self.0.iter().filter(|(name, _)| !proofs.contains(&name.as_str()));
        let kept: Map<_, _> = kept.map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        Value::Object(kept)
    }

    fn required(&self, name: &str) -> Result<&str> {
        self.get(name).ok_or_else(|| invalid(format!("The request must contain {name}")))
    }
}

/// Answer `POST /`.
pub(crate) async fn answer(app: &App, request: &Request<Bytes>) -> Response {
    let form = Form(form_urlencoded::parse(request.body()).into_owned().collect());
    let signed = sigv4::parse(request.headers());
    let principal = signed.as_ref().ok().and_then(|signed| {
        app.store().current().principals.claimed_arn(&signed.access_key_id).map(str::to_owned)
    });
    let call = Call {
        service: "sts",
        operation: form.get("Action").unwrap_or_default().into(),
        // A session is minted, but nothing that a stale read could show changes.
        access: if form.get("Action") == Some("GetCallerIdentity") { Access::Read } else { Access::Mint },
        principal,
        domain: None,
        repository: None,
        parameters: form.journaled(),
        render: error_response,
    };
    perform(app, call, |state, now| {
        let scope = ("sts", state.settings.region.as_str());
        let caller = signed
            .and_then(|signed| state.principals.authenticate(&signed, request, scope, now))
            .map_err(sigv4::Refusal::for_sts)?;
        match form.get("Action") {
            Some("GetCallerIdentity") => Ok(caller_identity(&caller)),
            Some("AssumeRole") => assume_role(state, &caller, &form, now),
            action => Err(Error::new(
                "InvalidAction",
                format!("Could not find operation {} for version 2011-06-15", action.unwrap_or("")),
            )),
        }
    })
    .await
}

fn caller_identity(caller: &Caller) -> Response {
    let user_id = format!("AIDA{:016X}", fastrand::u64(..));
    let result =
        [("Arn", caller.arn.as_str()), ("UserId", user_id.as_str()), ("Account", caller.account.as_str())];
    success("GetCallerIdentity", &elements(&result))
}

fn assume_role(state: &mut State, caller: &Caller, form: &Form, now: Timestamp) -> Result<Response> {
    let role = form.required("RoleArn")?;
    let name = form.required("RoleSessionName")?;
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    if !(2..=64).contains(&name.len()) || !name.bytes().all(is_legal) {
        return Err(invalid(format!(
            "1 validation error detected: Value '{name}' at 'roleSessionName' failed to satisfy \
             constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*"
        )));
    }
    let seconds = session_seconds(form, caller)?;
    let refused = |error: Error| Error::new("AccessDenied", error.message);
    state.principals.authorize(caller, "sts:AssumeRole", role).map_err(refused)?;
    if !state.principals.can_be_assumed(role, form.get("ExternalId")) {
        let why = "because the role does not exist or its trust policy does not allow it";
        return Err(refused(denied(caller, "sts:AssumeRole", role, why)));
    }
    let expires = now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
    let session = state.principals.open_session(role, name, expires);
    let expiration = session.expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let credentials = elements(&[
        ("AccessKeyId", &session.access_key_id),
        ("SecretAccessKey", &session.secret_access_key),
        ("SessionToken", &session.token),
        ("Expiration", &expiration),
    ]);
    let id = format!("AROA{:016X}:{name}", fastrand::u64(..));
    let user = elements(&[("Arn", &session.arn), ("AssumedRoleId", &id)]);
    let result = format!("<Credentials>{credentials}</Credentials><AssumedRoleUser>{user}</AssumedRoleUser>");
    Ok(success("AssumeRole", &result))
}

fn session_seconds(form: &Form, caller: &Caller) -> Result<i64> {
    let Some(text) = form.get("DurationSeconds") else { return Ok(3_600) };
    let seconds: i64 =
        text.parse().map_err(|_| invalid(format!("DurationSeconds '{text}' is not a number")))?;
    if !(900..=43_200).contains(&seconds) {
        return Err(invalid(format!(
            "1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to \
             satisfy constraint: Member must have value between 900 and 43200"
        )));
    }
    if caller.session_ends.is_some() && seconds > CHAINED_LIMIT {
        return Err(invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by \
             role chaining",
        ));
    }
    Ok(seconds)
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new("ValidationError", message)
}

fn success(action: &str, result: &str) -> Response {
    let body = format!(
        "<{action}Response xmlns=\"{NAMESPACE}\"><{action}Result>{result}</{action}Result>\
         <ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></{action}Response>",
        request_id()
    );
    xml(StatusCode::OK, body)
}

pub(crate) fn error_response(error: &Error) -> Response {
    let kind = if error.status.is_server_error() { "Receiver" } else { "Sender" };
    let detail = elements(&[("Type", kind), ("Code", &error.code), ("Message", &error.message)]);
    let body = format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error>{detail}</Error><RequestId>{}</RequestId>\
         </ErrorResponse>",
        request_id()
    );
    let mut response = xml(error.status, body);
    if let Some(seconds) = error.retry_after_seconds {
        let seconds = header_value(&seconds.to_string());
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

fn xml(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    response
}

fn elements(members: &[(&str, &str)]) -> String {
    members
        .iter()
        .fold(String::new(), |text, (name, value)| text + &format!("<{name}>{}</{name}>", escape(value)))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
