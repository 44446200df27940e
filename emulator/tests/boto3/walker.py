"""Every answer against the model: names, types, places, and what is always there."""

import re
from collections.abc import Iterator

from botocore.model import Shape

import service
from answer import Answer
from facts import COMMON_ERRORS, DIFFERENT_VALUES, EMPTY, arn_of, missing_members

TYPES = {
    "string": str,
    "integer": int,
    "long": int,
    "boolean": bool,
    "timestamp": (int, float),
    "list": list,
    "map": dict,
    "structure": dict,
}


def walk(operation: str, answer: Answer) -> Iterator[str]:
    """All that is wrong with the answer of an operation."""
    for header in ("x-amzn-requestid", "date"):
        if not answer.headers.get(header):
            yield f"the header {header} is missing"
    if answer.status >= 300:
        yield from _walk_error(operation, answer)
    elif answer.status != 200:
        yield f"the status is {answer.status}"
    elif answer.code is not None:
        yield f"a success has the error type {answer.code}"
    else:
        yield from _walk_output(operation, answer)


def _walk_output(operation: str, answer: Answer) -> Iterator[str]:
    output = service.operation_model(operation).output_shape
    yield from _walk_headers(output, answer)
    payload = output.serialization.get("payload")
    if payload is not None:
        # A blob: any bytes are right.
        assert output.members[payload].type_name == "blob"
    elif operation in EMPTY:
        if answer.body != b"":
            yield f"the body should be empty, it is {answer.body!r}"
    else:
        yield from _walk_body(output, answer)


def _walk_error(operation: str, answer: Answer) -> Iterator[str]:
    shape = next((one for one in service.operation_model(operation).error_shapes if one.name == answer.code), None)
    if shape is None:
        if COMMON_ERRORS.get(answer.code) != answer.status:
            yield f"{answer.status} {answer.code} is neither declared nor common"
        # What all errors have.
        shape = service.MODEL.shape_for("AccessDeniedException")
    elif shape.metadata["error"]["httpStatusCode"] != answer.status:
        yield f"{answer.code} came with the status {answer.status}"
    yield from _walk_headers(shape, answer)
    yield from _walk_body(shape, answer)


def _walk_headers(shape: Shape, answer: Answer) -> Iterator[str]:
    for name, member in shape.members.items():
        if member.serialization.get("location") != "header":
            continue
        header = member.serialization["name"]
        text = answer.headers.get(header)
        if text is None:
            # Only an error's header may be left out.
            if not shape.metadata.get("exception"):
                yield f"the header {header} is missing"
        elif member.type_name == "integer":
            if not re.fullmatch("[0-9]+", text):
                yield f"the header {header} is {text!r}"
        else:
            yield from _walk_value(member, text, name)


def _walk_body(shape: Shape, answer: Answer) -> Iterator[str]:
    if answer.headers.get("content-type") != "application/json":
        yield f"the content type is {answer.headers.get('content-type')!r}"
    try:
        body = answer.json()
    except ValueError as error:
        yield f"the body is no JSON: {error}"
        return
    yield from _walk_value(shape, body, "")


def _walk_value(shape: Shape, value: object, path: str) -> Iterator[str]:
    expected = TYPES[shape.type_name]
    # A bool is an int to Python, and to nobody else.
    if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        yield f"{path or 'the body'} should be a {shape.type_name}, it is {value!r}"
        return
    match shape.type_name:
        case "string":
            yield from _walk_text(shape, value, path)
        case "list":
            for entry in value:
                yield from _walk_value(shape.member, entry, f"{path}[]")
        case "map":
            for key, entry in value.items():
                yield from _walk_value(shape.key, key, f"{path} key")
                yield from _walk_value(shape.value, entry, f"{path}.{key}")
        case "structure":
            yield from _walk_structure(shape, value, path)


def _walk_structure(shape: Shape, value: dict, path: str) -> Iterator[str]:
    for name, entry in value.items():
        member = shape.members.get(name)
        at = f"{path}.{name}" if path else name
        if member is None:
            yield f"{at} is not in the model's {shape.name}"
        elif location := member.serialization.get("location"):
            yield f"{at} belongs into the {location}"
        else:
            yield from _walk_value(member, entry, at)
    for name in missing_members(shape, value):
        yield f"{path or shape.name} lacks {name}"
    if (arn := arn_of(shape.name, value)) and value.get("arn") != arn:
        yield f"{path}.arn is {value.get('arn')!r} and should be {arn!r}"


def _walk_text(shape: Shape, text: str, path: str) -> Iterator[str]:
    if shape.enum:
        if text not in shape.enum and text not in DIFFERENT_VALUES.get(shape.name, ()):
            yield f"{path} is {text!r}, which {shape.name} does not have"
        return
    if not shape.metadata.get("min", 0) <= len(text) <= shape.metadata.get("max", len(text)):
        yield f"{path} has a length of {len(text)}"
    # Python's expressions know no Unicode categories; those patterns are left to the constraints' tests.
    pattern = shape.metadata.get("pattern", "")
    if pattern and "\\p" not in pattern.lower() and not re.fullmatch(pattern, text):
        yield f"{path} is {text!r} and does not match {pattern}"
