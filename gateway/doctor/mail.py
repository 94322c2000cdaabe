"""The mail server of situation reports: whether it takes our log-in, and whether mails were left."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from gateway.digest import smtp
from gateway.digest.records import Mail
from gateway.digest.smtp import MailError
from gateway.doctor.findings import Finding, note, ok, warning, wrong
from gateway.people.records import Officer
from gateway.settings import Settings
from gateway.storage.database import table_of

OFFICER, MAIL = table_of(Officer), table_of(Mail)
_LATELY: Final = timedelta(days=1)
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def examine(connection: sa.Connection, settings: Settings, now: datetime) -> Iterator[Finding]:
    wanted = (
        bool(settings.sitrep_to)
        or connection.execute(
            sa.select(sa.exists().where(OFFICER.c.active, OFFICER.c.email.is_not(None)))
        ).scalar_one()
    )
    if not settings.smtp_host:
        if wanted:
            yield warning(
                "mail",
                "Situation reports are to be mailed, and VIGIE_SMTP_HOST is empty: set it, or nobody gets one.",
            )
        else:
            yield note(
                "mail", "No situation report is mailed: there is no address, and VIGIE_SMTP_HOST is empty."
            )
        return
    if settings.smtp_security == "none" and settings.smtp_host not in _HERE:
        yield warning(
            "mail", "VIGIE_SMTP_SECURITY is none: reports and the password cross the network in clear."
        )
    try:
        smtp.examine(settings)
    except MailError as error:
        yield wrong("mail", str(error))
    else:
        yield ok("mail", f"{settings.smtp_host} is ready to take situation reports.")
    failed = connection.execute(
        sa.select(sa.func.count(), sa.func.max(MAIL.c.error)).where(
            MAIL.c.state == "failed", MAIL.c.created_at > now - _LATELY
        )
    ).one()
    if failed[0]:
        yield warning(
            "mail",
            f"{failed[0]} situation reports of the last day did not leave; of one: {failed[1]} "
            "`vigie sitrep --send` mails another.",
        )
