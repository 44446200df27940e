"""Permissions policies of domains and repositories: kept, locked, and in force."""

import json

import pytest

from emulator import Emulator
from world import arn

OTHER = "210987654321"


def document(*actions: str, account: str = OTHER) -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                    "Action": list(actions),
                    "Resource": "*",
                }
            ],
        }
    )


class Policy:
    """The three calls of one kind of resource."""

    def __init__(self, client, resource: str, place: dict, path: str):
        self.place = place
        self.arn = arn(path)
        self.put = getattr(client, f"put_{resource}_permissions_policy")
        self.get = getattr(client, f"get_{resource}_permissions_policy")
        self.delete = getattr(client, f"delete_{resource}_permissions_policy")


@pytest.fixture(params=["domain", "repository"])
def policy(client, domain: str, request: pytest.FixtureRequest) -> Policy:
    if request.param == "domain":
        return Policy(client, "domain", {"domain": domain}, f"domain/{domain}")
    client.create_repository(domain=domain, repository="team")
    return Policy(client, "repository", {"domain": domain, "repository": "team"}, f"repository/{domain}/team")


def test_a_policy_is_put_told_replaced_and_deleted(client, policy: Policy):
    for call in (policy.get, policy.delete):
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            call(**policy.place)
    first = policy.put(**policy.place, policyDocument=document("codeartifact:Describe*"))["policy"]
    assert first["resourceArn"] == policy.arn
    assert json.loads(first["document"])["Statement"][0]["Action"] in (
        "codeartifact:Describe*",
        ["codeartifact:Describe*"],
    )
    assert policy.get(**policy.place)["policy"] == first
    second = policy.put(**policy.place, policyDocument=document("codeartifact:List*"))["policy"]
    assert second["revision"] != first["revision"]
    assert policy.get(**policy.place)["policy"] == second
    assert policy.delete(**policy.place)["policy"] == second
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        policy.get(**policy.place)


def test_a_revision_locks(client, policy: Policy):
    first = policy.put(**policy.place, policyDocument=document("codeartifact:Describe*"))["policy"]
    lock = {"policyRevision": first["revision"]}
    second = policy.put(**policy.place, policyDocument=document("codeartifact:List*"), **lock)["policy"]
    with pytest.raises(client.exceptions.ConflictException):
        policy.put(**policy.place, policyDocument=document("codeartifact:Get*"), **lock)
    with pytest.raises(client.exceptions.ConflictException):
        policy.delete(**policy.place, **lock)
    assert policy.get(**policy.place)["policy"] == second
    policy.delete(**policy.place, policyRevision=second["revision"])


@pytest.mark.parametrize("wrong", ["{", "[]", "{}", '{"Statement": 1}', '"text"'])
def test_what_is_no_policy_is_refused(client, policy: Policy, wrong: str):
    with pytest.raises(client.exceptions.ValidationException):
        policy.put(**policy.place, policyDocument=wrong)


def test_a_repository_keeps_a_policy_about_its_domain_as_it_was_given(client, domain: str):
    client.create_repository(domain=domain, repository="team")
    place = {"domain": domain, "repository": "team"}
    for action in ("codeartifact:CreateRepository", "codeartifact:ListRepositoriesInDomain"):
        statement = {"Action": action, "Effect": "Allow", "Principal": "*", "Resource": arn(f"domain/{domain}")}
        given = json.dumps({"Statement": statement, "Version": "2012-10-17"}, indent=1)
        put = client.put_repository_permissions_policy(**place, policyDocument=given)["policy"]
        assert put["document"] == given
        assert client.get_repository_permissions_policy(**place)["policy"] == put
    other = given.replace(f"domain/{domain}", "domain/another")
    with pytest.raises(client.exceptions.ValidationException):
        client.put_repository_permissions_policy(**place, policyDocument=other)


def test_another_account_may_do_what_both_sides_allow(emulator: Emulator, client, domain: str):
    client.create_repository(domain=domain, repository="team")
    owner = client.describe_domain(domain=domain)["domain"]["owner"]
    everything = {"Effect": "Allow", "Action": "codeartifact:*", "Resource": "*"}
    guest = emulator.client(emulator.principal("guest", everything, account=OTHER))
    place = {"domain": domain, "domainOwner": owner, "repository": "team"}
    with pytest.raises(guest.exceptions.AccessDeniedException):
        guest.describe_repository(**place)
    client.put_repository_permissions_policy(
        domain=domain, repository="team", policyDocument=document("codeartifact:DescribeRepository")
    )
    assert guest.describe_repository(**place)["repository"]["name"] == "team"
    with pytest.raises(guest.exceptions.AccessDeniedException):
        guest.list_packages(**place)
    client.put_domain_permissions_policy(domain=domain, policyDocument=document("codeartifact:ListPackages"))
    assert guest.list_packages(**place)["packages"] == []
    client.delete_repository_permissions_policy(domain=domain, repository="team")
    with pytest.raises(guest.exceptions.AccessDeniedException):
        guest.describe_repository(**place)
