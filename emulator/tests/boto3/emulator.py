"""The emulator as a program: started on a free port, ended with the tests, moved by its control routes."""

import json
import os
import queue
import re
import subprocess
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import boto3
import urllib3
from botocore.config import Config
from urllib3 import HTTPHeaderDict

from answer import Answer

ACCOUNT = "123456789012"
REGION = "us-east-1"
ADMINISTRATOR = ("test", "test")

START_SECONDS = 30


class Emulator:
    """One running emulator."""

    def __init__(self, answered: Callable[[str, Answer], None], *options: str):
        # Told of every answer to an API call.
        self.answered = answered
        # setpriv ends the program with the tests, however they end.
        command = ["setpriv", "--pdeathsig", "KILL", os.environ["CODEARTIFACT_EMULATOR"]]
        command += ["--listen", "127.0.0.1:0", *options]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self._told: deque[str] = deque(maxlen=200)
        self._address: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self._http = urllib3.PoolManager(retries=False)
        address = self._address.get(timeout=START_SECONDS)
        if address is None:
            raise RuntimeError("the emulator did not start:\n" + "".join(self._told))
        self.url = f"http://{address}"

    def _listen(self) -> None:
        """Read what the program says for as long as it lives, so that it is never stuck saying it."""
        with self._process.stderr as lines:
            for line in lines:
                self._told.append(line)
                if found := re.search(r"address=(\S+)", line):
                    self._address.put(found[1])
        self._address.put(None)

    def stop(self) -> None:
        """End it as its users do. It must end well."""
        self._process.terminate()
        status = self._process.wait(timeout=START_SECONDS)
        self._http.clear()
        assert status == 0, f"the emulator ended with {status}:\n" + "".join(self._told)

    def request(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        """Send as it is, and read all of the answer."""
        return Answer.of(self._http.request(method, url, headers=headers, body=body, redirect=False))

    def control(self, method: str, path: str, body: object = None) -> object:
        """Ask a control route; it must agree."""
        content = None if body is None else json.dumps(body).encode()
        answer = self._http.request(method, f"{self.url}/_emulator{path}", body=content)
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.data!r}"
        return json.loads(answer.data) if answer.data else None

    def faults(self) -> list[dict]:
        return self.control("GET", "/faults")

    def fault(self, operation: str, fault: dict, **more: object) -> "Fault":
        """A fault of one operation, for as long as the context lasts."""
        return Fault(self, {"match": {"operation": operation}, "fault": fault, **more})

    def journal(self, since: int = 0) -> list[dict]:
        return self.control("GET", f"/journal?since={since}")

    def principal(self, name: str, *statements: dict, account: str = ACCOUNT) -> tuple[str, str]:
        """A user whose identity policy has these statements; its access key and secret."""
        key = (f"AKIA{name.upper()}", f"secret-of-{name}")
        policy = {"Version": "2012-10-17", "Statement": list(statements)}
        arn = f"arn:aws:iam::{account}:user/{name}"
        spec = {"accessKeyId": key[0], "secretAccessKey": key[1], "arn": arn, "policy": policy}
        self.control("PUT", "/principals", spec)
        return key

    def client(self, credentials: tuple[str, ...] = ADMINISTRATOR, **config: object):
        """boto3's client. It tries once unless told otherwise, so that every error is seen."""
        settings = {"retries": {"total_max_attempts": 1, "mode": "standard"}, "proxies": {}, **config}
        client = boto3.session.Session(*credentials, region_name=REGION).client(
            "codeartifact", endpoint_url=self.url, config=Config(**settings)
        )
        client.meta.events.register("before-parse.codeartifact", self.hear)
        return client

    def hear(self, operation_model: object, response_dict: dict, **_: object) -> None:
        body = response_dict["body"]
        answer = Answer(
            response_dict["status_code"],
            HTTPHeaderDict(response_dict["headers"]),
            body if isinstance(body, bytes) else None,
        )
        self.answered(operation_model.name, answer)


@dataclass
class Fault:
    """A fault while a `with` block lasts."""

    emulator: Emulator
    rule: dict
    shown: list[dict] = field(default_factory=list)

    def __enter__(self) -> "Fault":
        self.emulator.control("PUT", "/faults", [self.rule])
        return self

    def __exit__(self, *failure: object) -> None:
        self.shown = self.emulator.faults()
        self.emulator.control("DELETE", "/faults")
