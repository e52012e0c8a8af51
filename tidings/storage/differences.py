"""A text as its difference to a later one: shared lines by reference, the others compressed. Pure.

Deltas that look for the longest match take quadratic time on hostile texts. Here each line is looked up once, and
those found nowhere are deflated with the lines in whose place they stood as dictionary, so that a changed word costs
some bytes. Time and memory are linear in the lengths of both texts, whatever they say.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

FORMAT = 1  # the first byte of a difference
WINDOW = 32_768  # bytes of a dictionary that deflate looks at
_LINE = re.compile(
    r"[^\n]+\n*|\n+"
)  # with the line ends that follow; any selection of lines splits the same again
_Step = tuple[int, int, int]  # first line taken from the other text, how many, and how many new lines follow


def pack(text: str, base: str) -> bytes | None:
    """The difference that makes `text` out of `base`; None where it would be no shorter than `text` itself.

    Raises:
        UnicodeEncodeError: one of them holds a lone surrogate, which no database holds either.
    """
    lines, theirs = _LINE.findall(text), _LINE.findall(base)
    steps, new = _compared(lines, theirs)
    deflate = zlib.compressobj(level=9, wbits=-15, zdict=_dictionary(steps, theirs))
    body = deflate.compress("".join(new).encode()) + deflate.flush()
    whole = text.encode()
    packed = b"".join((bytes([FORMAT]), zlib.crc32(whole).to_bytes(4, "big"), _numbers(steps), body))
    return packed if len(packed) < len(whole) else None


def unpack(packed: bytes, base: str) -> str:
    """The text again, to the last character.

    Raises:
        ValueError: `packed` is no difference to `base`.
    """
    try:
        text = _unpacked(packed, base)
    except (IndexError, UnicodeDecodeError, zlib.error) as fault:
        raise ValueError("a stored difference cannot be read") from fault
    if zlib.crc32(text.encode()) != int.from_bytes(packed[1:5], "big"):
        raise ValueError("a stored difference does not fit the text it was made of")
    return text


def _compared(lines: Sequence[str], theirs: Sequence[str]) -> tuple[list[_Step], list[str]]:
    """How `lines` are made of runs of `theirs`, and those of them that are new, in order."""
    where = {line: at for at, line in reversed(list(enumerate(theirs)))}
    steps: list[_Step] = []
    new = []
    start = taken = added = 0
    for line in lines:
        follows = start + taken
        if follows < len(theirs) and theirs[follows] == line and not added:
            taken += 1
        elif line in where:
            steps.append((start, taken, added))
            here = follows + added  # where a line was changed, the text goes on behind it
            start = here if here < len(theirs) and theirs[here] == line else where[line]
            taken, added = 1, 0
        else:
            new.append(line)
            added += 1
    steps.append((start, taken, added))
    return steps, new


def _dictionary(steps: Iterable[_Step], theirs: Sequence[str]) -> bytes:
    """What new lines are compressed against: the lines that are not taken over. Deflate looks at its end."""
    taken = {at for start, number, _ in steps for at in range(start, start + number)}
    size, chosen = 0, []
    for line in (line for at, line in enumerate(theirs) if at not in taken):
        chosen.append(line)
        size += len(line)
        if size >= WINDOW:
            break
    return "".join(chosen).encode()[:WINDOW]


def _unpacked(packed: bytes, base: str) -> str:
    if packed[0] != FORMAT:
        raise ValueError(f"a stored difference has the unknown format {packed[0]}")
    theirs = _LINE.findall(base)
    steps, rest = _steps(packed[5:])
    if any(start + taken > len(theirs) for start, taken, _ in steps):
        raise ValueError("a stored difference takes over more than there is")
    inflate = zlib.decompressobj(wbits=-15, zdict=_dictionary(steps, theirs))
    new: Iterator[str] = iter(_LINE.findall((inflate.decompress(rest) + inflate.flush()).decode()))
    text = []
    for start, taken, added in steps:
        text += theirs[start : start + taken]
        text += islice(new, added)
    return "".join(text)


def _numbers(steps: Sequence[_Step]) -> bytes:
    """Steps as bytes: their number, then each number in groups of seven bits, the lowest first."""
    out = bytearray()
    for number in (len(steps), *(number for step in steps for number in step)):
        while number > 0x7F:
            out.append(number & 0x7F | 0x80)
            number >>= 7
        out.append(number)
    return bytes(out)


def _steps(packed: bytes) -> tuple[list[_Step], bytes]:
    """Steps from bytes, and the bytes behind them."""
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = packed[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    steps = [(number(), number(), number()) for _ in range(number())]
    return steps, packed[at:]
