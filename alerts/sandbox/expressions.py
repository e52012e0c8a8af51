"""Expressions of a template: the kind of value of each, and what is wrong in it: names, fields, filters and tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, get_origin, is_typeddict

from jinja2 import nodes

from alerts.sandbox.environment import Environment
from alerts.sandbox.filters import forbidden, made, no_filter
from alerts.sandbox.kinds import (
    UNKNOWN,
    WRONG,
    Loop,
    Wrong,
    attribute,
    fields,
    item_of,
    listed,
    near_of,
    together,
    unknown_name,
)
from alerts.sandbox.syntax import Finding, place

Scope = dict[str, Any]  # names, and the kinds of what they stand for

_BY_FIRST = frozenset({"selectattr", "rejectattr", "groupby"})  # filters whose first argument names a field


@dataclass(eq=False, slots=True)
class Macro:
    """A macro of a template, and what its body can see."""

    node: nodes.Macro
    walk: Callable[[Iterable[nodes.Node], Scope], None]  # looks through its body
    scope: Scope  # of the top of its file, as it is when the macro is called
    called: bool = False


@dataclass(eq=False, slots=True)
class Module:
    """A template taken in with `import`: its names."""

    names: Scope = field(default_factory=dict)


class House(Protocol):
    """Who looks through templates, and collects what is found."""

    environment: Environment
    findings: dict[Finding, None]
    macros: list[Macro]

    def enter(self, macro: Macro, given: Sequence[Any], by_name: Scope) -> None:
        """Look through a macro that is called with values of these kinds."""

    def take_in(
        self, name: str, scope: Scope, at: Callable[[str, str], None], replaced: frozenset[str]
    ) -> Scope:
        """Look through a template that another takes in; returns the names at its end.

        Args:
            at: is told what is wrong with taking it in.
            replaced: its blocks that are not shown, since the other has its own in their place.
        """


class Expressions:
    """Those of one template."""

    def __init__(self, house: House, file: str, source: str, tree: nodes.Template) -> None:
        self._house = house
        self._file = file
        self._lines = source.splitlines()
        self._guarded = {  # names that the template asks for with `is defined`
            one.node.name if isinstance(one.node, nodes.Name) else getattr(one.node, "attr", "")
            for one in tree.find_all(nodes.Test)
            if one.name in {"defined", "undefined"}
        }

    def kind(self, node: nodes.Node, scope: Scope) -> Any:
        """The kind of its value, in a scope; what is wrong in it is reported."""
        match node:
            case nodes.TemplateData() | nodes.Concat():
                self._parts(node, scope)
                return str
            case nodes.Name():
                return self._name(node, scope)
            case nodes.Const():
                return type(node.value) if isinstance(node.value, str | int) else UNKNOWN
            case nodes.Getattr():
                return self._attribute(node, self.kind(node.node, scope), node.attr)
            case nodes.Getitem():
                return self._item(node, scope)
            case nodes.Filter():
                return self._filtered(node, scope)
            case nodes.Test():
                self._test(node, scope)
                return bool
            case nodes.Call():
                return self._called(node, scope)
            case nodes.CondExpr():
                self.kind(node.test, scope)
                other = str if node.expr2 is None else self.kind(node.expr2, scope)
                return together((self.kind(node.expr1, scope), other))
            case nodes.And() | nodes.Or():
                return together((self.kind(node.left, scope), self.kind(node.right, scope)))
            case nodes.Not() | nodes.Compare():
                self._parts(node, scope)
                return bool
            case nodes.List() | nodes.Tuple():
                inside = together([self.kind(one, scope) for one in node.items] or [UNKNOWN])
                return listed(inside)
        self._parts(node, scope)
        return UNKNOWN

    def _parts(self, node: nodes.Node, scope: Scope) -> None:
        for child in node.iter_child_nodes():
            self.kind(child, scope)

    def _name(self, node: nodes.Name, scope: Scope) -> Any:
        if node.name in scope:
            return scope[node.name]
        if node.name not in self._guarded:
            self.report(node, unknown_name(node.name, scope), node.name)
            return WRONG
        return UNKNOWN

    def _item(self, node: nodes.Getitem, scope: Scope) -> Any:
        kind = self.kind(node.node, scope)
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            return self._attribute(node, kind, node.arg.value)
        self.kind(node.arg, scope)
        if isinstance(node.arg, nodes.Slice):
            return kind
        return item_of(kind) if kind is str or get_origin(kind) is list else UNKNOWN

    def _attribute(self, node: nodes.Node, kind: Any, name: str) -> Any:
        inner = node.node if isinstance(node, nodes.Getattr | nodes.Getitem) else node
        if isinstance(kind, Module):
            if name not in kind.names:
                self.report(
                    node,
                    Wrong(f"that template has no `{name}`", near_of(name, kind.names, "its names")),
                    name,
                )
            return kind.names.get(name, UNKNOWN)
        if isinstance(kind, Macro):
            kind = UNKNOWN
        if kind is WRONG:
            return WRONG
        if name not in fields(kind):
            switched_off = forbidden(name, kind)
            if switched_off is not None:
                self.report(node, switched_off, name)
                return WRONG
        found, wrong = attribute(kind, name, said_of(inner))
        if wrong is not None and name not in self._guarded:
            self.report(node, wrong, name)
            return WRONG
        return found

    def _called(self, node: nodes.Call, scope: Scope) -> Any:
        kind = self.kind(node.node, scope)
        given = [self.kind(one, scope) for one in node.args]
        by_name = {one.key: self.kind(one.value, scope) for one in node.kwargs}
        for more in (node.dyn_args, node.dyn_kwargs):
            if more is not None:
                self.kind(more, scope)
        if isinstance(kind, Macro):
            self._arguments(node, kind, given, by_name)
            self._house.enter(kind, given, by_name)
            return str
        if get_origin(kind) is list or kind in (str, int, bool) or (is_typeddict(kind) and kind is not Loop):
            said = said_of(node.node)
            self.report(node, Wrong(f"{quoted(said)} cannot be called", "leave out the brackets"), said)
        return UNKNOWN

    def _arguments(self, node: nodes.Call, macro: Macro, given: Sequence[Any], by_name: Scope) -> None:
        names = [one.name for one in macro.node.args]
        needed = names[len(given) : len(names) - len(macro.node.defaults)]
        missing = [one for one in needed if one not in by_name]
        if missing and node.dyn_args is None and node.dyn_kwargs is None:
            wrong = Wrong(
                f"`{said_of(node.node)}` is called without its `{missing[0]}`",
                f"give it: ({', '.join(names)})",
            )
            self.report(node, wrong, said_of(node.node))

    def _filtered(self, node: nodes.Filter, scope: Scope) -> Any:
        tolerant = node.name in {"default", "d"}
        kind = (
            UNKNOWN
            if node.node is None
            else self._tolerant(node.node, scope)
            if tolerant
            else self.kind(node.node, scope)
        )
        given = [self.kind(one, scope) for one in node.args]
        for one in node.kwargs:
            self.kind(one.value, scope)
        if node.name not in self._house.environment.filters:
            self.report(node, no_filter(node.name, self._house.environment.filters), node.name)
            return UNKNOWN
        by = next((one.value for one in node.kwargs if one.key == "attribute"), None)
        if by is None and node.name in _BY_FIRST and node.args:
            by = node.args[0]
        found = self._fields_by(node, item_of(kind), by) if by is not None else UNKNOWN
        if node.name == "attr" and node.args and isinstance(node.args[0], nodes.Const):
            return self._attribute(node, kind, str(node.args[0].value))
        return made(node.name, kind, by=found, given=given)

    def _fields_by(self, node: nodes.Filter, kind: Any, by: nodes.Node) -> Any:
        """The kind of the field, or fields, by which a filter sorts, selects or groups."""
        if not isinstance(by, nodes.Const) or not isinstance(by.value, str):
            return UNKNOWN
        found = UNKNOWN
        for path in by.value.split(","):
            found = kind
            for step in path.strip().split("."):
                found = self._attribute(node, found, step) if not step.isdigit() else item_of(found)
        return found

    def _tolerant(self, node: nodes.Node, scope: Scope) -> Any:
        """The kind of what may be undefined here."""
        guarded, self._guarded = self._guarded, self._guarded | {_last(node)}
        try:
            return self.kind(node, scope)
        finally:
            self._guarded = guarded

    def _test(self, node: nodes.Test, scope: Scope) -> None:
        self._parts(node, scope)
        if node.name not in self._house.environment.tests:
            known = [one for one in self._house.environment.tests if one.isidentifier()]
            wrong = Wrong(f"there is no test `{node.name}`", near_of(node.name, known, "the tests"))
            self.report(node, wrong, node.name)

    def report(self, node: nodes.Node, wrong: Wrong, word: str) -> None:
        """Something is wrong at `word` of `node`."""
        line, column = place(
            self._lines, node.lineno, word, field=isinstance(node, nodes.Getattr | nodes.Getitem)
        )
        found = Finding(file=self._file, line=line, column=column, problem=wrong.problem, remedy=wrong.remedy)
        self._house.findings[found] = None


def said_of(node: nodes.Node) -> str:
    """The expression as the template has it, where it is names and dots; else ""."""
    if isinstance(node, nodes.Name):
        return str(node.name)
    if isinstance(node, nodes.Getattr):
        inner = said_of(node.node)
        return f"{inner}.{node.attr}" if inner else ""
    return ""


def quoted(said: str) -> str:
    """Between backticks; "this" when there is no word for it."""
    return f"`{said}`" if said else "this"


def _last(node: nodes.Node) -> str:
    return said_of(node).rpartition(".")[2]
