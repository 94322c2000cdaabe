"""A USSD session is known by its id and its number: one provider may give an id to two phones"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TABLE = "ussd_sessions"
_BEFORE, _AFTER = ("channel", "session"), ("channel", "session", "sender_hash")


def upgrade() -> None:
    _known_by(_AFTER, before=_BEFORE)


def downgrade() -> None:
    op.execute("DELETE FROM ussd_sessions")
    _known_by(_BEFORE, before=_AFTER)


def _known_by(columns: tuple[str, ...], *, before: tuple[str, ...]) -> None:
    op.drop_constraint(_name(before), _TABLE)
    op.create_unique_constraint(_name(columns), _TABLE, list(columns))


def _name(columns: tuple[str, ...]) -> str:
    return op.f("_".join(("uq", _TABLE, *columns)))
