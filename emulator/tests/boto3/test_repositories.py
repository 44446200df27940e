"""Repositories, their upstreams, connections and endpoints."""

import pytest
import urllib3

from emulator import ACCOUNT
from world import arn

CONNECTION = {"externalConnectionName": "public:npmjs", "packageFormat": "npm", "status": "AVAILABLE"}


def upstreams(*names: str) -> list[dict]:
    return [{"repositoryName": name} for name in names]


def test_a_repository_is_made_described_changed_and_deleted(client, domain):
    client.create_repository(domain=domain, repository="base")
    made = client.create_repository(
        domain=domain, repository="Team.1", description="for tools", upstreams=upstreams("base")
    )["repository"]
    assert made["arn"] == arn(f"repository/{domain}/Team.1")
    assert (made["domainName"], made["domainOwner"], made["administratorAccount"]) == (domain, ACCOUNT, ACCOUNT)
    assert (made["description"], made["upstreams"], made["externalConnections"]) == (
        "for tools",
        upstreams("base"),
        [],
    )
    assert client.describe_repository(domain=domain, repository="Team.1")["repository"] == made
    changed = client.update_repository(domain=domain, repository="Team.1", description="for all")["repository"]
    assert changed == {**made, "description": "for all"}
    changed = client.update_repository(domain=domain, repository="Team.1", upstreams=[])["repository"]
    assert changed == {**made, "description": "for all", "upstreams": []}
    assert client.delete_repository(domain=domain, repository="Team.1")["repository"]["name"] == "Team.1"
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_repository(domain=domain, repository="Team.1")
    client.delete_repository(domain=domain, repository="Team.1")


def test_upstreams_keep_their_order_and_must_be_there(client, domain):
    for name in ("one", "two", "team"):
        client.create_repository(domain=domain, repository=name)
    for names in (["two", "one"], ["one", "two"]):
        changed = client.update_repository(domain=domain, repository="team", upstreams=upstreams(*names))
        assert changed["repository"]["upstreams"] == upstreams(*names)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.update_repository(domain=domain, repository="team", upstreams=upstreams("three"))
    for wrong in (["team"], ["one", "one"]):
        with pytest.raises(client.exceptions.ValidationException):
            client.update_repository(domain=domain, repository="team", upstreams=upstreams(*wrong))
    described = client.describe_repository(domain=domain, repository="team")["repository"]
    assert described["upstreams"] == upstreams("one", "two")


def test_lists_hold_what_was_asked_for(client, domain):
    for name in ("tools-a", "tools-b", "other"):
        client.create_repository(domain=domain, repository=name)
    listed = client.list_repositories_in_domain(domain=domain)["repositories"]
    assert [one["name"] for one in listed] == ["other", "tools-a", "tools-b"]
    described = client.describe_repository(domain=domain, repository="other")["repository"]
    assert listed[0] == {
        name: value for name, value in described.items() if name not in ("upstreams", "externalConnections")
    }
    listed = client.list_repositories_in_domain(domain=domain, repositoryPrefix="tools", administratorAccount=ACCOUNT)
    assert [one["name"] for one in listed["repositories"]] == ["tools-a", "tools-b"]
    nobody = client.list_repositories_in_domain(domain=domain, administratorAccount="210987654321")
    assert nobody["repositories"] == []
    everywhere = client.list_repositories(repositoryPrefix="tools", maxResults=1000)["repositories"]
    assert [one["name"] for one in everywhere if one["domainName"] == domain] == ["tools-a", "tools-b"]


def test_a_connection_is_the_only_one_and_stands_alone(client, domain):
    client.create_repository(domain=domain, repository="store")
    client.create_repository(domain=domain, repository="team", upstreams=upstreams("store"))
    place = {"domain": domain, "repository": "store"}
    made = client.associate_external_connection(**place, externalConnection="public:npmjs")["repository"]
    assert made["externalConnections"] == [CONNECTION]
    assert client.describe_repository(**place)["repository"] == made
    for second in ("public:pypi", "public:npmjs"):
        with pytest.raises(client.exceptions.ValidationException) as refused:
            client.associate_external_connection(**place, externalConnection=second)
        told = refused.value.response["Error"]["Message"]
        assert told == "ExternalConnections for repositories are currently limited to 1"
    with pytest.raises(client.exceptions.ValidationException):
        client.associate_external_connection(**place, externalConnection="public:unheard-of")
    for refused in (upstreams("team"), []):
        with pytest.raises(client.exceptions.ValidationException):
            client.update_repository(**place, upstreams=refused)
    with pytest.raises(client.exceptions.ValidationException):
        client.associate_external_connection(domain=domain, repository="team", externalConnection="public:pypi")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.disassociate_external_connection(**place, externalConnection="public:pypi")
    gone = client.disassociate_external_connection(**place, externalConnection="public:npmjs")["repository"]
    assert gone["externalConnections"] == []


def test_an_endpoint_is_where_package_managers_are_served(client, domain):
    client.create_repository(domain=domain, repository="team")
    for format in ("npm", "pypi", "maven", "nuget", "generic", "ruby", "swift", "cargo"):
        endpoint = client.get_repository_endpoint(domain=domain, repository="team", format=format)
        url = endpoint["repositoryEndpoint"]
        assert url.endswith("/team/") and f"{domain}-{ACCOUNT}" in url and f"/{format}/" in url, url
    both = client.get_repository_endpoint(domain=domain, repository="team", format="npm", endpointType="dualstack")
    token = client.get_authorization_token(domain=domain)["authorizationToken"]
    answer = urllib3.request(
        "GET", both["repositoryEndpoint"] + "-/ping", headers={"authorization": f"Bearer {token}"}, retries=False
    )
    assert answer.status == 200
