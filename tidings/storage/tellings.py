"""Articles as an outlet told them: the columns, and the record made of them."""

from __future__ import annotations

from sqlalchemy import func

from alerts.records import Telling
from crawler.provenance import elsewhere
from tidings.storage.article_rows import A
from tidings.storage.dialect import AnyRow
from tidings.storage.sources import S

# How people call a source: as configured, else by its own title, else by its id. Needs a join with `sources`.
OUTLET = func.coalesce(S.name, func.nullif(S.title, ""), S.id).label("outlet")

COLUMNS = (
    A.id.label("telling_id"),
    A.title.label("telling_title"),
    A.url,
    A.canonical_url,
    OUTLET,
    A.source_id,
    A.published_at,
    A.first_seen_at,
    A.duplicate_of,
    A.paywalled,
    A.language,
    A.credit,
)


def to_telling(row: AnyRow) -> Telling:
    """The record of a row with `COLUMNS`."""
    return Telling(
        article_id=row.telling_id,
        title=row.telling_title,
        url=row.url,
        source=row.outlet,
        source_id=row.source_id,
        published=row.published_at,
        found=row.first_seen_at,
        reprint=row.duplicate_of is not None,
        paywalled=row.paywalled,
        language=row.language,
        credit=row.credit,
        copy_of=row.duplicate_of,
        elsewhere=elsewhere(row.url, row.canonical_url),
    )
