"""The walker finds what it is there for: each kind of wrong answer, and nothing in a right one."""

import json

import pytest
from urllib3 import HTTPHeaderDict

from answer import Answer
from walker import walk

ALWAYS = {"x-amzn-requestid": "1", "date": "Tue, 24 Nov 2026 16:00:00 GMT", "content-type": "application/json"}
DOMAIN = {
    "name": "acme",
    "owner": "123456789012",
    "arn": "arn:aws:codeartifact:us-east-1:123456789012:domain/acme",
    "status": "Active",
    "createdTime": 1.5,
    "encryptionKey": "arn:aws:kms:us-east-1:123456789012:key/1",
    "repositoryCount": 0,
    "assetSizeBytes": 0,
    "s3BucketArn": "arn:aws:s3:::assets",
}


def answer(body: object, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, HTTPHeaderDict({**ALWAYS, **named}), content)


def test_a_right_answer_is_right():
    assert list(walk("DescribeDomain", answer({"domain": DOMAIN}))) == []
    assert list(walk("TagResource", answer(b""))) == []
    missing = answer({"message": "no"}, 404, x_amzn_errortype="ResourceNotFoundException")
    assert list(walk("DescribeDomain", missing)) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"colour": "red"}, "domain.colour is not in the model"),
        ({"createdTime": "2026-11-24T16:00:00Z"}, "domain.createdTime should be a timestamp"),
        ({"repositoryCount": 1.5}, "domain.repositoryCount should be a integer"),
        ({"assetSizeBytes": True}, "domain.assetSizeBytes should be a long"),
        ({"status": "ACTIVE"}, "which DomainStatus does not have"),
        ({"name": "Acme"}, "does not match"),
        ({"owner": "1234567890123"}, "domain.owner has a length of 13"),
        ({"encryptionKey": None}, "domain.encryptionKey should be a string"),
        ({"arn": "arn:aws:codeartifact:us-east-1:123456789012:domain/other"}, "domain.arn is"),
    ],
)
def test_a_wrong_member_is_found(change: dict, complaint: str):
    found = list(walk("DescribeDomain", answer({"domain": {**DOMAIN, **change}})))
    assert any(complaint in one for one in found), found


@pytest.mark.parametrize("name", DOMAIN)
def test_a_member_that_is_always_there_is_missed(name: str):
    rest = {key: value for key, value in DOMAIN.items() if key != name}
    assert f"domain lacks {name}" in list(walk("DescribeDomain", answer({"domain": rest})))


THROTTLED = "ThrottlingException"


@pytest.mark.parametrize(
    ("operation", "wrong", "complaint"),
    [
        ("DescribeDomain", answer({}), "DescribeDomainResult lacks domain"),
        ("DescribeDomain", answer(b"{"), "the body is no JSON"),
        ("DescribeDomain", answer({"domain": DOMAIN}, content_type="text/html"), "the content type"),
        ("DescribeDomain", answer({"domain": DOMAIN}, x_amzn_requestid=""), "x-amzn-requestid is missing"),
        ("DescribeDomain", answer({"domain": DOMAIN}, 201), "the status is 201"),
        ("TagResource", answer({}), "should be empty"),
        ("GetPackageVersionAsset", answer(b"x"), "the header X-AssetName is missing"),
        ("DescribeDomain", answer({"message": ""}, 409, x_amzn_errortype="ConflictException"), "neither declared"),
        ("CreateDomain", answer({"message": ""}, 400, x_amzn_errortype="ConflictException"), "with the status 400"),
        ("CreateDomain", answer({}, 409, x_amzn_errortype="ConflictException"), "lacks message"),
        (
            "CreateDomain",
            answer({"message": "", "a": 1}, 409, x_amzn_errortype="ConflictException"),
            "not in the model",
        ),
        ("CreateDomain", answer({"message": ""}, 500), "neither declared"),
        (
            "CreateDomain",
            answer({"message": ""}, 429, x_amzn_errortype=THROTTLED, retry_after="soon"),
            "the header Retry-After is 'soon'",
        ),
        (
            "CreateDomain",
            answer({"message": "", "retryAfterSeconds": 1}, 429, x_amzn_errortype=THROTTLED),
            "belongs into the header",
        ),
    ],
)
def test_a_wrong_answer_is_found(operation: str, wrong: Answer, complaint: str):
    found = list(walk(operation, wrong))
    assert any(complaint in one for one in found), found
