"""Every input constraint of the model is enforced, in the service's words."""

import re

import pytest

import service
import signed
from answer import Answer
from emulator import Emulator
from ledger import Ledger
from samples import whole
from violations import VIOLATIONS, Violation

DETECTED = re.compile(r"^\d+ validation errors? detected: ")


def refused(answer: Answer) -> dict:
    assert (answer.status, answer.code) == (400, "ValidationException"), answer
    return answer.json()


@pytest.mark.parametrize("operation", service.OPERATIONS)
def test_a_right_value_breaks_no_constraint(operation: str, emulator: Emulator):
    answer = signed.call(emulator, operation, whole(operation))
    if answer.code == "ValidationException":
        assert answer.json()["reason"] == "OTHER", answer


@pytest.mark.parametrize("operation", service.OPERATIONS)
def test_each_violation_is_refused(operation: str, emulator: Emulator, ledger: Ledger):
    wrong = {}
    for violation in (one for one in VIOLATIONS if one.operation == operation):
        answer = signed.call(emulator, operation, violation.members)
        if complaint := complaint_about(violation, answer):
            wrong[str(violation)] = complaint
        else:
            ledger.constraints += 1
    assert not wrong, "\n".join(f"{violation}: {complaint}" for violation, complaint in wrong.items())


def complaint_about(violation: Violation, answer: Answer) -> str | None:
    """Why this is not how the service refuses, if so."""
    if (answer.status, answer.code) != (400, "ValidationException"):
        return f"{answer.status} {answer.code} {answer.body!r}"
    body = answer.json()
    if body.get("reason") != violation.reason:
        return f"the reason is {body.get('reason')}: {body['message']}"
    message = body["message"]
    if violation.reason == "CANNOT_PARSE":
        return None if f"'{violation.path}'" in message else f"the path is not told: {message}"
    if not DETECTED.match(message):
        return f"the number is not told: {message}"
    told = f"at '{violation.path}' failed to satisfy constraint: {violation.told}"
    return None if told in message else f"{told!r} is not told: {message}"


def test_all_violations_are_told_at_once(emulator: Emulator):
    answer = signed.call(emulator, "GetAuthorizationToken", {"domain": "A b", "durationSeconds": -1})
    message = refused(answer)["message"]
    assert message.startswith("2 validation errors detected: Value 'A b' at 'domain' failed to satisfy"), message
    assert "; Value '-1' at 'durationSeconds' failed to satisfy constraint: Member must have" in message


def test_a_list_has_as_many_entries_as_the_model_allows(emulator: Emulator):
    versions = [f"1.0.{number}" for number in range(100)]
    values = whole("DeletePackageVersions")
    assert signed.call(emulator, "DeletePackageVersions", {**values, "versions": versions}).status == 404
    refused(signed.call(emulator, "DeletePackageVersions", {**values, "versions": [*versions, "2"]}))
