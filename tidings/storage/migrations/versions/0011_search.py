"""The index of words by which the archive is searched; articles that are there already wait for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tidings.storage.types import AwareTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_MAKE = {
    "sqlite": (
        "CREATE VIRTUAL TABLE search_words USING "
        "fts5(title, body, content='', tokenize='unicode61 remove_diacritics 0')",
    ),
    "postgresql": (
        "CREATE TABLE search_words (number BIGINT PRIMARY KEY, title TSVECTOR NOT NULL, body TSVECTOR NOT NULL)",
        "CREATE INDEX ix_search_words_title ON search_words USING gin (title)",
        "CREATE INDEX ix_search_words_body ON search_words USING gin (body)",
    ),
}


def upgrade() -> None:
    """Columns first, then the index, then who waits for it."""
    op.add_column("articles", sa.Column("number", sa.BigInteger(), nullable=True))
    op.add_column("articles", sa.Column("words_print", sa.BigInteger(), nullable=True))
    op.add_column("articles", sa.Column("unindexed_since", AwareTime(), nullable=True))
    op.create_index("ix_articles_number", "articles", ["number"], unique=True)
    waiting = sa.text("unindexed_since IS NOT NULL")
    op.create_index(
        "ix_articles_unindexed_since",
        "articles",
        ["unindexed_since"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    for statement in _MAKE[op.get_bind().dialect.name]:
        op.execute(statement)
    op.execute("UPDATE articles SET unindexed_since = first_seen_at")
