//! What the identity that an object has pinned says of its spec and of its grants. Pure.

use crate::api::Identity;
use crate::engine::pipeline::kind::{Kind, Scope, Settings};
use crate::error::{Error, Result};
use crate::reason::Reason;

/// The pinned identity must still be the one that the spec names.
pub(in crate::engine) fn check_pinned(pinned: Option<&Identity>, named: &Identity) -> Result<()> {
    match pinned {
        Some(pinned) if pinned != named => Err(Error::stalled(
            Reason::IdentityChanged,
            format!(
                "the spec now names {} of account {} in {}, but this object manages {} of account {} in {}; put the spec back, or \
                 make a new object",
                named, named.account, named.region, pinned, pinned.account, pinned.region
            ),
        )),
        _ => Ok(()),
    }
}

/// Names the grant that has gone, if the object had its resource in AWS before. Otherwise the error stays as it is. The name of the
/// resource comes from the object's own status, so that the error tells nothing about the object that is referred to.
pub(in crate::engine) fn withdrawn<K: Kind>(
    error: Error,
    pinned: Option<&Identity>,
    scope: &Scope<'_>,
    settings: &Settings,
) -> Error {
    let pinned = pinned.filter(|_| error.reason() == Reason::DependencyNotReady);
    let needed = pinned.map(|pinned| K::required_grants(pinned, settings.mode));
    let gone =
        needed.and_then(|needed| scope.caches.check_grants(scope.account, scope.namespace, &needed).err());
    gone.unwrap_or(error)
}
