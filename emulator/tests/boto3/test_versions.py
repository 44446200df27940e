"""Package versions: published, read, moved between states, copied and destroyed."""

import hashlib

import pytest

import npm
from world import publish

HAMMER = {"format": "generic", "namespace": "tools", "package": "hammer"}
WIDGETS = {"format": "npm", "namespace": "acme", "package": "widgets"}


@pytest.fixture
def team(client, domain: str) -> dict[str, str]:
    client.create_repository(domain=domain, repository="team")
    return {"domain": domain, "repository": "team"}


def version(client, team: dict, number: str, **package: str) -> dict:
    return client.describe_package_version(**team, **(package or HAMMER), packageVersion=number)["packageVersion"]


def statuses(client, team: dict) -> dict[str, str]:
    return {one["version"]: one["status"] for one in client.list_package_versions(**team, **HAMMER)["versions"]}


def test_a_published_version_is_told_everywhere(client, team):
    content = b"a hammer\x00\xff"
    published = publish(client, **team, package="hammer", version="1.0.0", assets={"hammer.bin": content})
    hashes = {
        name: hashlib.new(algorithm, content).hexdigest()
        for name, algorithm in [("MD5", "md5"), ("SHA-1", "sha1"), ("SHA-256", "sha256"), ("SHA-512", "sha512")]
    }
    asset = {"name": "hammer.bin", "size": len(content), "hashes": hashes}
    assert (published["status"], published["asset"]) == ("Published", asset)
    revision = published["versionRevision"]
    told = version(client, team, "1.0.0")
    assert (told["packageName"], told["version"], told["revision"]) == ("hammer", "1.0.0", revision)
    assert told["origin"] == {"originType": "INTERNAL", "domainEntryPoint": {"repositoryName": "team"}}
    place = {**team, **HAMMER, "packageVersion": "1.0.0"}
    assets = client.list_package_version_assets(**place)
    assert (assets["assets"], assets["versionRevision"]) == ([asset], revision)
    read = client.get_package_version_asset(**place, asset="hammer.bin", packageVersionRevision=revision)
    assert read["asset"].read() == content
    assert (read["assetName"], read["packageVersion"], read["packageVersionRevision"]) == (
        "hammer.bin",
        "1.0.0",
        revision,
    )
    assert client.list_package_version_dependencies(**place)["dependencies"] == []


def test_a_version_stays_open_until_it_is_finished(client, team):
    opened = publish(client, **team, package="hammer", version="1.0.0", assets={"a": b"1"}, unfinished=True)
    assert opened["status"] == "Unfinished"
    assert statuses(client, team) == {"1.0.0": "Unfinished"}
    closed = publish(client, **team, package="hammer", version="1.0.0", assets={"b": b"2"})
    assert closed["status"] == "Published" and closed["versionRevision"] != opened["versionRevision"]
    # The same bytes again are no change; others, and more, are refused.
    again = publish(client, **team, package="hammer", version="1.0.0", assets={"b": b"2"})
    assert again["versionRevision"] == closed["versionRevision"]
    for refused in ({"b": b"3"}, {"c": b"3"}):
        with pytest.raises(client.exceptions.ConflictException):
            publish(client, **team, package="hammer", version="1.0.0", assets=refused)
    names = client.list_package_version_assets(**team, **HAMMER, packageVersion="1.0.0")["assets"]
    assert [one["name"] for one in names] == ["a", "b"]


def test_bytes_must_have_the_hash_that_was_sent(client, team):
    wrong = {"assetName": "a", "assetContent": b"1", "assetSHA256": hashlib.sha256(b"2").hexdigest()}
    with pytest.raises(client.exceptions.ValidationException):
        client.publish_package_version(**team, **HAMMER, packageVersion="1.0.0", **wrong)


@pytest.mark.parametrize("name", [".", "..", "a/b", " a", "a  b", 'a"b'])
def test_an_asset_has_a_name_that_the_service_takes(client, team, name: str):
    with pytest.raises(client.exceptions.ValidationException):
        publish(client, **team, package="hammer", version="1.0.0", assets={name: b"1"})


def test_only_generic_packages_are_published_through_the_api(client, team):
    content = {"assetName": "a", "assetContent": b"1", "assetSHA256": hashlib.sha256(b"1").hexdigest()}
    for package in (WIDGETS, {"format": "pypi", "package": "widgets"}):
        with pytest.raises(client.exceptions.ValidationException):
            client.publish_package_version(**team, **package, packageVersion="1.0.0", **content)


def test_an_npm_version_has_dependencies_and_a_readme(client, team):
    manifest = {
        "name": "@acme/widgets",
        "version": "1.2.3",
        "description": "many of them",
        "homepage": "https://widgets.example.com",
        "license": "MIT",
        "readme": "# Widgets",
        "dependencies": {"gears": "^2", "@acme/bolts": "1.x"},
        "devDependencies": {"checks": "*"},
    }
    npm.publish(client, team["domain"], "team", manifest)
    told = version(client, team, "1.2.3", **WIDGETS)
    assert (told["summary"], told["homePage"]) == ("many of them", "https://widgets.example.com")
    assert [one["name"] for one in told["licenses"]] == ["MIT"]
    assert client.list_package_versions(**team, **WIDGETS)["defaultDisplayVersion"] == "1.2.3"
    place = {**team, **WIDGETS, "packageVersion": "1.2.3"}
    answer = client.list_package_version_dependencies(**place)
    assert (answer["package"], answer["version"]) == ("widgets", "1.2.3")
    found = {(one.get("namespace"), one["package"], one["versionRequirement"]) for one in answer["dependencies"]}
    assert {(None, "gears", "^2"), ("acme", "bolts", "1.x")} <= found
    readme = client.get_package_version_readme(**place)
    assert (readme["readme"], readme["versionRevision"]) == ("# Widgets", told["revision"])


def test_an_npm_version_has_one_asset_called_package_tgz(client, team):
    client.create_repository(domain=team["domain"], repository="release")
    npm.publish(client, team["domain"], "team", {"name": "@acme/widgets", "version": "1.2.3"})
    copy = {"domain": team["domain"], "sourceRepository": "team", "destinationRepository": "release", **WIDGETS}
    client.copy_package_versions(**copy, versions=["1.2.3"])
    for repository in ("team", "release"):
        place = {**team, "repository": repository, **WIDGETS, "packageVersion": "1.2.3"}
        [asset] = client.list_package_version_assets(**place)["assets"]
        assert asset["name"] == "package.tgz"
        read = client.get_package_version_asset(**place, asset="package.tgz")
        assert read["assetName"] == "package.tgz"
        assert hashlib.sha256(read["asset"].read()).hexdigest() == asset["hashes"]["SHA-256"]
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.get_package_version_asset(**place, asset="widgets-1.2.3.tgz")


def test_a_list_without_versions_is_refused(client, team):
    publish(client, **team, package="hammer", version="1.0.0")
    for call in (client.delete_package_versions, client.dispose_package_versions):
        with pytest.raises(client.exceptions.ValidationException):
            call(**team, **HAMMER, versions=[])
    with pytest.raises(client.exceptions.ValidationException):
        client.update_package_versions_status(**team, **HAMMER, versions=[], targetStatus="Archived")
    assert statuses(client, team) == {"1.0.0": "Published"}


def test_versions_are_listed_by_name_status_time_and_origin(client, team):
    for number in ("2.0.0", "1.0.0", "10.0.0"):
        publish(client, **team, package="hammer", version=number)
    client.update_package_versions_status(**team, **HAMMER, versions=["10.0.0"], targetStatus="Unlisted")

    def listed(**filters: str) -> list[str]:
        answer = client.list_package_versions(**team, **HAMMER, **filters)
        return [one["version"] for one in answer["versions"]]

    # As text: neither the newest nor the highest is first.
    assert listed() == ["1.0.0", "10.0.0", "2.0.0"]
    assert listed(sortBy="PUBLISHED_TIME") == ["10.0.0", "1.0.0", "2.0.0"]
    assert listed(status="Unlisted") == ["10.0.0"]
    assert listed(originType="INTERNAL") == ["1.0.0", "10.0.0", "2.0.0"]
    assert listed(originType="EXTERNAL") == []


def test_a_status_changes_for_all_versions_or_for_none(client, team):
    for number in ("1.0.0", "2.0.0"):
        publish(client, **team, package="hammer", version=number)
    update = {**team, **HAMMER, "targetStatus": "Archived"}
    failed = client.update_package_versions_status(**update, versions=["1.0.0", "9.0.0"])
    codes = {number: one["errorCode"] for number, one in failed["failedVersions"].items()}
    assert codes == {"1.0.0": "SKIPPED", "9.0.0": "NOT_FOUND"} and failed["successfulVersions"] == {}
    assert failed["failedVersions"]["1.0.0"]["errorMessage"] == "version 1.0.0 is skipped"
    failed = client.update_package_versions_status(**update, versions=["1.0.0"], expectedStatus="Unlisted")
    assert failed["failedVersions"]["1.0.0"]["errorCode"] == "MISMATCHED_STATUS"
    wrong = {"versions": ["1.0.0"], "versionRevisions": {"1.0.0": "bogus"}}
    failed = client.update_package_versions_status(**update, **wrong)
    assert failed["failedVersions"]["1.0.0"]["errorCode"] == "MISMATCHED_REVISION"
    assert statuses(client, team) == {"1.0.0": "Published", "2.0.0": "Published"}
    right = {"versions": ["1.0.0"], "versionRevisions": {"1.0.0": version(client, team, "1.0.0")["revision"]}}
    done = client.update_package_versions_status(**update, **right, expectedStatus="Published")
    assert done["successfulVersions"]["1.0.0"]["status"] == "Archived" and done["failedVersions"] == {}
    assert statuses(client, team) == {"1.0.0": "Archived", "2.0.0": "Published"}
    for refused in ("Unfinished", "Disposed", "Deleted"):
        with pytest.raises(client.exceptions.ValidationException):
            client.update_package_versions_status(**{**update, "targetStatus": refused}, versions=["1.0.0"])


def test_a_disposed_version_keeps_its_record_and_loses_its_assets(client, team):
    publish(client, **team, package="hammer", version="1.0.0")
    done = client.dispose_package_versions(**team, **HAMMER, versions=["1.0.0"], expectedStatus="Published")
    assert done["successfulVersions"]["1.0.0"]["status"] == "Disposed"
    assert version(client, team, "1.0.0")["status"] == "Disposed"
    with pytest.raises(client.exceptions.ClientError):
        client.get_package_version_asset(**team, **HAMMER, packageVersion="1.0.0", asset="tool.txt")
    update = {**team, **HAMMER, "versions": ["1.0.0"], "targetStatus": "Published"}
    failed = client.update_package_versions_status(**update)["failedVersions"]
    assert failed["1.0.0"]["errorCode"] == "NOT_ALLOWED"
    with pytest.raises(client.exceptions.ConflictException):
        publish(client, **team, package="hammer", version="1.0.0")


def test_a_deleted_version_leaves_its_package_and_can_come_again(client, team):
    publish(client, **team, package="hammer", version="1.0.0")
    delete = {**team, **HAMMER}
    failed = client.delete_package_versions(**delete, versions=["1.0.0"], expectedStatus="Archived")
    assert failed["failedVersions"]["1.0.0"]["errorCode"] == "MISMATCHED_STATUS"
    failed = client.delete_package_versions(**delete, versions=["1.0.0", "2.0.0"])["failedVersions"]
    assert {number: one["errorCode"] for number, one in failed.items()} == {"1.0.0": "SKIPPED", "2.0.0": "NOT_FOUND"}
    done = client.delete_package_versions(**delete, versions=["1.0.0"])
    assert done["successfulVersions"]["1.0.0"]["status"] == "Deleted"
    assert statuses(client, team) == {}
    client.describe_package(**team, **HAMMER)
    publish(client, **team, package="hammer", version="1.0.0", assets={"other": b"1"})
    assert statuses(client, team) == {"1.0.0": "Published"}


def test_a_copy_is_the_same_version_in_another_repository(client, team):
    client.create_repository(domain=team["domain"], repository="release")
    publish(client, **team, package="hammer", version="1.0.0")
    copy = {"domain": team["domain"], "sourceRepository": "team", "destinationRepository": "release", **HAMMER}
    done = client.copy_package_versions(**copy, versions=["1.0.0"])
    assert set(done["successfulVersions"]) == {"1.0.0"} and done["failedVersions"] == {}
    release = {**team, "repository": "release"}
    read = client.get_package_version_asset(**release, **HAMMER, packageVersion="1.0.0", asset="tool.txt")
    assert read["asset"].read() == b"a tool"
    # What is there already, and the same, is in neither map.
    again = client.copy_package_versions(**copy, versions=["1.0.0"])
    assert (again["successfulVersions"], again["failedVersions"]) == ({}, {})
    for wrong in ({}, {"versions": ["1.0.0"], "versionRevisions": {"1.0.0": "a"}}):
        with pytest.raises(client.exceptions.ValidationException):
            client.copy_package_versions(**copy, **wrong)
    publish(client, **team, package="hammer", version="2.0.0")
    failed = client.copy_package_versions(**copy, versions=["2.0.0", "9.0.0"])["failedVersions"]
    assert failed["9.0.0"]["errorCode"] == "NOT_FOUND"
    assert failed["2.0.0"] == {"errorCode": "SKIPPED", "errorMessage": "Version 2.0.0 was skipped"}


def test_a_different_version_is_overwritten_only_when_told(client, team):
    client.create_repository(domain=team["domain"], repository="release")
    release = {**team, "repository": "release"}
    publish(client, **team, package="hammer", version="1.0.0", assets={"tool.txt": b"new"})
    publish(client, **release, package="hammer", version="1.0.0", assets={"tool.txt": b"old"})
    copy = {"domain": team["domain"], "sourceRepository": "team", "destinationRepository": "release", **HAMMER}
    failed = client.copy_package_versions(**copy, versions=["1.0.0"])["failedVersions"]
    assert failed["1.0.0"]["errorCode"] == "ALREADY_EXISTS"
    client.copy_package_versions(**copy, versions=["1.0.0"], allowOverwrite=True)
    read = client.get_package_version_asset(**release, **HAMMER, packageVersion="1.0.0", asset="tool.txt")
    assert read["asset"].read() == b"new"
