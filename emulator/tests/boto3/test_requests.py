"""Requests that no SDK sends: bad bodies, places that are not there, what the model does not know."""

import json

import pytest

import signed
from answer import Answer
from emulator import ADMINISTRATOR, Emulator

JSON = {"content-type": "application/json"}


def refused(answer: Answer, status: int, code: str) -> dict:
    assert (answer.status, answer.code) == (status, code), answer
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-amzn-requestid"]
    return answer.json()


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"7",
        b'"text"',
        b"null",
        b'{"maxResults": 1} {}',
        b'{"maxResults": }',
        b"\xff",
        b'{"a": "\xff"}',
        b" ",
    ],
)
def test_a_body_that_is_no_json_object_cannot_be_parsed(body: bytes, emulator: Emulator):
    body = refused(signed.send(emulator, "POST", "/v1/domains", headers=JSON, body=body), 400, "ValidationException")
    assert body["reason"] == "CANNOT_PARSE" and body["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/domains"),
        ("PATCH", "/v1/domain"),
        ("POST", "/v1/bogus"),
        ("POST", "/v1"),
        ("POST", "/v1/"),
        ("POST", "/v1/domains/"),
        ("POST", "/v2/domains"),
        ("DELETE", "/v1/repository/permissions/policy"),
        ("GET", "/v1/repository/permissions/policies"),
    ],
)
def test_what_is_no_operation_is_not_known(method: str, path: str, emulator: Emulator):
    refused(signed.send(emulator, method, path), 404, "UnknownOperationException")


def test_members_that_the_model_does_not_have_are_ignored(emulator: Emulator):
    query = {"domain": "unknown-members", "colour": "red", "Domain": "B"}
    body = json.dumps({"colour": {"red": 1}, "domain": 7, "tags": [{"key": "a", "value": "b", "c": 1}]}).encode()
    assert signed.send(emulator, "POST", "/v1/domain", query, JSON, body).status == 200
    listed = signed.send(emulator, "POST", "/v1/domains", {"maxResults": "0"}, JSON, b'{"max-results": 0}')
    assert "unknown-members" in [one["name"] for one in listed.json()["domains"]]


def test_null_counts_as_absent(emulator: Emulator):
    body = b'{"maxResults": null, "nextToken": null}'
    assert signed.send(emulator, "POST", "/v1/domains", headers=JSON, body=body).status == 200


def test_any_content_type_will_do(emulator: Emulator):
    for content_type in ("application/x-amz-json-1.1", "text/plain", ""):
        headers = {"content-type": content_type}
        answer = signed.send(emulator, "POST", "/v1/domains", headers=headers, body=b'{"maxResults": 0}')
        refused(answer, 400, "ValidationException")


def test_who_calls_must_be_known_and_prove_it(emulator: Emulator):
    key, secret = ADMINISTRATOR
    for credentials, code in [
        (("nobody", secret), "UnrecognizedClientException"),
        ((key, "wrong"), "InvalidSignatureException"),
    ]:
        refused(signed.send(emulator, "POST", "/v1/domains", credentials=credentials), 403, code)
    unsigned = emulator.request("POST", f"{emulator.url}/v1/domains", {}, b"")
    refused(unsigned, 403, "MissingAuthenticationTokenException")
