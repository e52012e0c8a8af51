"""A digest becomes a message: HTML and text by sandboxed Jinja templates, JSON by code.

The only importer of css_inline. What templates may do is in sandbox.py, what they are given in document.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

from css_inline import CSSInliner, InlineError

from alerts import envelope, wording
from alerts.digest import refers_to
from alerts.document import EVERYTHING, Plain, Room, document
from alerts.errors import TemplateFault
from alerts.messages import Message
from alerts.records import Digest
from alerts.sandbox import Environment, LockedLoader

HTML_BYTES = 100_000  # mail programs cut a message at 102 kB
FULL_ENOUGH = 0.97  # of it; no further story is squeezed in then
KEPT = 12  # stories in full that titles of others give way to
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class Renderer:
    """Renders with the user's templates where they exist, else with the bundled ones.

    Args:
        user_templates: folder with `NAME.html.j2` and `NAME.txt.j2`; read anew when a file changes.
    """

    def __init__(self, user_templates: Path | None = None) -> None:
        bundled = Path(str(files("alerts").joinpath("templates")))
        folders = [folder for folder in (user_templates, bundled) if folder is not None]
        self._bundled = Environment([LockedLoader(bundled)], limited=False)
        self._templates = self._bundled
        if user_templates is not None:
            self._templates = Environment([LockedLoader(folder) for folder in folders], limited=True)
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
    return Environment([LockedLoader(bundled)], limited=False).text_of(f"{template}.html.j2", data)


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
