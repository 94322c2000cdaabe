"""Bringing the schema up to date, and asking whether it is."""

from collections.abc import Sequence
from importlib.resources import as_file, files
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from gateway.storage.cipher import SecretKey, first_wraps, store_wraps, stored_wraps

# Two processes that migrate at once take turns under this lock.
_MIGRATING = 0x5649_4749


def _config(connection: sa.Connection | None = None, metadata: sa.MetaData | None = None) -> Config:
    config = Config()
    with as_file(files("gateway.storage") / "migrations") as folder:
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes.update(connection=connection, metadata=metadata)
    return config


def upgrade(engine: sa.Engine, metadata: sa.MetaData, revision: str = "head") -> list[str]:
    """The revisions that were run, oldest first."""
    with engine.begin() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))
        before = _revision(connection)
        command.upgrade(_config(connection, metadata), revision)
        after = _revision(connection)
    return [one for one in revisions() if (before or "") < one <= (after or "")]


def downgrade(engine: sa.Engine, metadata: sa.MetaData, revision: str) -> None:
    with engine.begin() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))
        command.downgrade(_config(connection, metadata), revision)


def make_data_keys(engine: sa.Engine, secret_keys: Sequence[SecretKey]) -> None:
    """The data keys of a new installation; does nothing where there are some."""
    with engine.begin() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))
        if not stored_wraps(connection):
            store_wraps(connection, first_wraps(secret_keys))


def revisions() -> list[str]:
    """All revisions, oldest first."""
    script = ScriptDirectory.from_config(_config())
    return [revision.revision for revision in reversed(list(script.walk_revisions()))]


def is_current(connection: sa.Connection) -> bool:
    return _revision(connection) == revisions()[-1]


def _revision(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def differences(connection: sa.Connection, metadata: sa.MetaData) -> list[Any]:
    """What the tables lack of the models, or have beyond them."""
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return list(compare_metadata(context, metadata))
