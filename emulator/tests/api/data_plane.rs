//! What package managers are refused, and in which words.

use crate::data;
use crate::support::{create, start, with_domain};
use serde_json::Value;

#[tokio::test]
async fn who_has_no_token_is_challenged_for_one_as_bearer_or_as_password() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    for (format, path) in [
        ("npm", "left-pad"),
        ("pypi", "simple/left-pad/"),
        ("maven", "org/acme/widgets/maven-metadata.xml"),
        ("cargo", "config.json"),
        ("ruby", "info/left-pad"),
        ("nuget", "v3/index.json"),
    ] {
        for token in [None, Some("unknown")] {
            let answer = data::ask(&emulator, ("GET", token), (format, "team", path)).await;
            assert_eq!(answer.status(), 401, "{format}");
            let challenges: Vec<_> = answer.headers().get_all("www-authenticate").iter().collect();
            assert_eq!(challenges, ["Bearer realm=\"acme/team\"", "Basic realm=\"acme/team\""], "{format}");
        }
    }
}

#[tokio::test]
async fn an_upload_to_where_maven_has_no_file_is_refused_as_wrong() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    let token = data::token(&client).await;
    for path in [
        "",
        "widgets.jar",
        "org/acme/widgets/1.0/other-1.0.jar",
        "org.acme/widgets/1.0/widgets-1.0.jar",
        "org/acme/widgets/1.0/other-1.0.jar.sha1",
        "junit/maven-metadata.xml",
    ] {
        let answer = data::ask(&emulator, ("PUT", Some(&token)), ("maven", "team", path)).await;
        assert_eq!(answer.status(), 400, "{path}");
        assert_eq!(answer.headers()["x-amzn-errortype"], "ValidationException", "{path}");
        let told: Value = serde_json::from_slice(answer.body()).unwrap();
        let expected = format!("'/{path}' is no path of a file in a Maven repository");
        assert_eq!(told["message"], expected.as_str());
        for method in ["GET", "HEAD", "DELETE", "POST"] {
            let answer = data::ask(&emulator, (method, Some(&token)), ("maven", "team", path)).await;
            assert_eq!(answer.status(), 404, "{method} {path}");
        }
        let answer = data::ask(&emulator, ("PUT", None), ("maven", "team", path)).await;
        assert_eq!(answer.status(), 401, "{path}");
    }
}

/// Somebody may put a token where a name belongs. The journal keeps no text that is as long as a token.
#[tokio::test]
async fn a_token_in_a_path_is_not_kept() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    let token = data::token(&client).await;
    let tarball = format!("left-pad/-/left-pad-{token}.tgz");
    let crates = format!("api/v1/crates/left-pad/{token}/download");
    for place in [
        ("npm", "team", token.as_str()),
        ("npm", token.as_str(), "left-pad"),
        ("npm", "team", tarball.as_str()),
        ("cargo", "team", crates.as_str()),
        (token.as_str(), "team", "left-pad"),
    ] {
        assert!(data::get(&emulator, &token, place).await.status().is_client_error(), "{place:?}");
    }
    let journal = serde_json::to_string(&emulator.journal(0)).unwrap();
    assert!(journal.contains('…') && !journal.contains(&token), "{journal}");
}

#[tokio::test]
async fn a_format_that_is_not_served_is_named_with_those_that_are() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    let token = data::token(&client).await;
    for (format, told) in [("pip", "'pip' is not served here"), ("npm", "'/-/none' is not served by")] {
        let answer = data::get(&emulator, &token, (format, "team", "-/none")).await;
        assert_eq!(answer.status(), 404);
        let body = String::from_utf8_lossy(answer.body()).into_owned();
        assert!(body.contains(told), "{body}");
    }
}
