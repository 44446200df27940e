"""Who calls, as the SDK proves it: signatures in headers and in query strings, keys and sessions of roles."""

from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from emulator import ACCOUNT, ADMINISTRATOR, REGION, Emulator


def role(emulator: Emulator, name: str, trusted: dict, *actions: str) -> str:
    """A role that may describe domains, and may be assumed by who is trusted."""
    arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    policy = [{"Effect": "Allow", "Action": "codeartifact:DescribeDomain", "Resource": "*"}]
    trust = [{"Effect": "Allow", "Principal": trusted, "Action": list(actions)}]
    spec = {"roleArn": arn, "policy": {"Statement": policy}, "trust": {"Statement": trust}}
    emulator.control("PUT", "/principals", spec)
    return arn


@pytest.fixture(scope="module", autouse=True)
def acme(client):
    client.create_domain(domain="acme")


def test_a_presigned_request_is_let_in_as_it_was_signed(emulator: Emulator, client):
    url = client.generate_presigned_url("describe_domain", Params={"domain": "acme"}, ExpiresIn=60)
    answer = emulator.request("GET", url, {}, b"")
    assert (answer.status, answer.json()["domain"]["name"]) == (200, "acme")
    altered = emulator.request("GET", url.replace("domain=acme", "domain=acne"), {}, b"")
    assert (altered.status, altered.code) == (403, "InvalidSignatureException")


def test_a_presigned_request_to_sts_has_its_parameters_in_the_query(emulator: Emulator):
    sts = boto3.session.Session(*ADMINISTRATOR, region_name=REGION).client("sts", endpoint_url=emulator.url)
    url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=60)
    answer = emulator.request("POST", url, {}, b"")
    assert (answer.status, f"<Account>{ACCOUNT}</Account>".encode() in answer.body) == (200, True)


def test_a_role_is_assumed_and_may_what_its_policy_says(emulator: Emulator):
    reading = role(emulator, "reader", {"AWS": ACCOUNT}, "sts:AssumeRole")
    sts = boto3.session.Session(*ADMINISTRATOR, region_name=REGION).client(
        "sts", endpoint_url=emulator.url, config=Config(proxies={})
    )
    assert sts.get_caller_identity()["Account"] == ACCOUNT
    answer = sts.assume_role(RoleArn=reading, RoleSessionName="tests")
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


def test_the_default_chain_signs_a_pod_in(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    trusted = {"Service": "pods.eks.amazonaws.com"}
    pod = role(emulator, "pod", trusted, "sts:AssumeRole", "sts:TagSession")
    names = {"clusterName": "blue", "namespace": "team", "serviceAccount": "builder", "podName": "builder-0"}
    emulator.control("PUT", "/pod-identities", {"token": "of-a-pod", "roleArn": pod, **names})
    token = tmp_path / "token"
    token.write_text("of-a-pod")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{emulator.url}/v1/credentials")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(token))
    client = emulator.client(credentials=())
    assert client.describe_domain(domain="acme")["domain"]["name"] == "acme"
    with pytest.raises(client.exceptions.AccessDeniedException) as refused:
        client.delete_domain(domain="acme")
    assert f"arn:aws:sts::{ACCOUNT}:assumed-role/pod/" in refused.value.response["Error"]["Message"]
