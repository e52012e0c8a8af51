"""A digest becomes a message: HTML and text by sandboxed Jinja templates, JSON by code.

How templates are written out is in pages.py, what they are given in document.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from alerts import digest as digests
from alerts import envelope, pictures, plots, subjects
from alerts.document import EVERYTHING, Document, NotAbout, Plain, Room, nowhere
from alerts.errors import TemplateFault
from alerts.messages import Message, Picture
from alerts.pages import BUNDLED, HTML_BYTES, Pages
from alerts.records import Digest
from alerts.sandbox import Environment

LONGER = 100  # bytes by which a mail lengthens the name of a picture, at most
FULL_ENOUGH = 0.97  # of it; no further story is squeezed in then
MANY = 200  # stories of which a page most likely has no room for all in full
KEPT = 12  # stories in full that what stands beside the titles of others gives way to
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class Renderer:
    """Renders with the user's templates where they exist, else with the bundled ones.

    Args:
        user_templates: folder with `NAME.html.j2` and `NAME.txt.j2`; read anew when a file changes.
        not_about: makes the links by which readers judge.
    """

    def __init__(self, user_templates: Path | None = None, not_about: NotAbout = nowhere) -> None:
        self.pages = Pages(user_templates)
        self._not_about = not_about

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
        subject = subjects.subject(digest)
        data = Document(digest, subject, self._not_about)
        with self.pages.opened(bundled=bundled) as writer:

            def page(room: Room) -> str:
                return writer.html(f"{template}.html.j2", data.within(room))

            html = _fitting(page, digest)
            text = writer.text(f"{template}.txt.j2", data.within(EVERYTHING))
        return Message(
            key=key,
            subject=subject,
            text=text,
            html=html,
            data=envelope.document(digest, key=key, created_at=created_at),
            created_at=created_at,
            digest_id=digest.digest_id,
            refers_to=digests.refers_to(digest),
            threads=digests.threads(digest),
            pictures=tuple(
                Picture(name=name, png=plots.plot(recent))
                for name, recent in data.plots.items()
                if pictures.shown_in(html, name)
            ),
        )


def page(template: str, data: Plain) -> str:
    """A bundled template as a page for a browser, its style sheet in it; nothing is loaded from elsewhere.

    Raises:
        TemplateFault: there is no such template, or `data` lacks what it shows.
    """
    return Environment([BUNDLED]).text_of(f"{template}.html.j2", data)


def _fitting(page: Callable[[Room], str], digest: Digest) -> str:
    """The fullest page within `HTML_BYTES`.

    Most details go first, then stories in full down to `KEPT`, then what stands beside titles, more details, the
    links of titles, the last details, the kept stories, and titles themselves at the very end: what is told by title
    only is still told. From the titles on each step begins where the one before it ends, so that no room is left over.
    """
    full = sum(len(part.stories) for part in digest.sections)
    kept = min(full, KEPT)
    every = sum(
        sum(map(len, (part.updated, part.stories, part.titles_only, part.again, part.above)))
        for part in digest.sections
    )
    steps: tuple[tuple[Callable[[int], Room], int], ...] = (
        (lambda n: EVERYTHING, 0),
        (lambda n: Room(details=n), 12),
        (lambda n: Room(details=4, full=kept + n), full - kept),
        (lambda n: Room(details=4, full=kept, titles=n), every - kept),
        (lambda n: Room(details=1 + n, full=kept, titles=0), 3),
        (lambda n: Room(details=1, full=kept, titles=0, links=n), every - kept),
        (lambda n: Room(details=n, full=kept, titles=0, links=0), 1),
        (lambda n: Room(details=0, full=n, titles=0, links=0), kept),
        (lambda n: Room(details=0, full=0, titles=0, links=0, briefs=n), every),
    )
    smallest: dict[int, str] = {}  # of each step that was looked at
    low, high = 0, len(steps)
    probe = 0 if every <= MANY else 2
    while low < high:
        smallest[probe] = page(steps[probe][0](0))
        if _size(smallest[probe]) <= HTML_BYTES:
            high = probe
        else:
            low = probe + 1
        probe = low
    if low in (0, len(steps)):
        return smallest[min(low, len(steps) - 1)]
    room, most = steps[low]
    return _fullest(page, room, smallest[low], most + 1, _size(smallest[low - 1]))


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
    """Bytes in a mail, where a line ends with two signs and the name of a picture becomes a longer one."""
    return len(html.encode("utf-8")) + html.count("\n") + LONGER * html.count('src="cid:')
