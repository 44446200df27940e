//! One request of a package manager, understood: what it is called, what it needs, what it does.

use super::{Target, file, names};
use crate::call::{Access, UNKNOWN};
use crate::error::{Error, Result};
use crate::state::State;
use crate::state::package::PackageKey;
use crate::state::publish::Publication;
use crate::state::version::{Asset, Version};
use axum::response::Response;
use jiff::Timestamp;
use std::num::NonZeroU32;

/// The formats whose package managers are answered.
const SERVED: [&str; 5] = ["cargo", "maven", "npm", "pypi", "ruby"];

/// What a request does once it is let in.
pub(super) type Effect = Box<dyn FnOnce(&mut State, &Target, Timestamp) -> Result<Response> + Send>;

/// The permission that a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Permission {
    /// On the whole repository.
    Read,
    /// On the package.
    Publish,
    /// On the package.
    PutMetadata,
}

impl Permission {
    /// The IAM action.
    pub(super) fn action(self) -> &'static str {
        match self {
            Self::Read => "codeartifact:ReadFromRepository",
            Self::Publish => "codeartifact:PublishPackageVersion",
            Self::PutMetadata => "codeartifact:PutPackageMetadata",
        }
    }
}

/// A request, understood.
pub(super) struct Exchange {
    /// The name in the journal and for faults, such as `NpmGetPackument`.
    pub(super) operation: &'static str,
    pub(super) access: Access,
    pub(super) permission: Permission,
    /// As how many requests it counts towards rates.
    pub(super) requests: NonZeroU32,
    pub(super) package: Option<PackageKey>,
    pub(super) version: Option<String>,
    /// In which of several forms it is answered.
    pub(super) content_type: Option<&'static str>,
    pub(super) effect: Effect,
}

impl Exchange {
    /// A request that reads. Downloads count as reads too, although they retain versions.
    pub(super) fn read(
        operation: &'static str,
        effect: impl FnOnce(&mut State, &Target, Timestamp) -> Result<Response> + Send + 'static,
    ) -> Self {
        Self::new((operation, Access::Read), Permission::Read, Box::new(effect))
    }

    fn new(call: (&'static str, Access), permission: Permission, effect: Effect) -> Self {
        let mut known = names().chain([(UNKNOWN, Access::Read)]);
        debug_assert!(known.any(|one| one == call), "faults cannot name {call:?}");
        let (operation, access) = call;
        Self {
            operation,
            access,
            permission,
            requests: NonZeroU32::MIN,
            package: None,
            version: None,
            content_type: None,
            effect,
        }
    }

    /// A request that changes a package.
    pub(super) fn write(
        operation: &'static str,
        permission: Permission,
        effect: impl FnOnce(&mut State, &Target, Timestamp) -> Result<Response> + Send + 'static,
    ) -> Self {
        Self::new((operation, Access::Write), permission, Box::new(effect))
    }

    /// A download of a file of a version, which is retained with it.
    pub(super) fn download(
        operation: &'static str,
        key: PackageKey,
        version: &str,
        pick: impl FnOnce(&Version) -> Option<&Asset> + Send + 'static,
    ) -> Self {
        let (about, wanted) = (key.clone(), version.to_owned());
        let download = Self::read(operation, move |state, target, now| {
            let found = state.fetch(&target.domain, &target.repository, (&key, &wanted), now)?;
            pick(&found).map(file).ok_or_else(|| key.version_not_found(&wanted))
        });
        download.about(&about).version(version)
    }

    /// A publication, about what it publishes if that could be made out.
    pub(super) fn publish(
        operation: &'static str,
        publication: Result<Publication>,
        effect: impl FnOnce(&mut State, &Target, Timestamp, Publication) -> Result<Response> + Send + 'static,
    ) -> Self {
        let about = publication.as_ref().ok().map(|one| (one.key.clone(), one.version.clone()));
        let (package, version) = about.unzip();
        let exchange = Self::write(operation, Permission::Publish, |state, target, now| {
            effect(state, target, now, publication?)
        });
        Self { package, version, ..exchange }
    }

    /// The same, about a package.
    pub(super) fn about(self, key: &PackageKey) -> Self {
        Self { package: Some(key.clone()), ..self }
    }

    /// The same, about a version.
    pub(super) fn version(self, version: &str) -> Self {
        Self { version: Some(version.into()), ..self }
    }

    /// A path that means nothing here.
    pub(super) fn unknown() -> Self {
        Self::read(UNKNOWN, |_, target, _| {
            let message = if SERVED.contains(&target.format.as_str()) {
                format!("'/{}' is not served by CodeArtifact repositories", target.rest)
            } else {
                let served = SERVED.join(", ");
                format!("The format '{}' is not served here; these are: {served}", target.format)
            };
            Err(Error::new("ResourceNotFoundException", message))
        })
    }
}
