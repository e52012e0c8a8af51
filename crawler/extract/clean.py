"""Which blocks of a chosen text are not the story: read-also lines, offers, credits, bylines, what follows the end; pure.

Careful in the middle of a story, where only a strong sign counts; less so before its first and after its last sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from crawler.extract import phrases
from crawler.extract.outline import Block

MAX_LABEL = 60  # characters of a line that only announces what follows it
MAX_HINT = 220  # of a line that leads to another story
MAX_OFFER = 320
MAX_CREDIT = 120
MAX_BIO = 600
_REPEATED = range(
    40, 240
)  # characters; shorter lines may well stand twice in a story, longer ones are no teasers
_LISTED = ("li", "text", "cell")
_HEAD = 4  # blocks before which a byline or date is looked for
_HEADLINE = 30
_WORD = re.compile(r"\w")


def clean(blocks: Sequence[Block], *, title: str = "", authors: Sequence[str] = ()) -> list[Block]:
    """The blocks that are the story, in order.

    Args:
        title: of the page; left out where the text begins with it.
        authors: their names; a paragraph after the last one that tells who they are is left out.
    """
    kept = _without_teasers(list(_without_link_lists(list(_without_repeats(blocks)))))
    kept = list(_without_hints(kept))
    kept = _without_head(kept, title)
    return _without_tail(_before_the_end(kept), authors)


def _without_repeats(blocks: Sequence[Block]) -> Iterator[Block]:
    seen: set[str] = set()
    for block in blocks:
        if len(block.text) in _REPEATED and block.kind not in ("p", "pre"):
            if block.text in seen:
                continue
            seen.add(block.text)
        yield block


def _without_link_lists(blocks: Sequence[Block]) -> Iterator[Block]:
    """Less items and labels that are links, unless they stand among items of the same list that are not."""
    for _, run in groupby(blocks, key=lambda block: block.kind):
        items = list(run)
        if items[0].kind in _LISTED:
            plain = sum(not item.leads_away for item in items)
            mixed = items[0].kind == "li" and plain * 3 >= len(items)
            items = items if mixed else [item for item in items if not item.leads_away]
        yield from items


def _without_teasers(blocks: list[Block]) -> list[Block]:
    """Less rows of headings that lead elsewhere, each with a line or two about what it leads to."""
    dropped: set[int] = set()
    at = 0
    while at < len(blocks):
        row, end = 0, at
        while end < len(blocks) and blocks[end].kind == "heading" and blocks[end].leads_away:
            row, end = row + 1, end + 1
            if (
                end + 1 < len(blocks)
                and len(blocks[end].text) < MAX_HINT
                and blocks[end + 1].kind == "heading"
            ):
                end += blocks[end].kind != "heading"
        if row > 1:
            dropped.update(range(at, end))
        at = max(end, at + 1)
    return [block for at, block in enumerate(blocks) if at not in dropped]


def _is_link_line(block: Block, before: Block | None) -> bool:
    """Whether a paragraph is nothing but a link with the title of another story."""
    text = block.text
    return (
        block.kind in ("p", "quote")
        and block.linked * 10 >= len(text) * 9
        and len(text.split()) >= 4
        and not text.endswith((".", ":", ",", ";", "”", '"'))
        and not (before is not None and before.text.endswith(":"))
        and "://" not in text
    )


def _without_hints(blocks: Sequence[Block]) -> Iterator[Block]:
    """Less lines that lead to other stories, a label and the links that it announces, offers, rights and credits."""
    announced = False
    before: Block | None = None
    for block in blocks:
        text = block.text
        last, before = before, block
        if (
            announced
            and len(text) <= MAX_HINT
            and (block.leads_away or (block.kind == "li" and block.linked))
        ):
            continue
        if _is_link_line(block, last):
            continue
        announced = False
        if len(text) <= MAX_LABEL and phrases.READ_ALSO_LABEL.fullmatch(text):
            announced = True
            continue
        if len(text) <= MAX_HINT and (
            phrases.READ_ALSO_LINE.match(text) or (block.leads_away and phrases.READ_ALSO.match(text))
        ):
            continue
        if len(text) <= MAX_OFFER and (phrases.is_offer(text) or phrases.is_consent(text)):
            continue
        if len(text) <= MAX_HINT and phrases.RIGHTS.match(text):
            continue
        if len(text) <= MAX_CREDIT and (phrases.CREDIT.match(text) or phrases.CREDIT_END.search(text)):
            continue
        if len(text) <= MAX_LABEL and phrases.CONTROL.fullmatch(text):
            continue
        yield block


def _without_head(blocks: list[Block], title: str) -> list[Block]:
    folded = title.casefold()
    head = [
        block
        for block in blocks[:_HEAD]
        if not (folded and block.text.casefold() == folded)
        and not (
            len(block.text) <= MAX_CREDIT and block.kind != "heading" and phrases.BYLINE.match(block.text)
        )
        and not (len(block.text) <= MAX_LABEL and phrases.DATE.fullmatch(block.text))
    ]
    return head + blocks[_HEAD:]


def _before_the_end(blocks: list[Block]) -> list[Block]:
    """Less everything from a heading on that only stands after a story: comments, the author, other stories."""
    total = sum(block.prose for block in blocks)
    before = 0
    for at, block in enumerate(blocks):
        share = 0.5 if block.kind == "heading" else 0.8
        if len(block.text) <= MAX_LABEL and before > share * total and phrases.END.fullmatch(block.text):
            return blocks[:at]
        before += block.prose
    return blocks


def _without_tail(blocks: list[Block], authors: Sequence[str]) -> list[Block]:
    names = [name.casefold() for name in authors if len(name) > 4]
    while len(blocks) > 1:
        text = blocks[-1].text
        folded = text.casefold()
        if not (
            blocks[-1].kind == "heading"
            or _WORD.search(text) is None
            or (len(text) <= MAX_LABEL and (phrases.TAIL_LABEL.match(text) or phrases.DATE.fullmatch(text)))
            or (len(text) <= MAX_HINT and (phrases.TAIL_LINE.match(text)))
            or (
                len(text) <= MAX_BIO
                and any(folded.startswith((name, f"– {name}")) for name in names)
                and _tells_who(folded, names)
            )
            or (blocks[-1].leads_away and _HEADLINE <= len(text) <= MAX_HINT)
        ):
            break
        blocks = blocks[:-1]
    return blocks


def _tells_who(folded: str, names: Sequence[str]) -> bool:
    rest = next((folded[len(name) :] for name in names if folded.startswith(name)), folded)
    return not rest.strip() or phrases.WHO.match(rest) is not None
