"""How each declared error is provoked by what the service does, without any fault."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import service
from emulator import Emulator
from samples import least
from violations import VIOLATIONS
from world import World, arn, call, publish


@dataclass(frozen=True)
class Scene:
    """Where errors are provoked."""

    world: World
    # Has as little of everything as quotas can say.
    tight: Emulator
    # Lets one call of each operation through in a second.
    busy: Emulator


Rule = Callable[[Scene], object]

# By operation and error code.
RULES: dict[tuple[str, str], Rule] = {}


def rule(code: str, *operations: str) -> Callable:
    """Says that a function provokes an error of these operations; it is told of which."""

    def keep(provoke: Callable[[Scene, str], object]) -> Callable:
        for operation in operations:
            RULES[operation, code] = lambda scene, operation=operation: provoke(scene, operation)
        return provoke

    return keep


def declaring(code: str, *but: str) -> list[str]:
    return [operation for operation, name in service.DECLARED if name == code and operation not in but]


@rule("AccessDeniedException", *declaring("AccessDeniedException"))
def without_permission(scene: Scene, operation: str):
    call(scene.world.nobody, operation, least(operation))


@rule("ValidationException", *declaring("ValidationException"))
def with_a_member_missing_or_wrong(scene: Scene, operation: str):
    first = next(one for one in VIOLATIONS if one.operation == operation and one.reason == "FIELD_VALIDATION_FAILED")
    call(scene.world.client, operation, first.members)


# Nothing is looked up when a domain is made.
@rule("ResourceNotFoundException", *declaring("ResourceNotFoundException", "CreateDomain"))
def in_a_domain_that_is_not_there(scene: Scene, operation: str):
    place = {"domain": "ghost"} if "domain" in service.members(operation) else {"resourceArn": arn("domain/ghost")}
    call(scene.world.client, operation, least(operation, **place))


@rule("ConflictException", "CreateDomain", "CreateRepository", "CreatePackageGroup")
def a_second_time(scene: Scene, operation: str):
    call(scene.world.client, operation, least(operation))


@rule("ConflictException", "DeleteDomain")
def with_repositories_in_it(scene: Scene, operation: str):
    call(scene.world.client, operation, least(operation))


@rule(
    "ConflictException",
    "PutDomainPermissionsPolicy",
    "DeleteDomainPermissionsPolicy",
    "PutRepositoryPermissionsPolicy",
    "DeleteRepositoryPermissionsPolicy",
)
def with_a_revision_that_is_not_current(scene: Scene, operation: str):
    call(scene.world.client, operation, least(operation, policyRevision="stale"))


@rule("ConflictException", "PublishPackageVersion")
def with_other_bytes(scene: Scene, _: str):
    publish(scene.world.client, "acme", "team", "hammer", "1.0.0", {"tool.txt": b"another tool"})


@rule("ConflictException", "GetPackageVersionAsset")
def of_an_archived_version(scene: Scene, operation: str):
    client = scene.world.client
    publish(client, "acme", "team", "archived", "1.0.0")
    call(client, "UpdatePackageVersionsStatus", least("UpdatePackageVersionsStatus", package="archived"))
    call(client, operation, least(operation, package="archived"))


@rule("ServiceQuotaExceededException", "CreateDomain")
def more_domains_than_an_account_has(scene: Scene, operation: str):
    client = scene.tight.client()
    call(client, operation, least(operation))
    call(client, operation, least(operation, domain="one-more"))


@rule("ServiceQuotaExceededException", "CreateRepository")
def more_repositories_than_a_domain_has(scene: Scene, operation: str):
    call(scene.tight.client(), operation, least(operation, domain="tight", repository="one-more"))


@rule("ServiceQuotaExceededException", "UpdateRepository")
def more_upstreams_than_a_repository_has(scene: Scene, operation: str):
    upstreams = [{"repositoryName": name} for name in ("one", "two")]
    call(scene.tight.client(), operation, least(operation, domain="tight", repository="small", upstreams=upstreams))


@rule("ServiceQuotaExceededException", "CreatePackageGroup")
def with_more_tags_than_it_may_have(scene: Scene, operation: str):
    tags = [{"key": key, "value": ""} for key in "ab"]
    call(scene.tight.client(), operation, least(operation, domain="tight", tags=tags))


@rule("ServiceQuotaExceededException", "TagResource")
def more_tags_than_a_resource_has(scene: Scene, operation: str):
    client = scene.tight.client()
    for key in "ab":
        call(client, operation, {"resourceArn": arn("domain/tight"), "tags": [{"key": key, "value": ""}]})


@rule("ServiceQuotaExceededException", "PublishPackageVersion")
def more_assets_than_a_version_has(scene: Scene, _: str):
    publish(scene.tight.client(), "tight", "small", "hammer", "1.0.0", {"a": b"1", "b": b"2"})


# More calls than any machine makes in as many seconds.
MANY = 1000


@rule("ThrottlingException", *declaring("ThrottlingException"))
def more_often_than_the_rate_says(scene: Scene, operation: str):
    client = scene.busy.client(parameter_validation=False)
    for _ in range(MANY):
        # Nothing is there: all that is let through is refused for something else.
        with contextlib.suppress(*others(client, "ThrottlingException")):
            call(client, operation, least(operation))


def others(client, code: str) -> list[type[Exception]]:
    """All errors of the service but one."""
    return [getattr(client.exceptions, name) for name in {name for _, name in service.DECLARED} - {code}]


assert set(RULES) <= set(service.DECLARED)
