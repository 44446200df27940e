"""Packages and their origin configuration."""

import pytest

from world import publish

HAMMER = {"format": "generic", "namespace": "tools", "package": "hammer"}


@pytest.fixture
def team(client, domain: str) -> dict[str, str]:
    client.create_repository(domain=domain, repository="team")
    return {"domain": domain, "repository": "team"}


def test_a_package_comes_with_its_first_version(client, team):
    publish(client, **team, package="hammer", version="1.0.0")
    described = client.describe_package(**team, **HAMMER)["package"]
    origin = {"restrictions": {"publish": "ALLOW", "upstream": "BLOCK"}}
    assert described == {
        "format": "generic",
        "namespace": "tools",
        "name": "hammer",
        "originConfiguration": origin,
    }
    assert client.list_packages(**team)["packages"] == [{**HAMMER, "originConfiguration": origin}]


def test_putting_an_origin_configuration_makes_a_package_and_restricts_it(client, team):
    closed = {"publish": "BLOCK", "upstream": "ALLOW"}
    put = client.put_package_origin_configuration(**team, **HAMMER, restrictions=closed)
    assert put["originConfiguration"] == {"restrictions": closed}
    assert client.describe_package(**team, **HAMMER)["package"]["originConfiguration"]["restrictions"] == closed
    with pytest.raises(client.exceptions.ClientError):
        publish(client, **team, package="hammer", version="1.0.0")
    client.put_package_origin_configuration(**team, **HAMMER, restrictions={"publish": "ALLOW", "upstream": "BLOCK"})
    publish(client, **team, package="hammer", version="1.0.0")


def test_a_deleted_package_is_gone_with_its_versions(client, team):
    publish(client, **team, package="hammer", version="1.0.0")
    deleted = client.delete_package(**team, **HAMMER)["deletedPackage"]
    assert {name: deleted[name] for name in HAMMER} == HAMMER
    for call in (client.describe_package, client.list_package_versions, client.delete_package):
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            call(**team, **HAMMER)
    assert client.list_packages(**team)["packages"] == []
    publish(client, **team, package="hammer", version="1.0.0")


def test_a_list_holds_what_was_asked_for(client, team):
    open_, closed = ({"publish": one, "upstream": "ALLOW"} for one in ("ALLOW", "BLOCK"))
    for namespace, package, restrictions in [
        ("tools", "hammer", open_),
        ("tools", "handsaw", closed),
        ("toys", "hammer", open_),
    ]:
        client.put_package_origin_configuration(
            **team, format="generic", namespace=namespace, package=package, restrictions=restrictions
        )
    client.put_package_origin_configuration(**team, format="npm", package="hammer", restrictions=open_)
    generic = {"format": "generic"}
    for filters, expected in [
        ({}, 4),
        (generic, 3),
        ({"format": "npm"}, 1),
        ({"format": "pypi"}, 0),
        ({**generic, "namespace": "tools"}, 2),
        ({**generic, "namespace": "to"}, 3),
        ({"packagePrefix": "ham"}, 3),
        ({"publish": "BLOCK"}, 1),
        ({"upstream": "BLOCK"}, 0),
        ({**generic, "publish": "ALLOW", "upstream": "ALLOW"}, 2),
    ]:
        assert len(client.list_packages(**team, **filters)["packages"]) == expected, filters
    with pytest.raises(client.exceptions.ValidationException):
        client.list_packages(**team, namespace="tools")


def test_formats_say_which_namespaces_they_take(client, team):
    restrictions = {"publish": "ALLOW", "upstream": "ALLOW"}
    for format, namespace in [("generic", None), ("maven", None), ("swift", None), ("pypi", "a"), ("cargo", "a")]:
        named = {"namespace": namespace} if namespace else {}
        with pytest.raises(client.exceptions.ValidationException):
            client.put_package_origin_configuration(
                **team, format=format, package="hammer", restrictions=restrictions, **named
            )
