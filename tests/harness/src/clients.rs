//! Real package managers that know nothing but the files of a Secret, as in a pod that mounts it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;

use crate::control_plane::ControlPlane;
use crate::process::{guarded, run};
use crate::scratch::Scratch;

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
        let mut command = self.command("npm", folder);
        command.env("NPM_CONFIG_USERCONFIG", self.secret_file(".npmrc"));
        command.env("NPM_CONFIG_GLOBALCONFIG", self.scratch.path().join("empty"));
        command.env("NPM_CONFIG_CACHE", self.scratch.path().join("npm-cache"));
        for quiet in ["AUDIT", "FUND", "UPDATE_NOTIFIER"] {
            command.env(format!("NPM_CONFIG_{quiet}"), "false");
        }
        // Several tries would only hide a refusal and cost a minute.
        command.env("NPM_CONFIG_FETCH_RETRIES", "0").args(arguments);
        run(command, "").await
    }

    /// Runs pip in a folder with the Secret's `pip.conf` and returns what it printed.
    pub async fn pip(&self, folder: &Path, arguments: &[&str]) -> Result<String> {
        let mut command = self.command("pip3", folder);
        command.env("PIP_CONFIG_FILE", self.secret_file("pip.conf"));
        for quiet in ["PIP_NO_CACHE_DIR", "PIP_DISABLE_PIP_VERSION_CHECK"] {
            command.env(quiet, "1");
        }
        command.env("PIP_RETRIES", "0").args(arguments);
        run(command, "").await
    }

    /// Where a file of the Secret is.
    pub fn secret_file(&self, key: &str) -> PathBuf {
        self.scratch.path().join("secret").join(key)
    }

    fn command(&self, program: &str, folder: &Path) -> Command {
        let mut command = guarded(program);
        command.current_dir(folder).env_clear().env("HOME", self.scratch.path());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
    }
}
