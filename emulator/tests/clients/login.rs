//! Who is let in, and what the others are told.

use crate::program::{failed, succeeded};
use crate::support::control;
use crate::tools::{JavaScript, Login, Pip, Tool};
use crate::world::{World, path};
use aws_credential_types::Credentials;
use serde_json::json;

#[tokio::test]
async fn requests_without_a_valid_token_are_challenged() {
    let world = World::new().await;
    for authorization in [None, Some("Bearer unknown"), Some("Basic YXdzOnVua25vd24="), Some("Basic ?")] {
        for (format, rest) in [("npm", "left-pad"), ("npm", "-/ping"), ("pypi", "simple/left-pad/")] {
            let answer = world.get(&path(format, "team", rest), authorization).await;
            assert_eq!(answer.status(), 401, "{authorization:?} {rest}");
            let challenges: Vec<_> = answer.headers().get_all("www-authenticate").iter().collect();
            assert_eq!(challenges, ["Bearer realm=\"acme/team\"", "Basic realm=\"acme/team\""]);
        }
    }
}

#[tokio::test]
async fn an_unknown_token_and_an_expired_one_fail_real_clients() {
    let world = World::new().await;
    world.seed("public:npmjs", &[("left-pad", "1.0.0")]).await;
    world.seed("public:pypi", &[("leftpad", "1.0")]).await;
    let stranger = JavaScript::with_token(Tool::Npm11, &world, "team", Login::Bearer, "unknown").await;
    let told = failed(&stranger.run(&["install", "left-pad"]).await);
    assert!(told.contains("E401"), "{told}");
    failed(&Pip::with_token(&world, "team", "unknown").await.install("leftpad").await);

    let npm = JavaScript::new(Tool::Npm11, &world, "team", Login::Bearer).await;
    let pip = Pip::new(&world, "team").await;
    succeeded(&npm.run(&["ping"]).await);
    world.emulator.advance(jiff::SignedDuration::from_hours(12));
    for login in [Login::Bearer, Login::Basic] {
        let npm = JavaScript::new(Tool::Npm11, &world, "team", login).await;
        let told = failed(&npm.run(&["install", "left-pad"]).await);
        assert!(told.contains("E401"), "{told}");
    }
    failed(&pip.install("leftpad").await);
    let answer = world.get(&path("npm", "team", "left-pad"), Some(&world.bearer())).await;
    assert!(String::from_utf8_lossy(answer.body()).contains("expired"), "{answer:?}");
}

#[tokio::test]
async fn a_token_is_good_for_its_domain_and_for_repositories_that_exist() {
    let world = World::new().await;
    let bearer = world.bearer();
    world.client.create_domain().domain("other").send().await.unwrap();
    world.client.create_repository().domain("other").repository("team").send().await.unwrap();
    let status = async |path: String| world.get(&path, Some(&bearer)).await.status().as_u16();
    assert_eq!(status(path("npm", "team", "-/ping")).await, 200);
    assert_eq!(status(path("npm", "team", "-/ping").replace("acme", "other")).await, 403);
    assert_eq!(status(path("npm", "absent", "-/ping")).await, 404);
    assert_eq!(status(path("npm", "team", "absent")).await, 404);
    assert_eq!(status(path("nuget", "team", "v3/index.json")).await, 404);
}

#[tokio::test]
async fn a_token_can_do_what_its_principal_may_do_now() {
    let world = World::new().await;
    world.seed("public:npmjs", &[("left-pad", "1.0.0")]).await;
    let arn = "arn:aws:iam::123456789012:user/builder";
    let allow = async |actions: &[&str]| {
        let policy = json!({ "Statement": { "Effect": "Allow", "Action": actions, "Resource": "*" } });
        let principal =
            json!({ "accessKeyId": "builder", "secretAccessKey": "s", "arn": arn, "policy": policy });
        control(&world.emulator, "PUT", "/principals", principal).await;
    };
    let mint = ["codeartifact:GetAuthorizationToken", "sts:GetServiceBearerToken"];
    allow(&[mint[0], mint[1], "codeartifact:ReadFromRepository"]).await;
    let builder =
        crate::support::client_as(&world.emulator, Credentials::new("builder", "s", None, None, "test"));
    let minted = builder.get_authorization_token().domain("acme").send().await.unwrap();
    let token = minted.authorization_token().unwrap();
    let npm = JavaScript::with_token(Tool::Npm11, &world, "team", Login::Bearer, token).await;
    succeeded(&npm.run(&["install", "left-pad"]).await);
    let told = failed(&npm.publish("widgets", "1.0.0").await);
    assert!(told.contains("E403") && told.contains("codeartifact:PublishPackageVersion"), "{told}");
    allow(&mint).await;
    let bearer = format!("Bearer {token}");
    let answer = world.get(&path("npm", "team", "left-pad"), Some(&bearer)).await;
    assert_eq!(answer.status(), 403);
}
