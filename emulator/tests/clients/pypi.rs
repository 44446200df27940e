//! pip installs; uploads are made by hand as twine sends them, where a test wants what no client sends.

use crate::program::{failed, succeeded};
use crate::support::send;
use crate::tools::Pip;
use crate::world::{World, path};
use aws_sdk_codeartifact::types::PackageFormat;
use http::Request;
use http_body_util::Full;
use std::fmt::Write;

const BOUNDARY: &str = "one-boundary-of-many";

#[tokio::test]
async fn a_public_package_comes_through_the_upstream_and_is_retained() {
    let world = World::new().await;
    world.seed("public:pypi", &[("Left_Pad", "1.0"), ("Left_Pad", "1.1")]).await;
    let pip = Pip::new(&world, "team").await;
    succeeded(&pip.install("left.pad==1.0").await);
    assert_eq!(pip.python("import left_pad; print(left_pad.__version__)").await, "1.0");
    for repository in ["team", "pypi-store"] {
        assert_eq!(world.held(repository, PackageFormat::Pypi, "left-pad").await, ["1.0"], "{repository}");
    }
    let operations: Vec<_> = world.emulator.journal(0).into_iter().map(|entry| entry.operation).collect();
    assert!(operations.iter().any(|name| name == "PypiGetIndex"));
    assert!(operations.iter().any(|name| name == "PypiGetFile"));
}

#[tokio::test]
async fn the_index_takes_any_spelling_and_says_each_hash() {
    let world = World::new().await;
    world.seed("public:pypi", &[("left-pad", "1.0")]).await;
    let bearer = world.bearer();
    let normal = world.get(&path("pypi", "team", "simple/left-pad/"), Some(&bearer)).await;
    let other = world.get(&path("pypi", "team", "simple/Left__Pad/"), Some(&bearer)).await;
    assert_eq!(normal.body(), other.body());
    let page = String::from_utf8(normal.body().to_vec()).unwrap();
    assert!(page.contains("left_pad-1.0-py3-none-any.whl#sha256="), "{page}");
    let list = world.get(&path("pypi", "team", "simple/"), Some(&bearer)).await;
    assert_eq!(list.status(), 404);
}

/// A made wheel, taken from a seeded public project of that name.
async fn wheel(world: &World, name: &str, version: &str) -> Vec<u8> {
    world.seed("public:pypi", &[(name, version)]).await;
    let file = format!("simple/{name}/{version}/{name}-{version}-py3-none-any.whl");
    let answer = world.get(&path("pypi", "pypi-store", &file), Some(&world.bearer())).await;
    assert_eq!(answer.status(), 200);
    answer.body().to_vec()
}

/// What twine sends, made by hand.
async fn upload(world: &World, repository: &str, (name, version): (&str, &str), content: &[u8]) -> u16 {
    let mut body = String::new();
    let fields =
        [(":action", "file_upload"), ("protocol_version", "1"), ("name", name), ("version", version)];
    for (field, value) in fields {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"");
        write!(body, "{head}\r\n\r\n{value}\r\n").unwrap();
    }
    let file = format!("{name}-{version}-py3-none-any.whl");
    let head =
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"content\"; filename=\"{file}\"");
    write!(body, "{head}\r\nContent-Type: application/octet-stream\r\n\r\n").unwrap();
    let end = format!("\r\n--{BOUNDARY}--\r\n");
    let body = [body.as_bytes(), content, end.as_bytes()].concat();
    let request = Request::post(path("pypi", repository, ""))
        .header("host", "emulator")
        .header("authorization", world.bearer())
        .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
        .body(Full::new(body.into()))
        .unwrap();
    send(&world.emulator, request).await.status().as_u16()
}

#[tokio::test]
async fn an_uploaded_wheel_installs_and_is_uploaded_once() {
    let world = World::new().await;
    let content = wheel(&world, "tool", "1.0").await;
    world.client.create_repository().domain("acme").repository("private").send().await.unwrap();
    assert_eq!(upload(&world, "private", ("tool", "1.0"), &content).await, 200);
    // The same file may come again, another one of its name may not.
    assert_eq!(upload(&world, "private", ("tool", "1.0"), &content).await, 200);
    assert_eq!(upload(&world, "private", ("tool", "1.0"), b"other").await, 409);
    let pip = Pip::new(&world, "private").await;
    succeeded(&pip.install("tool").await);
    assert_eq!(pip.python("import tool; print(tool.__version__)").await, "1.0");
    // Where upstreams have the version, it cannot be published.
    assert_eq!(upload(&world, "team", ("tool", "1.0"), &content).await, 409);
    failed(&pip.install("tool==2.0").await);
    // Real wheels are larger than most limits that servers come with.
    assert_eq!(upload(&world, "private", ("large", "1.0"), &vec![0; 4 << 20]).await, 200);
}
