//! `codeartifact-operator release`: before an uninstall, lets every object go as Retain does, so that nothing is left
//! with a finalizer that nobody will ever remove. AWS stays as it is, without our owner tags.

use std::fmt::{Display, Formatter};
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::StreamExt;
use k8s_openapi::api::core::v1::Namespace;
use kube::core::NamespaceResourceScope;
use kube::{Api, Resource, ResourceExt};
use tokio_util::sync::CancellationToken;

use crate::api::{FINALIZER, KindName};
use crate::domain::DomainKind;
use crate::engine::context::Context;
use crate::engine::pipeline::converge::Pipeline;
use crate::engine::pipeline::kind::Kind;
use crate::engine::status::publish::Publisher;
use crate::engine::watching::cache::Cache;
use crate::engine::watching::seen::Seen;
use crate::engine::watching::watch::Incoming;
use crate::error::Result;
use crate::kubernetes::kube_call;
use crate::repository::RepositoryKind;

/// How many objects are released at once.
const AT_ONCE: usize = 16;
/// How often what was refused is tried: somebody may have edited it in between.
const ROUNDS: usize = 3;

/// How many objects of each kind hold our finalizer.
#[derive(Clone, Debug)]
pub struct Managed(Vec<(KindName, usize)>);

impl Managed {
    /// How many in all.
    pub fn count(&self) -> usize {
        self.0.iter().map(|(_, count)| count).sum()
    }
}

impl Display for Managed {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let kinds: Vec<_> = self.0.iter().map(|(kind, count)| format!("{} {count}", kind.as_str())).collect();
        write!(f, "{} objects ({})", self.count(), kinds.join(", "))
    }
}

/// How far a release has come, also when it is cut off.
#[derive(Debug, Default)]
pub struct Tally {
    begun: AtomicUsize,
    released: AtomicUsize,
}

impl Tally {
    /// How many objects may have been changed.
    pub fn begun(&self) -> usize {
        self.begun.load(Ordering::Relaxed)
    }

    /// How many objects are free.
    pub fn released(&self) -> usize {
        self.released.load(Ordering::Relaxed)
    }

    /// Releases one object; returns whether that worked.
    async fn count(&self, release: impl Future<Output = Result<()>>) -> bool {
        self.begun.fetch_add(1, Ordering::Relaxed);
        match release.await {
            Ok(()) => {
                self.released.fetch_add(1, Ordering::Relaxed);
                true
            }
            Err(error) => {
                tracing::warn!(%error, "an object could not be released");
                false
            }
        }
    }
}

/// What is held in the namespaces, or in the whole cluster when there are none.
pub async fn managed(context: &Context, namespaces: &[String]) -> Result<Managed> {
    let (caches, client) = (&context.caches, &context.client.0);
    fill(&Api::<Seen<_>>::all(client.clone()), &caches.accounts).await?;
    fill(&Api::<kube::core::PartialObjectMeta<Namespace>>::all(client.clone()), &caches.namespaces).await?;
    fill_namespaced(context, &caches.domains, namespaces).await?;
    fill_namespaced(context, &caches.repositories, namespaces).await?;
    let count = |kind: &KindName| {
        let count = match kind {
            KindName::Repository => holding(&caches.repositories).len(),
            KindName::Domain => holding(&caches.domains).len(),
            KindName::AwsAccount if namespaces.is_empty() => holding(&caches.accounts).len(),
            // An operator of some namespaces never held an AwsAccount.
            KindName::AwsAccount => 0,
            // Their objects carry no finalizer.
            KindName::PackagePolicy
            | KindName::RegistryCredential
            | KindName::ClusterRegistryCredential
            | KindName::Namespace
            | KindName::Secret
            | KindName::ServiceAccount
            | KindName::Delivery => return None,
        };
        Some((*kind, count))
    };
    Ok(Managed(KindName::OURS.iter().rev().filter_map(count).collect()))
}

/// Lets go of everything in the namespaces, or in the whole cluster when there are none, until it is told to stop: then no
/// object is begun any more. One that cannot be released does not keep the others. Returns how many could not.
pub async fn release(
    context: &Context,
    namespaces: &[String],
    stop: &CancellationToken,
    tally: &Tally,
) -> Result<usize> {
    let mut failed = 0;
    for _ in 0..ROUNDS {
        failed = round(context, namespaces, stop, tally).await?;
        if failed == 0 || stop.is_cancelled() {
            break;
        }
    }
    Ok(failed)
}

/// Returns how many were refused.
async fn round(
    context: &Context,
    namespaces: &[String],
    stop: &CancellationToken,
    tally: &Tally,
) -> Result<usize> {
    managed(context, namespaces).await?;
    let caches = &context.caches;
    let mut failed = 0;
    // The list of kinds begins with those that the others stand on.
    for kind in KindName::OURS.iter().rev() {
        failed += match kind {
            KindName::Repository => {
                release_kind::<RepositoryKind>(context, &caches.repositories, stop, tally).await
            }
            KindName::Domain => release_kind::<DomainKind>(context, &caches.domains, stop, tally).await,
            KindName::AwsAccount if namespaces.is_empty() => release_accounts(context, stop, tally).await,
            KindName::AwsAccount
            | KindName::PackagePolicy
            | KindName::RegistryCredential
            | KindName::ClusterRegistryCredential
            | KindName::Namespace
            | KindName::Secret
            | KindName::ServiceAccount
            | KindName::Delivery => 0,
        };
    }
    Ok(failed)
}

async fn release_kind<K: Kind>(
    context: &Context,
    cache: &Cache<K::Object>,
    stop: &CancellationToken,
    tally: &Tally,
) -> usize {
    let publisher = Publisher::new(context.client.clone(), context.references.clone(), cache.clone());
    let pipeline = Pipeline::<K>::new(publisher);
    let objects = futures::stream::iter(holding(cache)).take_until(stop.cancelled());
    let released = objects.map(|object| {
        let pipeline = &pipeline;
        tally.count(async move {
            for event in pipeline.release(&object, context).await? {
                let reason = event.reason.as_str();
                if event.warning {
                    tracing::warn!(reason, "{}", event.message);
                } else {
                    tracing::info!(reason, "{}", event.message);
                }
            }
            Ok(())
        })
    });
    let released: Vec<_> = released.buffer_unordered(AT_ONCE).collect().await;
    released.into_iter().filter(|released| !released).count()
}

/// Accounts come last: what could not be released may need them.
async fn release_accounts(context: &Context, stop: &CancellationToken, tally: &Tally) -> usize {
    let cache = &context.caches.accounts;
    let publisher = Publisher::new(context.client.clone(), context.references.clone(), cache.clone());
    let mut failed = 0;
    for account in holding(cache) {
        if stop.is_cancelled() {
            break;
        }
        failed += usize::from(!tally.count(publisher.remove_finalizer(account.as_ref())).await);
    }
    failed
}

fn holding<K: Resource>(cache: &Cache<K>) -> Vec<std::sync::Arc<K>> {
    let holds =
        |object: &std::sync::Arc<K>| object.finalizers().iter().any(|finalizer| finalizer == FINALIZER);
    cache.all().into_iter().filter(holds).collect()
}

async fn fill_namespaced<K>(context: &Context, cache: &Cache<K>, namespaces: &[String]) -> Result<()>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    Seen<K>: Incoming<Kept = K> + Resource<Scope = NamespaceResourceScope>,
{
    let client = &context.client.0;
    if namespaces.is_empty() {
        return fill(&Api::<Seen<K>>::all(client.clone()), cache).await;
    }
    for namespace in namespaces {
        fill(&Api::<Seen<K>>::namespaced(client.clone(), namespace), cache).await?;
    }
    Ok(())
}

async fn fill<T: Incoming>(api: &Api<T>, cache: &Cache<T::Kept>) -> Result<()> {
    for object in kube_call(api.list(&kube::api::ListParams::default())).await? {
        match object.accept() {
            Ok(object) => drop(cache.apply(object)),
            Err((key, why)) => tracing::warn!(%key, why, "an object cannot be read and is left alone"),
        }
    }
    Ok(())
}
