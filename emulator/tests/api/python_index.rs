//! The index of a Python project: its forms, and what each tells.

use crate::data;
use crate::support::{control, create, start, try_control, with_domain};
use codeartifact_emulator::Emulator;
use serde_json::{Value, json};

const JSON: &str = "application/vnd.pypi.simple.v1+json";
const HTML: &str = "application/vnd.pypi.simple.v1+html";
const INDEX: (&str, &str, &str) = ("pypi", "store", "simple/my-tool/");

/// A repository `store` behind which `My.Tool` has a version, and one that was yanked for a reason.
async fn seeded() -> (std::sync::Arc<Emulator>, String) {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "store").await;
    let connect = client.associate_external_connection().domain("acme").repository("store");
    connect.external_connection("public:pypi").send().await.unwrap();
    let packages = json!([
        { "name": "My.Tool", "version": "1.0", "published": "2024-01-01T00:00:00Z" },
        { "name": "My.Tool", "version": "1.1", "published": "2024-02-01T00:00:00Z", "yanked": "too \"fast\"" },
    ]);
    control(&emulator, "PUT", "/seed", json!({ "connection": "public:pypi", "packages": packages })).await;
    let token = data::token(&client).await;
    (emulator, token)
}

#[tokio::test]
async fn the_form_is_negotiated() {
    let (emulator, token) = seeded().await;
    let pip = format!("{JSON}, {HTML};q=0.2, text/html;q=0.01");
    let cases: [(&[&str], u16, &str); 9] = [
        (&[], 200, "text/html; charset=utf-8"),
        (&["*/*"], 200, "text/html; charset=utf-8"),
        (&["text/html"], 200, "text/html; charset=utf-8"),
        (&[HTML], 200, HTML),
        (&[JSON], 200, JSON),
        (&[pip.as_str()], 200, JSON),
        (&["text/html;q=0.5", JSON], 200, JSON),
        (&["application/json"], 406, "application/json"),
        (&["application/vnd.pypi.simple.v2+json"], 406, "application/json"),
    ];
    for (accepts, status, content_type) in cases {
        let answer = data::get_as(&emulator, &token, INDEX, accepts).await;
        assert_eq!(answer.status(), status, "{accepts:?}");
        assert_eq!(answer.headers()["content-type"], content_type, "{accepts:?}");
    }
    let told: Vec<_> =
        emulator.journal(0).into_iter().filter(|one| one.operation == "PypiGetIndex").collect();
    assert_eq!(told[4].parameters["contentType"], JSON);
    assert_eq!(told[7].parameters.get("contentType"), None);
    // No file is refused for what its client accepts.
    let file = ("pypi", "store", "simple/my-tool/1.0/my_tool-1.0-py3-none-any.whl");
    assert_eq!(data::get_as(&emulator, &token, file, &["text/plain"]).await.status(), 200);
}

#[tokio::test]
async fn json_tells_versions_and_files() {
    let (emulator, token) = seeded().await;
    let answer = data::get_as(&emulator, &token, INDEX, &[JSON]).await;
    let index: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(index["meta"], json!({ "api-version": "1.1" }));
    assert_eq!((&index["name"], &index["versions"]), (&json!("my-tool"), &json!(["1.0", "1.1"])));
    let file = &index["files"][0];
    assert_eq!(file["url"], "1.0/my_tool-1.0-py3-none-any.whl");
    assert_eq!(
        (&file["upload-time"], &file["yanked"]),
        (&json!("2024-01-01T00:00:00.000000Z"), &json!(false))
    );
    assert_eq!(index["files"][1]["yanked"], "too \"fast\"");
    // The link is relative to the index, and the file is what the index says of it.
    let path = format!("{}{}", INDEX.2, file["url"].as_str().unwrap());
    let content = data::get(&emulator, &token, ("pypi", "store", &path)).await;
    assert_eq!(content.body().len() as u64, file["size"].as_u64().unwrap());
    assert_eq!(
        (file["hashes"]["sha256"].as_str().unwrap().len(), file["hashes"]["md5"].as_str().unwrap().len()),
        (64, 32)
    );
    // The retained version is told like that, too.
    let again = data::get_as(&emulator, &token, INDEX, &[JSON]).await;
    assert_eq!(again.body(), answer.body());
}

#[tokio::test]
async fn the_registry_decides_whether_a_retained_file_is_yanked() {
    let (emulator, token) = seeded().await;
    let yanked = async || {
        let answer = data::get_as(&emulator, &token, INDEX, &[JSON]).await;
        let index: Value = serde_json::from_slice(answer.body()).unwrap();
        [0, 1].map(|file| index["files"][file]["yanked"].clone())
    };
    for version in ["1.0", "1.1"] {
        let file = format!("simple/my-tool/{version}/my_tool-{version}-py3-none-any.whl");
        assert_eq!(data::get(&emulator, &token, ("pypi", "store", &file)).await.status(), 200);
    }
    assert_eq!(yanked().await, [json!(false), json!("too \"fast\"")]);
    let packages = json!([
        { "name": "My.Tool", "version": "1.0", "yanked": true },
        { "name": "My.Tool", "version": "1.1" },
    ]);
    control(&emulator, "PUT", "/seed", json!({ "connection": "public:pypi", "packages": packages })).await;
    assert_eq!(yanked().await, [json!(true), json!(false)]);
    let client = crate::support::client(&emulator);
    let disconnect = client.disassociate_external_connection().domain("acme").repository("store");
    disconnect.external_connection("public:pypi").send().await.unwrap();
    assert_eq!(yanked().await, [json!(false), json!("too \"fast\"")]);
}

#[tokio::test]
async fn html_tells_the_same_in_attributes() {
    let (emulator, token) = seeded().await;
    let pages = [&["text/html"][..], &[HTML]];
    for accepts in pages {
        let answer = data::get_as(&emulator, &token, INDEX, accepts).await;
        let page = String::from_utf8(answer.body().to_vec()).unwrap();
        assert!(page.contains("<a href=\"1.0/my_tool-1.0-py3-none-any.whl#sha256="), "{page}");
        assert!(page.contains(" data-upload-time=\"2024-01-01T00:00:00.000000Z\">"), "{page}");
        assert!(page.contains(" data-yanked=\"too &quot;fast&quot;\">"), "{page}");
    }
}

#[tokio::test]
async fn an_index_is_only_at_an_address_with_a_slash_at_its_end() {
    let (emulator, token) = seeded().await;
    for (path, status) in
        [("simple/My_Tool/", 200), ("simple/my-tool", 404), ("simple/", 404), ("simple/absent/", 404)]
    {
        let answer = data::get(&emulator, &token, ("pypi", "store", path)).await;
        assert_eq!(answer.status(), status, "{path}");
    }
}

#[tokio::test]
async fn only_python_files_are_yanked() {
    let emulator = start().await;
    for (connection, yanked, words) in
        [("npmjs", json!(true), "only Python files"), ("pypi", json!(7), "neither a boolean nor a reason")]
    {
        let package = json!({ "name": "tool", "version": "1.0.0", "yanked": yanked });
        let seed = json!({ "connection": format!("public:{connection}"), "packages": [package] });
        let (status, answer) = try_control(&emulator, "PUT", "/seed", seed).await;
        assert_eq!(status, 400);
        let told = answer["error"].as_str().unwrap();
        assert!(told.contains(words), "{told}");
    }
    for yanked in [json!(true), json!(false), json!(null), json!("")] {
        let package = json!({ "name": "tool", "version": "1.0.0", "yanked": yanked });
        let seed = json!({ "connection": "public:pypi", "packages": [package] });
        assert_eq!(try_control(&emulator, "PUT", "/seed", seed).await.0, 204);
    }
}
