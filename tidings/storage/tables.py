"""The tables. What waits for work has a moment in a nullable column, and a small index on just those rows."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    text,
)

from tidings.storage.base import metadata, waiting
from tidings.storage.types import AwareTime, Duration, Words

sources = Table(
    "sources",
    metadata,
    Column("id", Words, primary_key=True),
    Column("kind", String, nullable=False),
    Column("url", Words, nullable=False),  # as configured
    Column("host", Words),  # of the address that is asked; NULL: not known yet, see migration 0013
    Column("name", Words),  # as configured
    Column("configured", Boolean, nullable=False),  # False: left the configuration, keeps its history
    Column("paused", Boolean, nullable=False),  # by the configuration
    Column("operator_paused", Boolean, nullable=False),
    Column("added_at", AwareTime, nullable=False),
    Column("claimed_until", AwareTime),
    Column("claimed_by", String),  # the worker; NULL: nobody whose death ends the claim before its time
    Column("state", String, nullable=False),
    Column("since", AwareTime),
    Column("problem", Words),
    Column("cause", String),  # of the problem, where it is a failure; None: not known
    Column("etag", Words),
    Column("last_modified", Words),
    Column("body_hash", String),
    Column("moved_to", Words),
    Column("next_poll_at", AwareTime),
    Column("not_before", AwareTime),
    Column("last_polled_at", AwareTime),
    Column("last_success_at", AwareTime),
    Column("last_new_at", AwareTime),
    Column("failures", Integer, nullable=False),
    Column("interval", Duration),
    Column("title", Words),
    Column("ttl", Duration),
    Column("fresh_for", Duration),
    Column("skip_hours", JSON, nullable=False),  # UTC hours, in order
    Column("skip_days", JSON, nullable=False),  # UTC days, Monday is 0
    Column("listed", Integer),  # entries in the last document read
    Column("scrolled", Integer, nullable=False),  # lists in a row that shared no entry with the one before
    Column("last_listed", Date),  # UTC day of the last poll that brought a list
)
Index("ix_sources_next_poll_at_id", sources.c.next_poll_at, sources.c.id)
Index("ix_sources_last_polled_at", sources.c.last_polled_at)  # by a clock that was ahead
waiting("ix_sources_claimed_until", sources.c.claimed_until)

source_gaps = Table(
    "source_gaps",
    metadata,
    Column("source_id", Words, ForeignKey("sources.id"), primary_key=True),
    Column("start", AwareTime, primary_key=True),  # of the time that may have been missed
    Column("end", AwareTime, nullable=False),
    Column("cause", String, nullable=False),
    Column("noticed_at", AwareTime, nullable=False),
    Column("filled_at", AwareTime),
)
Index("ix_source_gaps_noticed_at", source_gaps.c.noticed_at)

source_lists = Table(
    "source_lists",
    metadata,
    Column("source_id", Words, ForeignKey("sources.id"), primary_key=True),
    Column("seen", LargeBinary, nullable=False),  # what `crawler.seen` packs of the last list
)

host_holds = Table(
    "host_holds",
    metadata,
    Column("host", Words, primary_key=True),
    Column("until", AwareTime, nullable=False),
)

host_habits = Table(
    "host_habits",
    metadata,
    Column("host", Words, primary_key=True),
    Column("kept_at", AwareTime, nullable=False),
    Column("packed", LargeBinary, nullable=False),  # see `crawler.recurring`
)

robots_files = Table(
    "robots_files",
    metadata,
    Column("origin", Words, primary_key=True),
    Column("fetched_at", AwareTime, nullable=False),
    Column("until", AwareTime, nullable=False),
    Column("problem", Words),
    Column("text", Words),  # last, because it may be long: the others are read without it
)

host_pages = Table(
    "host_pages",
    metadata,
    Column("host", Words, primary_key=True),
    Column("hour", AwareTime, primary_key=True),  # its beginning, UTC
    Column("pages", Integer, nullable=False),  # asked for
)

articles = Table(
    "articles",
    metadata,
    Column("id", String, primary_key=True),
    Column("source_id", Words, ForeignKey("sources.id"), nullable=False),
    Column("url", Words, nullable=False),
    Column("url_print", BigInteger, nullable=False),  # fingerprints, see keys.py
    Column("canonical_url", Words, nullable=False),
    Column("canonical_print", BigInteger, nullable=False),
    Column("title", Words, nullable=False),
    Column("title_print", BigInteger),
    Column("summary", Words, nullable=False),
    Column("authors", JSON, nullable=False),
    Column("published_at", AwareTime),
    Column("updated_at", AwareTime),
    Column("first_seen_at", AwareTime, nullable=False),
    Column("language", String),
    Column("text_state", String, nullable=False),
    Column("text_reason", Words),
    Column("text_length", Integer, nullable=False),  # code points of the version in force
    Column("paywalled", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("backfilled", Boolean, nullable=False),
    Column("held_since", AwareTime),  # set for the articles of a flood
    Column("held_ended", AwareTime),  # their review is over
    Column("story_id", String),
    Column("duplicate_of", String),
    Column("similarity", Float),
    Column("fold_reason", Words),
    Column("credit", Words),  # the agency whose text it says it is
    # reading its page
    Column("page_host", String),  # NULL where the article is older than the column
    Column("page_due_at", AwareTime),  # set while text_state is pending
    Column("claimed_until", AwareTime),
    Column("claimed_by", String),
    Column("attempts", Integer, nullable=False),  # that did not come back
    Column("first_read_at", AwareTime),
    Column("rereads", Integer, nullable=False),
    Column("page_at", AwareTime),  # when it was asked for last, or passed over
    Column("page_tries", Integer, nullable=False),  # how often it was asked for in all
    # folding and matching
    Column("unfolded_since", AwareTime),  # set while it waits for folding
    Column("unmatched_since", AwareTime),  # set while it is folded and waits for matching
    Column("matched_version", Integer, nullable=False),  # 0: none
    Column("judged_at", AwareTime),  # when it was matched first
    # the index of words, see word_index.py
    Column("number", BigInteger),  # its place in it; NULL: it is not in it
    Column("words_print", BigInteger),  # of the words with which it was put in
    Column("unindexed_since", AwareTime),  # set while it waits for it
)
waiting("ix_articles_page_due_at", articles.c.page_due_at)
waiting("ix_articles_unfolded_since", articles.c.unfolded_since)
waiting("ix_articles_unmatched_since", articles.c.unmatched_since)
waiting("ix_articles_held_since", articles.c.held_since)
waiting("ix_articles_judged_at", articles.c.judged_at)
waiting("ix_articles_unindexed_since", articles.c.unindexed_since)
Index("ix_articles_number", articles.c.number, unique=True)
Index("ix_articles_url_print", articles.c.url_print)
Index("ix_articles_canonical_print", articles.c.canonical_print)
Index("ix_articles_title_print", articles.c.title_print)
Index("ix_articles_story_id", articles.c.story_id)
Index("ix_articles_first_seen_at", articles.c.first_seen_at)

article_versions = Table(
    "article_versions",
    metadata,
    Column("article_id", String, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("made_at", AwareTime, nullable=False),
    Column("origin", String, nullable=False),  # of the text: "feed" or "page"
    Column("title", Words, nullable=False),
    Column("summary", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("kept_since", AwareTime),  # `made_at` while the text is kept, NULL once it is dropped for its age
    Column(
        "posts", JSON(none_as_null=True)
    ),  # of a live blog: [start, end, posted at, title] each; NULL: none
    # Set: summary, text and posts are empty, and kept as their difference to the next version, see versions.py.
    Column("packed", LargeBinary),
)
waiting("ix_article_versions_kept_since", article_versions.c.kept_since)

page_crashes = Table(
    "page_crashes",
    metadata,
    Column("article_id", String, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("crashed_at", AwareTime, nullable=False),
    Column("url", Words, nullable=False),  # where the page came from in the end
    Column("content_type", Words),
    Column("size", Integer, nullable=False),  # bytes of the page
    Column("body", LargeBinary, nullable=False),  # zlib; last, because it may be long
)

sightings = Table(
    "sightings",
    metadata,
    Column("article_id", String, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("source_id", Words, ForeignKey("sources.id"), primary_key=True),
    Column("url_print", BigInteger, primary_key=True, autoincrement=False),
    Column("url", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("seen_at", AwareTime, nullable=False),
)
Index("ix_sightings_url_print", sightings.c.url_print)

identity_keys = Table(
    "identity_keys",
    metadata,
    Column("key", Words, primary_key=True),
    Column("article_id", String, nullable=False),  # no foreign key: keys outlive their article
    Column("source_id", Words, nullable=False),  # the last to list it
    Column("last_listed", Date, nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_identity_keys_last_listed", identity_keys.c.last_listed)

article_bands = Table(
    "article_bands",
    metadata,
    Column("band", BigInteger, primary_key=True, autoincrement=False),  # era and key, see bands.py
    Column("number", Integer, primary_key=True, autoincrement=False),  # of an article, see article_marks
    sqlite_with_rowid=False,
)

article_marks = Table(
    "article_marks",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # later ones are greater
    Column("article", LargeBinary),  # its id, see bands.py; NULL: it has another text now
    Column("day", Integer, nullable=False),  # first seen, days since 1970
)
Index("ix_article_marks_article", article_marks.c.article, unique=True)

stories = Table(
    "stories",
    metadata,
    Column("id", String, primary_key=True),
    Column("opened_at", AwareTime, nullable=False),
    Column("last_at", AwareTime, nullable=False),  # first seen of its newest article
    Column("centre", LargeBinary),  # what its reports say together, see centres.py; NULL: not known any more
)
_CENTRED = text("centre IS NOT NULL")
Index("ix_stories_last_at", stories.c.last_at, sqlite_where=_CENTRED, postgresql_where=_CENTRED)

vocabularies = Table(
    "vocabularies",
    metadata,
    Column("made_at", AwareTime, primary_key=True),
    Column("articles", Integer, nullable=False),  # of the sample
    Column("counts", LargeBinary, nullable=False),  # zlib, JSON: word → articles that hold it
)

story_aliases = Table(
    "story_aliases",
    metadata,
    Column("alias", String, primary_key=True),  # id of a story that is part of another one now
    Column("story_id", String, nullable=False),
)
Index("ix_story_aliases_story_id", story_aliases.c.story_id)

story_constraints = Table(
    "story_constraints",
    metadata,
    Column("story_id", String, primary_key=True),
    Column("subject", String, primary_key=True),  # an article, or another story
    Column("kind", String, nullable=False),  # "together" or "apart"
    Column("made_at", AwareTime, nullable=False),
    Column("command", String, nullable=False),  # "split" or "merge"
    Column("made_by", Words),  # login name; NULL: not known
)
Index("ix_story_constraints_subject", story_constraints.c.subject)

matches = Table(
    "matches",
    metadata,
    Column("article_id", String, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("initiative_id", Words, primary_key=True),
    Column("commitments", JSON, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("watchlist_version", String, nullable=False),
    Column("text_version", Integer, nullable=False),
    Column("matched_at", AwareTime, nullable=False),
    Column("gone_at", AwareTime),  # a later version or rule no longer matches
    Column("found_by", String),  # NULL: as the article came
    Column("found_at", AwareTime),  # when the edit came into force, or the command was given
    Column("filed", Boolean, nullable=False),  # found in the archive, and never told
    Column("told_at", AwareTime),  # when a digest told it first
)
Index("ix_matches_initiative_id_matched_at", matches.c.initiative_id, matches.c.matched_at)
Index("ix_matches_matched_at", matches.c.matched_at)

match_commitments = Table(
    "match_commitments",
    metadata,
    Column("initiative_id", Words, primary_key=True),
    Column("commitment_id", Words, primary_key=True),
    Column("article_id", String, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    sqlite_with_rowid=False,
)
Index("ix_match_commitments_article_id", match_commitments.c.article_id)

judgements = Table(
    "judgements",
    metadata,
    Column("article_id", String, primary_key=True),  # no foreign key: a judgement outlives its article
    Column("initiative_id", Words, primary_key=True),
    Column("verdict", String, nullable=False),  # "not-about" or "about"
    Column("terms", JSON, nullable=False),  # the evidence then, as the user wrote them
    Column("watchlist_version", String, nullable=False),
    Column("at", AwareTime, nullable=False),
    Column("way", String, nullable=False),  # by which it came: "mail", "site" or "command"
)

watchlist_versions = Table(
    "watchlist_versions",
    metadata,
    Column("version", String, primary_key=True),
    Column("watchlist_id", Words, nullable=False),
    Column("path", Words, nullable=False),
    Column("first_since", AwareTime, nullable=False),  # in force for the first time
    Column("in_force_since", AwareTime, nullable=False),  # and for the last
    Column("in_force_until", AwareTime),  # NULL: it is in force now
    Column("text", Words, nullable=False),
)

initiative_rules = Table(
    "initiative_rules",
    metadata,
    Column("initiative_id", Words, primary_key=True),
    Column("print", String, nullable=False),  # of what the rules mean
    Column("in_force_since", AwareTime, nullable=False),
    Column("removed_at", AwareTime),  # it left the watchlists
    # the run over the archive
    Column("pending_since", AwareTime),  # set from the edit to the end of the run
    Column("cursor_at", AwareTime),  # the last article judged: its first seen
    Column("cursor_id", String),
    Column("articles", Integer, nullable=False),  # looked at so far
    Column("told", Integer, nullable=False),
    Column("filed", Integer, nullable=False),
    Column("gone", Integer, nullable=False),
)
