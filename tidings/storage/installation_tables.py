"""Tables on the installation itself: who works on the database, and what is remembered of it as a whole."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table

from tidings.storage.base import metadata
from tidings.storage.types import AwareTime, Words

leases = Table(
    "leases",
    metadata,
    Column("name", String, primary_key=True),  # what may be done by one process at a time: "daemon"
    Column("token", BigInteger, nullable=False),  # one more with each holder, so that an earlier one is known
    Column("holder", Words, nullable=False),  # of this start of that process, like no other's
    Column("host", Words, nullable=False),
    Column("process", Integer, nullable=False),
    Column("since", AwareTime, nullable=False),
    Column("seen_at", AwareTime, nullable=False),  # its last sign of life
    Column("until", AwareTime, nullable=False),  # others may take it after this
)

installation = Table(
    "installation",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Words, nullable=False),
)

counted_from = Table(
    "counted_from",  # of articles that a database restored from a backup had forgotten
    metadata,
    Column("article_id", String, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "at", AwareTime, nullable=False
    ),  # what is found in it when it is judged first counts as found then
)
