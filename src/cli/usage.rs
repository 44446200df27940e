//! `codeartifact-operator usage`: what a Pod needs to use the Secret of a login.

use anyhow::{Context as _, ensure};
use kube::{Api, ResourceExt};

use super::options::{ApiServer, UsageOptions};
use super::{print, render, start};
use crate::api::RegistryCredential;
use crate::kubernetes::kube_call;
use crate::ops::Fence;
use crate::preview::{self, Documents};

pub(super) async fn usage(options: UsageOptions) -> anyhow::Result<()> {
    let UsageOptions { name, namespace, filename, mount, server } = options;
    let logins = match (&filename, name) {
        (Some(filename), name) => {
            let read = Documents::read(&render::read(filename)?, namespace.as_deref().unwrap_or("default"));
            let mut logins = read.map_err(|problems| render::told(filename, &problems))?.logins;
            logins.retain(|login| name.as_ref().is_none_or(|name| *name == login.name_any()));
            let named = name.map(|name| format!(" {name}")).unwrap_or_default();
            ensure!(
                !logins.is_empty(),
                "{}: there is no RegistryCredential{named} in it",
                filename.display()
            );
            logins
        }
        (None, name) => vec![read(&name.unwrap_or_default(), namespace, server).await?],
    };
    let pages: Vec<_> = logins.iter().map(|login| preview::usage(login, &mount)).collect();
    print(&mut std::io::stdout(), &pages.concat())
}

/// A RegistryCredential of the cluster.
async fn read(
    name: &str,
    namespace: Option<String>,
    server: ApiServer,
) -> anyhow::Result<RegistryCredential> {
    let (client, server) = start::connect(server, Fence::default()).await?;
    let namespace = namespace.unwrap_or_else(|| client.0.default_namespace().to_owned());
    let logins: Api<RegistryCredential> = Api::namespaced(client.0.clone(), &namespace);
    let found = kube_call(logins.get_opt(name)).await;
    found
        .with_context(|| format!("cannot read RegistryCredential {namespace}/{name} at {server}"))?
        .with_context(|| format!("there is no RegistryCredential {name} in namespace {namespace} at {server}; -n names another namespace"))
}
