//! Package groups: patterns, the tree, what people say of them, tags.

use crate::support::{ACCOUNT, client_as, control, refused, start, with_domain};
use aws_credential_types::Credentials;
use aws_sdk_codeartifact::Client;
use aws_sdk_codeartifact::types::{
    PackageFormat, PackageGroupDescription, PackageGroupOriginRestrictionMode as Mode,
    PackageGroupOriginRestrictionType as Way, Tag,
};
use serde_json::json;

async fn make(client: &Client, patterns: &[&str]) {
    for pattern in patterns {
        client.create_package_group().domain("acme").package_group(*pattern).send().await.unwrap();
    }
}

async fn describe(client: &Client, pattern: &str) -> PackageGroupDescription {
    let described = client.describe_package_group().domain("acme").package_group(pattern);
    described.send().await.unwrap().package_group.unwrap()
}

async fn parent(client: &Client, pattern: &str) -> String {
    let group = describe(client, pattern).await;
    group.parent().and_then(|parent| parent.pattern()).unwrap().to_owned()
}

async fn children(client: &Client, pattern: &str) -> Vec<String> {
    let list = client.list_sub_package_groups().domain("acme").package_group(pattern);
    let pages: Vec<_> = list.into_paginator().items().send().collect::<Result<_, _>>().await.unwrap();
    pages.iter().filter_map(|group| group.pattern()).map(Into::into).collect()
}

async fn listed(client: &Client, prefix: Option<&str>) -> Vec<String> {
    let list = client.list_package_groups().domain("acme").set_prefix(prefix.map(Into::into));
    let pages: Vec<_> = list.into_paginator().items().send().collect::<Result<_, _>>().await.unwrap();
    pages.iter().filter_map(|group| group.pattern()).map(Into::into).collect()
}

#[tokio::test]
async fn every_domain_is_born_with_a_root_that_allows_everything() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    let root = describe(&client, "/*").await;
    assert_eq!(
        root.arn().unwrap(),
        format!("arn:aws:codeartifact:us-east-1:{ACCOUNT}:package-group/acme/%2a")
    );
    assert_eq!((root.domain_name(), root.domain_owner()), (Some("acme"), Some(ACCOUNT)));
    assert!(root.parent().is_none() && root.description().is_none() && root.created_time().is_some());
    let restrictions = root.origin_configuration().unwrap().restrictions().unwrap();
    assert_eq!(restrictions.len(), 3);
    for way in [Way::Publish, Way::ExternalUpstream, Way::InternalUpstream] {
        let restriction = &restrictions[&way];
        assert_eq!(restriction.mode(), Some(&Mode::Allow));
        assert_eq!(restriction.effective_mode(), Some(&Mode::Allow));
        assert_eq!((restriction.repositories_count(), restriction.inherited_from()), (Some(0), None));
    }
    let delete = client.delete_package_group().domain("acme").package_group("/*").send().await;
    refused(delete, 400, "ValidationException");
    let create = client.create_package_group().domain("acme").package_group("/*").send().await;
    refused(create, 409, "ConflictException");
    let update = client.update_package_group().domain("acme").package_group("/*");
    update.contact_info("all@example.com").send().await.unwrap();
    assert_eq!(describe(&client, "/*").await.contact_info(), Some("all@example.com"));
}

#[tokio::test]
async fn what_is_said_of_a_group_changes_only_where_it_is_sent() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    let create = client.create_package_group().domain("acme").package_group("/npm/acme/*");
    let made = create.contact_info("a@example.com").description("ours").send().await.unwrap();
    assert_eq!(made.package_group().unwrap(), &describe(&client, "/npm/acme/*").await);
    let update = || client.update_package_group().domain("acme").package_group("/npm/acme/*");
    update().description("theirs").send().await.unwrap();
    let group = describe(&client, "/npm/acme/*").await;
    assert_eq!((group.contact_info(), group.description()), (Some("a@example.com"), Some("theirs")));
    update().contact_info("").send().await.unwrap();
    let group = describe(&client, "/npm/acme/*").await;
    assert_eq!((group.contact_info(), group.description()), (None, Some("theirs")));
    let inherited = &group.origin_configuration().unwrap().restrictions().unwrap()[&Way::Publish];
    assert_eq!((inherited.mode(), inherited.effective_mode()), (Some(&Mode::Inherit), Some(&Mode::Allow)));
    assert_eq!(inherited.inherited_from().unwrap().pattern(), Some("/*"));
}

#[tokio::test]
async fn patterns_of_no_legal_shape_are_refused_and_absent_groups_not_found() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    for pattern in ["npm/*", "/npm/acme", "/bogus/*", "/npm/acme/x-~", "/pypi//My_Tool$", "/maven//log4j$"] {
        let create = client.create_package_group().domain("acme").package_group(pattern).send().await;
        let message = refused(create, 400, "ValidationException");
        assert!(message.contains(pattern), "{message}");
        let delete = client.delete_package_group().domain("acme").package_group(pattern).send().await;
        refused(delete, 400, "ValidationException");
    }
    let spaced = client.create_package_group().domain("acme").package_group("/npm/a b/*").send().await;
    assert!(refused(spaced, 400, "ValidationException").contains("regular expression"));
    let absent = "/npm/none/*";
    let describe = client.describe_package_group().domain("acme").package_group(absent).send().await;
    refused(describe, 404, "ResourceNotFoundException");
    let update = client.update_package_group().domain("acme").package_group(absent).send().await;
    refused(update, 404, "ResourceNotFoundException");
    let delete = client.delete_package_group().domain("acme").package_group(absent).send().await;
    refused(delete, 404, "ResourceNotFoundException");
    let list = client.list_sub_package_groups().domain("acme").package_group(absent).send().await;
    refused(list, 404, "ResourceNotFoundException");
    let domain = client.list_package_groups().domain("none").send().await;
    refused(domain, 404, "ResourceNotFoundException");
}

#[tokio::test]
async fn a_conflict_names_the_pattern_and_no_kind_of_resource() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    make(&client, &["/npm/acme/*"]).await;
    let again = client.create_package_group().domain("acme").package_group("/npm/acme/*").send().await;
    let error = again.unwrap_err().into_service_error();
    match error {
        aws_sdk_codeartifact::operation::create_package_group::CreatePackageGroupError::ConflictException(
            conflict,
        ) => {
            assert_eq!((conflict.resource_id(), conflict.resource_type()), (Some("/npm/acme/*"), None));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_next_less_specific_group_is_the_parent_and_inherits_the_children_of_a_deleted_one() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    let line = ["/npm/*", "/npm/acme~", "/npm/acme/*", "/npm/acme/tool~", "/npm/acme/tool-box~"];
    let (exact, variation) = ("/npm/acme/tool-box$", "/npm/acme/Tool.Box$");
    make(&client, &[exact, variation]).await;
    for pattern in line.iter().rev() {
        make(&client, &[pattern]).await;
    }
    for (pattern, expected) in
        line.iter().zip(["/*", "/npm/*", "/npm/acme~", "/npm/acme/*", "/npm/acme/tool~"])
    {
        assert_eq!(parent(&client, pattern).await, expected);
        assert_eq!(children(&client, expected).await, [*pattern]);
    }
    assert_eq!(children(&client, "/npm/acme/tool-box~").await, [variation, exact]);
    client.delete_package_group().domain("acme").package_group("/npm/acme/tool-box~").send().await.unwrap();
    assert_eq!(children(&client, "/npm/acme/tool~").await, [variation, exact]);
    assert_eq!(parent(&client, exact).await, "/npm/acme/tool~");
}

#[tokio::test]
async fn groups_are_listed_in_order_and_by_prefix() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    let patterns: Vec<_> = (0..9).map(|number| format!("/npm/team-{number}/*")).collect();
    make(&client, &patterns.iter().map(String::as_str).collect::<Vec<_>>()).await;
    make(&client, &["/pypi//tool~"]).await;
    let mut all = vec!["/*".to_owned()];
    all.extend(patterns.iter().cloned());
    all.push("/pypi//tool~".into());
    assert_eq!(listed(&client, None).await, all);
    assert_eq!(listed(&client, Some("")).await, all);
    assert_eq!(listed(&client, Some("/npm/team-")).await, patterns);
    assert!(listed(&client, Some("/maven")).await.is_empty());
}

#[tokio::test]
async fn groups_have_tags_under_the_arn_that_the_api_tells() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build().unwrap();
    let create = client.create_package_group().domain("acme").package_group("/nuget//100%.alpha$");
    let made = create.tags(tag("a", "1")).send().await.unwrap();
    let arn = made.package_group().unwrap().arn().unwrap().to_owned();
    assert!(arn.ends_with(":package-group/acme/nuget//100%25.alpha%24"), "{arn}");
    client.tag_resource().resource_arn(&arn).tags(tag("b", "2")).send().await.unwrap();
    client.untag_resource().resource_arn(&arn).tag_keys("a").send().await.unwrap();
    let listed = client.list_tags_for_resource().resource_arn(&arn).send().await.unwrap();
    assert_eq!(listed.tags(), [tag("b", "2")]);
    let root = format!("arn:aws:codeartifact:us-east-1:{ACCOUNT}:package-group/acme/%2a");
    client.tag_resource().resource_arn(&root).tags(tag("c", "3")).send().await.unwrap();
    let many: Vec<_> = (0..51).map(|number| tag(&format!("k{number}"), "")).collect();
    let over = client.tag_resource().resource_arn(&arn).set_tags(Some(many.clone())).send().await;
    refused(over, 402, "ServiceQuotaExceededException");
    let over = client.create_package_group().domain("acme").package_group("/npm/*").set_tags(Some(many));
    refused(over.send().await, 402, "ServiceQuotaExceededException");
    for (resource, status, code) in [
        ("package-group/acme/nuget//100%.alpha$", 400, "ValidationException"),
        ("package-group/acme/%2A", 400, "ValidationException"),
        ("package-group/acme/npm/none/%2a", 404, "ResourceNotFoundException"),
    ] {
        let arn = format!("arn:aws:codeartifact:us-east-1:{ACCOUNT}:{resource}");
        refused(client.list_tags_for_resource().resource_arn(arn).send().await, status, code);
    }
    client.delete_package_group().domain("acme").package_group("/nuget//100%.alpha$").send().await.unwrap();
    make(&client, &["/nuget//100%.alpha$"]).await;
    let listed = client.list_tags_for_resource().resource_arn(&arn).send().await.unwrap();
    assert!(listed.tags().is_empty(), "tags go with the group");
}

#[tokio::test]
async fn a_package_that_does_not_exist_has_a_group() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    make(&client, &["/npm/*", "/npm/acme/*", "/npm//async-storage$", "/pypi//tool~"]).await;
    for (format, namespace, package, pattern, strength) in [
        (PackageFormat::Npm, None, "react", "/npm/*", "STRONG"),
        (PackageFormat::Npm, Some("acme"), "react", "/npm/acme/*", "STRONG"),
        (PackageFormat::Npm, Some("ACME"), "react", "/npm/acme/*", "WEAK"),
        (PackageFormat::Npm, Some("\u{430}cme"), "react", "/npm/acme/*", "WEAK"),
        (PackageFormat::Npm, None, "async-storage", "/npm//async-storage$", "STRONG"),
        (PackageFormat::Npm, None, "Async._storage", "/npm//async-storage$", "WEAK"),
        (PackageFormat::Npm, None, "asyncstorage", "/npm/*", "STRONG"),
        (PackageFormat::Pypi, None, "tool-box", "/pypi//tool~", "STRONG"),
        (PackageFormat::Pypi, None, "toolbox", "/*", "STRONG"),
        (PackageFormat::Nuget, None, "Newtonsoft.Json", "/*", "STRONG"),
    ] {
        let ask = client.get_associated_package_group().domain("acme").format(format).package(package);
        let found = ask.set_namespace(namespace.map(Into::into)).send().await.unwrap();
        assert_eq!(found.package_group().unwrap().pattern(), Some(pattern), "{namespace:?} {package}");
        assert_eq!(found.association_type().unwrap().as_str(), strength, "{namespace:?} {package}");
    }
    let ask = client.get_associated_package_group().domain("acme").format(PackageFormat::Pypi);
    refused(ask.package("Tool_Box").send().await, 400, "ValidationException");
}

#[tokio::test]
async fn policies_can_name_groups_and_their_tags() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    make(&client, &["/npm/*"]).await;
    let tag = Tag::builder().key("team").value("blue").build().unwrap();
    let create = client.create_package_group().domain("acme").package_group("/npm/acme/*");
    create.tags(tag).send().await.unwrap();
    let arn = |path: &str| format!("arn:aws:codeartifact:us-east-1:{ACCOUNT}:package-group/acme{path}");
    let blue = json!({ "StringEquals": { "aws:ResourceTag/team": "blue" } });
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "codeartifact:GetAssociatedPackageGroup", "Resource": arn("/npm/acme/%2a") },
        { "Effect": "Allow", "Action": "codeartifact:DescribePackageGroup", "Resource": "*", "Condition": blue },
    ]});
    let principal = json!({
        "accessKeyId": "blue", "secretAccessKey": "secret", "policy": policy,
        "arn": format!("arn:aws:iam::{ACCOUNT}:user/blue"),
    });
    control(&emulator, "PUT", "/principals", principal).await;
    let blue = client_as(&emulator, Credentials::new("blue", "secret", None, None, "test"));
    let ask = |namespace: &str| {
        let ask = blue.get_associated_package_group().domain("acme").namespace(namespace);
        ask.format(PackageFormat::Npm).package("widgets").send()
    };
    ask("acme").await.unwrap();
    let message = refused(ask("other").await, 403, "AccessDeniedException");
    assert!(message.contains(&arn("/npm/%2a")), "{message}");
    blue.describe_package_group().domain("acme").package_group("/npm/acme/*").send().await.unwrap();
    let other = blue.describe_package_group().domain("acme").package_group("/npm/*").send().await;
    refused(other, 403, "AccessDeniedException");
}
