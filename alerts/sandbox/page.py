"""Statements of a template: what they bind, where they lead, and what is wrong in them.

Loops, macros and what is taken in from other templates are followed, so that `story` in a loop over `section.stories`
is known to be a story. What cannot be known is let through.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_origin, is_typeddict

from jinja2 import nodes

from alerts.sandbox.expressions import Expressions, House, Macro, Module, Scope, quoted, said_of
from alerts.sandbox.kinds import UNKNOWN, Grouped, Loop, Wrong, fields, item_of, listed, named, near_of


class Page(Expressions):
    """One template that is looked through."""

    def __init__(self, house: House, name: str, file: str, source: str, tree: nodes.Template) -> None:
        super().__init__(house, file, source, tree)
        self._template = name
        self._tree = tree
        self._top: Scope = {}
        self._later: list[tuple[nodes.Block, Scope]] = []
        self._replaced: frozenset[str] = (
            frozenset()
        )  # blocks of this template that another has in their place
        self._replaces: frozenset[str] = (
            frozenset()
        )  # blocks that this template has in place of those it extends

    def read(self, scope: Scope, replaced: frozenset[str]) -> None:
        """The whole file but for the blocks `replaced`; what it defines is added to `scope`."""
        self._top = scope
        self._replaced = replaced
        self._replaces = replaced | {
            block.name for block in self._tree.find_all(nodes.Block) if not _names(block, "super")
        }
        scope.setdefault("range", UNKNOWN)
        scope.setdefault("self", UNKNOWN)
        self.walk(self._tree.body, scope)
        for block, seen in self._later:
            self.walk(block.body, {**seen, "super": UNKNOWN})

    def walk(self, body: Iterable[nodes.Node], scope: Scope) -> None:
        """Statements in their order; what they bind is added to `scope`."""
        for node in body:
            self._statement(node, scope)

    def _statement(self, node: nodes.Node, scope: Scope) -> None:
        match node:
            case nodes.Output():
                for one in node.nodes:
                    self._printed(one, self.kind(one, scope))
            case nodes.For():
                self._loop(node, scope)
            case nodes.If():
                self.kind(node.test, scope)
                for body in (node.body, node.elif_, node.else_):
                    self.walk(body, scope)
            case nodes.Assign():
                self._bind(node.target, self.kind(node.node, scope), scope)
            case nodes.AssignBlock():
                self.walk(node.body, dict(scope))
                self._bind(node.target, str, scope)
            case nodes.With():
                inner = dict(scope)
                for target, value in zip(node.targets, node.values, strict=True):
                    self._bind(target, self.kind(value, scope), inner)
                self.walk(node.body, inner)
            case nodes.Macro():
                macro = Macro(node, self.walk, self._top)
                scope[node.name] = macro
                self._house.macros.append(macro)
                for default in node.defaults:
                    self.kind(default, scope)
            case nodes.CallBlock():
                self.kind(node.call, scope)
                self.walk(node.body, {**scope, **{one.name: UNKNOWN for one in node.args}})
            case nodes.FilterBlock():
                self.kind(node.filter, scope)
                self.walk(node.body, dict(scope))
            case nodes.Block():
                if node.name not in self._replaced:
                    self._later.append((node, scope if node.scoped else self._top))
            case nodes.Extends() | nodes.Include():
                self._takes_in(node, scope)
            case nodes.Import() | nodes.FromImport():
                self._imports(node, scope)
            case nodes.Scope():
                self.walk(node.body, dict(scope))
            case _:
                for child in node.iter_child_nodes():
                    if isinstance(child, nodes.Expr):
                        self.kind(child, scope)
                    else:
                        self._statement(child, scope)

    def _loop(self, node: nodes.For, scope: Scope) -> None:
        inner = dict(scope)
        self._bind(node.target, item_of(self.kind(node.iter, scope)), inner)
        if node.test is not None:
            self.kind(node.test, inner)
        inner["loop"] = Loop
        self.walk(node.body, inner)
        self.walk(node.else_, dict(scope))

    def _bind(self, target: nodes.Node, kind: Any, scope: Scope) -> None:
        if isinstance(target, nodes.Name):
            scope.pop(target.name, None)
            scope[target.name] = kind
        elif isinstance(target, nodes.Tuple):
            parts = [UNKNOWN] * len(target.items)
            if isinstance(kind, Grouped) and len(parts) == 2:
                parts[1] = listed(kind.item)
            for one, part in zip(target.items, parts, strict=True):
                self._bind(one, part, scope)

    def _printed(self, node: nodes.Node, kind: Any) -> None:
        said = said_of(node)
        if isinstance(kind, Macro):
            self.report(node, Wrong(f"`{said}` is a macro", f"call it: `{said}(…)`"), said)
        elif get_origin(kind) is list:
            self.report(
                node, Wrong(f"{quoted(said)} is a list", "loop over it, or print its `| length`"), said
            )
        elif is_typeddict(kind):
            self.report(
                node,
                Wrong(
                    f"{quoted(said)} is {named(kind)}, not a text", f"print a field of it: {_listed(kind)}"
                ),
                said,
            )

    def _takes_in(self, node: nodes.Extends | nodes.Include, scope: Scope) -> None:
        if not isinstance(node.template, nodes.Const):
            self.kind(node.template, scope)
            return
        optional = isinstance(node, nodes.Include) and node.ignore_missing
        names = node.template.value if isinstance(node.template.value, tuple) else (node.template.value,)
        for name in names:
            self._follow(
                node, str(name), scope if isinstance(node, nodes.Extends) else dict(scope), quiet=optional
            )

    def _imports(self, node: nodes.Import | nodes.FromImport, scope: Scope) -> None:
        known: Scope | None = None
        if isinstance(node.template, nodes.Const):
            known = self._follow(node, str(node.template.value), dict(self._top) if node.with_context else {})
        if isinstance(node, nodes.Import):
            scope[node.target] = Module(known) if known else UNKNOWN
            return
        for one in node.names:
            name, alias = one if isinstance(one, tuple) else (one, one)
            if known and name not in known:
                self.report(
                    node, Wrong(f"that template has no `{name}`", near_of(name, known, "its names")), name
                )
            scope[alias] = (known or {}).get(name, UNKNOWN)

    def _follow(self, node: nodes.Node, name: str, scope: Scope, *, quiet: bool = False) -> Scope:
        def missing(problem: str, remedy: str) -> None:
            if not quiet:
                self.report(node, Wrong(problem, remedy), name)

        if not self._template.endswith(".txt.j2") and name.endswith(".txt.j2"):
            remedy = "write an HTML template for it"
            self.report(
                node, Wrong(f"'{name}' is for plain text, and nothing in it is escaped", remedy), name
            )
        replaced = self._replaces if isinstance(node, nodes.Extends) else frozenset()
        return self._house.take_in(name, scope, missing, replaced)


def _names(node: nodes.Node, name: str) -> bool:
    return any(one.name == name for one in node.find_all(nodes.Name))


def _listed(kind: Any) -> str:
    return ", ".join(f"`{one}`" for one in fields(kind))
