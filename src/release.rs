//! `codeartifact-operator release`: before an uninstall, lets every object go as Retain does, so that nothing is left
//! with a finalizer that nobody will ever remove. AWS stays as it is, without our owner tags.

use futures::StreamExt;
use kube::core::NamespaceResourceScope;
use kube::{Api, Resource, ResourceExt};

use crate::api::FINALIZER;
use crate::domain::DomainKind;
use crate::engine::context::Context;
use crate::engine::pipeline::converge::Pipeline;
use crate::engine::pipeline::kind::Kind;
use crate::engine::status::publish::Publisher;
use crate::engine::watching::cache::Cache;
use crate::engine::watching::seen::Seen;
use crate::engine::watching::watch::Incoming;
use crate::error::{Error, Result};
use crate::kubernetes::kube_call;
use crate::repository::RepositoryKind;

/// How many objects are released at once.
const AT_ONCE: usize = 16;
/// How often what was refused is tried: somebody may have edited it in between.
const ROUNDS: usize = 3;

/// Lets go of everything in the namespaces, or in the whole cluster when there are none. Returns how many objects. One
/// that cannot be released does not keep the others; it is an error in the end.
pub async fn release(context: &Context, namespaces: &[String]) -> Result<usize> {
    let mut released = 0;
    for _ in 0..ROUNDS {
        let failed = round(context, namespaces, &mut released).await?;
        if failed == 0 {
            return Ok(released);
        }
    }
    Err(Error::Internal("some objects could not be released; see the warnings above".into()))
}

async fn round(context: &Context, namespaces: &[String], released: &mut usize) -> Result<usize> {
    let (caches, client) = (&context.caches, &context.client.0);
    fill(&Api::<Seen<_>>::all(client.clone()), &caches.accounts).await?;
    fill(&Api::<kube::core::PartialObjectMeta<_>>::all(client.clone()), &caches.namespaces).await?;
    fill_namespaced(context, &caches.domains, namespaces).await?;
    fill_namespaced(context, &caches.repositories, namespaces).await?;

    let mut outcomes = vec![
        release_kind::<RepositoryKind>(context, &caches.repositories).await,
        release_kind::<DomainKind>(context, &caches.domains).await,
    ];
    // An operator of some namespaces never held an AwsAccount.
    if namespaces.is_empty() {
        outcomes.push(release_accounts(context).await);
    }
    *released += outcomes.iter().map(|outcome| outcome.released).sum::<usize>();
    Ok(outcomes.iter().map(|outcome| outcome.failed).sum())
}

async fn release_kind<K: Kind>(context: &Context, cache: &Cache<K::Object>) -> Outcome {
    let publisher = Publisher::new(context.client.clone(), context.hub.clone(), cache.clone());
    let pipeline = Pipeline::<K>::new(publisher);
    let released = futures::stream::iter(held(cache)).map(|object| {
        let pipeline = &pipeline;
        async move {
            let notes = pipeline.release(&object, context).await?;
            for note in notes {
                tracing::info!(reason = note.reason.as_str(), "{}", note.message);
            }
            Ok(())
        }
    });
    let released: Vec<_> = released.buffer_unordered(AT_ONCE).collect().await;
    released.into_iter().fold(Outcome::default(), Outcome::add)
}

async fn release_accounts(context: &Context) -> Outcome {
    let cache = &context.caches.accounts;
    let publisher = Publisher::new(context.client.clone(), context.hub.clone(), cache.clone());
    let mut outcome = Outcome::default();
    for account in held(cache) {
        outcome = outcome.add(publisher.remove_finalizer(account.as_ref()).await);
    }
    outcome
}

/// How many objects were released, and how many refused.
#[derive(Clone, Copy, Debug, Default)]
struct Outcome {
    released: usize,
    failed: usize,
}

impl Outcome {
    fn add(mut self, result: Result<()>) -> Self {
        match result {
            Ok(()) => self.released += 1,
            Err(error) => {
                tracing::warn!(%error, "an object could not be released");
                self.failed += 1;
            }
        }
        self
    }
}

fn held<K: Resource>(cache: &Cache<K>) -> Vec<std::sync::Arc<K>> {
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
