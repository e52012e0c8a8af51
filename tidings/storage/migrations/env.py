"""Alembic's entry: runs migrations on the connection that `schema.upgrade` hands over."""

from __future__ import annotations

from alembic import context

from tidings.storage.every_table import metadata
from tidings.storage.schema import VERSION_TABLE, step_is_done

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
    render_as_batch=True,  # SQLite cannot alter most things in place
    on_version_apply=lambda **_: step_is_done(),
)
with context.begin_transaction():
    context.run_migrations()
