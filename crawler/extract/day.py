"""The time of publication as it stands in a page's visible text, where no statement of the page names it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from crawler.extract.dateline import find_day
from crawler.extract.document import Element
from crawler.extract.moments import Stated
from crawler.extract.near import heading, lines_above, lines_below

log = logging.getLogger(__name__)


def visible_days(tree: Element, *, url: str | None, title: str, language: str | None) -> Iterator[Stated]:
    """What a reader takes for the day of publication, the most likely first; looked for only as far as it is asked.

    Lines near the heading come first, behind it before those above it; then what a general finder of dates makes of
    the markup and the address.

    Args:
        tree: the page, pruned; it is not changed.
        title: of the page; its heading says the same.
        language: of the page, which tells how "3/4/2026" is read.
    """
    top = heading(tree, title)
    if top is not None:
        for line in (*lines_below(top), *lines_above(top)):
            if day := find_day(line, language=language):
                yield Stated("dateline", day)
                return
    if day := _found(tree, url):
        yield Stated("htmldate", day)


def _found(tree: Element, url: str | None) -> str | None:
    import htmldate

    try:
        return htmldate.find_date(tree, url=url, original_date=True, extensive_search=False)
    except MemoryError:
        raise
    except Exception as error:  # a library's bug over one odd dateline must not lose the text beside it
        log.info("no date could be read from a page", extra={"problem": repr(error)})
        return None
