"""What templates may do: Jinja2 in a sandbox.

Templates see plain data, cannot switch escaping off, and cannot load files outside their folders. How long they
take and how much memory they use is limited by the process in which a user's templates run, see isolated.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from traceback import walk_tb
from typing import Any

import jinja2
import jinja2.nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from alerts.errors import TemplateFault
from alerts.wrap import wrapped

LONGEST = 8_000_000  # characters a template may write
RISKY = ("safe", "xmlattr", "format", "center", "indent", "pprint", "tojson", "urlize")  # filters taken out
NOT_FOR_TEMPLATES = frozenset(  # methods of texts that can fill the memory
    {"format", "format_map", "ljust", "rjust", "center", "zfill", "expandtabs", "translate"}
)
TEXT = ".txt.j2"  # names that end so are of plain text: nothing is escaped in them
CORRECT = "correct the template"


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

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)
        super().__init__(
            loader=jinja2.ChoiceLoader([LockedLoader(folder) for folder in folders]),
            autoescape=lambda name: name is None or _escapes(name),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        for risky in RISKY:
            del self.filters[risky]
        self.filters["wrap"] = wrapped
        self.globals.clear()
        self.globals["range"] = _short_range

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A field of what the template was given; looked for as a key first, since all of it is plain."""
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        if type(obj) is LoopContext and attribute in ("first", "last", "index"):
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator in ("*", "%") and isinstance(left, int) and isinstance(right, int):
            return left * right if operator == "*" else left % right
        raise SecurityError(f"{operator} works on whole numbers only, and ** not at all")

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return attr not in NOT_FOR_TEMPLATES and super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        """No `str.format`: a width of a thousand million is an attack on memory."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> jinja2.nodes.Template:
        tree = super()._parse(source, name, filename)
        for node in tree.find_all((jinja2.nodes.EvalContextModifier, jinja2.nodes.MarkSafe)):
            raise jinja2.TemplateSyntaxError("escaping cannot be switched off", node.lineno, name, filename)
        return tree

    def join_path(self, template: str, parent: str) -> str:
        """The name under which `parent` takes in `template`; text that is not escaped stays out of HTML."""
        if _escapes(parent) and not _escapes(template):
            raise SecurityError(
                f"{template} is for plain text, and nothing in it is escaped; an HTML part cannot use it"
            )
        return template

    def text_of(self, name: str, data: Mapping[str, object], *, longest: int | None = None) -> str:
        """What the template `name` writes.

        Args:
            longest: characters that it may write; None: any number.

        Raises:
            TemplateFault: with file and line.
        """
        try:
            pieces, length = [], 0
            for piece in self.get_template(name).generate(data):
                length += len(piece)
                if longest is not None and length > longest:
                    raise TemplateFault(
                        f"it writes more than {longest:,} characters",
                        "make its loops smaller",
                        file=self._path(name),
                    )
                pieces.append(piece)
            # Escapes of a template can write half a character, which no mail can hold.
            return "".join(pieces).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        except jinja2.TemplateNotFound as error:
            raise self._missing(error, name) from error
        except jinja2.TemplateSyntaxError as error:
            file = error.filename or self._path(error.name or name)
            raise TemplateFault(
                error.message or "it cannot be read", CORRECT, file=file, line=error.lineno
            ) from error
        except (TemplateFault, MemoryError):
            raise
        except Exception as error:  # whatever an expression of the user's template raises
            where = self._where(error, name)
            raise TemplateFault(_words(error), CORRECT, file=where.file, line=where.line) from error

    def _missing(self, error: jinja2.TemplateNotFound, asked: str) -> TemplateFault:
        """The template itself is not there, or one that it takes in."""
        if error.name == asked:
            return TemplateFault("there is no such template", "correct the name, or add the file", file=asked)
        where = self._where(error, asked)
        problem = f"there is no such template as {error.name!r}"
        return TemplateFault(problem, "correct the name, or add the file", file=where.file, line=where.line)

    def _where(self, error: Exception, name: str) -> _Where:
        """The innermost line of a template in the traceback; Jinja puts the templates' own lines there."""
        frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
        own = (
            _Where(file, line)
            for file, line in reversed(frames)
            if any(Path(file).is_relative_to(folder) for folder in self.folders)
        )
        return next(own, _Where(self._path(name), 1))

    def _path(self, name: str) -> str:
        """The file of a template, as its folder was named; the name alone where there is no such file."""
        paths = (folder / name for folder in self.folders)
        return next((str(path) for path in paths if path.is_file()), name)


def _escapes(name: str) -> bool:
    return not name.endswith(TEXT)


def _short_range(*bounds: int) -> range:
    found = range(*bounds)
    if len(found) > 1000:
        raise SecurityError("range() gives at most 1,000 numbers")
    return found


def _words(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
