"""Stories: bands by day, profiles, constraints of the operator, versions as differences, changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tidings.storage.types import AwareTime, Words

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each part in a function of its own."""
    _credit()
    _constraints()
    _changes()
    _bands()
    _centres()


def _credit() -> None:
    """Whose text an article says it is, and to which messages a message refers; nothing is known of older ones."""
    op.add_column("articles", sa.Column("credit", Words(), nullable=True))
    op.add_column("messages", sa.Column("refers_to", sa.JSON(none_as_null=True), nullable=True))


def _constraints() -> None:
    """What joined stories were called, and what the operator said of stories: nothing yet."""
    op.create_table(
        "story_aliases",
        sa.Column("alias", sa.String(), nullable=False),
        sa.Column("story_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("alias", name="pk_story_aliases"),
    )
    op.create_index("ix_story_aliases_story_id", "story_aliases", ["story_id"])
    op.create_table(
        "story_constraints",
        sa.Column("story_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("made_at", AwareTime(), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("made_by", Words(), nullable=True),
        sa.PrimaryKeyConstraint("story_id", "subject", name="pk_story_constraints"),
    )
    op.create_index("ix_story_constraints_subject", "story_constraints", ["subject"])


def _changes() -> None:
    """Versions that are kept whole stay so. What was told counts as told in the words of now."""
    op.add_column("article_versions", sa.Column("packed", sa.LargeBinary(), nullable=True))
    op.create_table(
        "told_versions",
        sa.Column("digest_id", Words(), nullable=False),
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("told_at", AwareTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name="fk_told_versions_article_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest_id", "article_id", name="pk_told_versions"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_told_versions_article_id", "told_versions", ["article_id"])
    op.create_table(
        "article_changes",
        sa.Column("digest_id", Words(), nullable=False),
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("before", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("after", sa.Integer(), nullable=False),
        sa.Column("at", AwareTime(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("said", Words(), nullable=False),
        sa.Column("old", Words(), nullable=False),
        sa.Column("new", Words(), nullable=False),
        sa.Column("untold_since", AwareTime(), nullable=True),
        sa.Column("told_at", AwareTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name="fk_article_changes_article_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest_id", "article_id", "before", name="pk_article_changes"),
    )
    waiting = sa.text("untold_since IS NOT NULL")
    op.create_index(
        "ix_article_changes_untold_since",
        "article_changes",
        ["untold_since"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_index("ix_article_changes_article_id", "article_changes", ["article_id"])
    op.execute(
        "INSERT INTO told_versions (digest_id, article_id, version, told_at)"
        " SELECT told.digest_id, articles.id, articles.version, told.first_told_at"
        " FROM told_stories AS told JOIN articles ON articles.story_id = told.story_id"
        " WHERE EXISTS (SELECT 1 FROM matches"
        " WHERE matches.article_id = articles.id AND matches.told_at IS NOT NULL)"
    )


def _bands() -> None:
    """Shingles, runs and the form of the table are others now, and the keys of stored articles are not made anew.

    Articles of before are found by address and headline only; what comes from now on is compared by its text.
    """
    op.drop_table("article_bands")
    op.create_table(
        "article_bands",
        sa.Column("band", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("band", "number", name="pk_article_bands"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "article_marks",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("article", sa.LargeBinary(), nullable=True),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_article_marks"),
    )
    op.create_index("ix_article_marks_article", "article_marks", ["article"], unique=True)


def _centres() -> None:
    """What the reports of a story say together; of stories of before it is not known."""
    op.add_column("stories", sa.Column("centre", sa.LargeBinary(), nullable=True))
    known = sa.text("centre IS NOT NULL")
    op.create_index("ix_stories_last_at", "stories", ["last_at"], sqlite_where=known, postgresql_where=known)
    op.create_table(
        "vocabularies",
        sa.Column("made_at", AwareTime(), nullable=False),
        sa.Column("articles", sa.Integer(), nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("made_at", name="pk_vocabularies"),
    )
