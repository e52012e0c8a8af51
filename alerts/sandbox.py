"""Where templates run: Jinja2 in a sandbox, its only importer.

Templates see plain data, cannot switch escaping off, cannot load files outside their folders, and cannot build
huge values.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from traceback import walk_tb
from typing import Any

import jinja2
import jinja2.nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from alerts.document import Plain
from alerts.errors import TemplateFault
from alerts.wrap import wrapped

LONGEST = 8_000_000  # characters a template may write
SECONDS = 5.0  # and the time it may take between two pieces of output


@dataclass(frozen=True, slots=True)
class _Where:
    file: str
    line: int


class LockedLoader(jinja2.FileSystemLoader):
    """Files of one folder; a link that leads out of it is as good as missing."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._root = folder.resolve()

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        source, filename, fresh = super().get_source(environment, template)
        if not Path(filename).resolve().is_relative_to(self._root):
            raise jinja2.TemplateNotFound(template)
        return source, filename, fresh


class Environment(ImmutableSandboxedEnvironment):
    """Escaping that cannot be switched off, undefined names as errors, no arithmetic that explodes."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, loaders: list[LockedLoader], *, limited: bool) -> None:
        super().__init__(
            loader=jinja2.ChoiceLoader(loaders),
            autoescape=lambda name: name is None or not name.endswith(".txt.j2"),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._limited = limited
        for risky in ("safe", "xmlattr", "format", "center", "indent", "pprint", "tojson", "urlize"):
            del self.filters[risky]
        self.filters["wrap"] = wrapped
        self.globals.clear()
        self.globals["range"] = _short_range

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "*" and isinstance(left, int) and isinstance(right, int):
            return left * right
        raise SecurityError(f"{operator} works on whole numbers only, and ** not at all")

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        wide = attr in {
            "format",
            "format_map",
            "ljust",
            "rjust",
            "center",
            "zfill",
            "expandtabs",
            "translate",
        }
        return not wide and super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        """No `str.format`: a width of a thousand million is an attack on memory."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> jinja2.nodes.Template:
        tree = super()._parse(source, name, filename)
        for node in tree.find_all((jinja2.nodes.EvalContextModifier, jinja2.nodes.MarkSafe)):
            raise jinja2.TemplateSyntaxError("escaping cannot be switched off", node.lineno, name, filename)
        return tree

    def text_of(self, name: str, data: Plain) -> str:
        """What the template `name` writes.

        Raises:
            TemplateFault: with file and line.
        """
        try:
            pieces, length, until = [], 0, time.monotonic() + SECONDS
            for piece in self.get_template(name).generate(data):
                length += len(piece)
                if self._limited and (length > LONGEST or time.monotonic() > until):
                    raise TemplateFault(
                        f"{name}: it writes too much or takes too long; make its loops smaller"
                    )
                pieces.append(piece)
            return "".join(pieces)
        except jinja2.TemplateNotFound as error:
            raise TemplateFault(
                f"{error.name}: there is no such template; correct the name, or add the file"
            ) from error
        except jinja2.TemplateSyntaxError as error:
            raise TemplateFault(
                f"{error.filename or name}:{error.lineno}: {error.message}; correct the template"
            ) from error
        except TemplateFault:
            raise
        except Exception as error:  # whatever an expression of the user's template raises
            where = _where(error, name)
            raise TemplateFault(
                f"{where.file}:{where.line}: {_words(error)}; correct the template"
            ) from error


def _short_range(*bounds: int) -> range:
    found = range(*bounds)
    if len(found) > 1000:
        raise SecurityError("range() gives at most 1,000 numbers")
    return found


def _where(error: Exception, name: str) -> _Where:
    """The innermost line of a template in the traceback; Jinja puts the templates' own lines there."""
    frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    return next(
        (_Where(file, line) for file, line in reversed(frames) if file.endswith(".j2")), _Where(name, 1)
    )


def _words(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
