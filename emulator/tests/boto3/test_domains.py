"""Domains, their tokens, and the tags of everything."""

import base64
import json
import re
from datetime import datetime

import pytest

from emulator import ACCOUNT, REGION
from world import arn


def tags_of(client, resource: str) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in client.list_tags_for_resource(resourceArn=resource)["tags"]}


def now(emulator) -> float:
    """The time on the emulator's clock."""
    return datetime.fromisoformat(emulator.control("GET", "/clock")["now"]).timestamp()


def test_a_domain_is_made_described_listed_and_deleted(client, emulator):
    before = now(emulator)
    tags = [{"key": "team", "value": "tools"}, {"key": "empty", "value": ""}]
    made = client.create_domain(domain="made-here", encryptionKey="alias/team", tags=tags)["domain"]
    assert (made["name"], made["owner"], made["status"]) == ("made-here", ACCOUNT, "Active")
    assert made["arn"] == arn("domain/made-here")
    assert re.fullmatch(rf"arn:aws:kms:{REGION}:{ACCOUNT}:key/[0-9a-f-]+", made["encryptionKey"])
    # Timestamps have milliseconds.
    assert before - 0.001 <= made["createdTime"].timestamp() <= now(emulator)
    assert client.describe_domain(domain="made-here")["domain"] == made
    listed = client.list_domains(maxResults=1000)["domains"]
    rest = {"repositoryCount", "assetSizeBytes", "s3BucketArn"}
    assert {name: value for name, value in made.items() if name not in rest} in listed
    assert tags_of(client, made["arn"]) == {"team": "tools", "empty": ""}
    assert client.delete_domain(domain="made-here")["domain"]["name"] == "made-here"
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_domain(domain="made-here")
    # Deleting what is not there is no error.
    client.delete_domain(domain="made-here")


def test_a_domain_counts_its_repositories_and_must_be_empty_to_go(client, domain):
    client.create_repository(domain=domain, repository="team")
    assert client.describe_domain(domain=domain)["domain"]["repositoryCount"] == 1
    with pytest.raises(client.exceptions.ConflictException) as refused:
        client.delete_domain(domain=domain)
    assert refused.value.response["resourceType"] == "domain"
    assert refused.value.response["Error"]["Message"] == "Domain must contain 0 repositories before deletion"
    client.delete_repository(domain=domain, repository="team")
    # The guide shows the domain as it was; the model has Deleted, too.
    assert client.delete_domain(domain=domain)["domain"]["status"] == "Active"


def test_a_key_that_is_named_without_its_kind_is_not_found(client):
    with pytest.raises(client.exceptions.ValidationException) as refused:
        client.create_domain(domain="made-here", encryptionKey="aws/codeartifact")
    assert refused.value.response["Error"]["Message"] == "KMS key not found: aws/codeartifact"
    assert refused.value.response["reason"] == "ENCRYPTION_KEY_ERROR"


def test_a_token_lasts_as_long_as_it_was_asked_for(client, emulator, domain):
    for asked, seconds in [({}, 43_200), ({"durationSeconds": 900}, 900)]:
        before = now(emulator)
        answer = client.get_authorization_token(domain=domain, **asked)
        issued = answer["expiration"].timestamp() - seconds
        # Whole seconds, those before the time at which it was asked for.
        assert issued == int(issued) and int(before) <= issued <= now(emulator)
        token = answer["authorizationToken"]
        assert 1_450 <= len(token) <= 1_550
        parts = [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split(".")]
        assert len(parts) == 5
        header = json.loads(parts[0])
        assert header.keys() == {"ver", "isu", "enc", "tag", "exp", "alg", "iv"}
        assert (header["isu"], header["exp"]) == (issued, issued + seconds)
    with pytest.raises(client.exceptions.ValidationException):
        client.get_authorization_token(domain=domain, durationSeconds=899)


def test_tags_are_set_changed_and_removed_on_all_that_has_any(client, domain):
    repository = client.create_repository(domain=domain, repository="team", tags=[{"key": "made", "value": "with it"}])[
        "repository"
    ]
    group = client.create_package_group(
        domain=domain, packageGroup="/npm/acme/*", tags=[{"key": "made", "value": "with it"}]
    )["packageGroup"]
    client.tag_resource(resourceArn=arn(f"domain/{domain}"), tags=[{"key": "made", "value": "with it"}])
    for resource in (arn(f"domain/{domain}"), repository["arn"], group["arn"]):
        client.tag_resource(resourceArn=resource, tags=[{"key": "made", "value": "anew"}, {"key": "Made", "value": ""}])
        assert tags_of(client, resource) == {"made": "anew", "Made": ""}
        client.untag_resource(resourceArn=resource, tagKeys=["made", "never there"])
        assert tags_of(client, resource) == {"Made": ""}
        with pytest.raises(client.exceptions.ValidationException):
            client.tag_resource(resourceArn=resource, tags=[{"key": "aws:team", "value": ""}])
