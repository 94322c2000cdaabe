"""What each officer said last since they were told of an alert, and how far up help was called"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_HELP, _HELP_STEP = "ck_alerts_help", "ck_alerts_help_step"


def upgrade() -> None:
    op.add_column("alert_codes", sa.Column("said", sa.Text(), nullable=True))
    op.add_column("alerts", sa.Column("help_step", sa.SmallInteger(), nullable=True))
    op.drop_constraint(op.f(_HELP), "alerts", type_="check")
    op.execute(
        "UPDATE alert_codes SET said = (SELECT answer FROM acknowledgements AS said"
        " WHERE said.alert_id = alert_codes.alert_id AND said.officer_id = alert_codes.officer_id"
        " AND answer <> 'note' ORDER BY at DESC, id DESC LIMIT 1) WHERE retired_at IS NULL"
    )
    op.execute(
        "UPDATE alert_codes SET step = NULL FROM alerts"
        " WHERE alerts.id = alert_codes.alert_id AND alert_codes.step <> alerts.step - 1"
    )
    # Whoever was called to help was so once: nobody is anew.
    op.execute("UPDATE alerts SET help = 'promised' WHERE help = 'called'")
    op.execute("UPDATE alerts SET help_step = step WHERE help IS NOT NULL")
    op.create_check_constraint(op.f(_HELP), "alerts", "help IN ('wanted', 'promised')")
    op.create_check_constraint(op.f(_HELP_STEP), "alerts", "(help IS NULL) = (help_step IS NULL)")


def downgrade() -> None:
    for name in (_HELP, _HELP_STEP):
        op.drop_constraint(op.f(name), "alerts", type_="check")
    op.execute("UPDATE alerts SET help = 'called' WHERE help = 'promised'")
    op.drop_column("alerts", "help_step")
    op.drop_column("alert_codes", "said")
    op.create_check_constraint(op.f(_HELP), "alerts", "help IN ('wanted', 'called')")
