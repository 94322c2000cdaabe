"""Phones for demonstrations: text the running gateway through its webhooks, and see what came back."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway.alerts.records import Acknowledgement
from gateway.bootstrap import CannotStartError
from gateway.channels.records import ChannelRecord
from gateway.inbox.records import InboundRecord
from gateway.outbox.records import OutboundRecord
from gateway.reports.records import ReportChange, ReportRecord
from gateway.services import Services
from gateway.storage.database import any_of, table_of

IN, OUT = table_of(InboundRecord), table_of(OutboundRecord)
REPORT, CHANGE = table_of(ReportRecord), table_of(ReportChange)
_UNDER_WAY = ("queued", "sending")


class Phones:
    """Texts through the simulator channel, signed as everybody's."""

    def __init__(self, services: Services, web_url: str) -> None:
        self._services = services
        self._secret = _simulator_secret(services)
        self._address = urlsplit(web_url)

    def text(self, sender: str, line: str, text: str, sent_at: str | None = None) -> str:
        """Send one text; its provider id. Raise CannotStartError when the gateway does not take it."""
        provider_id = str(uuid7())
        body = {"id": provider_id, "from": sender, "to": line, "text": text}
        if sent_at:
            body["sent_at"] = sent_at
        with self._connection() as connection:
            status = self._post(connection, json.dumps(body).encode())
        if status != 200:
            raise CannotStartError(f"The gateway answered {status} to the text.")
        return provider_id

    def _post(self, connection: HTTPConnection, body: bytes) -> int:
        signature = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Vigie-Signature": f"sha256={signature}"}
        connection.request("POST", f"{self._address.path}/webhooks/simulator/sms", body, headers)
        response = connection.getresponse()
        response.read()
        return response.status

    @contextmanager
    def _connection(self) -> Iterator[HTTPConnection]:
        kind = HTTPSConnection if self._address.scheme == "https" else HTTPConnection
        connection = kind(self._address.netloc, timeout=30)
        try:
            yield connection
        except OSError as error:
            raise CannotStartError(
                f"Nobody answers at {self._address.geturl()}; is `vigie up` running there?"
            ) from error
        finally:
            connection.close()


def _simulator_secret(services: Services) -> bytes:
    with services.engine.connect() as connection:
        sealed = connection.execute(
            sa.select(ChannelRecord.secrets).where(ChannelRecord.kind == "simulator", ChannelRecord.active)
        ).scalar()
    if sealed is None:
        raise CannotStartError("There is no simulator channel here; start the gateway with --demo.")
    secret: str = json.loads(services.cipher.decrypt(sealed))["secret"]
    return secret.encode()


@dataclass(frozen=True, slots=True)
class CameBack:
    """What one text led to."""

    state: str
    error: str | None
    reports: list[dict[str, Any]]
    texts: list[tuple[str, str, str]]
    """(number, text, state), in the order in which they were written"""


def wait_for(services: Services, provider_id: str, sender: str, seconds: float = 20) -> CameBack:
    """Wait until a text was read and all that it called for has gone out, or the time is up."""
    deadline = time.monotonic() + seconds
    while True:
        came_back = _look(services, provider_id, sender)
        done = came_back.state != "received" and all(text[2] not in _UNDER_WAY for text in came_back.texts)
        if done or time.monotonic() > deadline:
            return came_back
        time.sleep(0.1)


def _look(services: Services, provider_id: str, sender: str) -> CameBack:
    with services.engine.connect() as connection:
        message = connection.execute(
            sa.select(IN).where(IN.c.channel == "simulator", IN.c.provider_id == provider_id)
        ).one_or_none()
        if message is None:
            return CameBack("received", None, [], [])
        reports = (
            connection.execute(
                sa.select(REPORT).where(REPORT.c.message_id == message.id).order_by(REPORT.c.id)
            )
            .mappings()
            .all()
        )
        subjects = [report["id"] for report in reports] + [report["alert_id"] for report in reports]
        subjects += [*_answered(connection, message.id), *_changed(connection, message.id)]
        texts = _texts(connection, services, message.received_at, sender, [one for one in subjects if one])
    return CameBack(message.state, message.error, [dict(report) for report in reports], texts)


def _answered(connection: sa.Connection, message_id: UUID) -> list[UUID]:
    answered = sa.select(Acknowledgement.alert_id).where(Acknowledgement.message_id == message_id)
    return list(connection.execute(answered).scalars())


def _changed(connection: sa.Connection, message_id: UUID) -> list[UUID]:
    """The reports that a correction or an answer changed, and their alerts."""
    changed = sa.select(REPORT.c.id, REPORT.c.alert_id).where(
        REPORT.c.id.in_(sa.select(CHANGE.c.report_id).where(CHANGE.c.message_id == message_id))
    )
    return [id_ for row in connection.execute(changed) for id_ in row]


def _texts(
    connection: sa.Connection, services: Services, since: datetime, sender: str, subjects: list[UUID]
) -> list[tuple[str, str, str]]:
    mine = OUT.c.recipient_hash == services.cipher.digest(sender)
    rows = connection.execute(
        sa.select(OUT)
        .where(OUT.c.created_at >= since, sa.or_(mine, any_of(OUT.c.subject, subjects)))
        .order_by(OUT.c.id)
    )
    decrypt = services.cipher.decrypt
    return [(decrypt(row.recipient), decrypt(row.text), row.state) for row in rows]
