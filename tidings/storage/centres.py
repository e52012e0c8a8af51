"""What the reports of open stories say together: kept with each story, found by the words of an article."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import Connection, bindparam, select, update

from crawler.folds import Centre, Headline, Vector
from crawler.likeness import centre_of, joined, merged
from crawler.records import Article
from crawler.terms import keys
from crawler.ties import moment, outlet_at
from tidings.storage import bands
from tidings.storage.article_rows import A, chunks, to_article, whole_articles
from tidings.storage.tables import stories

KIND = "words"  # of keys, see `bands`
NEAREST = 48  # articles that share words, whose stories are looked at
REPORTS = 30  # from which a centre is made anew
KEPT = timedelta(days=45)  # after its last article a story has a centre no more; longer than one is open
DIGITS = 5  # of a weight

S = stories.c
_HEADLINES = select(A.story_id, A.url, A.source_id, A.title, A.first_seen_at).where(
    A.id.in_(bindparam("ids", expanding=True)), A.story_id.is_not(None)
)
_CENTRES = (
    select(S.id, S.centre)
    .where(S.id.in_(bindparam("ids", expanding=True)), S.centre.is_not(None))
    .order_by(S.id)
)


def around(
    connection: Connection, about: Vector, story_ids: Collection[str], since: datetime, *, but: str
) -> tuple[tuple[Centre, ...], tuple[Headline, ...]]:
    """The centres of these stories and of those of articles that share heavy words with `about`, and their headlines."""
    near = bands.near(connection, keys(about), bands.day_of(since), NEAREST, kind=KIND)
    wanted, headlines = set(story_ids), []
    for some in chunks(one for one in near if one != but):
        for row in connection.execute(_HEADLINES, {"ids": some}):
            wanted.add(row.story_id)
            outlet = outlet_at(row.url, row.source_id)
            headlines.append(Headline(outlet=outlet, title=row.title, at=row.first_seen_at))
    return of(connection, wanted), tuple(headlines)


def of(connection: Connection, story_ids: Iterable[str]) -> tuple[Centre, ...]:
    """The centres of stories, as far as they are kept, in order of their names."""
    found = [
        _unpacked(row.id, row.centre)
        for some in chunks(sorted(story_ids))
        for row in connection.execute(_CENTRES, {"ids": some})
    ]
    return tuple(found)


def count(
    connection: Connection, article: Article, story_id: str, about: Vector, number: int | None = None
) -> None:
    """Add an independent report to the centre of its story, and let it be found by its words."""
    known = of(connection, [story_id])
    when = moment(article)
    keep(connection, joined(known[0], about, when) if known else centre_of(story_id, about, when))
    let_find(connection, article, about, number)


def let_find(connection: Connection, article: Article, about: Vector, number: int | None = None) -> None:
    """Let the story of an independent report be found by the heaviest words of the report. `number`: see `bands.add`."""
    day = bands.day_of(article.first_seen_at)
    bands.add(connection, article.id, keys(about), day, kind=KIND, number=number)


def unite(connection: Connection, younger: str, older: str) -> None:
    """Add what a story says to another, which it is about to be joined to."""
    centres = {one.story_id: one for one in of(connection, (younger, older))}
    if younger in centres and older in centres:
        keep(connection, merged(centres[older], centres[younger]))


def make_anew(connection: Connection, story_id: str, about: Callable[[Article], Vector]) -> None:
    """The centre of a story from its first reports: after an edit, a split or a merge."""
    rows = connection.execute(
        whole_articles()
        .where(A.story_id == story_id, A.duplicate_of.is_(None))
        .order_by(A.first_seen_at, A.id)
        .limit(REPORTS)
    )
    centre: Centre | None = None
    for article in map(to_article, rows):
        said, when = about(article), moment(article)
        centre = centre_of(story_id, said, when) if centre is None else joined(centre, said, when)
    if centre is not None:
        keep(connection, centre)


def keep(connection: Connection, centre: Centre) -> None:
    """Store the centre of a story that is there."""
    connection.execute(update(stories).where(S.id == centre.story_id).values(centre=_packed(centre)))


def forget(connection: Connection, before: datetime, limit: int) -> int:
    """Drop the centres of some stories whose last article is older; how many: 0 when all are gone."""
    old = select(S.id).where(S.centre.is_not(None), S.last_at < before).limit(limit)
    chosen: Sequence[str] = connection.execute(old).scalars().all()
    connection.execute(update(stories).where(S.id.in_(chosen)).values(centre=None))
    return len(chosen)


# -- as bytes --------------------------------------------------------------------------------------


def _packed(centre: Centre) -> bytes:
    kept = {
        "first": centre.first_at.isoformat(),
        "last": centre.last_at.isoformat(),
        "reports": centre.reports,
        "total": _rounded(centre.total),
    }
    if centre.reports > 1:
        kept["founder"] = _rounded(centre.founder)
    return zlib.compress(json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode(), 6)


@lru_cache(maxsize=1024)  # open stories are asked for again and again while articles are folded
def _unpacked(story_id: str, stored: bytes) -> Centre:
    kept = json.loads(zlib.decompress(stored))
    return Centre(
        story_id=story_id,
        first_at=datetime.fromisoformat(kept["first"]),
        last_at=datetime.fromisoformat(kept["last"]),
        reports=kept["reports"],
        total=kept["total"],
        founder=kept.get("founder", kept["total"]),
    )


def _rounded(vector: Vector) -> dict[str, float]:
    return {word: round(weight, DIGITS) for word, weight in vector.items()}
