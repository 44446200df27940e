"""Package groups: patterns, parents, origin controls, and the packages that belong to them."""

import pytest

from emulator import ACCOUNT
from facts import encoded
from world import arn, publish

MODES = {"PUBLISH": "ALLOW", "EXTERNAL_UPSTREAM": "ALLOW", "INTERNAL_UPSTREAM": "ALLOW"}


def restrictions(group: dict, member: str) -> dict[str, str]:
    return {type_: one[member] for type_, one in group["originConfiguration"]["restrictions"].items()}


def test_a_domain_is_born_with_a_root_that_stays(client, domain):
    root = client.describe_package_group(domain=domain, packageGroup="/*")["packageGroup"]
    assert root["arn"] == arn(f"package-group/{domain}/%2a") and "parent" not in root
    assert restrictions(root, "mode") == restrictions(root, "effectiveMode") == MODES
    with pytest.raises(client.exceptions.ClientError):
        client.delete_package_group(domain=domain, packageGroup="/*")
    changed = client.update_package_group(domain=domain, packageGroup="/*", description="all")["packageGroup"]
    assert changed == {**root, "description": "all"}


def test_a_group_is_made_described_changed_and_deleted(client, domain):
    pattern = "/npm/acme/*"
    made = client.create_package_group(
        domain=domain, packageGroup=pattern, contactInfo="a@example.com", description="ours"
    )["packageGroup"]
    assert made["arn"] == arn(f"package-group/{domain}{encoded(pattern)}")
    assert (made["pattern"], made["domainName"], made["domainOwner"]) == (pattern, domain, ACCOUNT)
    assert (made["contactInfo"], made["description"], made["parent"]["pattern"]) == ("a@example.com", "ours", "/*")
    assert restrictions(made, "mode") == dict.fromkeys(MODES, "INHERIT")
    assert restrictions(made, "effectiveMode") == MODES
    assert client.describe_package_group(domain=domain, packageGroup=pattern)["packageGroup"] == made
    changed = client.update_package_group(domain=domain, packageGroup=pattern, contactInfo="b@example.com")
    assert changed["packageGroup"] == {**made, "contactInfo": "b@example.com"}
    assert client.delete_package_group(domain=domain, packageGroup=pattern)["packageGroup"]["pattern"] == pattern
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_package_group(domain=domain, packageGroup=pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "npm/*",
        "/npm",
        "/npm/acme",
        "/bogus/*",
        "/npm/acme/~",
        "/npm/acme/a*",
        "/pypi//My_Tool$",
        "/maven//a$",
        "/npm/a/b/c$",
    ],
)
def test_what_is_no_pattern_is_refused(client, domain, pattern: str):
    with pytest.raises(client.exceptions.ValidationException):
        client.create_package_group(domain=domain, packageGroup=pattern)


def test_the_most_specific_group_is_the_parent(client, domain):
    patterns = ["/npm/*", "/npm/acme~", "/npm/acme/*", "/npm/acme/tool~", "/npm/acme/tool-box$"]
    for pattern in reversed(patterns):
        client.create_package_group(domain=domain, packageGroup=pattern)
    for pattern, parent in zip(patterns, ["/*", *patterns], strict=False):
        group = client.describe_package_group(domain=domain, packageGroup=pattern)["packageGroup"]
        assert group["parent"] == {"arn": arn(f"package-group/{domain}{encoded(parent)}"), "pattern": parent}
        below = client.list_sub_package_groups(domain=domain, packageGroup=parent)["packageGroups"]
        assert below == [group]
    listed = client.list_package_groups(domain=domain, maxResults=100)["packageGroups"]
    assert sorted(one["pattern"] for one in listed) == sorted(["/*", *patterns])
    listed = client.list_package_groups(domain=domain, prefix="/npm/acme/", maxResults=100)["packageGroups"]
    assert sorted(one["pattern"] for one in listed) == sorted(patterns[2:])
    client.delete_package_group(domain=domain, packageGroup="/npm/acme/*")
    group = client.describe_package_group(domain=domain, packageGroup="/npm/acme/tool~")["packageGroup"]
    assert group["parent"]["pattern"] == "/npm/acme~"


def test_origin_controls_are_inherited_and_lists_are_kept(client, domain):
    for repository in ("one", "two"):
        client.create_repository(domain=domain, repository=repository)
    for pattern in ("/generic/*", "/generic/tools/*"):
        client.create_package_group(domain=domain, packageGroup=pattern)
    change = {"domain": domain, "packageGroup": "/generic/*"}
    allowed = [{"repositoryName": name, "originRestrictionType": "PUBLISH"} for name in ("one", "two")]
    changed = client.update_package_group_origin_configuration(
        **change,
        restrictions={"PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES", "EXTERNAL_UPSTREAM": "BLOCK"},
        addAllowedRepositories=allowed,
    )
    assert changed["allowedRepositoryUpdates"] == {"PUBLISH": {"ADDED": ["one", "two"]}}
    group = changed["packageGroup"]["originConfiguration"]["restrictions"]
    assert (group["PUBLISH"]["mode"], group["PUBLISH"]["repositoriesCount"]) == ("ALLOW_SPECIFIC_REPOSITORIES", 2)
    below = client.describe_package_group(domain=domain, packageGroup="/generic/tools/*")["packageGroup"]
    below = below["originConfiguration"]["restrictions"]["PUBLISH"]
    assert (below["mode"], below["effectiveMode"]) == ("INHERIT", "ALLOW_SPECIFIC_REPOSITORIES")
    assert below["inheritedFrom"]["pattern"] == "/generic/*"
    listed = client.list_allowed_repositories_for_group(**change, originRestrictionType="PUBLISH")
    assert listed["allowedRepositories"] == ["one", "two"]
    changed = client.update_package_group_origin_configuration(**change, removeAllowedRepositories=allowed[:1])
    assert changed["allowedRepositoryUpdates"] == {"PUBLISH": {"REMOVED": ["one"]}}
    with pytest.raises(client.exceptions.ClientError):
        publish(client, domain, "one", "hammer", "1.0.0")
    publish(client, domain, "two", "hammer", "1.0.0")


def test_packages_belong_to_the_group_that_fits_best(client, domain):
    client.create_repository(domain=domain, repository="team")
    hammer = {"format": "generic", "namespace": "tools", "package": "hammer"}
    publish(client, domain, "team", "hammer", "1.0.0")
    publish(client, domain, "team", "handsaw", "1.0.0")
    exact = {"domain": domain, "packageGroup": "/generic/tools/hammer$"}
    preview = client.list_associated_packages(**exact, preview=True)["packages"]
    assert preview == [{**hammer, "associationType": "STRONG"}]
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.list_associated_packages(**exact)
    for pattern in ("/generic/tools/*", exact["packageGroup"]):
        client.create_package_group(domain=domain, packageGroup=pattern)
    assert client.list_associated_packages(**exact)["packages"] == preview
    above = client.list_associated_packages(domain=domain, packageGroup="/generic/tools/*")["packages"]
    assert [one["package"] for one in above] == ["handsaw"]
    for package, pattern, association in [
        ("hammer", exact["packageGroup"], "STRONG"),
        ("Hammer", exact["packageGroup"], "WEAK"),
        ("pliers", "/generic/tools/*", "STRONG"),
    ]:
        found = client.get_associated_package_group(domain=domain, **{**hammer, "package": package})
        assert (found["packageGroup"]["pattern"], found["associationType"]) == (pattern, association)
    with pytest.raises(client.exceptions.ClientError):
        publish(client, domain, "team", "Hammer", "1.0.0")
