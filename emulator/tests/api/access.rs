//! Who may do what: policies of identities, of domains and of repositories, and their conditions.

use crate::identities::{OTHER, allow, resource_policy, user, user_with};
use crate::support::{ACCOUNT, control, create, refused, start, with_domain};
use aws_sdk_codeartifact::Client;
use aws_sdk_codeartifact::types::Tag;
use serde_json::{Value, json};

pub(crate) async fn put_on_domain(client: &Client, document: String) {
    client.put_domain_permissions_policy().domain("acme").policy_document(document).send().await.unwrap();
}

pub(crate) async fn put_on_repository(client: &Client, document: String) {
    let put = client.put_repository_permissions_policy().domain("acme").repository("team");
    put.policy_document(document).send().await.unwrap();
}

#[tokio::test]
async fn another_account_needs_an_allow_on_both_sides() {
    let emulator = start().await;
    let admin = with_domain(&emulator).await;
    create(&admin, "team").await;
    let stranger = user(&emulator, OTHER, "bob", allow(&json!("codeartifact:*"))).await;
    let idle = user(&emulator, OTHER, "eve", allow(&json!("s3:*"))).await;
    let describe = |client: &Client| {
        client.describe_repository().domain("acme").domain_owner(ACCOUNT).repository("team").send()
    };
    let message = refused(describe(&stranger).await, 403, "AccessDeniedException");
    for part in ["user/bob", "codeartifact:DescribeRepository", ":repository/acme/team", "resource-based"] {
        assert!(message.contains(part), "{message}");
    }
    put_on_domain(&admin, resource_policy("Allow", OTHER, &json!("codeartifact:DescribeRepository"))).await;
    describe(&stranger).await.unwrap();
    let message = refused(describe(&idle).await, 403, "AccessDeniedException");
    assert!(message.contains("no identity-based policy allows"), "{message}");
    let domain = stranger.describe_domain().domain("acme").domain_owner(ACCOUNT).send().await;
    refused(domain, 403, "AccessDeniedException");

    put_on_repository(&admin, resource_policy("Deny", "*", &json!("codeartifact:DescribeRepository"))).await;
    for client in [&stranger, &admin] {
        let message = refused(describe(client).await, 403, "AccessDeniedException");
        assert!(message.contains("explicit deny in a resource-based policy"), "{message}");
    }
    put_on_repository(&admin, resource_policy("Allow", OTHER, &json!("codeartifact:DescribeRepository")))
        .await;
    admin.delete_domain_permissions_policy().domain("acme").send().await.unwrap();
    describe(&stranger).await.unwrap();
}

#[tokio::test]
async fn nobody_locks_himself_out() {
    let emulator = start().await;
    let admin = with_domain(&emulator).await;
    create(&admin, "team").await;
    put_on_domain(&admin, resource_policy("Deny", "*", &json!("codeartifact:PutDomainPermissionsPolicy")))
        .await;
    put_on_repository(&admin, resource_policy("Deny", "*", &json!("codeartifact:*"))).await;
    put_on_repository(&admin, resource_policy("Deny", "*", &json!("codeartifact:*"))).await;
    admin.describe_domain().domain("acme").send().await.unwrap();
    admin.list_repositories_in_domain().domain("acme").send().await.unwrap();
    put_on_domain(&admin, resource_policy("Deny", "*", &json!("codeartifact:*"))).await;
    let put = admin.put_repository_permissions_policy().domain("acme").repository("team");
    let put = put.policy_document(resource_policy("Allow", "*", &json!("codeartifact:*"))).send().await;
    refused(put, 403, "AccessDeniedException");
    let get = admin.get_domain_permissions_policy().domain("acme").send().await;
    refused(get, 403, "AccessDeniedException");
    admin.list_domains().send().await.unwrap();
    admin.list_repositories().send().await.unwrap();
    put_on_domain(&admin, resource_policy("Allow", "*", &json!("codeartifact:DescribeDomain"))).await;
}

#[tokio::test]
async fn in_the_owners_account_either_side_is_enough() {
    let emulator = start().await;
    let admin = with_domain(&emulator).await;
    create(&admin, "team").await;
    let ann = user(&emulator, ACCOUNT, "ann", allow(&json!("codeartifact:DescribeDomain"))).await;
    let describe = || ann.describe_repository().domain("acme").repository("team").send();
    ann.describe_domain().domain("acme").send().await.unwrap();
    refused(describe().await, 403, "AccessDeniedException");
    let to = |principal: &str| resource_policy("Allow", principal, &json!("codeartifact:DescribeRepository"));
    put_on_repository(&admin, to(ACCOUNT)).await;
    refused(describe().await, 403, "AccessDeniedException");
    put_on_repository(&admin, to("arn:aws:iam::123456789012:user/ann")).await;
    describe().await.unwrap();
}

#[tokio::test]
async fn the_administrators_account_needs_no_policy_of_the_repository() {
    let emulator = start().await;
    let admin = with_domain(&emulator).await;
    let bob = user(&emulator, OTHER, "bob", allow(&json!("codeartifact:*"))).await;
    let create = || bob.create_repository().domain("acme").domain_owner(ACCOUNT).repository("theirs");
    let message = refused(create().send().await, 403, "AccessDeniedException");
    let about =
        "on resource: arn:aws:codeartifact:us-east-1:123456789012:domain/acme because no resource-based";
    assert!(message.contains(about), "{message}");
    put_on_domain(&admin, resource_policy("Allow", OTHER, &json!("codeartifact:CreateRepository"))).await;
    let tag = Tag::builder().key("team").value("blue").build().unwrap();
    let message = refused(create().tags(tag).send().await, 403, "AccessDeniedException");
    assert!(message.contains("codeartifact:TagResource"), "{message}");
    let created = create().send().await.unwrap().repository.unwrap();
    assert_eq!(created.administrator_account(), Some(OTHER));
    assert_eq!(created.domain_owner(), Some(ACCOUNT));
    let describe = bob.describe_repository().domain("acme").domain_owner(ACCOUNT).repository("theirs");
    describe.send().await.unwrap();
    let foreign = bob.list_repositories_in_domain().domain("acme").domain_owner(ACCOUNT).send().await;
    refused(foreign, 403, "AccessDeniedException");
    let mine = bob.list_repositories().send().await.unwrap();
    assert_eq!(mine.repositories().len(), 1);
    admin.describe_repository().domain("acme").repository("theirs").send().await.unwrap();
}

#[tokio::test]
async fn putting_a_repositorys_policy_cannot_be_handed_on_to_another_account() {
    let emulator = start().await;
    let admin = with_domain(&emulator).await;
    create(&admin, "team").await;
    put_on_domain(&admin, resource_policy("Allow", OTHER, &json!("codeartifact:*"))).await;
    let bob = user(&emulator, OTHER, "bob", allow(&json!("codeartifact:*"))).await;
    let put = |repository: &str| {
        let put = bob.put_repository_permissions_policy().domain("acme").domain_owner(ACCOUNT);
        let document = resource_policy("Allow", OTHER, &json!("codeartifact:*"));
        put.repository(repository).policy_document(document).send()
    };
    let message = refused(put("team").await, 403, "AccessDeniedException");
    assert!(message.contains("no resource-based policy allows"), "{message}");
    bob.create_repository().domain("acme").domain_owner(ACCOUNT).repository("theirs").send().await.unwrap();
    put("theirs").await.unwrap();
}

#[tokio::test]
async fn what_is_to_be_made_has_no_tags_yet() {
    let emulator = start().await;
    let admin = with_domain(&emulator).await;
    let tag = Tag::builder().key("team").value("blue").build().unwrap();
    let arn = "arn:aws:codeartifact:us-east-1:123456789012:domain/acme";
    admin.tag_resource().resource_arn(arn).tags(tag).send().await.unwrap();
    let tagged = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "codeartifact:*", "Resource": "*",
        "Condition": { "StringEquals": { "aws:ResourceTag/team": "blue" } },
    }});
    let ann = user(&emulator, ACCOUNT, "ann", tagged).await;
    ann.describe_domain().domain("acme").send().await.unwrap();
    let repository = ann.create_repository().domain("acme").repository("team").send().await;
    refused(repository, 403, "AccessDeniedException");
    let group = ann.create_package_group().domain("acme").package_group("/npm/*").send().await;
    refused(group, 403, "AccessDeniedException");
}

#[tokio::test]
async fn conditions_look_at_tags_of_request_resource_and_caller() {
    let emulator = start().await;
    let admin = with_domain(&emulator).await;
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build().unwrap();
    for (name, team) in [("blue-store", "blue"), ("red-store", "red")] {
        let create = admin.create_repository().domain("acme").repository(name);
        create.tags(tag("team", team)).send().await.unwrap();
    }
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        {
            "Effect": "Allow", "Action": "codeartifact:DescribeRepository", "Resource": "*",
            "Condition": { "StringEquals": { "aws:ResourceTag/team": "${aws:PrincipalTag/team}" } },
        },
        {
            "Effect": "Allow", "Action": ["codeartifact:CreateRepository", "codeartifact:TagResource"],
            "Resource": "*",
            "Condition": {
                "StringEquals": { "aws:RequestTag/team": "blue", "aws:PrincipalOrgID": "o-acme" },
                "ForAllValues:StringEquals": { "aws:TagKeys": ["team"] },
            },
        },
        {
            "Effect": "Allow", "Action": "codeartifact:UntagResource", "Resource": "*",
            "Condition": { "ForAllValues:StringLike": { "aws:TagKeys": "temporary-*" } },
        },
    ]});
    let more = json!({ "policy": policy, "tags": { "team": "blue" }, "organizationId": "o-acme" });
    let ann = user_with(&emulator, ACCOUNT, "ann", more).await;
    let describe = |name: &str| ann.describe_repository().domain("acme").repository(name).send();
    describe("blue-store").await.unwrap();
    refused(describe("red-store").await, 403, "AccessDeniedException");

    let create = || ann.create_repository().domain("acme").repository("made");
    refused(create().send().await, 403, "AccessDeniedException");
    refused(create().tags(tag("team", "red")).send().await, 403, "AccessDeniedException");
    let surplus = create().tags(tag("team", "blue")).tags(tag("cost", "1")).send().await;
    refused(surplus, 403, "AccessDeniedException");
    let arn = create().tags(tag("team", "blue")).send().await.unwrap().repository.unwrap().arn.unwrap();
    let untag = |key: &str| ann.untag_resource().resource_arn(&arn).tag_keys(key).send();
    untag("temporary-x").await.unwrap();
    refused(untag("team").await, 403, "AccessDeniedException");
}

#[tokio::test]
async fn bearer_tokens_are_for_identities_whose_own_policy_says_so() {
    let emulator = start().await;
    let admin = with_domain(&emulator).await;
    put_on_domain(
        &admin,
        resource_policy("Allow", OTHER, &json!(["codeartifact:*", "sts:GetServiceBearerToken"])),
    )
    .await;
    let bearer = |condition: Value| {
        json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "codeartifact:*", "Resource": "*" },
            { "Effect": "Allow", "Action": "sts:GetServiceBearerToken", "Resource": "*", "Condition": condition },
        ]})
    };
    let bob = user(&emulator, OTHER, "bob", allow(&json!("codeartifact:*"))).await;
    let mint = |seconds: i64| {
        let mint = bob.get_authorization_token().domain("acme").domain_owner(ACCOUNT);
        mint.duration_seconds(seconds).send()
    };
    let message = refused(mint(900).await, 403, "AccessDeniedException");
    assert!(message.contains("sts:GetServiceBearerToken"), "{message}");
    for (condition, seconds, expected) in [
        (json!({ "StringEquals": { "sts:AWSServiceName": "codeartifact.amazonaws.com" } }), 900, true),
        (json!({ "StringEquals": { "sts:AWSServiceName": "other.amazonaws.com" } }), 900, false),
        (json!({ "NumericLessThanEquals": { "sts:DurationSeconds": 3600 } }), 3_600, true),
        (json!({ "NumericLessThanEquals": { "sts:DurationSeconds": 3600 } }), 3_601, false),
        (json!({ "NumericLessThanEquals": { "sts:DurationSeconds": 3600 } }), 0, false),
    ] {
        user(&emulator, OTHER, "bob", bearer(condition.clone())).await;
        assert_eq!(mint(seconds).await.is_ok(), expected, "{condition} {seconds}");
    }
}

#[tokio::test]
async fn an_accounts_root_may_do_everything_but_get_a_token() {
    let emulator = start().await;
    let body =
        json!({ "accessKeyId": "root", "secretAccessKey": "root", "arn": "arn:aws:iam::123456789012:root" });
    control(&emulator, "PUT", "/principals", body).await;
    let root = crate::support::client_as(&emulator, crate::identities::key("root"));
    root.create_domain().domain("acme").send().await.unwrap();
    let mint = root.get_authorization_token().domain("acme").send().await;
    let message = refused(mint, 403, "AccessDeniedException");
    assert!(message.contains("arn:aws:iam::123456789012:root"), "{message}");
}

#[tokio::test]
async fn an_upstream_made_anew_needs_a_permission_of_its_own() {
    let emulator = start().await;
    let admin = with_domain(&emulator).await;
    create(&admin, "store").await;
    create(&admin, "team").await;
    let store =
        || aws_sdk_codeartifact::types::UpstreamRepository::builder().repository_name("store").build();
    let update = admin.update_repository().domain("acme").repository("team");
    update.upstreams(store().unwrap()).send().await.unwrap();
    let ann = user(&emulator, ACCOUNT, "ann", allow(&json!("codeartifact:UpdateRepository"))).await;
    let bare = || ann.update_repository().domain("acme").repository("team");
    bare().send().await.unwrap();
    bare().upstreams(store().unwrap()).send().await.unwrap();
    admin.delete_repository().domain("acme").repository("store").send().await.unwrap();
    create(&admin, "store").await;
    for update in [bare(), bare().upstreams(store().unwrap())] {
        let message = refused(update.send().await, 403, "AccessDeniedException");
        assert!(message.contains("AssociateWithDownstreamRepository"), "{message}");
    }
}
