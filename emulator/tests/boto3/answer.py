"""What came back from the wire, before any SDK has read it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from urllib3 import HTTPHeaderDict


@dataclass(frozen=True)
class Answer:
    status: int
    # Looked up without regard to case.
    headers: Mapping[str, str]
    # None: the SDK reads it as a stream.
    body: bytes | None

    @staticmethod
    def of(response: object) -> "Answer":
        """From urllib3's response."""
        return Answer(response.status, HTTPHeaderDict(response.headers), response.data)

    @property
    def code(self) -> str | None:
        """The error code, as restJson1 tells it."""
        return self.headers.get("x-amzn-errortype")

    def json(self) -> dict:
        return json.loads(self.body)
