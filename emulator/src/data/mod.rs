//! The data plane: repositories as package managers speak to them, behind a token.
//!
//! Paths are `/<format>/d/<domain>-<owner>/<repository>/…`, as at a private endpoint.

pub(crate) mod cargo;
mod exchange;
mod login;
pub(crate) mod maven;
mod names;
mod npm;
pub(crate) mod pypi;
mod ruby;

pub(crate) use names::names;

use crate::app::App;
use crate::call::{Call, Payer, UNKNOWN, peer};
use crate::error::Error;
use crate::pipeline::perform;
use crate::state::version::Asset;
use crate::state::{DomainKey, Settings};
use crate::unrouted::{self, place};
use crate::wire::header_value;
use axum::body::{Body, Bytes};
use axum::response::Response;
use exchange::Exchange;
use http::{HeaderValue, Request, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

/// Which repository a request is for, and what remains of its path.
struct Target {
    format: String,
    domain: DomainKey,
    /// The domain's own address, where it has one.
    origin: Option<String>,
    repository: String,
    /// Decoded; `%2f` is a slash, as npm wants it in the names of scoped packages.
    rest: String,
}

/// Answer a request of a package manager.
pub(crate) async fn answer(app: &App, request: Request<Bytes>) -> Response {
    let Some(mut target) = Target::parse(request.uri().path()) else {
        let error = Error::new("ResourceNotFoundException", "No repository has this address");
        return unrouted::refuse(app, ("data", UNKNOWN), &request, error, render).await;
    };
    let from = peer(&request);
    target.origin = own_address(app, &target.domain);
    let token = login::token(&target.format, request.headers());
    let place = place(request.method(), request.uri().path());
    let exchange = understand(&target, request).await.unwrap_or_else(Exchange::unknown);
    let principal = token.as_ref().ok().and_then(|token| principal(app, token));
    let call = Call {
        service: "data",
        operation: exchange.operation.into(),
        access: exchange.access,
        payer: match &token {
            Ok(token) if principal.is_some() => Payer::Token(token.clone()),
            // A text that is no token has no bucket of its own: there is no end of such texts.
            _ => Payer::Address(from),
        },
        principal,
        from,
        domain: Some(target.domain.name.clone()),
        repositories: vec![target.repository.clone()],
        imports: imports(app, &target, &exchange),
        parameters: parameters(&target, &exchange, place),
        render,
    };
    let mut response = perform(app, call, |state, now| {
        login::admit(state, &target, &exchange, token, now)?;
        (exchange.effect)(state, &target, now)
    })
    .await;
    if response.status() == StatusCode::UNAUTHORIZED {
        for scheme in ["Bearer", "Basic"] {
            let challenge = format!("{scheme} realm=\"{}/{}\"", target.domain.name, target.repository);
            response.headers_mut().append(header::WWW_AUTHENTICATE, header_value(&challenge));
        }
    }
    response
}

/// What the request wants, if its format's package managers would ask for it.
async fn understand(target: &Target, request: Request<Bytes>) -> Option<Exchange> {
    let path = &target.rest;
    match target.format.as_str() {
        "cargo" => cargo::understand(path, &request),
        "maven" => maven::understand(path, &request),
        "npm" => npm::understand(path, request),
        "pypi" => pypi::understand(path, request).await,
        "ruby" => ruby::understand(path, &request),
        _ => None,
    }
}

/// Who got the token.
fn principal(app: &App, token: &str) -> Option<String> {
    let store = app.store();
    let grant = store.current().tokens.check(token, app.clock.now()).ok()?;
    Some(grant.caller.arn.clone())
}

/// The version that a download of a Python file would import: one that only a public registry has.
fn imports(app: &App, target: &Target, exchange: &Exchange) -> Option<String> {
    let (key, number) = exchange.package.as_ref().zip(exchange.version.as_ref())?;
    if exchange.operation != pypi::GET_FILE {
        return None;
    }
    let store = app.store();
    let places = store.current().places(&target.domain, &target.repository, key).ok()?;
    let place = places.iter().find(|place| place.package.versions.contains_key(number))?;
    place.is_public.then(|| format!("{}/{}/{}/{number}", target.domain, target.repository, key.name))
}

fn own_address(app: &App, key: &DomainKey) -> Option<String> {
    let store = app.store();
    let state = store.current();
    Some(state.settings.url_of(state.domains.get(key)?))
}

impl Target {
    fn parse(path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix('/')?.splitn(5, '/');
        let (format, "d", domain, repository) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?)
        else {
            return None;
        };
        let (name, owner) = domain.rsplit_once('-')?;
        let rest = percent_decode_str(parts.next().unwrap_or_default()).decode_utf8().ok()?;
        Some(Self {
            format: format.into(),
            domain: DomainKey { owner: owner.into(), name: name.into() },
            origin: None,
            repository: repository.into(),
            rest: rest.into_owned(),
        })
    }

    /// The repository's address, with a slash at its end.
    fn url(&self, settings: &Settings) -> String {
        let Self { format, domain: DomainKey { owner, name }, repository, .. } = self;
        let origin = self.origin.as_ref().unwrap_or(&settings.url);
        format!("{origin}/{format}/d/{name}-{owner}/{repository}/")
    }
}

/// What the journal keeps.
fn parameters(target: &Target, exchange: &Exchange, place: Value) -> Value {
    let mut parameters = json!({
        "format": target.format,
        "domain": target.domain.name,
        "domain-owner": target.domain.owner,
        "repository": target.repository,
    });
    let key = exchange.package.as_ref();
    let named = [
        ("namespace", key.and_then(|key| key.namespace.as_ref())),
        ("package", key.map(|key| &key.name)),
        ("version", exchange.version.as_ref()),
    ];
    let named = named.map(|(name, value)| (name, value.map(String::as_str)));
    for (name, value) in named.into_iter().chain([("contentType", exchange.content_type)]) {
        if let Some(value) = value {
            parameters[name] = value.into();
        }
    }
    if let (UNKNOWN, Value::Object(place), Some(parameters)) =
        (exchange.operation, place, parameters.as_object_mut())
    {
        parameters.extend(place);
    }
    parameters
}

/// The content of a file, as it is.
fn file(asset: &Asset) -> Response {
    typed("application/octet-stream", asset.content.clone())
}

fn typed(kind: &'static str, content: impl Into<Body>) -> Response {
    let mut response = Response::new(content.into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// npm shows a member `error`, cargo those of `errors`, other clients show `message` or the whole body.
pub(crate) fn render(error: &Error) -> Response {
    let mut response = error.to_json_response();
    let message = error.message.as_str();
    let body = json!({ "error": message, "message": message, "errors": [{ "detail": message }] });
    *response.body_mut() = body.to_string().into();
    response
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn addresses_are_taken_apart() {
        let target = Target::parse("/npm/d/my-domain-123456789012/team/@acme%2fwidgets").unwrap();
        assert_eq!(
            (target.domain.name.as_str(), target.domain.owner.as_str()),
            ("my-domain", "123456789012")
        );
        assert_eq!((target.repository.as_str(), target.rest.as_str()), ("team", "@acme/widgets"));
        assert_eq!(Target::parse("/pypi/d/acme-1/team").unwrap().rest, "");
        for path in ["/npm/d/acme/team/", "/npm/d/acme-1", "/npm/x/acme-1/team/", "/npm"] {
            assert!(Target::parse(path).is_none(), "{path}");
        }
    }
}
