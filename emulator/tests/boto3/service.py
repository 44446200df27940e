"""The service's model as botocore ships it: operations, members, declared errors."""

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape

API_VERSION = "2018-09-22"

_loader = Loader()
MODEL = ServiceModel(_loader.load_service_model("codeartifact", "service-2", API_VERSION), "codeartifact")
PAGINATORS: dict[str, dict] = _loader.load_service_model("codeartifact", "paginators-1", API_VERSION)["pagination"]

OPERATIONS: list[str] = sorted(MODEL.operation_names)

# Each list with the sizes of pages that it is read with. One has no paginator: its nextToken is followed
# by hand, and the size of its pages cannot be asked for.
PAGINATION: list[tuple[str, int | None]] = [
    *((operation, size) for operation in sorted(PAGINATORS) for size in (1, 3)),
    ("ListPackageVersionDependencies", None),
]

# Every error that an operation declares.
DECLARED: list[tuple[str, str]] = [
    (operation, error.name) for operation in OPERATIONS for error in MODEL.operation_model(operation).error_shapes
]


def operation_model(operation: str) -> OperationModel:
    return MODEL.operation_model(operation)


def members(operation: str) -> dict[str, Shape]:
    """An operation's input members by the model's names."""
    shape = operation_model(operation).input_shape
    return dict(shape.members) if shape else {}


def required(operation: str) -> list[str]:
    shape = operation_model(operation).input_shape
    return list(shape.required_members) if shape else []


def place(operation: str, member: str) -> str:
    """Where a member travels: querystring, header, payload or body."""
    shape = operation_model(operation).input_shape
    if shape.serialization.get("payload") == member:
        return "payload"
    return shape.members[member].serialization.get("location", "body")


def wire_name(operation: str, member: str) -> str:
    return members(operation)[member].serialization.get("name", member)
