"""The day of publication as it stands in a page's visible text, where no statement of the page names it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from crawler.extract.document import Element

log = logging.getLogger(__name__)


def visible_day(tree: Element, url: str | None) -> datetime | None:
    """Midnight UTC of the day that the address or a dateline shows; None when neither shows one.

    Args:
        tree: the page, pruned; it is not changed.
    """
    import htmldate

    try:
        day = htmldate.find_date(tree, url=url, original_date=True, extensive_search=False)
    except MemoryError:
        raise
    except Exception as error:  # a library's bug over one odd dateline must not lose the text beside it
        log.info("no date could be read from a page", extra={"problem": repr(error)})
        return None
    return datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None
