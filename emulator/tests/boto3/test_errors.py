"""Every error that an operation declares: by what the service does where it can be, by a fault where not."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

import service
from emulator import Emulator
from ledger import Ledger
from rules import RULES, Scene, declaring
from samples import least
from world import World, arn, call

# What a fault sends along.
FAULTS = {"ThrottlingException": {"retryAfter": 3}}


@pytest.fixture(scope="module")
def scene(world: World, start: Callable[..., Emulator]) -> Scene:
    quotas = {
        "assets-per-package-version": 1,
        "domains-per-account": 2,
        "repositories-per-domain": 1,
        "tags-per-resource": 1,
        "upstreams-per-repository": 1,
    }
    tight = start(*(f"--quota={name}={value}" for name, value in quotas.items()))
    tight.client().create_domain(domain="tight")
    tight.client().create_repository(domain="tight", repository="small")
    busy = start(*(f"--rate={operation}=1" for operation in declaring("ThrottlingException")))
    return Scene(world, tight, busy)


def status_of(code: str) -> int:
    return service.MODEL.shape_for(code).metadata["error"]["httpStatusCode"]


@pytest.mark.parametrize(("operation", "code"), service.DECLARED)
def test_a_declared_error(operation: str, code: str, scene: Scene, ledger: Ledger):
    rule = RULES.get((operation, code))
    if rule is None:
        error = {"error": code, **FAULTS.get(code, {})}
        with scene.world.emulator.fault(operation, error), pytest.raises(ClientError) as refused:
            call(scene.world.client, operation, least(operation))
    else:
        assert scene.world.emulator.faults() == scene.tight.faults() == scene.busy.faults() == []
        with pytest.raises(ClientError) as refused:
            rule(scene)
    look_at(refused.value, code)
    ledger.provoked[operation, code] = "fault" if rule is None else "rule"


def look_at(error: ClientError, code: str) -> None:
    """As the SDK has it: the class, the code, the status, and what the error carries."""
    assert type(error).__name__ == code
    answer = error.response
    metadata = answer["ResponseMetadata"]
    assert (answer["Error"]["Code"], metadata["HTTPStatusCode"]) == (code, status_of(code))
    assert metadata["HTTPHeaders"]["x-amzn-errortype"] == code
    assert answer["Error"]["Message"]
    declared = set(service.MODEL.shape_for(code).members)
    assert answer.keys() - {"Error", "ResponseMetadata"} <= declared
    match code:
        case "ThrottlingException":
            assert answer["retryAfterSeconds"] == int(metadata["HTTPHeaders"]["retry-after"])
        case "ValidationException":
            assert answer["reason"] == "FIELD_VALIDATION_FAILED"


@pytest.mark.parametrize("operation", service.OPERATIONS)
def test_who_may_not_is_told_what_and_where(operation: str, world: World):
    with pytest.raises(ClientError) as refused:
        call(world.nobody, operation, least(operation))
    message = refused.value.response["Error"]["Message"]
    who = "arn:aws:iam::123456789012:user/nobody"
    assert message.startswith(f"User: {who} is not authorized to perform: codeartifact:{operation} on resource: "), (
        message
    )


# What is missing, for all operations that name it: the member, the type that is told, and who takes it all the same.
ABSENT = [
    ("repository", "repository", {"CreateRepository", "DeleteRepository"}),
    ("sourceRepository", "repository", set()),
    ("destinationRepository", "repository", set()),
    ("package", "package", {"GetAssociatedPackageGroup", "PublishPackageVersion", "PutPackageOriginConfiguration"}),
    ("packageVersion", "package-version", {"PublishPackageVersion"}),
    ("asset", "asset", set()),
]


@pytest.mark.parametrize(
    ("operation", "member", "resource"),
    [
        (operation, member, resource)
        for member, resource, but in ABSENT
        for operation in service.OPERATIONS
        if member in service.members(operation) and operation not in but
    ],
)
def test_what_is_not_there_is_told_by_its_type(operation: str, member: str, resource: str, world: World):
    with pytest.raises(world.client.exceptions.ResourceNotFoundException) as refused:
        call(world.client, operation, least(operation, **{member: "ghost"}))
    found = refused.value.response
    assert found["resourceType"] == resource, found
    assert "ghost" in found["resourceId"] and "ghost" in found["Error"]["Message"]


@pytest.mark.parametrize(
    ("operation", "changes"),
    [
        *(
            (operation, {"packageGroup": "/generic/ghosts/*"})
            for operation in service.OPERATIONS
            if "packageGroup" in service.members(operation) and operation != "CreatePackageGroup"
        ),
        *(
            (operation, {"resourceArn": arn(path)})
            for operation in ("TagResource", "UntagResource", "ListTagsForResource")
            for path in ("repository/acme/ghost", "package-group/acme/npm/ghost/%2a")
        ),
        ("DisassociateExternalConnection", {"repository": "team"}),
        ("GetRepositoryPermissionsPolicy", {"repository": "store"}),
        ("DeleteRepositoryPermissionsPolicy", {"repository": "store"}),
    ],
)
def test_what_else_is_not_there(operation: str, changes: dict, world: World):
    with pytest.raises(world.client.exceptions.ResourceNotFoundException):
        call(world.client, operation, least(operation, **changes))
