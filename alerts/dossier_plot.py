"""The course of coverage as a drawing: stories above, outlets below, day by day. The only importer of svg.py.

It has no script and no colour of its own: the page's style sheet gives both, for light and dark. What it shows stands
in words beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby

import svg

from alerts.dossier_records import Bar, Course, SilenceSpan
from alerts.wording import MONTHS, count, day

LEFT, RIGHT, TOP = 30, 6, 26  # around the panels; the space above the first holds the marks of surges
STORIES, BETWEEN, OUTLETS, AXIS = 104, 34, 62, 22  # heights
HEIGHT = TOP + STORIES + BETWEEN + OUTLETS + AXIS
WIDEST = 24  # of a bar
FEW = 4  # that fill the height: one story is no tower
SHORT, MIDDLING = (
    24,
    70,
)  # bars of days that are named each, and by their Mondays; more of them by their months
APART = 52  # between names


class Drawing(str):
    """SVG that was written here, so that a template takes it as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def drawing(course: Course, *, width: int, name: str, title: str, said: str) -> Drawing:
    """Both panels, `width` wide; the same for the same arguments.

    Args:
        name: of it within its page, a word.
        title: what it shows.
        said: the same as it shows, in words.
    """
    picture = svg.SVG(
        class_=["plot"],
        viewBox=svg.ViewBoxSpec(0, 0, width, HEIGHT),
        width=width,
        height=HEIGHT,
        elements=[
            svg.Title(id=f"{name}-title", text=svg.escape(title)),
            svg.Desc(id=f"{name}-said", text=svg.escape(said)),
            *_Canvas(course, width).parts(),
        ],
        extra={"role": "img", "aria-labelledby": f"{name}-title {name}-said"},
    )
    return Drawing(picture.as_str())


class _Canvas:
    """Where things stand."""

    def __init__(self, course: Course, width: int) -> None:
        self._course = course
        self._bars = course.bars
        self._slot = (width - LEFT - RIGHT) / max(len(course.bars), 1)
        self._right = width - RIGHT

    def parts(self) -> Iterator[svg.Element]:
        unit = "a week" if self._course.weekly else "a day"
        lower = TOP + STORIES + BETWEEN
        yield from self._blind(TOP, STORIES)
        yield from self._blind(lower, OUTLETS)
        yield from self._panel(f"Stories {unit}", TOP, STORIES, [one.stories for one in self._bars])
        yield from self._panel(f"Outlets {unit}", lower, OUTLETS, [one.outlets for one in self._bars])
        for one in self._course.silences:
            yield from self._silence(one)
        yield from self._axis(lower + OUTLETS)

    def _left(self, place: int) -> float:
        return LEFT + place * self._slot

    def _blind(self, top: int, height: int) -> Iterator[svg.Element]:
        """A ground for the time in which nothing came from any source: it is no zero."""
        for blind, some in groupby(enumerate(self._bars), lambda one: not one[1].collected):
            places = [place for place, _ in some]
            if blind:
                left = self._left(places[0])
                yield _box("blind", left, top, self._left(places[-1] + 1) - left, height)

    def _panel(self, heading: str, top: int, height: int, values: Sequence[int]) -> Iterator[svg.Element]:
        most = ceiling(max(values, default=0))
        bottom = top + height
        yield _text("head", LEFT, top - 10, heading)
        for value in (0, most // 2, most):
            y = bottom - height * value / most
            yield svg.Line(class_=["grid"], x1=LEFT, y1=_at(y), x2=self._right, y2=_at(y))
            yield _text("tick", LEFT - 5, y + 4, f"{value:,}", anchor="end")
        wide = min(max(self._slot * 0.74, 1.0), WIDEST)
        for place, (one, value) in enumerate(zip(self._bars, values, strict=True)):
            if value:
                tall = max(height * value / most, 2.0)
                left = self._left(place) + (self._slot - wide) / 2
                kind = "surge" if one.surge else "bar"
                yield _box(kind, left, bottom - tall, wide, tall, told=bar_words(one))
                if one.surge and top == TOP:
                    yield _peak(left + wide / 2, bottom - tall - 4)

    def _silence(self, one: SilenceSpan) -> Iterator[svg.Element]:
        places = [
            place for place, bar in enumerate(self._bars) if bar.last >= one.first and bar.first <= one.last
        ]
        if not places:
            return
        left, right = self._left(places[0]), self._left(places[-1] + 1)
        bottom = TOP + STORIES
        yield _box("silence", left, bottom - 5, right - left, 5)
        words = f"silent, {count(one.days, 'day')}"
        if right - left > 7 * len(words):
            yield _text("hush", (left + right) / 2, bottom - 11, words, anchor="middle")

    def _axis(self, bottom: int) -> Iterator[svg.Element]:
        last = -1000.0
        for place, name in names(self._bars):
            x = self._left(place)
            if x - last < APART or x > self._right - 30:
                continue
            last = x
            yield svg.Line(class_=["stroke"], x1=_at(x), y1=bottom, x2=_at(x), y2=bottom + 5)
            yield _text("tick", x + 2, bottom + 16, name)


def names(bars: Sequence[Bar]) -> Iterator[tuple[int, str]]:
    """Places of bars that have a name: of each day where they are few, or of each Monday, else of the first of each
    month."""
    known: tuple[int, int] | None = None
    daily = all(one.days == 1 for one in bars)
    for place, one in enumerate(bars):
        month = (one.last.year, one.last.month)
        if daily and len(bars) <= MIDDLING:
            if len(bars) <= SHORT or one.first.isoweekday() == 1:
                yield place, _short(one.first)
        elif known is None or month != known:
            begins = known is None and one.first.day > 1
            with_year = known is not None and month[0] != known[0]
            if not begins:
                yield place, f"{MONTHS[month[1] - 1]}{f' {month[0]}' if with_year else ''}"
        known = month


def ceiling(value: int) -> int:
    """The value at the top of a panel: even, so that its middle is a number too."""
    power = 1
    while True:
        for step in (2, 4, 6, 8, 10):
            if step * power >= max(value, FEW):
                return step * power
        power *= 10


def bar_words(one: Bar) -> str:
    """`Tue 17 Nov 2026: 3 stories, 5 outlets`."""
    when = f"{one.first:%a} {day(one.first)}" if one.days == 1 else f"{day(one.first)} to {day(one.last)}"
    surge = ", a surge" if one.surge else ""
    return f"{when}: {count(one.stories, 'story', 'stories')}, {count(one.outlets, 'outlet')}{surge}"


def _short(value: date) -> str:
    return f"{value.day} {MONTHS[value.month - 1]}"


def _box(kind: str, left: float, top: float, width: float, height: float, *, told: str = "") -> svg.Rect:
    return svg.Rect(
        class_=[kind],
        x=_at(left),
        y=_at(top),
        width=_at(width),
        height=_at(height),
        elements=[svg.Title(text=svg.escape(told))] if told else None,
    )


def _peak(x: float, y: float) -> svg.Path:
    """A sign above a bar, so that its colour does not say alone what it is."""
    corners = [svg.M(_at(x - 5), _at(y - 8)), svg.L(_at(x + 5), _at(y - 8)), svg.L(_at(x), _at(y)), svg.Z()]
    return svg.Path(class_=["peak"], d=list(corners))


def _text(kind: str, x: float, y: float, words: str, *, anchor: str = "start") -> svg.Text:
    return svg.Text(class_=[kind], x=_at(x), y=_at(y), text=svg.escape(words), extra={"text-anchor": anchor})


def _at(value: float) -> float:
    return round(value, 1)
