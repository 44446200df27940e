//! An upstream that was deleted breaks clients until the repository is updated.

use crate::program::{failed, succeeded};
use crate::tools::{JavaScript, Login, Tool};
use crate::world::World;

#[tokio::test]
async fn a_recreated_upstream_fails_clients_until_the_repository_is_updated() {
    let world = World::new().await;
    world.seed("public:npmjs", &[("left-pad", "1.0.0")]).await;
    let npm = JavaScript::new(Tool::Npm11, &world, "team", Login::Bearer).await;
    let client = &world.client;
    client.delete_repository().domain("acme").repository("npm-store").send().await.unwrap();
    let told = failed(&npm.run(&["install", "left-pad"]).await);
    assert!(told.contains("UpdateRepository"), "{told}");
    client.create_repository().domain("acme").repository("npm-store").send().await.unwrap();
    let connect = client.associate_external_connection().domain("acme").repository("npm-store");
    connect.external_connection("public:npmjs").send().await.unwrap();
    let told = failed(&npm.run(&["install", "left-pad"]).await);
    assert!(told.contains("UpdateRepository"), "{told}");
    client.update_repository().domain("acme").repository("team").send().await.unwrap();
    succeeded(&npm.run(&["install", "left-pad"]).await);
    assert_eq!(npm.manifest("left-pad")["version"], "1.0.0");
}
