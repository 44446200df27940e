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
