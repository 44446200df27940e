//! The steps of the story, in order. Each fails unless what it tells is true.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use aws_sdk_codeartifact::types::Tag;
use harness::clients::Mount;
use harness::wait::PATIENCE;
use harness::{ControlPlane, Emulator, Install, Options, Own, own, wait_for};
use serde_json::json;

use crate::{say, step};

/// Where the examples put the login, and what it is called.
const TEAM: &str = "team-a";
const SECRET: &str = "team-login";
/// The private package that the examples protect.
const PRIVATE: &str = "acme-hello";

/// The cluster and AWS.
pub(crate) struct Stage {
    pub(crate) control_plane: Own,
    pub(crate) emulator: Emulator,
    pub(crate) started: Instant,
}

impl Stage {
    pub(crate) async fn set() -> Result<Self> {
        say(
            "codeartifact-operator: a local control plane, an emulator of AWS CodeArtifact, and real clients\n",
        );
        let started = Instant::now();
        let bare = Options { crds: false, ..Options::default() };
        let control_plane = step("etcd, kube-apiserver, kube-controller-manager; RBAC on", own(bare)).await?;
        let emulator =
            step("emulator of AWS CodeArtifact, with packages behind public:npmjs and public:pypi", async {
                let emulator = Emulator::start().await?;
                let npm = json!([{"name": "left-pad", "version": "1.3.0"}]);
                emulator.seed(&json!({"connection": "public:npmjs", "packages": npm})).await?;
                let pypi = json!([{"name": "six", "version": "1.16.0"}]);
                emulator.seed(&json!({"connection": "public:pypi", "packages": pypi})).await?;
                anyhow::Ok(emulator)
            });
        Ok(Self { control_plane, emulator: emulator.await?, started })
    }

    pub(crate) async fn install(&self) -> Result<Install> {
        step("helm install codeartifact-operator; started as its Deployment says", async {
            let install = Install::into(&self.control_plane, &self.emulator).start().await?;
            install.explain(install.operator.ready().await)?;
            Ok(install)
        })
        .await
    }
}

/// What the steps work with.
pub(crate) struct Story<'a> {
    control_plane: &'a ControlPlane,
    emulator: &'a Emulator,
    install: &'a Install,
}

impl<'a> Story<'a> {
    pub(crate) fn new(stage: &'a Stage, install: &'a Install) -> Self {
        Self { control_plane: &stage.control_plane, emulator: &stage.emulator, install }
    }

    /// The examples, with the emulator's address in them.
    pub(crate) async fn declare(&self) -> Result<()> {
        step("kubectl apply -f examples/", async {
            let mut files = harness::evidence::files_below(&harness::repository().join("examples"))?;
            // There is no node that could run the pod.
            files.retain(|file| {
                file.extension().is_some_and(|end| end == "yaml") && !file.ends_with("07-pod.yaml")
            });
            for file in files {
                let manifest = std::fs::read_to_string(&file)?.replace("${EMULATOR}", &self.emulator.url());
                self.control_plane.kubectl_with(&manifest, &["apply", "-f", "-"]).await?;
            }
            Ok(())
        })
        .await?;
        let ready = async |kind: &str, namespace: &str, names: &[&str]| {
            for name in names {
                self.install.ready(kind, namespace, name).await?;
            }
            Ok(())
        };
        step("AwsAccount default: signed in", ready("AwsAccount", "", &["default"])).await?;
        step("Domain acme: made", ready("Domain", "platform", &["acme"])).await?;
        let repositories = ["npm-store", "pypi-store", "team"];
        step("Repositories npm-store ← public:npmjs, pypi-store ← public:pypi, team ← both: made", async {
            ready("Repository", "platform", &repositories).await
        })
        .await?;
        let blocked = format!("PackagePolicy: {PRIVATE} is blocked upstream, before it exists");
        step(&blocked, ready("PackagePolicy", "platform", &["private-packages"])).await?;
        let login = format!("RegistryCredential: Secret {TEAM}/{SECRET} holds .npmrc, pip.conf and .netrc");
        step(&login, async {
            ready("RegistryCredential", TEAM, &[SECRET]).await?;
            let mount = self.mount().await?;
            for key in [".npmrc", "pip.conf", ".netrc", "token"] {
                mount.file(key)?;
            }
            Ok(())
        })
        .await
    }

    /// Publishes and installs with nothing but the Secret's files.
    pub(crate) async fn packages(&self) -> Result<()> {
        let mount = &self.mount().await?;
        step(&format!("npm publish {PRIVATE} 1.0.0"), async {
            let manifest = json!({"name": PRIVATE, "version": "1.0.0", "main": "index.js"}).to_string();
            let files = [("package.json", manifest.as_str()), ("index.js", "module.exports = 'hello'\n")];
            mount.npm(&mount.folder("package", &files)?, &["publish"]).await.map(drop)
        })
        .await?;
        step(&format!("npm install {PRIVATE} left-pad: the private one and a public one"), async {
            let app = mount.folder("app", &[("package.json", "{}")])?;
            mount.npm(&app, &["install", PRIVATE, "left-pad"]).await?;
            expect_version(&app, PRIVATE, "1.0.0")?;
            expect_version(&app, "left-pad", "1.3.0")
        })
        .await?;
        step("pip install six, a public one", async {
            let target = mount.folder("python", &[])?;
            mount.pip(&target, &["install", "--target", ".", "six"]).await?;
            let installed = target.join("six-1.16.0.dist-info");
            ensure!(installed.exists(), "{} is not there", installed.display());
            Ok(())
        })
        .await
    }

    /// Dependency confusion: the public registry has a higher version under the private name.
    pub(crate) async fn confusion(&self) -> Result<()> {
        let mount = &self.mount().await?;
        step(
            &format!("somebody publishes {PRIVATE} 99.0.0 to the public registry: npm still takes 1.0.0"),
            async {
                let npm = json!([{"name": PRIVATE, "version": "99.0.0"}]);
                self.emulator.seed(&json!({"connection": "public:npmjs", "packages": npm})).await?;
                let app = mount.folder("victim", &[("package.json", "{}")])?;
                mount.npm(&app, &["install", &format!("{PRIVATE}@*")]).await?;
                expect_version(&app, PRIVATE, "1.0.0")?;
                let higher = mount.npm(&app, &["install", &format!("{PRIVATE}@99.0.0")]).await;
                ensure!(higher.is_err(), "npm installed {PRIVATE} 99.0.0");
                Ok(())
            },
        )
        .await
    }

    /// The clock moves past the point of renewal.
    pub(crate) async fn renewal(&self) -> Result<()> {
        let before = &self.mount().await?;
        let since = self.emulator.last_call();
        step("8 hours later: a new token in the Secret, one mint, and the old token still works", async {
            self.emulator.forward("8h").await?;
            let token = before.file("token")?;
            wait_for("the Secret holds a new token", PATIENCE, async || {
                ensure!(self.mount().await?.file("token")? != token, "it holds the old one");
                Ok(())
            })
            .await?;
            let mints = self.emulator.calls("GetAuthorizationToken", since);
            ensure!(mints == 1, "{mints} mints");
            for mount in [before, &self.mount().await?] {
                let app = mount.folder("renewed", &[("package.json", "{}")])?;
                mount.npm(&app, &["install", PRIVATE]).await?;
                expect_version(&app, PRIVATE, "1.0.0")?;
            }
            Ok(())
        })
        .await
    }

    /// Somebody deletes the Secret.
    pub(crate) async fn deleted_secret(&self) -> Result<()> {
        let before = &self.mount().await?;
        let since = self.emulator.last_call();
        step("kubectl delete secret: it is back with the same token, no mint", async {
            self.control_plane.kubectl(&["delete", "secret", "--namespace", TEAM, SECRET]).await?;
            let after = wait_for("the Secret is back", PATIENCE, async || self.mount().await).await?;
            ensure!(after.file("token")? == before.file("token")?, "it holds another token");
            let mints = self.emulator.calls("GetAuthorizationToken", since);
            ensure!(mints == 0, "{mints} mints");
            Ok(())
        })
        .await
    }

    /// Somebody changes AWS by hand.
    pub(crate) async fn drift(&self) -> Result<()> {
        let aws = self.emulator.aws();
        let domain = aws.describe_domain().domain("acme").send().await?;
        let arn = domain.domain().and_then(|domain| domain.arn()).context("no ARN")?;
        let since = self.emulator.last_call();
        step("a tag and an upstream are changed by hand in AWS: corrected at the next check", async {
            let tag = Tag::builder().key("cost-center").value("nobody").build()?;
            aws.tag_resource().resource_arn(arn).tags(tag).send().await?;
            let team = aws.update_repository().domain("acme").repository("team");
            team.set_upstreams(Some(vec![])).send().await?;
            self.emulator.forward("2h").await?;
            wait_for("AWS is as declared", PATIENCE, async || self.as_declared(arn).await).await?;
            // Each was written twice: by hand, and by the operator.
            let writes = ["TagResource", "UpdateRepository"].map(|call| self.emulator.calls(call, since));
            ensure!(writes == [2, 2], "written {writes:?} times");
            Ok(())
        })
        .await
    }

    async fn as_declared(&self, arn: &str) -> Result<()> {
        let aws = self.emulator.aws();
        let tags = aws.list_tags_for_resource().resource_arn(arn).send().await?;
        let tag = tags.tags().iter().find(|tag| tag.key() == "cost-center").map(Tag::value);
        ensure!(tag == Some("platform"), "the tag is {tag:?}");
        let team = aws.describe_repository().domain("acme").repository("team").send().await?;
        let upstreams = team.repository().context("no repository")?.upstreams();
        let names: Vec<_> = upstreams.iter().filter_map(|upstream| upstream.repository_name()).collect();
        ensure!(names == ["npm-store", "pypi-store"], "the upstreams are {names:?}");
        Ok(())
    }

    async fn mount(&self) -> Result<Mount> {
        self.install.explain(Mount::of(self.control_plane, TEAM, SECRET).await)
    }
}

fn expect_version(app: &std::path::Path, package: &str, version: &str) -> Result<()> {
    let manifest = std::fs::read_to_string(app.join("node_modules").join(package).join("package.json"))?;
    let installed: serde_json::Value = serde_json::from_str(&manifest)?;
    ensure!(
        installed["version"] == version,
        "{package} {} is installed, not {version}",
        installed["version"]
    );
    Ok(())
}
