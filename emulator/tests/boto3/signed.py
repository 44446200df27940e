"""Requests signed by hand, so that they may hold what botocore would never send."""

import json
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import service
from answer import Answer
from emulator import ADMINISTRATOR, REGION, Emulator


def send(
    emulator: Emulator,
    method: str,
    path: str,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    credentials: tuple[str, str] = ADMINISTRATOR,
) -> Answer:
    """Any request, signed."""
    url = emulator.url + path + (f"?{urlencode(query, quote_via=quote, safe='')}" if query else "")
    request = AWSRequest(method=method, url=url, data=body, headers=dict(headers or {}))
    SigV4Auth(Credentials(*credentials), "codeartifact", REGION).add_auth(request)
    return emulator.request(method, url, dict(request.headers.items()), body)


def call(emulator: Emulator, operation: str, values: Mapping[str, object]) -> Answer:
    """An operation with values that nobody has looked at, each where the model says that it travels."""
    query, headers, body, payload = {}, {}, {}, None
    for member, value in values.items():
        name = service.wire_name(operation, member)
        match service.place(operation, member):
            case "querystring":
                query[name] = _text(value)
            case "header":
                headers[name] = _text(value)
            case "payload":
                payload = value
            case _:
                body[name] = value
    if payload is None:
        headers["content-type"] = "application/json"
        payload = json.dumps(body).encode() if body else b""
    http = service.operation_model(operation).http
    answer = send(emulator, http["method"], http["requestUri"], query, headers, payload)
    emulator.answered(operation, answer)
    return answer


def _text(value: object) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)
