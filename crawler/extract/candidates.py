"""The texts that a page's article may be: one for each way of finding it, with what can be counted of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from crawler.extract.choose import Features
from crawler.extract.document import Element, one_line
from crawler.extract.outline import Block, Outline, block
from crawler.extract.regions import Region, Weighed, own_blocks, regions, title_at, weigh

log = logging.getLogger(__name__)

JSON_LD = "JSON-LD articleBody"
TRAFILATURA = "trafilatura"
_SAMPLES = 24  # pieces of the stated text that are looked for in the others
_PIECE = 40  # characters of each
_NEAR = 25  # blocks between a title and the text under it


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One text of a page that may be its article, not yet cleaned."""

    features: Features
    blocks: tuple[Block, ...]


def of_markup(outline: Outline, *, titles: Sequence[str], stated: str) -> Iterator[Story]:
    """The texts that the page's own structure suggests.

    Args:
        titles: of the page, the best first; the text stands under the heading that repeats one of them.
        stated: the text in its JSON-LD, "" when there is none.
    """
    weighed = weigh(outline)
    heading = next((at for title in titles if (at := title_at(outline, title)) is not None), None)
    pieces = _pieces(stated)
    for region in regions(weighed):
        numbers = own_blocks(weighed, region, heading)
        yield Story(
            features=_features(weighed, region, numbers, heading, pieces),
            blocks=tuple(outline.blocks[at] for at in numbers),
        )


def of_statement(stated: str, outline: Outline) -> Story:
    """The text in the page's JSON-LD, paragraphs split by a blank line."""
    return _elsewhere(JSON_LD, stated.split("\n\n"), outline, stated=1.0)


def of_reader(tree: Element, outline: Outline) -> Story | None:
    """What the general reader finds, for pages without a structure; None when it finds nothing."""
    import trafilatura

    try:
        document: Any = trafilatura.bare_extraction(
            tree, include_comments=False, deduplicate=False, with_metadata=False
        )
    except MemoryError:
        raise
    except (
        Exception
    ) as error:  # it promises None for what it cannot read, and hostile trees find what it forgot
        log.info("the text reader failed on a page", extra={"problem": repr(error)})
        return None
    lines = (document.text or "").splitlines() if document is not None else []
    return _elsewhere(TRAFILATURA, lines, outline, stated=None) if any(map(one_line, lines)) else None


def _elsewhere(origin: str, lines: Sequence[str], outline: Outline, *, stated: float | None) -> Story:
    blocks = tuple(block(line, "p") for line in map(one_line, lines) if line)
    prose = sum(one.counted for one in blocks)
    features = Features(
        origin=origin,
        prose=prose,
        purity=sum(one.prose for one in blocks) / (sum(one.size for one in blocks) or 1),
        kept=min(1.0, prose / (sum(one.size for one in outline.blocks) or 1)),
        title=0,
        stated=stated,
    )
    return Story(features=features, blocks=blocks)


def _features(
    weighed: Weighed, region: Region, numbers: Sequence[int], heading: int | None, pieces: Sequence[str]
) -> Features:
    blocks, weights = weighed.outline.blocks, weighed.weights
    own = [
        at
        for at in numbers
        if blocks[at].kind not in ("li", "text", "cell", "heading") or not blocks[at].leads_away
    ]
    size = sum(blocks[at].size for at in own) or 1
    place = sum(one.size for one in blocks[region.start : region.end]) or 1
    title = 0
    if heading is not None:
        title = -1 if heading >= region.end else int(region.start - heading < _NEAR)
    return Features(
        origin=region.origin,
        prose=sum(blocks[at].counted * weights[at] for at in own),
        purity=sum(blocks[at].prose * weights[at] for at in own) / size,
        kept=min(1.0, sum(blocks[at].prose for at in own) / place),
        title=title,
        stated=_share_of(pieces, " ".join(blocks[at].text for at in own)) if pieces else None,
    )


def _pieces(stated: str) -> list[str]:
    text = one_line(stated)
    if len(text) < _SAMPLES * _PIECE // 2:
        return []
    step = (len(text) - _PIECE) / (_SAMPLES - 1)
    return [text[int(n * step) : int(n * step) + _PIECE] for n in range(_SAMPLES)]


def _share_of(pieces: Sequence[str], text: str) -> float:
    return sum(piece in text for piece in pieces) / len(pieces)
