"""A digest becomes a message: HTML and text by sandboxed Jinja templates, JSON by code.

The only importer of jinja2 and css_inline. Templates see plain data (`document`), cannot switch
escaping off, cannot load files outside their folders, and cannot build huge values.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from traceback import walk_tb
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
import jinja2.nodes
from css_inline import CSSInliner, InlineError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from alerts import envelope, wording
from alerts.digest import refers_to
from alerts.document import EVERYTHING, Plain, Room, document
from alerts.errors import TemplateFault
from alerts.records import Digest, Message
from alerts.wrap import wrapped

HTML_BYTES = 100_000  # mail programs cut a message at 102 kB
FULL_ENOUGH = 0.97  # of it; no further story is squeezed in then
KEPT = 12  # stories in full that titles of others give way to
LONGEST = 8_000_000  # characters a template may write
SECONDS = 5.0  # and the time it may take between two pieces of output
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class Renderer:
    """Renders with the user's templates where they exist, else with the bundled ones.

    Args:
        user_templates: folder with `NAME.html.j2` and `NAME.txt.j2`; read anew when a file changes.
    """

    def __init__(self, user_templates: Path | None = None) -> None:
        bundled = Path(str(files("alerts").joinpath("templates")))
        folders = [folder for folder in (user_templates, bundled) if folder is not None]
        self._bundled = _Environment([_LockedLoader(bundled)], limited=False)
        self._templates = self._bundled
        if user_templates is not None:
            self._templates = _Environment([_LockedLoader(folder) for folder in folders], limited=True)
        self._inliner = CSSInliner(
            keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False, minify_css=True
        )

    def render(
        self,
        digest: Digest,
        created_at: datetime,
        *,
        key: str | None = None,
        template: str = "digest",
        bundled: bool = False,
    ) -> Message:
        """The message of `digest`, the same for the same arguments.

        Args:
            key: of the message; by default digest id and local time of the slot.
            template: name of a pair of templates.
            bundled: leave the user's templates aside.

        Raises:
            TemplateFault: a template is missing or cannot be used; names file and line.
        """
        if not _NAME.fullmatch(template):
            raise TemplateFault(f"{template!r} is no template name; use letters, digits, - and _")
        if key is None:
            local = digest.slot.astimezone(ZoneInfo(digest.zone)).replace(tzinfo=None)
            key = f"{digest.digest_id}/{local.isoformat(timespec='minutes')}"
        subject = wording.subject(digest)
        environment = self._bundled if bundled else self._templates

        def page(room: Room) -> str:
            data = document(digest, subject=subject, room=room)
            return self._inlined(environment.text_of(f"{template}.html.j2", data), template)

        text = environment.text_of(f"{template}.txt.j2", document(digest, subject=subject))
        return Message(
            key=key,
            subject=subject,
            text=_tidy(text),
            html=_fitting(page, digest),
            data=envelope.document(digest, key=key, created_at=created_at),
            created_at=created_at,
            digest_id=digest.digest_id,
            refers_to=refers_to(digest),
        )

    def _inlined(self, html: str, template: str) -> str:
        try:
            return self._inliner.inline(html)
        except InlineError as error:
            raise TemplateFault(
                f"{template}.html.j2: its style sheet cannot be read ({error}); correct the CSS"
            ) from error


def page(template: str, data: Plain) -> str:
    """A bundled template as a page for a browser, its style sheet in it; nothing is loaded from elsewhere.

    Raises:
        TemplateFault: there is no such template, or `data` lacks what it shows.
    """
    bundled = Path(str(files("alerts").joinpath("templates")))
    return _Environment([_LockedLoader(bundled)], limited=False).text_of(f"{template}.html.j2", data)


def _fitting(page: Callable[[Room], str], digest: Digest) -> str:
    """The fullest page within `HTML_BYTES`.

    Details go first, then stories in full down to `KEPT`, then titles, and the kept stories last.
    """
    html = page(EVERYTHING)
    if _size(html) <= HTML_BYTES:
        return html
    full = sum(len(part.stories) for part in digest.sections)
    kept = min(full, KEPT)
    titles = sum(
        sum(map(len, (part.updated, part.stories, part.titles_only, part.again, part.above)))
        for part in digest.sections
    )
    rooms: tuple[tuple[Callable[[int], Room], int], ...] = (
        (lambda n: Room(details=n), 12),
        (lambda n: Room(details=4, full=kept + n), full - kept),
        (lambda n: Room(details=4, full=kept, titles=n), titles),
        (lambda n: Room(details=0, full=n, titles=0), kept),
    )
    for room, most in rooms:
        too_large, html = _size(html), page(room(0))
        if _size(html) <= HTML_BYTES:
            return _fullest(page, room, html, most + 1, too_large)
    return page(Room(details=0, full=0, titles=0))


def _fullest(
    page: Callable[[Room], str], room: Callable[[int], Room], smallest: str, too_many: int, too_large: int
) -> str:
    """The largest of `page(room(0))`, `page(room(1))` … that fits, or one that fills `FULL_ENOUGH` of the room.

    Sizes grow nearly in proportion, so that the next guess is drawn on the line between the two nearest
    known sizes; every third guess halves the range, whatever the line says.
    """
    best, few, small = smallest, 0, _size(smallest)
    guesses = 0
    while too_many - few > 1 and small < FULL_ENOUGH * HTML_BYTES:
        guesses += 1
        share = 0.5 if guesses % 3 == 0 else (HTML_BYTES - small) / max(too_large - small, 1)
        number = min(max(few + int((too_many - few) * share), few + 1), too_many - 1)
        html = page(room(number))
        if _size(html) <= HTML_BYTES:
            best, few, small = html, number, _size(html)
        else:
            too_many, too_large = number, _size(html)
    return best


def _size(html: str) -> int:
    return len(html.encode("utf-8"))


def _tidy(text: str) -> str:
    """No trailing spaces, no more than one empty line in a row."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip("\n") + "\n"


# -- the sandbox -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Where:
    file: str
    line: int


class _LockedLoader(jinja2.FileSystemLoader):
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


class _Environment(ImmutableSandboxedEnvironment):
    """Escaping that cannot be switched off, undefined names as errors, no arithmetic that explodes."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, loaders: list[_LockedLoader], *, limited: bool) -> None:
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
