"""What pydantic found wrong → problems with line, column and remedy, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tidings.settings.document import Document, Items, Scalar
from tidings.settings.models.base import Shape
from tidings.settings.models.faults import suggestion
from tidings.settings.problems import Problem


def problems_of(error: ValidationError, document: Document, model: type[Shape]) -> Iterator[Problem]:
    """Each error at its place. `model`: the model that was validated."""
    for detail in error.errors(include_url=False, include_input=False):
        yield _problem(detail, document, model)


def _problem(detail: ErrorDetails, document: Document, model: type[Shape]) -> Problem:
    path = detail["loc"]
    kind = detail["type"]
    context = detail.get("ctx", {})
    if kind == "tidings":
        at = tuple(context["at"])
        key = path[-1:] == ("[key]",)
        return document.problem(
            (*path, *at), context["problem"], context["remedy"], at_key=key, index=context["index"]
        )
    if kind == "extra_forbidden":
        return _unknown_key(path, document, model)
    if kind == "missing":
        name = str(path[-1])
        return document.problem(path[:-1], f"'{name}' is missing", f"add a line '{name}: …' here")
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return _keys_expected(path, document, model)
    if kind in ("list_type", "tuple_type"):
        return document.problem(path, "a list is expected here", "write one item a line with '- ' before it")
    return document.problem(
        path, f"this value does not fit ({detail['msg']})", "compare it with the sample files"
    )


def _unknown_key(path: Sequence[str | int], document: Document, model: type[Shape]) -> Problem:
    name = str(path[-1])
    owner = shape_at(model, path[:-1])
    if name == "<<":
        return document.problem(path, "'<<' does not merge in YAML 1.2", "write the keys out", at_key=True)
    remedy = suggestion(name, owner.keys() if owner else (), what="keys here")
    if remedy.startswith("there are these"):
        remedy = remedy.replace("there are these keys here:", "the keys here are")
    return document.problem(path, f"unknown key '{name}'", remedy, at_key=True)


def _keys_expected(path: Sequence[str | int], document: Document, model: type[Shape]) -> Problem:
    owner = shape_at(model, path)
    wanted = [info.alias or name for name, info in owner.model_fields.items()][:3] if owner else []
    keys = ", ".join(f"{key}:" for key in wanted)
    node = document.node(path)
    if isinstance(node, Items):
        return document.problem(
            path, "a list stands where keys are expected", f"write keys such as {keys} without dashes"
        )
    if isinstance(node, Scalar) and node.is_null:
        return document.problem(path, "this item is empty", f"write keys such as {keys} here, or remove it")
    return document.problem(
        path, "a single value stands where keys are expected", f"write keys such as {keys} here"
    )


def shape_at(model: type[Shape], path: Sequence[str | int]) -> type[Shape] | None:
    """The model of the value at `path` of a value of `model`; None where there is none."""
    candidates: list[Any] = [model]
    for step in path:
        following: list[Any] = []
        for one in candidates:
            following += _step(one, step)
        candidates = following or candidates  # steps of pydantic's own, such as a union's tag
    shapes = [one for one in candidates if isinstance(one, type) and issubclass(one, Shape)]
    return shapes[0] if len(shapes) == 1 else _by_tag(shapes, path)


def _by_tag(shapes: list[type[Shape]], path: Sequence[str | int]) -> type[Shape] | None:
    for shape in shapes:
        tag = shape.model_fields.get("type")
        if tag is not None and set(get_args(tag.annotation)) & set(path):
            return shape
    return None


def _step(shape: Any, step: str | int) -> list[Any]:
    if isinstance(shape, type) and issubclass(shape, Shape):
        for name, info in shape.model_fields.items():
            if step == (info.alias or name):
                return list(_members(info.annotation))
        return []
    origin = get_origin(shape)
    if origin is tuple and isinstance(step, int):
        return list(_members(get_args(shape)[0]))
    if origin is dict and isinstance(step, str):
        return list(_members(get_args(shape)[1]))
    return []


def _members(annotation: Any) -> Iterator[Any]:
    """The alternatives of an annotation, without what decorates them."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _members(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for member in get_args(annotation):
            yield from _members(member)
    else:
        yield annotation
