//! The addresses of repositories: asked of AWS once and kept in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::api::{EndpointType, Identity, PackageFormat};
use crate::aws::{AwsError, AwsErrorKind};
use crate::credential::registries::{Resolved, package_formats};
use crate::error::{Error, Result};
use crate::repository::ask;
use crate::repository::endpoints::Endpoints;
use crate::sessions::Session;

/// The question. The proof of the identity that asks is a part of it, because AWS may allow the call to one identity and deny the call
/// to another.
type Key = (String, Identity, EndpointType, Vec<PackageFormat>);

/// An answer is dropped when no login has asked for this long; a login in use asks every five minutes.
const FORGET_AFTER: Duration = Duration::from_mins(20);

/// The addresses that AWS gave. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Addresses {
    known: Arc<Mutex<Known>>,
}

impl Addresses {
    /// The addresses of a registry, for at least the formats that its files need.
    pub(super) async fn of(&self, session: &Session, registry: &Resolved<'_>) -> Result<Endpoints> {
        if let Some(private) = &registry.private {
            return Ok(private.clone());
        }
        let formats = package_formats(&registry.spec.formats);
        let kind = registry.spec.endpoint_type.unwrap_or_default();
        let key = (session.proof.clone(), registry.identity.clone(), kind, formats.clone());
        let cell = self.known().cell(&key, Instant::now());
        let question = async || match ask::endpoints(&session.aws, &registry.identity, kind, &formats).await {
            Err(Error::Aws(error)) if error.kind == AwsErrorKind::Denied => registry
                .by_name
                .clone()
                .ok_or_else(|| must_ask(error, &session.identity_arn, &registry.identity)),
            answer => answer,
        };
        let asked = cell.get_or_try_init(question).await.cloned();
        if asked.is_err() {
            self.known().forget_unanswered(&key);
        }
        asked
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why the call is needed, and who needs it: without `spec.endpoints` many identities do without.
fn must_ask(error: AwsError, who: &str, repository: &Identity) -> Error {
    Error::from(error).after(&format!(
        "allow {who} the call codeartifact:GetRepositoryEndpoint on repository {repository}; behind a private endpoint (spec.endpoints of \
         the AwsAccount), for dualstack and outside the partition aws, the address of a repository does not follow from its name; \
         spec.registries[].endpoint can name a private endpoint instead"
    ))
}

/// What is known, and when it was last asked for.
#[derive(Debug, Default)]
struct Known {
    cells: HashMap<Key, (Arc<OnceCell<Endpoints>>, Instant)>,
    swept: Option<Instant>,
}

impl Known {
    /// The place of an answer. From time to time the answers are dropped that no login has asked for lately.
    fn cell(&mut self, key: &Key, now: Instant) -> Arc<OnceCell<Endpoints>> {
        if now.duration_since(*self.swept.get_or_insert(now)) >= FORGET_AFTER {
            self.cells.retain(|_, (_, used)| now.duration_since(*used) < FORGET_AFTER);
            self.swept = Some(now);
        }
        let (cell, used) = self.cells.entry(key.clone()).or_insert_with(|| (Arc::default(), now));
        *used = now;
        Arc::clone(cell)
    }

    /// What AWS refuses is not remembered, or else any name that somebody makes up would be kept.
    fn forget_unanswered(&mut self, key: &Key) {
        if self.cells.get(key).is_some_and(|(cell, _)| cell.get().is_none()) {
            self.cells.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::AwsResource;

    fn key(repository: &str) -> Key {
        let identity = Identity {
            account: "123456789012".into(),
            region: "us-east-1".into(),
            owner: "123456789012".into(),
            domain: "acme".into(),
            resource: AwsResource::Repository(repository.into()),
        };
        ("proof".into(), identity, EndpointType::Ipv4, vec![PackageFormat::Npm])
    }

    #[test]
    fn addresses_that_nobody_asks_for_are_forgotten() {
        let (mut known, start) = (Known::default(), Instant::now());
        let minute = |count: u64| start + Duration::from_mins(count);
        for (repository, when) in [("used", 0), ("unused", 0), ("used", 15), ("used", 25)] {
            known.cell(&key(repository), minute(when)).set(Endpoints::new()).ok();
        }
        let left: Vec<_> = known.cells.keys().map(|(_, identity, ..)| identity.repository()).collect();
        assert_eq!(left, [Some("used")]);
    }

    #[test]
    fn who_must_be_allowed_to_ask_is_named() {
        let denied = AwsError {
            operation: "GetRepositoryEndpoint",
            kind: AwsErrorKind::Denied,
            message: "AccessDeniedException: no".into(),
        };
        let (_, identity, ..) = key("npm");
        let error = must_ask(denied, "arn:aws:iam::111122223333:role/team-a", &identity);
        let text = error.to_string();
        let allow = "GetRepositoryEndpoint: allow arn:aws:iam::111122223333:role/team-a the call codeartifact:GetRepositoryEndpoint on \
                     repository acme/npm; behind a private endpoint";
        assert!(text.starts_with(allow) && text.ends_with("AccessDeniedException: no"), "{text}");
        assert_eq!(error.reason(), crate::reason::Reason::AccessDenied);
    }

    #[test]
    fn only_answers_are_remembered() {
        let mut known = Known::default();
        let now = Instant::now();
        known.cell(&key("answered"), now).set(Endpoints::new()).unwrap();
        known.cell(&key("refused"), now);
        for repository in ["answered", "refused"] {
            known.forget_unanswered(&key(repository));
        }
        assert!(known.cells.contains_key(&key("answered")) && known.cells.len() == 1);
    }
}
