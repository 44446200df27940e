//! The steps of the story, in order. Each fails unless what it tells is true.

use anyhow::{Context, Result, ensure};
use aws_sdk_codeartifact::types::Tag;
use harness::clients::Mount;
use harness::wait::PATIENCE;
use harness::wait_for;
use serde_json::json;

use crate::stage::{SECRET, Stage, TEAM};
use crate::step;

/// The private package that the examples protect.
const PRIVATE: &str = "acme-hello";

/// Tells it from the first step to the last.
pub(crate) async fn tell(stage: &Stage) -> Result<()> {
    declare(stage).await?;
    packages(stage).await?;
    confusion(stage).await?;
    renewal(stage).await?;
    deleted_secret(stage).await?;
    drift(stage).await
}

/// The examples, with the emulator's address in them.
async fn declare(stage: &Stage) -> Result<()> {
    step("kubectl apply -f examples/", async {
        let mut files = harness::evidence::files_below(&harness::repository().join("examples"))?;
        // There is nothing yet that the Pod could install.
        files.retain(|file| {
            file.extension().is_some_and(|end| end == "yaml") && !file.ends_with("07-pod.yaml")
        });
        let manifests = files.iter().map(std::fs::read_to_string).collect::<Result<Vec<_>, _>>()?;
        let manifest = manifests.join("\n---\n").replace("${EMULATOR}", &stage.emulator().url());
        stage.control_plane().kubectl_with(&manifest, &["apply", "-f", "-"]).await
    })
    .await?;
    let ready = async |kind: &str, namespace: &str, names: &[&str]| {
        for name in names {
            stage.control_plane().ready(kind, namespace, name).await?;
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
        let secret = secret(stage).await?;
        for key in [".npmrc", "pip.conf", ".netrc", "token"] {
            secret.file(key)?;
        }
        Ok(())
    })
    .await
}

/// Publishes and installs with nothing but the Secret's files.
async fn packages(stage: &Stage) -> Result<()> {
    step(&format!("npm publish {PRIVATE} 1.0.0"), async {
        let manifest = json!({"name": PRIVATE, "version": "1.0.0", "main": "index.js"});
        let script = format!(
            "echo '{manifest}' >package.json\necho \"module.exports = 'hello'\" >index.js\nnpm publish"
        );
        stage.run("publish", &script).await
    })
    .await?;
    step(&format!("npm install {PRIVATE} left-pad: the private one and a public one"), async {
        let script = npm_install(&[PRIVATE, "left-pad"]);
        expect(&stage.run("install", &script).await?, &format!("{PRIVATE} 1.0.0\nleft-pad 1.3.0"))
    })
    .await?;
    step("pip install six, a public one", async {
        let script = "python3 -m pip install --target . six\nls -d six-*.dist-info";
        expect(&stage.run("install-python", script).await?, "six-1.16.0.dist-info")
    })
    .await?;
    if let Stage::Pods(pods) = stage {
        let example =
            format!("kubectl apply -f examples/07-pod.yaml: it installs {PRIVATE} and goes on running");
        step(&example, pods.start_example()).await?;
    }
    Ok(())
}

/// Dependency confusion: the public registry has a higher version under the private name.
async fn confusion(stage: &Stage) -> Result<()> {
    let what = format!("somebody publishes {PRIVATE} 99.0.0 to the public registry: npm still takes 1.0.0");
    step(&what, async {
        let npm = json!([{"name": PRIVATE, "version": "99.0.0"}]);
        stage.emulator().seed(&json!({"connection": "public:npmjs", "packages": npm})).await?;
        let newest = npm_install(&[&format!("{PRIVATE}@*")]);
        let none = format!("No matching version found for {PRIVATE}@99.0.0");
        let higher = format!("npm install {PRIVATE}@99.0.0 2>&1 | grep -m 1 -o '{none}'");
        let printed = stage.run("confused", &format!("{newest}\n{higher}")).await?;
        expect(&printed, &format!("{PRIVATE} 1.0.0\n{none}"))
    })
    .await
}

/// The clock moves past the point of renewal.
async fn renewal(stage: &Stage) -> Result<()> {
    stage.keep_login().await?;
    let before = &secret(stage).await?;
    let since = stage.emulator().last_call();
    let (install, installed) = (npm_install(&[PRIVATE]), format!("{PRIVATE} 1.0.0"));
    step("8 hours later: a new token in the Secret, one mint, and the old token still works", async {
        stage.emulator().forward("8h").await?;
        let token = before.file("token")?;
        wait_for("the Secret holds a new token", PATIENCE, async || {
            ensure!(secret(stage).await?.file("token")? != token, "it holds the old one");
            Ok(())
        })
        .await?;
        let mints = stage.emulator().mints(since);
        ensure!(mints == 1, "{mints} mints");
        expect(&stage.run_with_kept(&install).await?, &installed)?;
        expect(&stage.run("renewed", &install).await?, &installed)
    })
    .await?;
    if let Stage::Pods(pods) = stage {
        step("the running Pod sees the new token, without a restart", pods.sees_new_token()).await?;
    }
    Ok(())
}

/// Somebody deletes the Secret.
async fn deleted_secret(stage: &Stage) -> Result<()> {
    let before = &secret(stage).await?;
    let since = stage.emulator().last_call();
    step("kubectl delete secret: it is back with the same token, no mint", async {
        stage.control_plane().kubectl(&["delete", "secret", "--namespace", TEAM, SECRET]).await?;
        let after = wait_for("the Secret is back", PATIENCE, async || secret(stage).await).await?;
        ensure!(after.file("token")? == before.file("token")?, "it holds another token");
        let mints = stage.emulator().mints(since);
        ensure!(mints == 0, "{mints} mints");
        Ok(())
    })
    .await
}

/// Somebody changes AWS by hand.
async fn drift(stage: &Stage) -> Result<()> {
    let emulator = stage.emulator();
    let aws = emulator.aws();
    let domain = aws.describe_domain().domain("acme").send().await?;
    let arn = domain.domain().and_then(|domain| domain.arn()).context("no ARN")?;
    let since = emulator.last_call();
    step("a tag and an upstream are changed by hand in AWS: corrected at the next check", async {
        let tag = Tag::builder().key("cost-center").value("nobody").build()?;
        aws.tag_resource().resource_arn(arn).tags(tag).send().await?;
        let team = aws.update_repository().domain("acme").repository("team");
        team.set_upstreams(Some(vec![])).send().await?;
        emulator.forward("2h").await?;
        wait_for("AWS is as declared", PATIENCE, async || as_declared(stage, arn).await).await?;
        // Each was written twice: by hand, and by the operator.
        let writes = ["TagResource", "UpdateRepository"].map(|call| emulator.calls(call, since));
        ensure!(writes == [2, 2], "written {writes:?} times");
        Ok(())
    })
    .await
}

async fn as_declared(stage: &Stage, arn: &str) -> Result<()> {
    let aws = stage.emulator().aws();
    let tags = aws.list_tags_for_resource().resource_arn(arn).send().await?;
    let tag = tags.tags().iter().find(|tag| tag.key() == "cost-center").map(Tag::value);
    ensure!(tag == Some("platform"), "the tag is {tag:?}");
    let team = aws.describe_repository().domain("acme").repository("team").send().await?;
    let upstreams = team.repository().context("no repository")?.upstreams();
    let names: Vec<_> = upstreams.iter().filter_map(|upstream| upstream.repository_name()).collect();
    ensure!(names == ["npm-store", "pypi-store"], "the upstreams are {names:?}");
    Ok(())
}

async fn secret(stage: &Stage) -> Result<Mount> {
    Mount::of(stage.control_plane(), TEAM, SECRET).await
}

/// A script that installs packages and prints which versions are installed, one a line.
fn npm_install(packages: &[&str]) -> String {
    let names = packages.iter().map(|package| package.split_once('@').map_or(*package, |(name, _)| name));
    let version =
        |name| format!("\nnode -p '\"{name} \" + require(\"./node_modules/{name}/package.json\").version'");
    let versions: String = names.map(version).collect();
    format!("echo '{{}}' >package.json\nnpm install {}{versions}", packages.join(" "))
}

/// Fails unless that was printed last.
fn expect(printed: &str, expected: &str) -> Result<()> {
    ensure!(printed.trim().ends_with(expected), "it printed {printed}, and not {expected}");
    Ok(())
}
