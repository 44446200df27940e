//! Stores the key that makes the bindings in a Secret of the operator's own namespace.

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Api;
use kube::api::{Patch, PatchParams, PostParams};

use super::binding::{BindingKey, KEY_BYTES};
use crate::api::{COMPONENT, MANAGED_BY, MANAGER};
use crate::engine::context::Context;
use crate::error::{Error, Result};
use crate::kubernetes::kube_call;

/// Name of the Secret, and the value of its component label.
const NAME: &str = "binding-key";
/// The key of its data.
const DATA: &str = "key";

/// The key that is kept, or a new one. A new key changes the content annotation of every Secret once.
pub(super) async fn load(context: &Context) -> Result<BindingKey> {
    let api = Api::<Secret>::namespaced(context.client.0.clone(), &context.operator_namespace);
    let kept = kube_call(api.get_opt(NAME)).await?;
    let exists = kept.is_some();
    if let Some(key) = kept.and_then(parse) {
        return Ok(key);
    }
    let secret = secret(context);
    context.metrics.kubernetes_write("Secret");
    let written = if exists {
        tracing::warn!(secret = NAME, "the Secret holds no key; a new key is put there");
        kube_call(api.patch(NAME, &PatchParams::apply(MANAGER).force(), &Patch::Apply(secret))).await?
    } else {
        kube_call(api.create(&PostParams::default(), &secret)).await?
    };
    parse(written).ok_or_else(|| Error::Internal(format!("Secret {NAME} holds no key after a write")))
}

fn secret(context: &Context) -> Secret {
    let key = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()].map(uuid::Uuid::into_bytes).concat();
    let labels = [(MANAGED_BY, MANAGER), (COMPONENT, NAME)];
    Secret {
        metadata: ObjectMeta {
            name: Some(NAME.into()),
            namespace: Some(context.operator_namespace.clone()),
            labels: Some(labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into()),
            ..ObjectMeta::default()
        },
        data: Some([(DATA.to_owned(), ByteString(key))].into()),
        type_: Some("Opaque".into()),
        ..Secret::default()
    }
}

fn parse(secret: Secret) -> Option<BindingKey> {
    let bytes = secret.data?.remove(DATA)?.0;
    (bytes.len() >= KEY_BYTES).then(|| BindingKey(bytes.into()))
}
