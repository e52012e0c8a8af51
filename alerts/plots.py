"""The last days of an initiative as a small picture. The only importer of Pillow, which is loaded with the first plot."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

from alerts.recent import Recent
from alerts.recent_words import FEW

HEIGHT = 32  # as it is shown
SHARP = 2  # its own points to one shown: phones and good screens have so many
SLOT, BAR = 6, 4  # from one day to the next, and what its bar takes of that
LEAST = 3  # the height of a bar at least: one story must be seen beside a day of fifty

# The ground is clear, so that a plot lies on white and dark paper; each colour holds against both.
_CLEAR, _WEEKEND, _BAR, _STUB, _SILENT = range(5)
_COLOURS = ((0, 0, 0, 0), (128, 134, 142, 30), (72, 148, 179, 255), (128, 134, 142, 140), (208, 120, 36, 255))

Box = tuple[int, int, int, int, int]  # left, top, right, bottom (the last two not within), colour


def plot(found: Recent) -> bytes:
    """A PNG with a bar for each day, the oldest first: Saturdays and Sundays on a light ground, the same bytes each time.

    A day without a story is a low stub, and one that belongs to a silence a stub of another colour; days that were
    not watched have no place.
    """
    from PIL import Image, ImageDraw

    image = Image.new("P", (width(found) * SHARP, HEIGHT * SHARP), _CLEAR)
    image.putpalette([value for *colour, _ in _COLOURS for value in colour])
    pen = ImageDraw.Draw(image)
    for left, top, right, bottom, colour in _boxes(found):
        corners = (left * SHARP, top * SHARP, right * SHARP - 1, bottom * SHARP - 1)
        pen.rectangle(corners, fill=colour)
    out = BytesIO()
    clearness = bytes(alpha for *_, alpha in _COLOURS)
    image.save(out, "PNG", optimize=True, bits=4, transparency=clearness)
    return out.getvalue()


def width(found: Recent) -> int:
    """Of its plot as it is shown: there is no room for days that were not watched."""
    return len(found.known) * SLOT


def _boxes(found: Recent) -> Iterator[Box]:
    """What is drawn, the ground first; in shown points from the upper left corner."""
    last = found.last_day.toordinal()
    for place in range(len(found.known)):
        if (last - len(found.known) + 1 + place) % 7 in (6, 0):  # of ordinals: Saturday and Sunday
            yield place * SLOT, 0, (place + 1) * SLOT, HEIGHT, _WEEKEND
    most = max(FEW, *found.days)
    for place, number in enumerate(found.known):
        left = place * SLOT + (SLOT - BAR) // 2
        if number:
            height = max(LEAST, round(HEIGHT * number / most))
            yield left, HEIGHT - height, left + BAR, HEIGHT, _BAR
        else:
            silent = found.silent_for is not None and len(found.known) - place <= found.silent_for
            yield left, HEIGHT - 1, left + BAR, HEIGHT, _SILENT if silent else _STUB
