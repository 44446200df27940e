//! Which registry serves which scope, for tools that have one registry for all that has no scope. Pure.

use std::collections::BTreeSet;

use super::{Entry, field};
use crate::api::Format;
use crate::error::{Error, Result};

/// Each scope with its registry, and the registry without a scope as `None`, in the order of the spec.
pub(super) fn served<'e, 'a>(
    entries: &'e [Entry<'a>],
    format: Format,
) -> Result<Vec<(Option<&'a str>, &'e Entry<'a>)>> {
    let (mut known, mut served) = (BTreeSet::new(), Vec::new());
    for entry in entries {
        let scopes = entry.registry.scopes.iter().map(|scope| Some(scope.as_str()));
        let bare = entry.registry.scopes.is_empty().then_some(None);
        for scope in scopes.chain(bare) {
            if !known.insert(scope) {
                return Err(twice(entry, scope, format));
            }
            served.push((scope, entry));
        }
    }
    Ok(served)
}

fn twice(entry: &Entry<'_>, scope: Option<&str>, format: Format) -> Error {
    let field = field(entry.index, "scope");
    match scope {
        Some(scope) => {
            Error::invalid(field, format!("{scope} again"), "a scope has one registry; remove one")
        }
        None => Error::invalid(
            field,
            "left out again",
            format!(
                "{} can hold one registry without a scope; give this one a scope, or make a second RegistryCredential for it",
                format.as_str()
            ),
        ),
    }
}
