//! Package managers that run beside a Secret use its files and nothing else.

use anyhow::Result;
use harness::clients::Mount;
use harness::{ControlPlane, Emulator, Options, own};
use serde_json::json;

/// A Secret with a login to a repository that has both public registries behind it.
async fn secret(control_plane: &ControlPlane, emulator: &Emulator, name: &str, token: &str) -> Result<Mount> {
    let host = format!("127.0.0.1:{}", emulator.port());
    let npm = format!("//{host}/npm/d/acme-123456789012/team/");
    let pip = format!("http://aws:{token}@{host}/pypi/d/acme-123456789012/team/simple/");
    let files = json!({
        ".npmrc": format!("registry=http:{npm}\n{npm}:_authToken={token}\n"),
        "pip.conf": format!("[global]\nindex-url = {pip}\n"),
    });
    let secret =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": files});
    control_plane.apply("default", &secret.to_string()).await?;
    Mount::of(control_plane, "default", name).await
}

async fn repositories(emulator: &Emulator) -> Result<()> {
    let aws = emulator.aws();
    aws.create_domain().domain("acme").send().await?;
    for (store, connection) in [("npm-store", "public:npmjs"), ("pypi-store", "public:pypi")] {
        aws.create_repository().domain("acme").repository(store).send().await?;
        let connect = aws.associate_external_connection().domain("acme").repository(store);
        connect.external_connection(connection).send().await?;
    }
    let upstream =
        |name| aws_sdk_codeartifact::types::UpstreamRepository::builder().repository_name(name).build();
    let upstreams = Some(vec![upstream("npm-store")?, upstream("pypi-store")?]);
    aws.create_repository().domain("acme").repository("team").set_upstreams(upstreams).send().await?;
    let npm = json!([{"name": "left-pad", "version": "1.3.0"}]);
    emulator.seed(&json!({"connection": "public:npmjs", "packages": npm})).await?;
    let pypi = json!([{"name": "six", "version": "1.16.0"}]);
    emulator.seed(&json!({"connection": "public:pypi", "packages": pypi})).await
}

#[tokio::test]
async fn npm_and_pip_publish_and_install_with_the_files_of_a_secret_alone() -> Result<()> {
    let control_plane = own(Options { audit: false, crds: false, ..Options::default() }).await?;
    let emulator = Emulator::start().await?;
    repositories(&emulator).await?;
    let minted = emulator.aws().get_authorization_token().domain("acme").send().await?;
    let token = minted.authorization_token().unwrap_or_default();
    let mount = secret(&control_plane, &emulator, "login", token).await?;
    assert_eq!(mount.keys(), [".npmrc", "pip.conf"]);

    let manifest = json!({"name": "acme-hello", "version": "1.0.0"}).to_string();
    let package = mount.folder("package", &[("package.json", &manifest)])?;
    mount.npm(&package, &["publish"]).await?;
    let app = mount.folder("app", &[("package.json", "{}")])?;
    mount.npm(&app, &["install", "acme-hello", "left-pad"]).await?;
    assert!(app.join("node_modules/left-pad/package.json").exists());
    let python = mount.folder("python", &[])?;
    mount.pip(&python, &["install", "--target", ".", "six"]).await?;
    assert!(python.join("six-1.16.0.dist-info").exists());

    let wrong = secret(&control_plane, &emulator, "wrong", "not-a-token").await?;
    let app = wrong.folder("app", &[("package.json", "{}")])?;
    let refusal = wrong.npm(&app, &["install", "left-pad"]).await.expect_err("npm found another login");
    assert!(refusal.to_string().contains("E401"), "{refusal}");
    assert!(wrong.pip(&app, &["install", "--target", ".", "six"]).await.is_err(), "pip found another login");
    Ok(())
}
