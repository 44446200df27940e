//! The data plane: repositories as package managers speak to them, behind a token.
//!
//! Paths are `/<format>/d/<domain>-<owner>/<repository>/…` on every host, as at a private endpoint, and
//! `/<format>/<repository>/…` on a domain's own.

pub(crate) mod cargo;
mod exchange;
mod login;
pub(crate) mod maven;
pub(crate) mod names;
mod npm;
mod pypi;
mod ruby;

pub(crate) use names::names;

use crate::app::App;
use crate::assets::Download;
use crate::call::{Call, Payer, UNKNOWN, peer};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::links::{Address, Place};
use crate::pipeline::perform;
use crate::reached::Reached;
use crate::state::version::Asset;
use crate::state::{Caller, DomainKey, State};
use crate::unrouted::{self, place, shortened};
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
    reached: Reached,
    repository: String,
    /// Decoded; `%2f` is a slash, as npm wants it in the names of scoped packages.
    rest: String,
}

/// Answer a request of a package manager.
pub(crate) async fn answer(app: &App, request: Request<Bytes>) -> Response {
    let Some(target) = Target::parse(request.uri().path(), Reached::by(&request)) else {
        let error = Error::new("ResourceNotFoundException", "No repository has this address");
        return unrouted::refuse(app, ("data", UNKNOWN), &request, error, render).await;
    };
    let from = peer(&request);
    let token = login::token(&target.format, request.headers());
    let method = request.method().clone();
    let place = place(&method, request.uri().path());
    let exchange = understand(&target, request).await.unwrap_or_else(Exchange::unknown);
    let caller = token.as_ref().ok().and_then(|token| caller(app, token));
    let call = Call {
        service: "data",
        operation: exchange.operation.into(),
        access: exchange.access,
        payer: match (&token, &caller) {
            (Ok(token), Some(caller)) => {
                Payer::Token { text: token.clone(), account: caller.account.clone() }
            }
            // A text that is no token has no bucket of its own: there is no end of such texts.
            _ => Payer::Address(from),
        },
        requests: exchange.requests,
        principal: caller.map(|caller| caller.arn),
        from,
        domain: Some(target.domain.name.clone()),
        repositories: vec![target.repository.clone()],
        imports: imports(app, &target, &exchange),
        parameters: parameters(&target, &exchange, place),
        render,
    };
    let mut response = perform(app, call, |state, now| {
        login::admit(state, &target, &exchange, token, now)?;
        let answer = (exchange.effect)(state, &target, now)?;
        Ok(match &app.bucket {
            Some(bucket) => bucket.instead_of(answer, (&method, &target.domain, &target.reached), now),
            None => answer,
        })
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
fn caller(app: &App, token: &str) -> Option<Caller> {
    let store = app.store();
    let grant = store.current().tokens.check(token, app.clock.now()).ok()?;
    Some(grant.caller.clone())
}

/// The version that a download of a Python file would import: one that only a public registry has.
fn imports(app: &App, target: &Target, exchange: &Exchange) -> Option<String> {
    let (key, number) = exchange.package.as_ref().zip(exchange.version.as_ref())?;
    if exchange.operation != names::PYPI_GET_FILE {
        return None;
    }
    let store = app.store();
    let places = store.current().places(&target.domain, &target.repository, key).ok()?;
    let place = places.iter().find(|place| place.package.versions.contains_key(number))?;
    place.is_public.then(|| format!("{}/{}/{}/{number}", target.domain, target.repository, key.name))
}

impl Target {
    /// Nothing but the path of a private endpoint begins with `d`, for no repository has so short a name.
    fn parse(path: &str, reached: Reached) -> Option<Self> {
        let (format, rest) = path.strip_prefix('/')?.split_once('/')?;
        let (domain, rest) = match (rest.strip_prefix("d/"), &reached.host) {
            (Some(rest), _) => {
                let (domain, rest) = rest.split_once('/')?;
                (DomainKey::of_label(domain)?, rest)
            }
            (None, Host::Domain(domain, _)) => (domain.clone(), rest),
            (None, _) => return None,
        };
        let (repository, rest) = rest.split_once('/').unwrap_or((rest, ""));
        let rest = percent_decode_str(rest).decode_utf8().ok()?.into_owned();
        Some(Self { format: format.into(), domain, reached, repository: repository.into(), rest })
    }

    /// The repository's address, as links in answers have it.
    fn address(&self, state: &State) -> Result<Address> {
        let Self { domain, reached, format, repository, .. } = self;
        let place = Place { domain, number: state.domain(domain)?.number, format, repository };
        Ok(state.settings.links.of_answer(reached, &place))
    }
}

/// What the journal keeps. A text that is longer than any name, such as a token in the wrong place, is cut.
fn parameters(target: &Target, exchange: &Exchange, place: Value) -> Value {
    let mut parameters = json!({
        "format": shortened(&target.format),
        "domain": shortened(&target.domain.name),
        "domain-owner": shortened(&target.domain.owner),
        "repository": shortened(&target.repository),
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
            parameters[name] = shortened(value).into();
        }
    }
    if let (UNKNOWN, Value::Object(place), Some(parameters)) =
        (exchange.operation, place, parameters.as_object_mut())
    {
        parameters.extend(place);
    }
    parameters
}

/// The content of a file of a package, as it is.
fn file(asset: &Asset) -> Response {
    let mut response = typed("application/octet-stream", asset.content().clone());
    response.extensions_mut().insert(Download::of(asset));
    response
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
    use super::*;
    use crate::host::Stack;

    fn parse(path: &str, host: Host) -> Option<Target> {
        Target::parse(path, Reached { origin: None, host })
    }

    #[test]
    fn addresses_are_taken_apart() {
        let target = parse("/npm/d/my-domain-123456789012/team/@acme%2fwidgets", Host::Other).unwrap();
        assert_eq!(
            (target.domain.name.as_str(), target.domain.owner.as_str()),
            ("my-domain", "123456789012")
        );
        assert_eq!((target.repository.as_str(), target.rest.as_str()), ("team", "@acme/widgets"));
        assert_eq!(parse("/pypi/d/acme-1/team", Host::Other).unwrap().rest, "");
        for path in ["/npm/d/acme/team/", "/npm/d/acme-1", "/npm/x/acme-1/team/", "/npm/team/a", "/npm"] {
            assert!(parse(path, Host::Other).is_none(), "{path}");
        }
    }

    #[test]
    fn the_host_of_a_domain_stands_for_a_part_of_the_path() {
        let acme = DomainKey { owner: "1".into(), name: "acme".into() };
        for (path, domain, repository, rest) in [
            ("/npm/team/@acme%2fwidgets", "acme", "team", "@acme/widgets"),
            ("/npm/team", "acme", "team", ""),
            ("/npm/", "acme", "", ""),
            ("/npm/d/other-2/team/widgets", "other", "team", "widgets"),
            ("/v1/domain", "acme", "domain", ""),
        ] {
            let target = parse(path, Host::Domain(acme.clone(), Stack::Ipv4)).unwrap();
            let parsed = (target.domain.name.as_str(), target.repository.as_str(), target.rest.as_str());
            assert_eq!(parsed, (domain, repository, rest), "{path}");
        }
        for path in ["/", "/npm", "/npm/d/team"] {
            assert!(parse(path, Host::Domain(acme.clone(), Stack::Ipv4)).is_none(), "{path}");
        }
    }
}
