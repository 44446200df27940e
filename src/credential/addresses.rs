//! The addresses of repositories: asked of AWS once and kept in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use super::registries::{Resolved, package_formats};
use crate::account::Session;
use crate::api::{EndpointType, Identity, PackageFormat};
use crate::aws::Named;
use crate::error::{Error, Result};
use crate::repository::endpoints::{Endpoints, derive};

/// Who asked for what: another identity may be denied.
type Key = (String, Identity, EndpointType, Vec<PackageFormat>);

/// The addresses that AWS gave. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Addresses {
    known: Arc<Mutex<HashMap<Key, Arc<OnceCell<Endpoints>>>>>,
}

impl Addresses {
    /// The addresses of a registry, for at least the formats that its files need.
    pub(super) async fn of(&self, session: &Session, registry: &Resolved<'_>) -> Result<Endpoints> {
        let formats = package_formats(&registry.spec.formats);
        if formats.iter().all(|format| registry.known.contains_key(format.as_str())) {
            return Ok(registry.known.clone());
        }
        let kind = registry.spec.endpoint_type.unwrap_or_default();
        let key = (session.proof.clone(), registry.identity.clone(), kind, formats.clone());
        let cell = Arc::clone(self.known().entry(key.clone()).or_default());
        let asked = cell.get_or_try_init(|| ask(session, &registry.identity, kind, &formats)).await.cloned();
        // What AWS refuses is not remembered, or else any name that somebody makes up would be kept for ever.
        if asked.is_err() && self.known().get(&key).is_some_and(|cell| cell.get().is_none()) {
            self.known().remove(&key);
        }
        asked
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Key, Arc<OnceCell<Endpoints>>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One question, when the others' answers follow from it.
async fn ask(
    session: &Session,
    identity: &Identity,
    kind: EndpointType,
    formats: &[PackageFormat],
) -> Result<Endpoints> {
    let mut endpoints = Endpoints::new();
    for format in formats {
        let address = address(session, identity, kind, *format).await?;
        if let Some(all) = derive(&address, *format, identity) {
            return Ok(all);
        }
        endpoints.insert(format.as_str().into(), address);
    }
    Ok(endpoints)
}

async fn address(
    session: &Session,
    identity: &Identity,
    kind: EndpointType,
    format: PackageFormat,
) -> Result<String> {
    let kind = match kind {
        EndpointType::Ipv4 => aws_sdk_codeartifact::types::EndpointType::Ipv4,
        EndpointType::Dualstack => aws_sdk_codeartifact::types::EndpointType::Dualstack,
    };
    let call = session.aws.reads().await.get_repository_endpoint().endpoint_type(kind);
    let call = call.format(format.as_str().into()).domain(&identity.domain).domain_owner(&identity.owner);
    let answer = call.set_repository(identity.repository.clone()).send().await;
    let output = answer.named("GetRepositoryEndpoint")?;
    output.repository_endpoint.ok_or_else(|| Error::Internal("AWS gave no endpoint".into()))
}
