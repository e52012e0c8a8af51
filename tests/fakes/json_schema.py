"""A small judge of JSON Schemas: the words that ours use, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

TYPES: dict[str, type] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "null": type(None),
    "array": list,
    "object": dict,
}
FORMATS = {
    "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "date": r"\d{4}-\d\d-\d\d",
    "uri": r"https?://[!-~]+",
}
KNOWN = {
    "$ref", "type", "enum", "format", "anyOf", "items", "properties", "required",
    "propertyNames", "additionalProperties", "description", "$schema", "$id", "title", "$defs",
}  # fmt: skip


def faults(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], at: str = "$") -> Iterator[str]:
    """Where `value` does not meet `schema`; a field that no `properties` name is a fault too, as it is not published.

    Raises:
        LookupError: the schema uses a word that is not judged here.
    """
    if unknown := schema.keys() - KNOWN:
        raise LookupError(f"{at}: {sorted(unknown)}")
    if "$ref" in schema:
        yield from faults(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, at)
        return
    if "anyOf" in schema:
        if all(any(faults(value, one, root, at)) for one in schema["anyOf"]):
            yield f"{at}: {value!r} meets none of {schema['anyOf']}"
        return
    kind = schema["type"]
    fits = type(value) is TYPES[kind]
    if not fits:
        yield f"{at}: {value!r} is no {kind}"
        return
    if value not in schema.get("enum", [value]):
        yield f"{at}: {value!r} is none of {schema['enum']}"
    if "format" in schema and not re.fullmatch(FORMATS[schema["format"]], value):
        yield f"{at}: {value!r} is no {schema['format']}"
    if kind == "array":
        for number, one in enumerate(value):
            yield from faults(one, schema["items"], root, f"{at}[{number}]")
    if kind == "object":
        yield from _fields(value, schema, root, at)


def _fields(
    value: Mapping[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], at: str
) -> Iterator[str]:
    fields = schema.get("properties", {})
    yield from (f"{at}: {name} is missing" for name in schema.get("required", ()) if name not in value)
    for name, one in value.items():
        if name in fields:
            yield from faults(one, fields[name], root, f"{at}.{name}")
        elif "additionalProperties" in schema:
            yield from faults(name, schema["propertyNames"], root, at)
            yield from faults(one, schema["additionalProperties"], root, f"{at}.{name}")
        else:
            yield f"{at}.{name} is not published"
