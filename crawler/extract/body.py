"""The article's text out of the tree of its page: candidates, the choice among them, what is no story left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from crawler.extract import selectors
from crawler.extract.candidates import Story, of_markup, of_reader, of_statement
from crawler.extract.choose import DOUBTFUL, Choice, choose
from crawler.extract.document import Element, drop, finder, one_line, text_of
from crawler.extract.outline import Block, Outline, outline
from crawler.extract.refuse import says_locked
from crawler.records import Candidate, Selector

MAX_TEXT = 200_000  # characters
SHOWN = 200  # characters of a text that was found, for people who ask why it was chosen
_SCANT = 250  # characters; with less of them the general reader is asked, too
_WORTH = 100  # characters outside links; a page with fewer is no riddle for it
_MANY = 3_000  # blocks; a page with more, none of them a story, is made to be slow
_LONG = 500  # characters; JSON-LD with less is a summary

_OFFER = re.compile(
    r"\bsubscri(?:be|ption)|\bsign (?:in|up)\b|\blog in\b|\balready a (?:member|subscriber)|\bunlock\b|\bfree trial\b|"
    r"\babonn|\bweiterlesen\b|\bs'inscrire\b|\bsuscr[ií]b|\bassine\b|\babbonat|\bprenumer|सदस्यता",
    re.IGNORECASE,
)
_OFFER_CLASS = (
    "//*[(@class and (contains(@class, 'paywall') or contains(@class, 'subscribe-')))"
    " or (@id and contains(@id, 'paywall'))]"
)
_MAX_OFFER = 800  # characters; more than that in a locked part is the story itself, given to everyone


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The text of a page, and what else it might have been."""

    text: str  # paragraphs split by a blank line; "" when the page holds none
    candidates: tuple[Candidate, ...] = ()


def read_body(
    tree: Element,
    *,
    rule: Selector | None,
    stated: str,
    title: str,
    heading: str = "",
    authors: Sequence[str] = (),
) -> Body:
    """The article's text, chosen from all ways of finding it.

    Args:
        tree: the page, pruned; it is not changed.
        rule: where the source's own rules find the text; nothing else is tried then.
        stated: the text in the page's JSON-LD, paragraphs split by a blank line; "" when there is none.
        title: left out where the text repeats it at its beginning.
        heading: the page's main heading, "" when there is none; the text stands under it.
        authors: of the article; a line after its end that tells who they are is left out.
    """
    if rule is not None:
        text = _without_title(_ruled(tree, rule), title)[:MAX_TEXT].strip()
        return Body(
            text=text,
            candidates=(_shown("the source's own rule", text, True, "it comes before everything else"),),
        )
    page = outline(tree)
    stories = list(of_markup(page, titles=(heading, title), stated=stated if len(stated) >= _LONG else ""))
    if len(stated) >= _LONG:
        stories.append(of_statement(stated, page))
    choice = choose([story.features for story in stories]) if stories else None
    if _is_riddle(page) and (choice is None or _is_poor(stories, choice)):
        other = of_reader(tree, page)
        if other is not None:
            stories.append(other)
            choice = choose([story.features for story in stories])
    if choice is None:
        return Body(text="")
    from crawler.extract.clean import (
        clean,
    )  # its patterns take longer to read than `tidings --help` should take

    blocks = clean(_first_of(stories[choice.chosen].blocks), title=title, authors=authors)
    text = "\n\n".join(block.text for block in blocks)[:MAX_TEXT].strip()
    return Body(text=text, candidates=_told(stories, choice, text))


def drop_offers(tree: Element, locked: tuple[str, ...], names: Iterable[str]) -> bool:
    """Take out offers to subscribe, in place; True when one says that it stands for the rest of the story.

    Args:
        locked: CSS selectors of the parts that the page declares not free.
        names: the classes and ids of the page.
    """
    named = any("paywall" in name or "subscribe-" in name for name in names)
    found = list(finder(_OFFER_CLASS)(tree)) if named else []
    for css in locked:
        if xpath := selectors.css_to_xpath(css):
            found.extend(tree.xpath(xpath))
    offered = False
    for node in found:
        if node.tag in ("html", "body", "main", "article"):
            continue
        text = text_of(node)
        if len(text) <= _MAX_OFFER and _OFFER.search(text):
            drop(node)
            offered = offered or says_locked(text)
    return offered


def _ruled(tree: Element, rule: Selector) -> str:
    """Everything that the selector finds; what was chosen by hand is not cleaned."""
    texts: list[str] = []
    for found in selectors.select(tree, rule):
        texts.extend([one_line(found)] if isinstance(found, str) else (b.text for b in outline(found).blocks))
    return "\n\n".join(text for text in texts if text)


def _first_of(blocks: Sequence[Block]) -> Sequence[Block]:
    """As many as a text may have characters, so that a page of any size is cleaned in bounded time."""
    ends = accumulate(len(block.text) for block in blocks)
    return blocks[: next((at for at, end in enumerate(ends, 1) if end >= MAX_TEXT), None)]


def _is_riddle(page: Outline) -> bool:
    """Whether the general reader may find more: there are words, and not so many blocks that it takes long."""
    loose = sum(block.size for block in page.blocks if not block.leads_away)
    return loose >= _WORTH and len(page.blocks) <= _MANY


def _is_poor(stories: Sequence[Story], choice: Choice) -> bool:
    """Whether the best text that the markup gives is short, or hardly made of sentences."""
    best = stories[choice.chosen]
    return choice.scores[choice.chosen] < DOUBTFUL or sum(block.size for block in best.blocks) < _SCANT


def _told(stories: Sequence[Story], choice: Choice, text: str) -> tuple[Candidate, ...]:
    """The chosen text first, then the others, the best of them first."""
    order = sorted(range(len(stories)), key=lambda at: (at != choice.chosen, -choice.scores[at]))
    return tuple(
        _shown(
            stories[at].features.origin,
            text if at == choice.chosen else "\n\n".join(block.text for block in stories[at].blocks[:10]),
            at == choice.chosen,
            choice.reasons[at],
        )
        for at in order
    )


def _shown(origin: str, text: str, chosen: bool, why: str) -> Candidate:
    return Candidate(field="text", origin=origin, value=text[:SHOWN], chosen=chosen, why=why)


def _without_title(text: str, title: str) -> str:
    first, _, rest = text.partition("\n\n")
    return rest if title and one_line(first).casefold() == title.casefold() else text
