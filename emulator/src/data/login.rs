//! Who is let in: tokens as Bearer, as Basic password or bare, for one domain, with what they may do.

use super::Target;
use super::exchange::{Exchange, Permission};
use crate::error::{Error, Result};
use crate::state::State;
use crate::state::access::Ask;
use crate::state::policy::Context;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use jiff::Timestamp;

/// The user name that goes with every token.
const USER: &str = "aws";

/// The token that a request carries. Cargo sends it bare.
pub(super) fn token(format: &str, headers: &HeaderMap) -> Result<String> {
    let malformed = || unauthorized("the Authorization header is malformed");
    let value = headers.get(AUTHORIZATION).ok_or_else(|| unauthorized("there is no authorization token"))?;
    let text = value.to_str().map_err(|_| malformed())?;
    let Some((scheme, rest)) = text.split_once(' ') else {
        return if format == "cargo" { Ok(text.into()) } else { Err(malformed()) };
    };
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(rest.trim().into());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(malformed());
    }
    let decoded = BASE64_STANDARD.decode(rest.trim()).ok();
    let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(malformed)?;
    match decoded.split_once(':') {
        Some((USER, token)) => Ok(token.into()),
        _ => Err(unauthorized("the user name must be aws")),
    }
}

/// Let the request in, or say why not. Permissions are those that the token's principal has now.
pub(super) fn admit(
    state: &State,
    target: &Target,
    exchange: &Exchange,
    token: Result<String>,
    now: Timestamp,
) -> Result<()> {
    let refused = |why: crate::state::token::Unauthorized| unauthorized(&why.to_string());
    let grant = state.tokens.check(&token?, now).map_err(refused)?;
    if grant.domain != target.domain {
        return Err(Error::access_denied("The authorization token is for another domain"));
    }
    state.domain(&target.domain)?.repository(&target.repository)?;
    let place = format!("{}/{}", target.domain.name, target.repository);
    let resource = match (exchange.permission, &exchange.package) {
        (Permission::Publish | Permission::PutMetadata, Some(key)) => {
            format!("package/{place}/{}", key.arn_path())
        }
        _ => format!("repository/{place}"),
    };
    let resource = state.settings.arn(&target.domain.owner, &resource);
    state.authorize(Ask {
        caller: &grant.caller,
        action: exchange.permission.action(),
        resource: &resource,
        place: &resource,
        context: Context::default(),
        now,
    })
}

fn unauthorized(why: &str) -> Error {
    Error::new("UnauthorizedException", format!("Unauthorized: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_as_bearer_or_as_password() {
        let basic = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
        for (header, expected) in [
            (Some("Bearer abc".to_owned()), Some("abc")),
            (Some("bearer abc".to_owned()), Some("abc")),
            (Some(basic("aws:a:b")), Some("a:b")),
            (Some(basic("admin:abc")), None),
            (Some(basic("abc")), None),
            (Some("Basic ???".to_owned()), None),
            (Some("Digest abc".to_owned()), None),
            (Some("abc".to_owned()), None),
            (None, None),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(value) = &header {
                headers.insert(AUTHORIZATION, value.parse().unwrap());
            }
            assert_eq!(token("npm", &headers).ok().as_deref(), expected, "{header:?}");
        }
    }

    #[test]
    fn cargo_sends_the_token_bare() {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, "abc".parse().unwrap())]);
        assert_eq!(token("cargo", &headers).unwrap(), "abc");
        assert!(token("ruby", &headers).is_err());
    }
}
