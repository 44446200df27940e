"""botocore tries again where the service asks for it, and the emulator counts."""

import pytest
from botocore.exceptions import ClientError

from emulator import ACCOUNT, Emulator

FAULTS = {
    "throttled": ({"error": "ThrottlingException", "retryAfter": 1}, 429),
    "broken": ({"error": "InternalServerException"}, 500),
    "unavailable": ({"error": "ServiceUnavailable"}, 503),
    "cut off": ({"disconnect": True}, None),
}


@pytest.fixture(scope="module", autouse=True)
def acme(client):
    client.create_domain(domain="acme")


@pytest.mark.parametrize(
    ("fault", "mode"), [*((fault, "standard") for fault in FAULTS), ("throttled", "adaptive"), ("broken", "legacy")]
)
def test_it_succeeds_at_the_third_try(fault: str, mode: str, emulator: Emulator):
    patient = emulator.client(retries={"mode": mode, "total_max_attempts": 3})
    rule, status = FAULTS[fault]
    since = max((entry["seq"] for entry in emulator.journal()), default=0)
    with emulator.fault("DescribeDomain", rule, times=2) as armed:
        answer = patient.describe_domain(domain="acme")
    assert (answer["domain"]["owner"], answer["ResponseMetadata"]["RetryAttempts"]) == (ACCOUNT, 2)
    assert [entry["status"] for entry in emulator.journal(since)] == [status, status, 200]
    assert armed.shown[0]["fired"] == 2


def test_patience_ends(emulator: Emulator):
    patient = emulator.client(retries={"mode": "standard", "total_max_attempts": 2})
    throttled, _ = FAULTS["throttled"]
    with emulator.fault("DescribeDomain", throttled) as armed, pytest.raises(ClientError) as refused:
        patient.describe_domain(domain="acme")
    assert armed.shown[0]["fired"] == 2
    assert refused.value.response["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "1"
    assert refused.value.response["ResponseMetadata"]["RetryAttempts"] == 1


@pytest.mark.parametrize("code", ["AccessDeniedException", "ConflictException", "ServiceQuotaExceededException"])
def test_what_will_not_pass_is_tried_once(code: str, emulator: Emulator):
    patient = emulator.client(retries={"mode": "standard", "total_max_attempts": 3})
    with emulator.fault("CreateDomain", {"error": code}) as armed, pytest.raises(ClientError):
        patient.create_domain(domain="never")
    assert armed.shown[0]["fired"] == 1


def test_an_answer_without_a_body_is_tried_again(emulator: Emulator):
    # A bare 503 is no answer of the service: the walker does not see it.
    patient = emulator.client(retries={"mode": "standard", "total_max_attempts": 2})
    patient.meta.events.unregister("before-parse.codeartifact", emulator.hear)
    with emulator.fault("DescribeDomain", {"status": 503}, times=1):
        answer = patient.describe_domain(domain="acme")
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1
