"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tidings.storage.types import AwareTime, Duration, Words

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables in an empty database."""
    op.create_table(
        "digest_slots",
        sa.Column("digest_id", Words(), nullable=False),
        sa.Column("key", Words(), nullable=False),
        sa.Column("due", AwareTime(), nullable=False),
        sa.Column("until", AwareTime(), nullable=False),
        sa.Column("message_key", Words(), nullable=True),
        sa.Column("frozen_at", AwareTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest_id", "key", name="pk_digest_slots"),
    )
    op.create_index("ix_digest_slots_digest_id_until", "digest_slots", ["digest_id", "until"])
    op.create_table(
        "digests",
        sa.Column("id", Words(), nullable=False),
        sa.Column("started_at", AwareTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_digests"),
    )
    op.create_table(
        "identity_keys",
        sa.Column("key", Words(), nullable=False),
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("source_id", Words(), nullable=False),
        sa.Column("last_listed", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_identity_keys"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_identity_keys_last_listed", "identity_keys", ["last_listed"])
    op.create_table(
        "messages",
        sa.Column("key", Words(), nullable=False),
        sa.Column("subject", Words(), nullable=False),
        sa.Column("text", Words(), nullable=False),
        sa.Column("html", Words(), nullable=False),
        sa.Column("data", Words(), nullable=False),
        sa.Column("created_at", AwareTime(), nullable=False),
        sa.Column("digest_id", Words(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_messages"),
    )
    op.create_index("ix_messages_created_at", "messages", ["created_at"])
    op.create_table(
        "sources",
        sa.Column("id", Words(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("url", Words(), nullable=False),
        sa.Column("name", Words(), nullable=True),
        sa.Column("configured", sa.Boolean(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("operator_paused", sa.Boolean(), nullable=False),
        sa.Column("added_at", AwareTime(), nullable=False),
        sa.Column("claimed_until", AwareTime(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", AwareTime(), nullable=True),
        sa.Column("problem", Words(), nullable=True),
        sa.Column("etag", Words(), nullable=True),
        sa.Column("last_modified", Words(), nullable=True),
        sa.Column("body_hash", sa.String(), nullable=True),
        sa.Column("moved_to", Words(), nullable=True),
        sa.Column("next_poll_at", AwareTime(), nullable=True),
        sa.Column("not_before", AwareTime(), nullable=True),
        sa.Column("last_polled_at", AwareTime(), nullable=True),
        sa.Column("last_success_at", AwareTime(), nullable=True),
        sa.Column("last_new_at", AwareTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("interval", Duration(), nullable=True),
        sa.Column("title", Words(), nullable=True),
        sa.Column("ttl", Duration(), nullable=True),
        sa.Column("skip_hours", sa.JSON(), nullable=False),
        sa.Column("last_listed", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_sources"),
    )
    op.create_index("ix_sources_next_poll_at", "sources", ["next_poll_at"])
    op.create_table(
        "stories",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("opened_at", AwareTime(), nullable=False),
        sa.Column("last_at", AwareTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stories"),
    )
    op.create_table(
        "told_stories",
        sa.Column("digest_id", Words(), nullable=False),
        sa.Column("story_id", sa.String(), nullable=False),
        sa.Column("first_told_at", AwareTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest_id", "story_id", name="pk_told_stories"),
    )
    op.create_index("ix_told_stories_story_id", "told_stories", ["story_id"])
    op.create_table(
        "articles",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source_id", Words(), nullable=False),
        sa.Column("url", Words(), nullable=False),
        sa.Column("url_print", sa.BigInteger(), nullable=False),
        sa.Column("canonical_url", Words(), nullable=False),
        sa.Column("canonical_print", sa.BigInteger(), nullable=False),
        sa.Column("title", Words(), nullable=False),
        sa.Column("title_print", sa.BigInteger(), nullable=True),
        sa.Column("summary", Words(), nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("published_at", AwareTime(), nullable=True),
        sa.Column("updated_at", AwareTime(), nullable=True),
        sa.Column("first_seen_at", AwareTime(), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("text_state", sa.String(), nullable=False),
        sa.Column("text_reason", Words(), nullable=True),
        sa.Column("text_length", sa.Integer(), nullable=False),
        sa.Column("paywalled", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("backfilled", sa.Boolean(), nullable=False),
        sa.Column("story_id", sa.String(), nullable=True),
        sa.Column("duplicate_of", sa.String(), nullable=True),
        sa.Column("similarity", sa.Float(), nullable=True),
        sa.Column("fold_reason", Words(), nullable=True),
        sa.Column("page_due_at", AwareTime(), nullable=True),
        sa.Column("claimed_until", AwareTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_read_at", AwareTime(), nullable=True),
        sa.Column("rereads", sa.Integer(), nullable=False),
        sa.Column("unfolded_since", AwareTime(), nullable=True),
        sa.Column("unmatched_since", AwareTime(), nullable=True),
        sa.Column("matched_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_articles_source_id"),
        sa.PrimaryKeyConstraint("id", name="pk_articles"),
    )
    op.create_index("ix_articles_canonical_print", "articles", ["canonical_print"])
    op.create_index("ix_articles_first_seen_at", "articles", ["first_seen_at"])
    op.create_index(
        "ix_articles_page_due_at",
        "articles",
        ["page_due_at"],
        sqlite_where=sa.text("page_due_at IS NOT NULL"),
        postgresql_where=sa.text("page_due_at IS NOT NULL"),
    )
    op.create_index("ix_articles_story_id", "articles", ["story_id"])
    op.create_index("ix_articles_title_print", "articles", ["title_print"])
    op.create_index(
        "ix_articles_unfolded_since",
        "articles",
        ["unfolded_since"],
        sqlite_where=sa.text("unfolded_since IS NOT NULL"),
        postgresql_where=sa.text("unfolded_since IS NOT NULL"),
    )
    op.create_index(
        "ix_articles_unmatched_since",
        "articles",
        ["unmatched_since"],
        sqlite_where=sa.text("unmatched_since IS NOT NULL"),
        postgresql_where=sa.text("unmatched_since IS NOT NULL"),
    )
    op.create_index("ix_articles_url_print", "articles", ["url_print"])
    op.create_table(
        "deliveries",
        sa.Column("id", Words(), nullable=False),
        sa.Column("message_key", Words(), nullable=False),
        sa.Column("channel_id", Words(), nullable=False),
        sa.Column("recipient", Words(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", AwareTime(), nullable=False),
        sa.Column("next_attempt_at", AwareTime(), nullable=True),
        sa.Column("sent_at", AwareTime(), nullable=True),
        sa.Column("last_error", Words(), nullable=True),
        sa.Column("answer", Words(), nullable=True),
        sa.Column("claimed_until", AwareTime(), nullable=True),
        sa.Column("due_at", AwareTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_key"], ["messages.key"], name="fk_deliveries_message_key", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_created_at", "deliveries", ["created_at"])
    op.create_index(
        "ix_deliveries_due_at",
        "deliveries",
        ["due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_deliveries_message_key", "deliveries", ["message_key"])
    op.create_table(
        "message_stories",
        sa.Column("story_id", sa.String(), nullable=False),
        sa.Column("message_key", Words(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_key"], ["messages.key"], name="fk_message_stories_message_key", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("story_id", "message_key", name="pk_message_stories"),
    )
    op.create_index("ix_message_stories_message_key", "message_stories", ["message_key"])
    op.create_table(
        "article_bands",
        sa.Column("band", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("seen_at", AwareTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name="fk_article_bands_article_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("band", "article_id", name="pk_article_bands"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_article_bands_article_id", "article_bands", ["article_id"])
    op.create_index("ix_article_bands_seen_at", "article_bands", ["seen_at"])
    op.create_table(
        "article_versions",
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("made_at", AwareTime(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("title", Words(), nullable=False),
        sa.Column("summary", Words(), nullable=False),
        sa.Column("text", Words(), nullable=False),
        sa.Column("kept_since", AwareTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name="fk_article_versions_article_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "version", name="pk_article_versions"),
    )
    op.create_index(
        "ix_article_versions_kept_since",
        "article_versions",
        ["kept_since"],
        sqlite_where=sa.text("kept_since IS NOT NULL"),
        postgresql_where=sa.text("kept_since IS NOT NULL"),
    )
    op.create_table(
        "match_commitments",
        sa.Column("initiative_id", Words(), nullable=False),
        sa.Column("commitment_id", Words(), nullable=False),
        sa.Column("article_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name="fk_match_commitments_article_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("initiative_id", "commitment_id", "article_id", name="pk_match_commitments"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_match_commitments_article_id", "match_commitments", ["article_id"])
    op.create_table(
        "matches",
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("initiative_id", Words(), nullable=False),
        sa.Column("commitments", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("watchlist_version", sa.String(), nullable=False),
        sa.Column("text_version", sa.Integer(), nullable=False),
        sa.Column("matched_at", AwareTime(), nullable=False),
        sa.Column("gone_at", AwareTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name="fk_matches_article_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "initiative_id", name="pk_matches"),
    )
    op.create_index("ix_matches_initiative_id_matched_at", "matches", ["initiative_id", "matched_at"])
    op.create_index("ix_matches_matched_at", "matches", ["matched_at"])
    op.create_table(
        "sightings",
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("source_id", Words(), nullable=False),
        sa.Column("url_print", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("url", Words(), nullable=False),
        sa.Column("title", Words(), nullable=False),
        sa.Column("seen_at", AwareTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name="fk_sightings_article_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_sightings_source_id"),
        sa.PrimaryKeyConstraint("article_id", "source_id", "url_print", name="pk_sightings"),
    )
    op.create_index("ix_sightings_url_print", "sightings", ["url_print"])
