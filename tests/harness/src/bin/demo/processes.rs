//! The stage without Pods: the operator and the package managers are processes of this machine.

use anyhow::{Context, Result};
use harness::clients::Mount;
use harness::{Emulator, Install, Options, Own, own};
use tokio::sync::OnceCell;

use crate::stage::{SECRET, TEAM, emulator};
use crate::{say, step};

pub(crate) struct Processes {
    /// The operator: it ends before what it talks to.
    pub(crate) install: Install,
    pub(crate) control_plane: Own,
    pub(crate) emulator: Emulator,
    kept: OnceCell<Mount>,
}

impl Processes {
    pub(crate) async fn set() -> Result<Self> {
        say(
            "codeartifact-operator: a local control plane, an emulator of AWS CodeArtifact, and real clients\n",
        );
        let bare = Options { crds: false, ..Options::default() };
        let control_plane = step("etcd, kube-apiserver, kube-controller-manager; RBAC on", own(bare)).await?;
        let emulator = emulator(codeartifact_emulator::Options::default()).await?;
        let install = step("helm install codeartifact-operator; started as its Deployment says", async {
            let install = Install::into(&control_plane, &emulator).start().await?;
            install.explain(install.operator.ready().await)?;
            Ok(install)
        });
        Ok(Self { install: install.await?, control_plane, emulator, kept: OnceCell::new() })
    }

    pub(crate) async fn run(&self, script: &str) -> Result<String> {
        self.mount().await?.shell(script).await
    }

    pub(crate) async fn keep_login(&self) -> Result<()> {
        self.kept.get_or_try_init(|| self.mount()).await.map(drop)
    }

    pub(crate) async fn run_with_kept(&self, script: &str) -> Result<String> {
        self.kept.get().context("no login was kept")?.shell(script).await
    }

    async fn mount(&self) -> Result<Mount> {
        Mount::of(&self.control_plane, TEAM, SECRET).await
    }
}
