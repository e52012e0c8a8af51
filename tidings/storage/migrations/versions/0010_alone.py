"""Left alone: who works on the database, what is known of the installation, changes to tell by channel, and no feed's key in
the address of an article."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crawler.wording import place_of
from tidings.storage.keys import fingerprint
from tidings.storage.types import AwareTime, Words

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each part in a function of its own."""
    _installation()
    _changes()
    _articles_without_page()
    _sightings_without_page()


def _installation() -> None:
    """Nobody has worked on it yet that is known of, and it is no backup."""
    op.create_table(
        "leases",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("holder", Words(), nullable=False),
        sa.Column("host", Words(), nullable=False),
        sa.Column("process", sa.Integer(), nullable=False),
        sa.Column("since", AwareTime(), nullable=False),
        sa.Column("seen_at", AwareTime(), nullable=False),
        sa.Column("until", AwareTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.create_table(
        "installation",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", Words(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_installation"),
    )
    op.create_table(
        "counted_from",
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("at", AwareTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name="fk_counted_from_article_id_articles", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", name="pk_counted_from"),
    )


def _changes() -> None:
    """What a channel is still to be told is found without reading what others wait for."""
    op.drop_index("ix_article_changes_untold_since", "article_changes")
    waiting = sa.text("untold_since IS NOT NULL")
    op.create_index(
        "ix_article_changes_channel_id_untold_since",
        "article_changes",
        ["channel_id", "untold_since"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )


_ARTICLES = sa.table(
    "articles",
    sa.column("id", sa.String()),
    sa.column("url", Words()),
    sa.column("url_print", sa.BigInteger()),
    sa.column("canonical_url", Words()),
    sa.column("canonical_print", sa.BigInteger()),
)
_SIGHTINGS = sa.table(
    "sightings",
    sa.column("article_id", sa.String()),
    sa.column("source_id", Words()),
    sa.column("url", Words()),
    sa.column("url_print", sa.BigInteger()),
    sa.column("seen_at", AwareTime()),
)


def _own_place(url: str, article_id: str) -> str:
    """An entry that links to no page had its feed's address, with all that is in it; now as it is written today.

    The two must be one, or the next poll would see each such entry at another address.
    """
    feed, _, mark = url.rpartition("#")
    return f"{place_of(feed)}#{mark}" if feed and mark == article_id else url


def _articles_without_page() -> None:
    connection = op.get_bind()
    one = _ARTICLES.c
    own = "%#" + one.id
    found = sa.select(one.id, one.url, one.canonical_url).where(
        sa.or_(one.url.like(own), one.canonical_url.like(own))
    )
    for row in connection.execute(found).all():
        url, canonical = (_own_place(each, row.id) for each in (row.url, row.canonical_url))
        if (url, canonical) != (row.url, row.canonical_url):
            connection.execute(
                _ARTICLES.update()
                .where(one.id == row.id)
                .values(
                    url=url,
                    url_print=fingerprint(url),
                    canonical_url=canonical,
                    canonical_print=fingerprint(canonical),
                )
            )


def _sightings_without_page() -> None:
    """A feed that changed its key listed an entry at two addresses, which are one now: the first time is kept."""
    connection = op.get_bind()
    one = _SIGHTINGS.c
    for row in connection.execute(sa.select(*one).where(one.url.like("%#" + one.article_id))).all():
        url = _own_place(row.url, row.article_id)
        if url == row.url:
            continue
        of_both = sa.and_(one.article_id == row.article_id, one.source_id == row.source_id)
        here, there = (sa.and_(of_both, one.url_print == each) for each in (row.url_print, fingerprint(url)))
        twin = connection.execute(sa.select(one.seen_at).where(there)).one_or_none()
        if twin is None:
            connection.execute(_SIGHTINGS.update().where(here).values(url=url, url_print=fingerprint(url)))
        else:
            connection.execute(_SIGHTINGS.delete().where(here))
            first = min(row.seen_at, twin.seen_at)
            connection.execute(_SIGHTINGS.update().where(there).values(seen_at=first))
