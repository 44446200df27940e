"""Who calls, as the SDK proves it: signatures in headers and in query strings, keys and sessions of roles."""

import boto3
import pytest
from botocore.config import Config

from emulator import ACCOUNT, ADMINISTRATOR, REGION, Emulator

ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader"


@pytest.fixture(scope="module", autouse=True)
def acme(client):
    client.create_domain(domain="acme")


def test_a_presigned_request_is_let_in_as_it_was_signed(emulator: Emulator, client):
    url = client.generate_presigned_url("describe_domain", Params={"domain": "acme"}, ExpiresIn=60)
    answer = emulator.request("GET", url, {}, b"")
    assert (answer.status, answer.json()["domain"]["name"]) == (200, "acme")
    altered = emulator.request("GET", url.replace("domain=acme", "domain=acne"), {}, b"")
    assert (altered.status, altered.code) == (403, "InvalidSignatureException")


def test_a_role_is_assumed_and_may_what_its_policy_says(emulator: Emulator):
    allowed = {"Effect": "Allow", "Action": "codeartifact:DescribeDomain", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [allowed]}
    emulator.control("PUT", "/principals", {"roleArn": ROLE, "policy": policy})
    sts = boto3.session.Session(*ADMINISTRATOR, region_name=REGION).client(
        "sts", endpoint_url=emulator.url, config=Config(proxies={})
    )
    assert sts.get_caller_identity()["Account"] == ACCOUNT
    answer = sts.assume_role(RoleArn=ROLE, RoleSessionName="tests")
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/tests"
    assert answer["AssumedRoleUser"]["Arn"] == session
    found = answer["Credentials"]
    reader = emulator.client((found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]))
    assert reader.describe_domain(domain="acme")["domain"]["name"] == "acme"
    with pytest.raises(reader.exceptions.AccessDeniedException) as refused:
        reader.delete_domain(domain="acme")
    assert session in refused.value.response["Error"]["Message"]
    stolen = emulator.client((found["AccessKeyId"], found["SecretAccessKey"]))
    with pytest.raises(stolen.exceptions.ClientError) as refused:
        stolen.describe_domain(domain="acme")
    assert refused.value.response["Error"]["Code"] == "UnrecognizedClientException"
