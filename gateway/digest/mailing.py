"""The mails that are due are sent, outside of every transaction, each once at most."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from gateway.digest import mail, smtp
from gateway.digest.records import Mail
from gateway.digest.rendering import rendered
from gateway.digest.smtp import MailError, TemporaryMailError
from gateway.digest.sources import gather
from gateway.observability import get_logger, where
from gateway.services import Services
from gateway.storage import audit
from gateway.storage.audit import Decision
from gateway.storage.database import DATABASE_TROUBLE, table_of

log = get_logger(__name__)

MAIL = table_of(Mail)
LEASE: Final = timedelta(minutes=5)
"""Far longer than a sender works on one mail: a dozen steps of 15 seconds."""
TRIES_FOR: Final = timedelta(hours=12)
LONGEST_WAIT: Final = timedelta(hours=1)
_DIED: Final = "Its sender died: it may have arrived, and is not sent again."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mail; ``reason`` is None if it was sent, ``again`` if it is tried once more."""

    id: UUID
    reason: str | None
    again: bool = False


def due(services: Services) -> bool:
    """Whether a mail waits to be sent, or was left by a sender that died."""
    with services.engine.connect() as connection:
        return connection.execute(sa.select(sa.exists().where(_is_due(services)))).scalar_one()


def send_next(services: Services) -> Outcome | None:
    """Send the mail that has been due for longest. None where there is none: one at a time, for others wait."""
    row = _claim(services)
    if row is None:
        return None
    outcome = _try(services, row)
    _record(services, row, outcome)
    return outcome


def _is_due(services: Services) -> sa.ColumnElement[bool]:
    now = services.now()
    return sa.or_(
        sa.and_(MAIL.c.state == "queued", MAIL.c.due_at <= now),
        sa.and_(MAIL.c.state == "sending", MAIL.c.claimed_until <= now),
    )


def _claim(services: Services) -> sa.Row[Any] | None:
    """The next mail, marked as being sent before anything of it leaves."""
    now = services.now()
    with services.engine.begin() as connection:
        died = connection.execute(
            sa.update(MAIL)
            .where(MAIL.c.state == "sending", MAIL.c.claimed_until <= now)
            .values(state="failed", claimed_until=None, error=_DIED)
            .returning(MAIL.c.id)
        ).scalars()
        decisions = [Decision("vigie", "report not mailed", f"mail {id_}", {"why": _DIED}) for id_ in died]
        oldest = (
            sa.select(MAIL.c.id)
            .where(MAIL.c.state == "queued", MAIL.c.due_at <= now)
            .order_by(MAIL.c.due_at, MAIL.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        row = connection.execute(
            sa.update(MAIL)
            .where(MAIL.c.id == oldest)
            .values(state="sending", attempts=MAIL.c.attempts + 1, claimed_until=now + LEASE)
            .returning(MAIL)
        ).one_or_none()
        audit.append(connection, services.cipher.derive("audit"), now, decisions)
    return row


def _try(services: Services, row: sa.Row[Any]) -> Outcome:
    try:
        with services.engine.connect() as connection:
            material = gather(connection, services, row.since, row.until)
        address = services.cipher.decrypt(row.address)
        report = rendered(services, material, row.region or None, row.language)
        smtp.send(services.settings, mail.message(services, report, address), address)
    except TemporaryMailError as error:
        return Outcome(row.id, str(error), again=services.now() < row.created_at + TRIES_FOR)
    except MailError as error:
        return Outcome(row.id, str(error))
    except DATABASE_TROUBLE:
        raise  # nothing left: after its lease it counts as failed
    except Exception as error:  # noqa: BLE001 - one report that cannot be drawn must not stop the others
        log.error("mail_not_made", error=where(error))
        return Outcome(row.id, f"It could not be made ({where(error)}); please report it.")
    return Outcome(row.id, None)


def _record(services: Services, row: sa.Row[Any], outcome: Outcome) -> None:
    now = services.now()
    wait = min(timedelta(minutes=2**row.attempts), LONGEST_WAIT)
    state = "sent" if outcome.reason is None else "queued" if outcome.again else "failed"
    with services.engine.begin() as connection:
        connection.execute(
            sa.update(MAIL)
            .where(MAIL.c.id == row.id, MAIL.c.state == "sending")
            .values(state=state, claimed_until=None, error=outcome.reason, due_at=now + wait)
        )
        if state == "sent":
            decisions = [Decision("vigie", "report mailed", f"mail {row.id}")]
        else:
            what = "report to be mailed later" if outcome.again else "report not mailed"
            decisions = [Decision("vigie", what, f"mail {row.id}", {"why": outcome.reason})]
        audit.append(connection, services.cipher.derive("audit"), now, decisions)
    if outcome.reason is not None:
        log.warning("mail_not_sent", mail=str(row.id), attempts=row.attempts, reason=outcome.reason)
