//! Real package managers that know nothing but the files of a Secret, as in a pod that mounts it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;

use crate::control_plane::ControlPlane;
use crate::process::{guarded, run};
use crate::scratch::Scratch;

/// Package managers ask for nothing but packages. Several tries would only hide a refusal and cost a minute.
pub(crate) const QUIET: [(&str, &str); 7] = [
    ("NPM_CONFIG_AUDIT", "false"),
    ("NPM_CONFIG_FUND", "false"),
    ("NPM_CONFIG_UPDATE_NOTIFIER", "false"),
    ("NPM_CONFIG_FETCH_RETRIES", "0"),
    ("PIP_NO_CACHE_DIR", "1"),
    ("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
    ("PIP_RETRIES", "0"),
];

/// A home for package managers, with the files of a Secret in it.
#[derive(Debug)]
pub struct Mount {
    scratch: Scratch,
    files: BTreeMap<String, String>,
}

impl Mount {
    /// Writes the files of a Secret as a pod would see them now.
    pub async fn of(control_plane: &ControlPlane, namespace: &str, secret: &str) -> Result<Self> {
        let secrets: Api<Secret> = Api::namespaced(control_plane.client()?, namespace);
        let data = secrets.get(secret).await.with_context(|| format!("Secret {namespace}/{secret}"))?.data;
        let scratch = Scratch::new()?;
        let folder = scratch.path().join("secret");
        std::fs::create_dir(&folder)?;
        let mut files = BTreeMap::new();
        for (key, value) in data.unwrap_or_default() {
            std::fs::write(folder.join(&key), &value.0)?;
            files.insert(key, String::from_utf8(value.0)?);
        }
        // What a machine has in its global files must not help.
        scratch.write("empty", "")?;
        Ok(Self { scratch, files })
    }

    /// The content of one key.
    pub fn file(&self, key: &str) -> Result<&str> {
        self.files.get(key).map(String::as_str).with_context(|| format!("the Secret has no key {key}"))
    }

    /// The names of all keys.
    pub fn keys(&self) -> Vec<&str> {
        self.files.keys().map(String::as_str).collect()
    }

    /// Makes a folder beside the Secret's, with files in it.
    pub fn folder(&self, name: &str, files: &[(&str, &str)]) -> Result<PathBuf> {
        let folder = self.scratch.path().join(name);
        std::fs::create_dir_all(&folder)?;
        for (name, content) in files {
            std::fs::write(folder.join(name), content)?;
        }
        Ok(folder)
    }

    /// Runs npm in a folder with the Secret's `.npmrc` and returns what it printed.
    pub async fn npm(&self, folder: &Path, arguments: &[&str]) -> Result<String> {
        self.run("npm", folder, arguments).await
    }

    /// Runs pip in a folder with the Secret's `pip.conf` and returns what it printed.
    pub async fn pip(&self, folder: &Path, arguments: &[&str]) -> Result<String> {
        self.run("pip3", folder, arguments).await
    }

    /// Runs a script of the shell in a new folder and returns what it printed. It stops at the first command that fails.
    pub async fn shell(&self, script: &str) -> Result<String> {
        let folder = self.folder(&crate::unique("work"), &[])?;
        self.run("sh", &folder, &["-ec", script]).await
    }

    /// Where a file of the Secret is.
    fn secret_file(&self, key: &str) -> PathBuf {
        self.scratch.path().join("secret").join(key)
    }

    async fn run(&self, program: &str, folder: &Path, arguments: &[&str]) -> Result<String> {
        let mut command = guarded(program);
        command.args(arguments).current_dir(folder).env_clear().env("HOME", self.scratch.path());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command.env("NPM_CONFIG_USERCONFIG", self.secret_file(".npmrc"));
        command.env("NPM_CONFIG_GLOBALCONFIG", self.scratch.path().join("empty"));
        command.env("NPM_CONFIG_CACHE", self.scratch.path().join("npm-cache"));
        command.env("PIP_CONFIG_FILE", self.secret_file("pip.conf")).envs(QUIET);
        run(command, "").await
    }
}
