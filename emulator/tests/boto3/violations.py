"""Every way to break a constraint of the model, generated from it."""

from collections.abc import Iterator
from dataclasses import dataclass

from botocore.model import Shape

import service
from samples import whole

# By pattern: values of a legal length that do not match.
MISMATCHES = {
    r"[a-z][a-z0-9\-]{0,48}[a-z0-9]": ["Acme", "1acme", "acme-", "ac_me", "acme\n"],
    r"[0-9]{12}": ["12345678901x", "١٢٣٤٥٦٧٨٩٠١٢"],
    r"[A-Za-z0-9][A-Za-z0-9._\-]{1,99}": ["-team", "te am", "tëam", "team\n"],
    r"[A-Za-z0-9][A-Za-z0-9._\-:]{1,99}": [":public", "public/npmjs"],
    r"\P{C}*": ["a\u0007b", "a\nb"],
    r"\P{C}+": ["a\u0007b", "a\nb"],
    r"\S+": ["a b", "a\n"],
    r"[^#/\s]+": ["a/b", "a#b", "a b"],
    r"[^\p{C}\p{IsWhitespace}]+": ["/npm /*", "/npm\u0007/*", "/npm\u2003/*"],
    r"[0-9a-f]+": ["A" * 64, "g" * 64],
    r"[\P{C}\s]+": ["{\u0007}"],
}

# Values of other JSON types, by type.
OTHER_TYPES = {
    "string": [7, True, ["a"], {"a": "b"}],
    "integer": ["7", 1.5, True, [7]],
    "boolean": ["true", 1, [True]],
    "list": [{"a": "b"}, "a", 7],
    "map": [["a"], "a", True],
    "structure": [["a"], "a", 7],
}

ABSENT = "Member must not be null"


@dataclass(frozen=True)
class Violation:
    """A request with one thing wrong in it."""

    operation: str
    # Where, as messages say it.
    path: str
    why: str
    reason: str
    # What the message says of it.
    told: str
    members: dict[str, object]

    def __str__(self) -> str:
        return f"{self.operation} {self.path} {self.why}"


# Where, what is wrong, what is told of it, and the broken value.
Broken = tuple[str, str, str, object]


def of_operation(operation: str) -> Iterator[Violation]:
    good = whole(operation)
    for member in service.required(operation):
        # Nothing and an empty payload are the same bytes.
        if service.place(operation, member) != "payload":
            rest = {name: value for name, value in good.items() if name != member}
            yield _violation(operation, (member, "missing", ABSENT, None), rest)
        if service.place(operation, member) == "body":
            yield _violation(operation, (member, "null", ABSENT, None), {**good, member: None})
    for member, shape in service.members(operation).items():
        place = service.place(operation, member)
        if place == "body":
            broken = _in_json(shape, good[member], member)
        elif place == "payload":
            continue
        else:
            broken = _in_text(shape, good[member], member)
        for one in broken:
            yield _violation(operation, one, {**good, member: one[3]})


def _violation(operation: str, broken: Broken, members: dict[str, object]) -> Violation:
    path, why, told, _ = broken
    reason = "CANNOT_PARSE" if why.startswith("another type") else "FIELD_VALIDATION_FAILED"
    return Violation(operation, path, why, reason, told, members)


def _in_text(shape: Shape, good: object, path: str) -> Iterator[Broken]:
    """A value of a query string or a header."""
    if shape.type_name in ("integer", "long"):
        yield path, "another type: a word", path, "ten"
        yield path, "another type: too large for any number", path, "9" * 30
    elif shape.type_name == "boolean":
        yield path, "another type: a word", path, "maybe"
    yield from _of_shape(shape, good, path)


def _in_json(shape: Shape, good: object, path: str) -> Iterator[Broken]:
    """A value in a JSON body, and all that is in it."""
    for other in OTHER_TYPES[shape.type_name]:
        yield path, f"another type: {other!r}", path, other
    yield from _of_shape(shape, good, path)
    match shape.type_name:
        case "list":
            yield f"{path}.1.member", "null", ABSENT, [None]
            for at, why, told, value in _in_json(shape.member, good[0], f"{path}.1.member"):
                yield at, why, told, [value, *good[1:]]
        case "map":
            (key, value), *_ = good.items()
            yield f"{path}.{key}.member", "null", ABSENT, {key: None}
            for at, why, told, bad in _of_shape(shape.key, key, path):
                yield at, f"key {why}", told, {bad: value}
            for at, why, told, bad in _in_json(shape.value, value, f"{path}.{key}.member"):
                yield at, why, told, {key: bad}
        case "structure":
            for name in shape.required_members:
                rest = {key: value for key, value in good.items() if key != name}
                yield f"{path}.{name}", "missing", ABSENT, rest
                yield f"{path}.{name}", "null", ABSENT, {**good, name: None}
            for name, member in shape.members.items():
                for at, why, told, bad in _in_json(member, good[name], f"{path}.{name}"):
                    yield at, why, told, {**good, name: bad}


def _of_shape(shape: Shape, good: object, path: str) -> Iterator[Broken]:
    """The constraints of one shape, without what is in it."""
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    match shape.type_name:
        case "string":
            if shape.enum:
                for value in ("Bogus", good.swapcase(), ""):
                    yield path, f"unknown: {value!r}", "Member must satisfy enum value set: [", value
            if least:
                told = f"Member must have length greater than or equal to {least}"
                yield path, "too short", told, good[: least - 1]
            if most is not None:
                told = f"Member must have length less than or equal to {most}"
                yield path, "too long", told, (good * (most // len(good) + 1))[: most + 1]
            if pattern := shape.metadata.get("pattern"):
                for value in MISMATCHES[pattern]:
                    told = f"Member must satisfy regular expression pattern: {pattern}"
                    yield path, f"mismatch: {value!r}", told, value
        case "integer" | "long":
            if least is not None:
                yield path, "too small", f"Member must have value greater than or equal to {least}", least - 1
            if most is not None:
                yield path, "too large", f"Member must have value less than or equal to {most}", most + 1
        case "list":
            if most is not None:
                told = f"Member must have length less than or equal to {most}"
                yield path, "too long", told, good * (most + 1)


VIOLATIONS = [one for operation in service.OPERATIONS for one in of_operation(operation)]
