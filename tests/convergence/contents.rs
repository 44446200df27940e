//! What a repository holds, and what may therefore not be deleted.

use aws_sdk_codeartifact::types::{AllowPublish, AllowUpstream, PackageFormat, PackageOriginRestrictions};
use codeartifact_operator::api::RepositoryDeletionPolicy;

use crate::region::Region;
use crate::repositories::subject;

async fn make_record(region: &Region, package: &str) {
    let restrictions = PackageOriginRestrictions::builder();
    let restrictions =
        restrictions.publish(AllowPublish::Allow).upstream(AllowUpstream::Block).build().unwrap();
    let call = region.client.put_package_origin_configuration().domain("acme").repository("app");
    call.format(PackageFormat::Npm).package(package).restrictions(restrictions).send().await.unwrap();
}

#[tokio::test]
async fn records_without_versions_do_not_keep_a_repository_and_versions_do() {
    let region = Region::with_repositories(&["app"]).await;
    let mut app = subject("app");
    app.object.spec.deletion_policy = RepositoryDeletionPolicy::DeleteIfEmpty;
    let blockers = || app.blockers(&region.aws);
    assert_eq!(blockers().await, [""; 0]);
    for number in 0..6 {
        make_record(&region, &format!("record-{number}")).await;
    }
    assert_eq!(blockers().await, [""; 0]);

    let connect = region.client.associate_external_connection().domain("acme").repository("app");
    connect.external_connection("public:npmjs").send().await.unwrap();
    region.seed_npm("left-pad", "1.0.0").await;
    assert_eq!(region.fetch_npm("app", "left-pad", "1.0.0").await, 200);
    assert_eq!(blockers().await, ["its 7 packages, of which npm/left-pad has versions"]);

    let mut with_contents = subject("app");
    with_contents.object.spec.deletion_policy = RepositoryDeletionPolicy::Delete;
    assert_eq!(with_contents.blockers(&region.aws).await, [""; 0], "Delete does not ask for contents");
}
