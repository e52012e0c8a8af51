"""What is wrong with templates, found without running them: names, fields, filters and tests that there are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jinja2
from jinja2 import meta, nodes

from alerts.sandbox.environment import Environment
from alerts.sandbox.expressions import Macro, Scope
from alerts.sandbox.kinds import UNKNOWN, fields
from alerts.sandbox.page import Page
from alerts.sandbox.syntax import Finding, misread


def taken_in(environment: Environment, name: str) -> frozenset[str]:
    """Names of templates that this one includes, imports or extends; none when it cannot be read."""
    try:
        tree, _, _ = _read(environment, name)
    except (jinja2.TemplateError, UnicodeDecodeError, RecursionError):
        return frozenset()
    return frozenset(filter(None, meta.find_referenced_templates(tree)))


def _read(environment: Environment, name: str) -> tuple[nodes.Template, str, str]:
    """A template as a tree and as text, and its file."""
    assert environment.loader is not None
    source, file, _ = environment.loader.get_source(environment, name)
    try:
        return environment.parse(source, name, file), source, file or name
    except jinja2.TemplateSyntaxError as error:
        error.source, error.filename = source, file or name
        raise


class Names:
    """Looks through templates, each with what it is given; collects what is wrong.

    Args:
        environment: where the templates are found.
    """

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.findings: dict[Finding, None] = {}
        self.seen: set[str] = set()  # names of templates that were looked through
        self.macros: list[Macro] = []
        self._open: list[str] = []
        self._entered: set[tuple[object, ...]] = set()

    def look(self, name: str, given: type) -> None:
        """All that is wrong in the template `name` and those it takes in, when it is given a `given`."""
        self._page(name, dict(fields(given)))
        for macro in self.macros:
            if not macro.called:  # by nobody, so that nothing is known of what it is given
                self.enter(macro, [], {})
        self.macros.clear()

    def enter(self, macro: Macro, given: Sequence[Any], by_name: Scope) -> None:
        """Look through a macro that is called with values of these kinds."""
        macro.called = True
        names = [one.name for one in macro.node.args]
        call = (macro, tuple(given), tuple(by_name.items()))
        if call in self._entered:
            return
        self._entered.add(call)
        scope = {**macro.scope, **dict.fromkeys(names, UNKNOWN), **dict(zip(names, given, strict=False))}
        scope |= {**by_name, "caller": UNKNOWN, "varargs": UNKNOWN, "kwargs": UNKNOWN}
        macro.walk(macro.node.body, scope)

    def take_in(
        self, name: str, scope: Scope, at: Callable[[str, str], None], replaced: frozenset[str]
    ) -> Scope:
        """Look through a template that another takes in; returns the names at its end.

        Args:
            at: is told what is wrong with taking it in.
            replaced: its blocks that are not shown, since the other has its own in their place.
        """
        if name in self._open:
            return {}
        return self._page(name, scope, at, replaced)

    def _page(
        self,
        name: str,
        scope: Scope,
        at: Callable[[str, str], None] | None = None,
        replaced: frozenset[str] = frozenset(),
    ) -> Scope:
        wrong: Finding | None = None
        try:
            tree, source, file = _read(self.environment, name)
        except jinja2.TemplateNotFound:
            if at is not None:
                at(f"there is no such template as '{name}'", "correct the name, or add the file")
            else:
                wrong = self._unread(name, "it is missing", "put it there")
        except jinja2.TemplateSyntaxError as error:
            wrong = misread(error, error.source or "", error.filename or name)
        except UnicodeDecodeError:
            wrong = self._unread(name, "it is not written in UTF-8", "save it as UTF-8")
        except RecursionError:
            wrong = self._unread(name, "its expressions are nested too deeply", "take some of them apart")
        else:
            self.seen.add(name)
            self._open.append(name)
            Page(self, name, file, source, tree).read(scope, replaced)
            self._open.pop()
            return scope
        if wrong is not None:
            self.findings[wrong] = None
        return {}

    def _unread(self, name: str, problem: str, remedy: str) -> Finding:
        file = str(self.environment.folders[0] / name)
        return Finding(file=file, line=1, column=1, problem=problem, remedy=remedy)
