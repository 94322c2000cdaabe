"""What callers said: fetched from the provider, kept encrypted, and deleted there.

Whatever fails is tried again, and doing it twice changes nothing.
"""

import base64
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from gateway.channels.base import RecordingError, VoiceChannel
from gateway.hotline.calls import RECORDING
from gateway.observability import get_logger
from gateway.services import Services
from gateway.storage import audit
from gateway.storage.audit import Decision

log = get_logger(__name__)

_FIRST_WAIT: Final = timedelta(seconds=5)
_LONGEST_WAIT: Final = timedelta(hours=1)
# With the waits above three days: what is not to be had by then never will be.
_ATTEMPTS: Final = 80


def due(services: Services) -> bool:
    """Whether any is to be fetched or deleted now."""
    query = sa.select(sa.exists().where(RECORDING.c.due_at <= services.now()))
    with services.engine.connect() as connection:
        return bool(connection.execute(query).scalar_one())


def take_in(services: Services) -> None:
    """Everything that is due, one by one."""
    while (row := _claim(services)) is not None:
        channel = services.channels.get(row.channel)
        try:
            if not isinstance(channel, VoiceChannel):
                raise RecordingError("its channel is not set up")  # noqa: TRY301 - told as any other failure
            if row.state == "waiting":
                audio = base64.b64encode(channel.fetch_recording(row.provider_id)).decode()
                _settle(services, row.id, "kept", audio=services.cipher.encrypt(audio))
            channel.delete_recording(row.provider_id)
            _settle(services, row.id, "done", due_at=None)
        except RecordingError as error:
            log.warning("recording_waits", channel=row.channel, attempts=row.attempts, reason=error.reason)
            if row.state == "waiting" and row.attempts >= _ATTEMPTS:
                _settle(services, row.id, "lost", due_at=None)


def _claim(services: Services) -> sa.Row[Any] | None:
    """One that is due, whose next turn is put off: nobody else takes it meanwhile, nor does it wait if we die."""
    now = services.now()
    query = sa.select(RECORDING.c.id, RECORDING.c.attempts).where(RECORDING.c.due_at <= now)
    with services.engine.begin() as connection:
        found = connection.execute(
            query.order_by(RECORDING.c.due_at).limit(1).with_for_update(skip_locked=True)
        ).one_or_none()
        if found is None:
            return None
        wait = min(_FIRST_WAIT * 2 ** min(found.attempts, 10), _LONGEST_WAIT)
        return connection.execute(
            sa.update(RECORDING)
            .where(RECORDING.c.id == found.id)
            .values(attempts=sa.func.least(RECORDING.c.attempts + 1, 30_000), due_at=now + wait)
            .returning(
                RECORDING.c.id,
                RECORDING.c.channel,
                RECORDING.c.provider_id,
                RECORDING.c.state,
                RECORDING.c.attempts,
            )
        ).one()


def _settle(services: Services, id_: UUID, state: str, **values: Any) -> None:
    with services.engine.begin() as connection:
        connection.execute(sa.update(RECORDING).where(RECORDING.c.id == id_).values(state=state, **values))
        decision = Decision("vigie", f"recording {state}", f"recording {id_}")
        audit.append(connection, services.cipher.derive("audit"), services.now(), [decision])


def audio_of(services: Services, row: sa.Row[Any]) -> bytes:
    """The MP3 of a row that is kept here."""
    return base64.b64decode(services.cipher.decrypt(row.audio))
