"""Where in an outline the story may stand, and which of the blocks there belong to it; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from crawler.extract.outline import Block, Outline, Part

_FURNITURE = frozenset(("comment", "related", "offer", "share", "navigation", "ad", "footer", "dialog"))
_DOUBTFUL = 0.4  # weight of a part whose name often stands for a part of the story, too: "caption", "aside" …
_TEASER = 0.3  # weight of prose that reads like the beginning of another story
_TOO_MUCH = 0.6  # of a page's prose; what has more of it is the story, whatever its name says
_FORUM = 400  # characters of prose beside comments; with fewer the comments are what the page is about
_HOLDS = (0.65, 0.8, 0.9, 0.95)  # a part with this share of the prose around it stands for what is around it
_NEAR = 25  # blocks between a title and its story
LEAD = 60  # characters; what stands between title and story with fewer is a label
LOOSE_LEAD = 90  # where it is no paragraph but loose words, as captions often are


@dataclass(frozen=True, slots=True)
class Region:
    """A run of blocks in which the story may stand, as one way of looking found it."""

    origin: str  # "microdata articleBody", "a part named as the story", "article", "main", "the densest part"
    start: int
    end: int
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """An outline with what each block counts for."""

    outline: Outline
    weights: Sequence[float]  # 0 for furniture, 1 for what may well be the story
    sums: Sequence[float]  # of the weighed prose of all blocks before the nth
    totals: Sequence[int]  # of their prose as it is

    def prose(self, start: int, end: int) -> float:
        """Weighed characters of prose in a run of blocks."""
        return self.sums[end] - self.sums[start]


_ORIGINS = {
    "articleBody": "microdata articleBody",
    "named": "a part named as the story",
    "article": "article element",
    "main": "main element",
}


def weigh(outline: Outline) -> Weighed:
    """Judge each block of a page by the names of the parts around it, and by its neighbours."""
    blocks = outline.blocks
    weights = [1.0] * len(blocks)
    prose = [block.counted for block in blocks]
    whole = sum(prose)
    for kind, covered in _by_kind(outline.parts, len(blocks)).items():
        inside = [at for at, marked in enumerate(covered) if marked]
        if not _is_the_story(kind, sum(prose[at] for at in inside), whole, _TOO_MUCH):
            weight = 0.0 if kind in _FURNITURE else _DOUBTFUL
            for at in inside:
                weights[at] = min(weights[at], weight)
    for at, block in enumerate(blocks):
        if block.prose and len(block.text) < 400 and block.text.endswith(("…", "...", "…]", "...]")):
            weights[at] *= _TEASER
        if block.kind == "heading" and block.leads_away:
            for after in range(at + 1, min(at + 3, len(blocks))):
                if blocks[after].kind == "heading":
                    break
                if len(blocks[after].text) < 500:
                    weights[after] *= _TEASER
    sums = [0.0, *accumulate(size * weight for size, weight in zip(prose, weights, strict=True))]
    totals = [0, *accumulate(block.prose for block in blocks)]
    return Weighed(outline=outline, weights=weights, sums=sums, totals=totals)


def regions(weighed: Weighed) -> list[Region]:
    """All places worth looking at, each once; the most trusted way of finding it first."""
    found: dict[tuple[int, int], Region] = {}
    for region in _all(weighed):
        if region.end > region.start:
            found.setdefault((region.start, region.end), region)
    return list(found.values())


def title_at(outline: Outline, title: str) -> int | None:
    """The heading that is the page's title, or None."""
    folded = title.casefold()
    if not folded:
        return None
    return next(
        (at for at, b in enumerate(outline.blocks) if b.kind == "heading" and b.text.casefold() == folded),
        None,
    )


def own_blocks(weighed: Weighed, region: Region, title_block: int | None) -> list[int]:
    """Numbers of the blocks of a region less furniture in it, and of the lead between the title and the region."""
    lead = [] if title_block is None else _lead(weighed, region, title_block)
    return lead + _kept(weighed, region)


def _all(weighed: Weighed) -> Iterator[Region]:
    parts = weighed.outline.parts
    for story, origin in _ORIGINS.items():
        own = sorted((p for p in parts if p.story == story), key=lambda p: -weighed.prose(p.start, p.end))
        for part in own[:2]:
            yield Region(origin, part.start, part.end, part.depth)
    for share in _HOLDS:
        yield _densest(weighed, share)


def _densest(weighed: Weighed, share: float) -> Region:
    """From the whole page inwards, as long as one part holds nearly all of the prose."""
    found = Region("the densest part", 0, len(weighed.outline.blocks), -1)
    inside = weighed.prose(found.start, found.end)
    for part in weighed.outline.parts:
        if (
            part.start >= found.start
            and part.end <= found.end
            and part.depth > found.depth
            and (part.end - part.start > 1 or found.end - found.start == 1)
        ):
            prose = weighed.prose(part.start, part.end)
            if prose >= share * inside:
                found, inside = Region(found.origin, part.start, part.end, part.depth), prose
    return found


def _kept(weighed: Weighed, region: Region) -> list[int]:
    totals, blocks = weighed.totals, weighed.outline.blocks
    total = totals[region.end] - totals[region.start]
    inner = [
        part
        for part in weighed.outline.parts
        if part.kind
        and part.start >= region.start
        and part.end <= region.end
        and part.depth > region.depth
        and part.end - part.start < region.end - region.start
        and (part.kind == "comment" or 2 * (totals[part.end] - totals[part.start]) <= total)
    ]
    dropped: set[int] = set()
    for kind, covered in _by_kind(inner, len(blocks)).items():
        inside = [at for at in range(region.start, region.end) if covered[at]]
        if not _is_the_story(kind, sum(blocks[at].prose for at in inside), total, 0.5):
            dropped.update(inside)
    return [at for at in range(region.start, region.end) if at not in dropped]


def _is_the_story(kind: str, inside: int, total: int, share: float) -> bool:
    """Whether parts of a kind hold so much of the prose that their names must mean something else.

    A page whose comments outweigh its story is common; one without anything but comments is a forum's.
    """
    return total - inside < _FORUM if kind == "comment" else inside > share * total


def _lead(weighed: Weighed, region: Region, title_block: int) -> list[int]:
    if not 0 < region.start - title_block <= _NEAR:
        return []
    furniture: set[int] = set()
    for part in weighed.outline.parts:
        if part.kind and part.end <= region.start and part.start > title_block:
            furniture.update(range(part.start, part.end))
    return [
        at
        for at in range(title_block + 1, region.start)
        if at not in furniture and _reads_like_a_lead(weighed.outline.blocks[at])
    ]


def _reads_like_a_lead(block: Block) -> bool:
    least = LOOSE_LEAD if block.kind == "text" else LEAD
    return len(block.text) >= least and block.linked * 4 < len(block.text)


def _by_kind(parts: Sequence[Part], size: int) -> dict[str, bytearray]:
    """For each kind, which of the blocks stand in a part of it."""
    covered: dict[str, bytearray] = {}
    for part in parts:
        if part.kind:
            marks = covered.setdefault(part.kind, bytearray(size))
            marks[part.start : part.end] = b"\x01" * (part.end - part.start)
    return covered
