"""Tables of work that many processes share: who they are, and whose turn it is with a host."""

from __future__ import annotations

from sqlalchemy import DDL, JSON, BigInteger, Column, Integer, String, Table, event

from tidings.storage.base import metadata
from tidings.storage.types import AwareTime, Words

workers = Table(
    "workers",
    metadata,
    Column("id", String, primary_key=True),  # of one start of one process, like no other's
    Column("host", Words, nullable=False),
    Column("process", Integer, nullable=False),
    Column("version", String, nullable=False),  # of the program
    Column("since", AwareTime, nullable=False),
    Column("seen_at", AwareTime, nullable=False),  # its last sign of life, by the clock of the database
    Column("places", Integer, nullable=False),  # jobs it performs at once
    Column("doing", Integer, nullable=False),  # jobs in hand
    Column("done", BigInteger, nullable=False),  # jobs since its start
    Column("memory", BigInteger),  # bytes resident
    Column("counts", JSON, nullable=False),  # what its tasks did: name → number
    Column("slow", JSON, nullable=False),  # ids of sources whose last poll took long
    Column("takes", JSON),  # kinds of jobs that it performs; NULL: all, as before there was a choice
    Column("configuration", String),  # version of the files that it goes by; NULL: of before this was written
)

host_turns = Table(
    "host_turns",
    metadata,
    Column("host", Words, primary_key=True),
    Column("next_at", AwareTime, nullable=False),  # the next request may start; by the clock of the database
    Column("first_until", AwareTime),  # one request is under way until then at most; NULL: none
    Column("second_until", AwareTime),  # another one
    Column(
        "wanted_at", AwareTime
    ),  # somebody was turned away, and asks again; NULL: since then a turn was given
)
# What is lost of it when the server crashes is some seconds of politeness.
event.listen(
    host_turns,
    "after_create",
    DDL("ALTER TABLE host_turns SET UNLOGGED").execute_if(dialect="postgresql"),  # type: ignore[no-untyped-call]  # the library gives no types
)
