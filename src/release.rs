//! `codeartifact-operator release`: before an uninstall, lets every object go as Retain does, so that nothing is left
//! with a finalizer that nobody will ever remove. AWS stays as it is, without our owner tags.

use kube::core::{DeserializeGuard, NamespaceResourceScope};
use kube::{Api, Resource, ResourceExt};

use crate::api::FINALIZER;
use crate::domain::DomainKind;
use crate::engine::cache::Cache;
use crate::engine::context::kube_call;
use crate::engine::publish::Publisher;
use crate::engine::watch::Incoming;
use crate::engine::{Context, Kind, Pipeline};
use crate::error::Result;
use crate::repository::RepositoryKind;

/// Lets go of everything in the namespaces, or in the whole cluster when there are none. Returns how many objects.
pub async fn release(context: &Context, namespaces: &[String]) -> Result<usize> {
    let (caches, client) = (&context.caches, &context.client.0);
    fill(&Api::<DeserializeGuard<_>>::all(client.clone()), &caches.accounts).await?;
    fill(&Api::<kube::core::PartialObjectMeta<_>>::all(client.clone()), &caches.namespaces).await?;
    fill_namespaced(context, &caches.domains, namespaces).await?;
    fill_namespaced(context, &caches.repositories, namespaces).await?;

    let mut released = release_kind::<RepositoryKind>(context, &caches.repositories).await?;
    released += release_kind::<DomainKind>(context, &caches.domains).await?;
    // An operator of some namespaces never held an AwsAccount.
    if namespaces.is_empty() {
        let publisher = Publisher::new(context.client.clone(), context.hub.clone(), caches.accounts.clone());
        for account in held(&caches.accounts) {
            publisher.remove_finalizer(account.as_ref()).await?;
            released += 1;
        }
    }
    Ok(released)
}

async fn release_kind<K: Kind>(context: &Context, cache: &Cache<K::Object>) -> Result<usize> {
    let publisher = Publisher::new(context.client.clone(), context.hub.clone(), cache.clone());
    let pipeline = Pipeline::<K>::new(publisher);
    let held = held(cache);
    for object in &held {
        for note in pipeline.release(object, context).await? {
            tracing::info!(reason = note.reason.as_str(), "{}", note.message);
        }
    }
    Ok(held.len())
}

fn held<K: Resource>(cache: &Cache<K>) -> Vec<std::sync::Arc<K>> {
    let holds =
        |object: &std::sync::Arc<K>| object.finalizers().iter().any(|finalizer| finalizer == FINALIZER);
    cache.all().into_iter().filter(holds).collect()
}

async fn fill_namespaced<K>(context: &Context, cache: &Cache<K>, namespaces: &[String]) -> Result<()>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    DeserializeGuard<K>: Incoming<Kept = K> + Resource<Scope = NamespaceResourceScope>,
{
    let client = &context.client.0;
    if namespaces.is_empty() {
        return fill(&Api::<DeserializeGuard<K>>::all(client.clone()), cache).await;
    }
    for namespace in namespaces {
        fill(&Api::<DeserializeGuard<K>>::namespaced(client.clone(), namespace), cache).await?;
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
