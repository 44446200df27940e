//! The API's operations: one table from method and path to handler, and the way of every request.

mod connections;
mod domains;
mod packages;
mod repositories;
mod table;
mod tags;
mod tokens;

use crate::error::{Error, Result};
use crate::perform::{Access, Call, perform};
use crate::server::App;
use crate::state::principal::denied;
use crate::state::{Caller, DomainKey, Settings, State};
use crate::wire::members::{Members, missing};
use crate::wire::{json_response, sigv4, text};
use axum::body::Bytes;
use axum::response::Response;
use http::Request;
use jiff::Timestamp;
use serde_json::Value;
use table::Resource;

/// An operation's code: all checks first, then the change, then the answer's body.
type Handler = fn(&Input<'_>, &mut State) -> Result<Value>;

/// What a handler gets besides the state.
pub(crate) struct Input<'a> {
    pub(crate) members: &'a Members,
    pub(crate) caller: &'a Caller,
    pub(crate) now: Timestamp,
}

/// Answer a request under `/v1`.
pub(crate) async fn answer(app: &App, request: &Request<Bytes>) -> Response {
    let operation = table::find(request.method(), request.uri().path());
    let members = Members::parse(request);
    let signed = sigv4::parse(request.headers());
    let principal = signed.as_ref().ok().and_then(|signed| {
        app.store().current().principals.claimed_arn(&signed.access_key_id).map(str::to_owned)
    });
    let named = |name| {
        let members = members.as_ref().ok()?;
        let query = members.raw_query(name);
        query.or_else(|| members.raw_body(name)?.as_str()).map(str::to_owned)
    };
    let call = Call {
        service: "codeartifact",
        operation: operation.map_or("Unknown", |operation| operation.name).into(),
        access: operation.map_or(Access::Read, |operation| operation.access),
        principal,
        domain: named("domain"),
        repository: named("repository"),
        parameters: members.as_ref().map_or(Value::Null, Members::journaled),
        render: Error::to_json_response,
    };
    perform(app, call, |state, now| {
        let Some((operation, handler)) = operation.and_then(|one| Some((one, one.handler?))) else {
            return Err(Error::unknown_operation());
        };
        let scope = ("codeartifact", state.settings.region.as_str());
        let caller = signed
            .and_then(|signed| state.principals.authenticate(&signed, request, scope, now))
            .map_err(sigv4::Refusal::for_codeartifact)?;
        let members = members?;
        let input = Input { members: &members, caller: &caller, now };
        let resource = input.resource(&state.settings, operation.resource)?;
        input.authorize(state, operation.name, &resource)?;
        handler(&input, state).map(|body| json_response(&body))
    })
    .await
}

impl Input<'_> {
    /// The domain that a request names, in the caller's account unless it says whose.
    pub(crate) fn domain_key(&self) -> Result<DomainKey> {
        let name = self.members.required_query("domain", &text::DOMAIN_NAME)?;
        let owner = self.members.query("domain-owner", &text::ACCOUNT_ID)?;
        let owner = owner.unwrap_or(&self.caller.account);
        Ok(DomainKey { owner: owner.into(), name: name.into() })
    }

    /// The repository that a request names.
    pub(crate) fn repository_name(&self) -> Result<&str> {
        self.members.required_query("repository", &text::REPOSITORY_NAME)
    }

    /// Refuse what the caller may not do. Another account's domains need that account's policies,
    /// of which there are none, so they are always refused.
    pub(crate) fn authorize(&self, state: &State, action: &str, resource: &str) -> Result<()> {
        let action = format!("codeartifact:{action}");
        state.principals.authorize(self.caller, &action, resource)?;
        let owner = match resource {
            "*" => self.members.raw_query("domain-owner"),
            arn => arn.split(':').nth(4),
        };
        if owner.is_some_and(|owner| owner != self.caller.account) {
            let why = "because no resource-based policy allows it";
            return Err(denied(self.caller, &action, resource, why));
        }
        Ok(())
    }

    /// The ARN that policies are matched against.
    fn resource(&self, settings: &Settings, resource: Resource) -> Result<String> {
        let path = match resource {
            Resource::Any => return Ok("*".into()),
            Resource::Named => {
                let arn = self.members.query("resourceArn", &text::ARN)?;
                return arn.map(str::to_owned).ok_or_else(|| missing("resourceArn"));
            }
            Resource::Domain => format!("domain/{}", self.domain_key()?.name),
            Resource::Repository => {
                format!("repository/{}/{}", self.domain_key()?.name, self.repository_name()?)
            }
            Resource::Package => {
                let unchecked = |name| self.members.raw_query(name).unwrap_or_default();
                format!(
                    "package/{}/{}/{}/{}/{}",
                    self.domain_key()?.name,
                    self.repository_name()?,
                    unchecked("format"),
                    unchecked("namespace"),
                    unchecked("package"),
                )
            }
        };
        Ok(settings.arn(&self.domain_key()?.owner, &path))
    }
}
