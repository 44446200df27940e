//! What the files of a Python version say of it together.

use crate::data;
use crate::support::{ACCOUNT, control, create, send, start, with_domain};
use aws_sdk_codeartifact::Client;
use aws_sdk_codeartifact::types::PackageFormat;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use codeartifact_emulator::Emulator;
use http::Request;
use http_body_util::Full;
use serde_json::json;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

const WHEEL: (&str, &str, &str) = (
    "tool-1.0-py3-none-any.whl",
    "tool-1.0.dist-info/METADATA",
    "Name: Tool\nSummary: Built\nRequires-Dist: six\n",
);
/// Its dependencies are found out when it is built.
const SOURCE: (&str, &str, &str) =
    ("tool-1.0.zip", "tool-1.0/PKG-INFO", "Name: tool\nSummary: Source\nHome-page: h\n");

/// A file that has its metadata, and nothing else.
fn packed((_, path, metadata): (&str, &str, &str)) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file(path, SimpleFileOptions::default()).unwrap();
    archive.write_all(metadata.as_bytes()).unwrap();
    archive.finish().unwrap().into_inner()
}

/// What `twine upload` sends.
async fn upload(emulator: &Emulator, client: &Client, file: (&str, &str, &str)) -> u16 {
    let field = |name: &str, value: &[u8]| {
        let head = format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        [head.as_bytes(), value, b"\r\n"].concat()
    };
    let content = format!("content\"; filename=\"{}", file.0);
    let fields: [(&str, &[u8]); 4] =
        [(":action", b"file_upload"), ("name", b"tool"), ("version", b"1.0"), (&content, &packed(file))];
    let mut body = fields.map(|(name, value)| field(name, value)).concat();
    body.extend(b"--edge--\r\n");
    let request = Request::post(format!("/pypi/d/acme-{ACCOUNT}/team/"))
        .header("host", "emulator")
        .header("authorization", format!("Bearer {}", data::token(client).await))
        .header("content-type", "multipart/form-data; boundary=edge")
        .body(Full::new(body.into()))
        .unwrap();
    send(emulator, request).await.status().as_u16()
}

/// The summary, the home page and the dependencies of the version in a repository.
async fn told(client: &Client, repository: &str) -> (String, String, Vec<String>) {
    let describe = client.describe_package_version().domain("acme").repository(repository);
    let describe = describe.format(PackageFormat::Pypi).package("tool").package_version("1.0");
    let described = describe.send().await.unwrap().package_version.unwrap();
    let list = client.list_package_version_dependencies().domain("acme").repository(repository);
    let list = list.format(PackageFormat::Pypi).package("tool").package_version("1.0");
    let listed = list.send().await.unwrap();
    let dependencies = listed.dependencies().iter().map(|one| one.package().unwrap().to_owned());
    (described.summary.unwrap(), described.home_page.unwrap_or_default(), dependencies.collect())
}

#[tokio::test]
async fn a_source_distribution_takes_nothing_from_what_the_wheel_says() {
    let together = ("Built".to_owned(), "h".to_owned(), vec!["six".to_owned()]);
    for order in [[WHEEL, SOURCE], [SOURCE, WHEEL]] {
        let emulator = start().await;
        let client = with_domain(&emulator).await;
        create(&client, "team").await;
        for file in order {
            assert_eq!(upload(&emulator, &client, file).await, 200);
        }
        assert_eq!(told(&client, "team").await, together);
    }
}

#[tokio::test]
async fn seeded_files_of_a_version_say_the_same_together() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "pypi-store").await;
    let connect = client.associate_external_connection().domain("acme").repository("pypi-store");
    connect.external_connection("public:pypi").send().await.unwrap();
    let files = [WHEEL, SOURCE].map(|file| {
        let content = BASE64_STANDARD.encode(packed(file));
        json!({ "name": "tool", "version": "1.0", "filename": file.0, "content": content })
    });
    let seed = json!({ "connection": "public:pypi", "packages": files });
    control(&emulator, "PUT", "/seed", seed).await;
    let wheel = format!("simple/tool/1.0/{}", WHEEL.0);
    let got = data::get(&emulator, &data::token(&client).await, ("pypi", "pypi-store", &wheel)).await;
    assert_eq!(got.status(), 200);
    let together = ("Built".to_owned(), "h".to_owned(), vec!["six".to_owned()]);
    assert_eq!(told(&client, "pypi-store").await, together);
}
