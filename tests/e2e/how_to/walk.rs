//! Follows a page as a reader does: objects are applied, commands are run, and what a file points to must be there.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use harness::fixture::Data;
use harness::process::{guarded, run};
use harness::{Fixture, cluster_tool};
use serde_json::{Value, json};

use super::page::{Block, Page};

const MOUNT: &str = "/var/run/codeartifact";
const GROUP: &str = "codeartifact-operator.dev/v1alpha1";
/// What the API server knows without any installation.
const BUILT_IN: [&str; 3] = ["v1", "apps/v1", "batch/v1"];
/// Secrets that a page expects of its reader.
const OF_THE_READER: [&str; 1] = ["renovate-github"];

/// A page that was followed, and what came of it.
pub(super) struct Walk {
    pub(super) fixture: Fixture,
    pub(super) page: Page,
    folder: tempfile::TempDir,
    /// The Secret of each login of the page.
    pub(super) secrets: BTreeMap<String, Data>,
}

impl Walk {
    /// Follows a page of `docs/` from its beginning to its end.
    pub(super) async fn through(fixture: Fixture, path: &str) -> Result<Self> {
        let (page, folder) = (Page::read(path)?, tempfile::tempdir()?);
        let mut walk = Self { fixture, page, folder, secrets: BTreeMap::new() };
        walk.prepare().await?;
        for block in &walk.page.blocks {
            match block.language.as_str() {
                "yaml" => walk.manifest(block).await.with_context(|| block.text.clone())?,
                "sh" => drop(walk.shell(&block.text).await.with_context(|| block.text.clone())?),
                _ => {}
            }
        }
        walk.read_secrets().await?;
        walk.compare()?;
        Ok(walk)
    }

    /// kubectl and the program in a PATH, and a kubeconfig whose namespace is that of the fixture.
    async fn prepare(&self) -> Result<()> {
        let bin = self.path("bin");
        std::fs::create_dir(&bin)?;
        symlink(cluster_tool("kubectl")?, bin.join("kubectl"))?;
        symlink(env!("CARGO_BIN_EXE_codeartifact-operator"), bin.join("codeartifact-operator"))?;
        std::fs::copy(self.fixture.cluster.kubeconfig(), self.path("kubeconfig"))?;
        std::fs::create_dir(self.path("work"))?;
        let namespace = self.fixture.namespace();
        self.shell(&format!("kubectl config set-context --current --namespace={namespace}")).await.map(drop)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs commands of the page in the folder of its manifests, until the first that fails.
    pub(super) async fn shell(&self, commands: &str) -> Result<String> {
        let mut command = guarded("bash");
        let account = format!("awsaccount {}", self.fixture.account());
        let commands = commands.replace("awsaccount default", &account);
        command.args(["-euo", "pipefail", "-c", &commands]).current_dir(self.path("work")).env_clear();
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        command.env("PATH", path).env("HOME", self.folder.path()).env("KUBECONFIG", self.path("kubeconfig"));
        run(command, "").await
    }

    /// Keeps the manifest as a file of the name of its first object. Applies what is ours, unless a command of the page does that, and
    /// asks the API server about what it knows. What is foreign was parsed.
    async fn manifest(&self, block: &Block) -> Result<()> {
        let documents: Vec<_> =
            block.documents()?.into_iter().map(|document| self.own_account(document)).collect();
        let Some(name) = documents.first().and_then(|first| first["metadata"]["name"].as_str()) else {
            return Ok(());
        };
        let file = format!("{name}.yaml");
        let texts: Vec<_> = documents.iter().map(|document| format!("---\n{document}\n")).collect();
        std::fs::write(self.path("work").join(&file), texts.concat())?;
        let by_command = self
            .page
            .blocks
            .iter()
            .any(|block| block.language == "sh" && block.text.contains(&format!("apply -f {file}")));
        for document in documents {
            let version = document["apiVersion"].as_str().unwrap_or_default();
            if version == GROUP && !by_command {
                self.fixture.apply(&document).await?;
            } else if BUILT_IN.contains(&version) {
                std::fs::write(self.path("work").join("one.json"), document.to_string())?;
                self.shell("kubectl apply --server-side --dry-run=server --validate=strict -f one.json")
                    .await?;
            }
        }
        Ok(())
    }

    /// An object of ours uses the AwsAccount of the fixture, and every object is in its namespace.
    fn own_account(&self, mut document: Value) -> Value {
        if document["metadata"]["namespace"].is_string() {
            document["metadata"]["namespace"] = json!(self.fixture.namespace());
        }
        if document["apiVersion"] == GROUP {
            document["spec"]["accountRef"] = json!({"name": self.fixture.account()});
        }
        document
    }

    async fn read_secrets(&mut self) -> Result<()> {
        for document in
            self.page.documents()?.iter().filter(|document| document["kind"] == "RegistryCredential")
        {
            let name = document["metadata"]["name"].as_str().context("no name")?;
            self.fixture.issued(name).await?;
            let secret = document["spec"]["secret"]["name"].as_str().unwrap_or(name);
            self.secrets.insert(secret.to_owned(), self.fixture.data(secret).await?);
        }
        ensure!(!self.secrets.is_empty(), "the page has no login");
        Ok(())
    }

    /// What the blocks of the page point to is in a Secret of the page.
    fn compare(&self) -> Result<()> {
        let fenced = self.page.blocks.iter().filter(|block| block.language != "sh");
        for path in fenced.flat_map(|block| block.text.split("/var/run/codeartifact/").skip(1)) {
            let key: String = path
                .chars()
                .take_while(|letter| letter.is_ascii_alphanumeric() || "._-".contains(*letter))
                .collect();
            let known = self.secrets.values().any(|data| data.contains_key(&key));
            ensure!(known, "{MOUNT}/{key} is in no Secret of the page");
        }
        self.page.documents()?.iter().try_for_each(|document| self.references(document))
    }

    fn references(&self, value: &Value) -> Result<()> {
        if let Some(name) = value["secretName"].as_str() {
            self.secret(name)?;
        }
        let reference = &value["secretKeyRef"];
        if let (Some(name), Some(key)) = (reference["name"].as_str(), reference["key"].as_str())
            && !OF_THE_READER.contains(&name)
        {
            ensure!(self.secret(name)?.contains_key(key), "Secret {name} has no key {key}");
        }
        match value {
            Value::Object(members) => members.values().try_for_each(|member| self.references(member)),
            Value::Array(items) => items.iter().try_for_each(|item| self.references(item)),
            _ => Ok(()),
        }
    }

    /// What a Secret of the page holds.
    pub(super) fn secret(&self, name: &str) -> Result<&Data> {
        self.secrets.get(name).with_context(|| format!("no login of the page writes Secret {name}"))
    }

    /// Runs the command of the first container of a Job on this machine, with its variables and the files of the mounted Secret. Returns
    /// the folder that the command ran in.
    pub(super) async fn job(&self, name: &str) -> Result<PathBuf> {
        let job = self.page.document("Job", name)?;
        let pod = &job["spec"]["template"]["spec"];
        let container = &pod["containers"][0];
        let mount = self.path(&format!("{name}-mount"));
        write_all(
            &mount,
            self.secret(pod["volumes"][0]["secret"]["secretName"].as_str().unwrap_or_default())?,
        )?;
        let words: Vec<&str> =
            container["command"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let (program, arguments) = words.split_first().context("no command")?;
        let (folder, home) = (self.path(&format!("{name}-work")), self.path(&format!("{name}-home")));
        std::fs::create_dir(&folder)?;
        std::fs::create_dir(&home)?;
        let mut command = guarded(program);
        command.args(arguments).current_dir(&folder).env_clear().env("HOME", home);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for variable in container["env"].as_array().into_iter().flatten() {
            let (name, value) = (
                variable["name"].as_str().context("no name")?,
                variable["value"].as_str().context("no value")?,
            );
            command.env(name, value.replace(MOUNT, &mount.display().to_string()));
        }
        run(command, "").await?;
        Ok(folder)
    }
}

/// The keys of a Secret as files, readable as a mount is.
fn write_all(folder: &Path, data: &Data) -> Result<()> {
    std::fs::create_dir(folder)?;
    for (key, value) in data {
        let path = folder.join(key);
        std::fs::write(&path, value)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644))?;
    }
    Ok(())
}
