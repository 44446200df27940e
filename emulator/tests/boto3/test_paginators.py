"""Every list, page by page to its end."""

import botocore
import pytest
from botocore.exceptions import ClientError

import npm
import service
from ledger import Ledger
from world import publish

ITEMS = 8
VERSION = {"domain": "acme", "repository": "team", "format": "generic", "namespace": "tools", "package": "hammer"}
GROUP = {"domain": "acme", "packageGroup": "/generic/*"}
ALLOWED = {**GROUP, "originRestrictionType": "PUBLISH"}
WIDGETS = {"domain": "acme", "repository": "team", "format": "npm", "package": "widgets", "packageVersion": "1.0.0"}

# What is listed, and the same list with another query.
QUERIES: dict[str, tuple[dict, dict]] = {
    "ListAllowedRepositoriesForGroup": (ALLOWED, {**ALLOWED, "originRestrictionType": "INTERNAL_UPSTREAM"}),
    "ListAssociatedPackages": (GROUP, {**GROUP, "preview": True}),
    "ListDomains": ({}, None),
    "ListPackageGroups": ({"domain": "acme"}, {"domain": "acme", "prefix": "/generic"}),
    "ListPackageVersionAssets": (
        {**VERSION, "packageVersion": "1.0.0"},
        {**VERSION, "packageVersion": "2.0.0"},
    ),
    "ListPackageVersionDependencies": (WIDGETS, {**WIDGETS, "packageVersion": "2.0.0"}),
    "ListPackageVersions": (VERSION, {**VERSION, "sortBy": "PUBLISHED_TIME"}),
    "ListPackages": ({"domain": "acme", "repository": "team"}, {"domain": "acme", "repository": "other"}),
    "ListRepositories": ({}, {"repositoryPrefix": "team"}),
    "ListRepositoriesInDomain": ({"domain": "acme"}, {"domain": "domain-0"}),
    "ListSubPackageGroups": (GROUP, {**GROUP, "packageGroup": "/*"}),
}

RESULTS = {operation: one["result_key"] for operation, one in service.PAGINATORS.items()}
RESULTS["ListPackageVersionDependencies"] = "dependencies"


@pytest.fixture(scope="module")
def many(client):
    """More of everything than a page holds."""
    for number in range(ITEMS - 1):
        client.create_domain(domain=f"domain-{number}")
    client.create_domain(domain="acme")
    repositories = ["team", "other", *(f"team-{number}" for number in range(ITEMS))]
    for name in repositories:
        client.create_repository(domain="acme", repository=name)
    assets = {f"asset-{number}": b"%d" % number for number in range(ITEMS)}
    publish(client, "acme", "team", "hammer", "1.0.0", assets)
    for number in range(2, ITEMS + 2):
        publish(client, "acme", "team", "hammer", f"{number}.0.0")
        publish(client, "acme", "team", f"hammer-{number}", "1.0.0")
    client.create_package_group(**GROUP)
    for number in range(ITEMS):
        client.create_package_group(domain="acme", packageGroup=f"/generic/tools-{number}/*")
    client.update_package_group_origin_configuration(
        **GROUP,
        restrictions={"PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES"},
        addAllowedRepositories=[{"repositoryName": name, "originRestrictionType": "PUBLISH"} for name in repositories],
    )
    for version in ("1.0.0", "2.0.0"):
        dependencies = {f"gear-{number}": "^1" for number in range(ITEMS)}
        npm.publish(client, "acme", "team", {"name": "widgets", "version": version, "dependencies": dependencies})
    return client


def ask(client, operation: str, members: dict) -> dict:
    return getattr(client, botocore.xform_name(operation))(**members)


def pages(client, operation: str, query: dict, size: int | None) -> list[list]:
    """All pages, by botocore's paginator where there is one."""
    key = RESULTS[operation]
    if operation in service.PAGINATORS:
        paginator = client.get_paginator(botocore.xform_name(operation))
        return [page[key] for page in paginator.paginate(**query, PaginationConfig={"PageSize": size})]
    found = [ask(client, operation, query)]
    while token := found[-1].get("nextToken"):
        found.append(ask(client, operation, {**query, "nextToken": token}))
    return [page[key] for page in found]


def unpaged(client, operation: str, query: dict) -> list | None:
    """The list in one answer; none where the size of a page cannot be asked for."""
    if "maxResults" not in service.members(operation):
        return None
    answer = ask(client, operation, {**query, "maxResults": 1000})
    assert "nextToken" not in answer
    return answer[RESULTS[operation]]


@pytest.mark.parametrize(("operation", "size"), service.PAGINATION)
def test_pages_join_to_the_whole_list(operation: str, size: int | None, many, ledger: Ledger):
    query, _ = QUERIES[operation]
    found = pages(many, operation, query, size)
    items = [item for page in found for item in page]
    assert len(items) >= ITEMS - 1
    assert all(items.count(item) == 1 for item in items)
    if size is None:
        assert len(found) > 1
    else:
        assert [len(page) for page in found[:-1]] == [size] * (len(found) - 1) and 1 <= len(found[-1]) <= size
    assert unpaged(many, operation, query) in (items, None)
    assert pages(many, operation, query, size) == found
    ledger.paginated.add((operation, size))


def token_of(client, operation: str) -> str:
    query, _ = QUERIES[operation]
    size = {"maxResults": 1} if "maxResults" in service.members(operation) else {}
    return ask(client, operation, {**query, **size})["nextToken"]


def refused(client, operation: str, members: dict) -> None:
    with pytest.raises(ClientError) as refusal:
        ask(client, operation, members)
    assert refusal.value.response["Error"]["Code"] == "ValidationException"


@pytest.mark.parametrize("operation", sorted(QUERIES))
def test_an_altered_token_is_refused(operation: str, many):
    query, _ = QUERIES[operation]
    token = token_of(many, operation)
    middle = len(token) // 2
    changed = "A" if token[middle] != "A" else "B"
    for altered in (token[:-4], token + token, token[:middle] + changed + token[middle + 1 :], "made-up"):
        refused(many, operation, {**query, "nextToken": altered})


@pytest.mark.parametrize("operation", sorted(QUERIES))
def test_a_token_of_another_query_is_refused(operation: str, many):
    query, other = QUERIES[operation]
    if other is not None:
        refused(many, operation, {**other, "nextToken": token_of(many, operation)})
    foreign = "ListRepositories" if operation != "ListRepositories" else "ListDomains"
    refused(many, operation, {**query, "nextToken": token_of(many, foreign)})


def test_what_is_deleted_between_two_pages_is_neither_skipped_nor_repeated(many):
    client = many
    client.create_domain(domain="shrinking")
    names = [f"team-{number}" for number in range(6)]
    for name in names:
        client.create_repository(domain="shrinking", repository=name)
    first = client.list_repositories_in_domain(domain="shrinking", maxResults=3)
    for name in (names[1], names[2]):
        client.delete_repository(domain="shrinking", repository=name)
    rest = client.list_repositories_in_domain(domain="shrinking", nextToken=first["nextToken"], maxResults=100)
    assert [one["name"] for one in rest["repositories"]] == names[3:]
