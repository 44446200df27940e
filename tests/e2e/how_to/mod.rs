//! The how-tos, each followed as it is written.

mod page;
mod walk;

use anyhow::{Context, Result, ensure};
use aws_sdk_codeartifact::types::UpstreamRepository;
use codeartifact_operator::api::Format;
use codeartifact_operator::credential::usage;
use harness::{Fixture, repository};
use k8s_openapi::api::core::v1::Secret;
use kube::api::PostParams;
use mlua::Lua;
use page::Page;
use serde_json::{Value, json};
use walk::Walk;

/// A store with `left-pad` and `six` behind it.
async fn with_packages() -> Result<Fixture> {
    let fixture = Fixture::with_store().await?;
    let aws = fixture.emulator.aws();
    let mut upstreams = Vec::new();
    for (store, connection) in [("npm-store", "public:npmjs"), ("pypi-store", "public:pypi")] {
        aws.create_repository().domain("acme").repository(store).send().await?;
        let connect = aws.associate_external_connection().domain("acme").repository(store);
        connect.external_connection(connection).send().await?;
        upstreams.push(UpstreamRepository::builder().repository_name(store).build()?);
    }
    aws.update_repository().domain("acme").repository("store").set_upstreams(Some(upstreams)).send().await?;
    let packages = [("public:npmjs", "left-pad", "1.3.0"), ("public:pypi", "six", "1.16.0")];
    for (connection, name, version) in packages {
        let seeds = json!({"connection": connection, "packages": [{"name": name, "version": version}]});
        fixture.emulator.seed(&seeds).await?;
    }
    Ok(fixture)
}

async fn follow(path: &str) -> Result<Walk> {
    Walk::through(Fixture::with_store().await?, path).await
}

#[test]
fn every_page_is_in_the_list_and_is_followed() -> Result<()> {
    let list = std::fs::read_to_string(repository().join("docs/how-to/README.md"))?;
    let here = include_str!("mod.rs");
    for entry in std::fs::read_dir(repository().join("docs/how-to"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name != "README.md" {
            ensure!(list.contains(&format!("]({name})")), "{name} is not in the list");
            ensure!(here.contains(&format!("\"how-to/{name}\"")), "{name} is followed by no test");
        }
    }
    Ok(())
}

#[tokio::test]
async fn build_jobs_install_packages_with_their_mount_and_their_variables() -> Result<()> {
    let walk = Walk::through(with_packages().await?, "how-to/build-jobs.md").await?;
    ensure!(walk.job("build-npm").await?.join("node_modules/left-pad/package.json").exists());
    ensure!(walk.job("build-pip").await?.join("packages/six-1.16.0.dist-info").exists());
    Ok(())
}

#[test]
fn the_table_of_build_jobs_says_what_usage_prints() -> Result<()> {
    let page = Page::read("how-to/build-jobs.md")?;
    let mounted = |format: &Format| !matches!(format, Format::Renovate | Format::Env);
    for format in Format::ALL.into_iter().filter(mounted) {
        let (row, usage) = (page.row(format.as_str())?, usage::of(format));
        let variables =
            usage.variables(usage::MOUNT).into_iter().map(|(name, value)| format!("`{name}={value}`"));
        let links = usage.links.iter().map(|(key, path)| format!("`{path}` to `{key}`"));
        let told: Vec<_> = variables.chain(links).collect();
        ensure!(told.iter().all(|part| row.contains(part)), "{row}\nshould have {told:?}");
        ensure!(
            row.matches('`').count() == 2 + told.iter().map(|part| part.matches('`').count()).sum::<usize>(),
            "{row}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn runners_have_the_files_that_their_settings_name() -> Result<()> {
    let walk = follow("how-to/ci-runners.md").await?;
    let values = walk.page.documents()?.into_iter().find(|document| document["runners"].is_object());
    let config =
        values.context("no values for GitLab")?["runners"]["config"].as_str().unwrap_or_default().to_owned();
    let config: Value = serde_json::to_value(toml::from_str::<toml::Table>(&config)?)?;
    let runner = &config["runners"][0];
    ensure!(runner["kubernetes"]["volumes"]["secret"][0]["name"] == "ci-login", "{config}");
    walk.secret("ci-login")?;
    let task = walk.page.document("TaskRun", "npm-build")?;
    ensure!(
        task["spec"]["workspaces"][0]["name"]
            == walk.page.document("Task", "npm-build")?["spec"]["workspaces"][0]["name"]
    );
    Ok(())
}

#[tokio::test]
async fn images_are_built_with_files_that_are_there() -> Result<()> {
    follow("how-to/images.md").await.map(drop)
}

#[tokio::test]
async fn renovate_has_rules_for_the_host_of_the_registry() -> Result<()> {
    let walk = follow("how-to/renovate.md").await?;
    let data = walk.secret("renovate-login")?;
    let rules: Vec<Value> = serde_json::from_str(&data["renovate-host-rules.json"])?;
    ensure!(!rules.is_empty(), "there is no rule");
    for rule in &rules {
        ensure!(
            rule["username"] == "aws" && rule["password"] == data["token"].as_str(),
            "a rule has no login"
        );
    }
    let job = walk.page.document("CronJob", "renovate")?;
    ensure!(job["spec"]["jobTemplate"]["spec"]["activeDeadlineSeconds"] == 2 * 60 * 60);
    Ok(())
}

#[tokio::test]
async fn what_dependabot_gets_is_a_key_of_the_secret() -> Result<()> {
    let walk = follow("how-to/dependabot.md").await?;
    let push = walk.page.document("PushSecret", "dependabot-login")?;
    let data = walk.secret(push["spec"]["selector"]["secret"]["name"].as_str().unwrap_or_default())?;
    let pushed = &push["spec"]["data"][0]["match"];
    ensure!(data.contains_key(pushed["secretKey"].as_str().unwrap_or_default()), "{pushed}");
    let named = pushed["remoteRef"]["remoteKey"].as_str().unwrap_or_default();
    ensure!(
        walk.page.text.contains(&format!("${{{{secrets.{named}}}}}")),
        "dependabot.yml reads another secret"
    );
    Ok(())
}

#[tokio::test]
async fn reloader_finds_its_annotation_on_the_secret() -> Result<()> {
    let walk = follow("how-to/reloader.md").await?;
    let metadata = walk.fixture.secrets()?.get_metadata("server-login").await?.metadata;
    ensure!(metadata.annotations.unwrap_or_default()["reloader.stakater.com/match"] == "true");
    Ok(())
}

/// What the script for Argo CD says of an object.
fn health(script: &str, object: &Value) -> Result<(String, String)> {
    let run = || -> mlua::Result<(String, String)> {
        let lua = Lua::new();
        lua.globals().set("obj", to_lua(&lua, object)?)?;
        let answer: mlua::Table = lua.load(script).eval()?;
        Ok((answer.get("status")?, answer.get("message")?))
    };
    run().map_err(|error| anyhow::anyhow!("{error}"))
}

/// A document as Argo CD gives it to a script.
fn to_lua(lua: &Lua, value: &Value) -> mlua::Result<mlua::Value> {
    Ok(match value {
        Value::Null => mlua::Value::Nil,
        Value::Bool(truth) => mlua::Value::Boolean(*truth),
        Value::Number(number) => mlua::Value::Number(number.as_f64().unwrap_or_default()),
        Value::String(text) => mlua::Value::String(lua.create_string(text)?),
        Value::Array(items) => {
            let items = items.iter().map(|item| to_lua(lua, item)).collect::<mlua::Result<Vec<_>>>()?;
            mlua::Value::Table(lua.create_sequence_from(items)?)
        }
        Value::Object(members) => {
            let members = members.iter().map(|(key, member)| Ok((key.as_str(), to_lua(lua, member)?)));
            mlua::Value::Table(lua.create_table_from(members.collect::<mlua::Result<Vec<_>>>()?)?)
        }
    })
}

#[tokio::test]
async fn argo_cd_sees_the_health_of_real_objects() -> Result<()> {
    let walk = follow("how-to/gitops.md").await?;
    let settings = walk.page.document("ConfigMap", "argocd-cm")?;
    let customizations: Value =
        serde_saphyr::from_str(settings["data"]["resource.customizations"].as_str().unwrap_or_default())?;
    let script = customizations["codeartifact-operator.dev/*"]["health.lua"].as_str().context("no script")?;
    let of = async |name: &str| {
        let object = serde_json::to_value(walk.fixture.get("RegistryCredential", name).await?)?;
        anyhow::Ok((health(script, &object)?, object))
    };
    let ((status, message), mut object) = of("gitops-login").await?;
    ensure!(
        status == "Healthy" && message.contains("Secret gitops-login holds a login"),
        "{status}: {message}"
    );
    object["metadata"]["generation"] = json!(99);
    ensure!(health(script, &object)?.0 == "Progressing");
    object["status"] = Value::Null;
    ensure!(health(script, &json!({"metadata": {"generation": 1}, "spec": {}}))?.0 == "Progressing");

    walk.fixture.login("gitops-login", &json!({"secret": {"templates": {"a": "{{ tokn }}"}}})).await?;
    walk.fixture.stalled("RegistryCredential", "gitops-login", "there is no value tokn").await?;
    let ((status, message), _) = of("gitops-login").await?;
    ensure!(status == "Degraded" && message.contains("there is no value tokn"), "{status}: {message}");

    walk.fixture.login("gitops-login", &json!({})).await?;
    walk.fixture.issued("gitops-login").await?;
    walk.fixture
        .emulator
        .fault("GetAuthorizationToken", &json!({"error": "InternalServerException"}))
        .await?;
    walk.fixture.emulator.forward("9h").await?;
    walk.fixture.login_ready_for("gitops-login", "RenewalFailing").await?;
    ensure!(of("gitops-login").await?.0.0 == "Degraded", "a login that cannot be renewed is called healthy");
    Ok(())
}

#[tokio::test]
async fn a_login_behind_the_proxy_has_its_addresses() -> Result<()> {
    let walk = follow("how-to/proxy.md").await?;
    let data = walk.secret("proxy-login")?;
    ensure!(
        data["endpoint-npm"] == "http://codeartifact-proxy.platform.svc/acme/npm/store/",
        "{}",
        data["endpoint-npm"]
    );
    ensure!(data[".npmrc"].contains("replace-registry-host=always"), "npm asks the host of the lock file");
    let port = &walk.page.document("Service", "codeartifact-proxy")?["spec"]["ports"][0]["targetPort"];
    let settings = walk.page.document("ConfigMap", "codeartifact-proxy")?["data"]["default.conf"].to_string();
    ensure!(settings.contains(&format!("listen {port};")), "the Service leads to another port");
    Ok(())
}

#[tokio::test]
async fn the_secret_of_a_cron_job_is_taken_over_with_its_key_names() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let theirs: Secret = serde_json::from_value(json!({"metadata": {"name": "codeartifact-token"},
        "stringData": {"CODEARTIFACT_AUTH_TOKEN": "theirs", "npmrc": "theirs"}}))?;
    let made = fixture.secrets()?.create(&PostParams::default(), &theirs).await?;
    let walk = Walk::through(fixture, "how-to/migrate.md").await?;
    let seen = walk.fixture.secrets()?.get_metadata("codeartifact-token").await?;
    ensure!(seen.metadata.uid == made.metadata.uid, "it was made anew");
    let data = walk.secret("codeartifact-token")?;
    ensure!(data["CODEARTIFACT_AUTH_TOKEN"] == data["token"]);
    ensure!(data["npmrc"] == data[".npmrc"], "the template gives another file than the format");
    Ok(())
}

#[tokio::test]
async fn the_templates_for_charts_give_what_their_table_says() -> Result<()> {
    let page = Page::read("how-to/migrate.md")?;
    let rows = page.text.lines().filter(|line| line.starts_with("| ") && line.contains("{{"));
    let templates: Vec<String> = rows
        .map(|row| {
            let cell = row.trim_end_matches(" |").split(" | ").last().unwrap_or_default().trim_matches('`');
            serde_saphyr::from_str(&cell.replace("\\|", "|")).with_context(|| row.to_owned())
        })
        .collect::<Result<_>>()?;
    let keyed: serde_json::Map<_, _> = templates
        .iter()
        .enumerate()
        .map(|(index, template)| (format!("key-{index}"), json!(template)))
        .collect();
    ensure!(keyed.len() == 6, "{keyed:?}");
    let fixture = Fixture::with_store().await?;
    let data = fixture.ready_login("login", &json!({"secret": {"templates": keyed}})).await?;
    let token = &data["token"];
    let basic = aws_smithy_types::base64::encode(format!("aws:{token}"));
    let index = data["endpoint-pypi"].replace("://", &format!("://aws:{token}@"));
    let expected = [
        token.clone(),
        format!("aws:{token}"),
        basic,
        index,
        format!("TOKEN='{token}'"),
        format!("{{\"token\": \"{token}\"}}"),
    ];
    for (number, expected) in expected.iter().enumerate() {
        ensure!(data[&format!("key-{number}")] == *expected, "row {number} gives another text");
    }
    Ok(())
}

#[tokio::test]
async fn the_example_of_the_page_on_templates_works() -> Result<()> {
    let walk = follow("templates.md").await?;
    let data = walk.secret("npm-login")?;
    let auth: Value = serde_json::from_str(&data["auth.json"])?;
    ensure!(auth == json!({"username": "aws", "password": data["token"]}));
    let sourced = format!("{}printf '%s %s' \"$NPM_REGISTRY\" \"$NPM_TOKEN\"", data["login.env"]);
    ensure!(walk.shell(&sourced).await? == format!("{} {}", data["endpoint-npm"], data["token"]));
    Ok(())
}
