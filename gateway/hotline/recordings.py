"""What callers said: fetched from the provider, kept encrypted, deleted there, and erased here in its time.

Whatever fails is tried again, and doing it twice changes nothing.
"""

import base64
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from gateway.channels.base import RecordingError, RecordingGoneError, VoiceChannel
from gateway.hotline.calls import RECORDING
from gateway.observability import get_logger
from gateway.services import Services
from gateway.storage import audit
from gateway.storage.audit import Decision

log = get_logger(__name__)

# Longer than fetching and deleting one may take: nobody else takes it meanwhile, nor does it wait if we die.
_LEASE: Final = timedelta(minutes=2)
_FIRST_WAIT: Final = timedelta(seconds=5)
_LONGEST_WAIT: Final = timedelta(hours=1)
# With the waits above three days: what the provider does not know by then it never will. Whatever else keeps
# us from one, a password say, can be put right, so that is tried for good.
_ATTEMPTS: Final = 80


def due(services: Services) -> bool:
    """Whether any is to be fetched or deleted now."""
    query = sa.select(sa.exists().where(RECORDING.c.due_at <= services.now()))
    with services.engine.connect() as connection:
        return bool(connection.execute(query).scalar_one())


def take_in(services: Services) -> None:
    """Everything that is due, one by one."""
    while (row := _claim(services)) is not None:
        channel, state = services.channels.get(row.channel), row.state
        try:
            if not isinstance(channel, VoiceChannel):
                raise RecordingError("its channel is not set up")  # noqa: TRY301 - told as any other failure
            if state == "waiting":
                audio = base64.b64encode(channel.fetch_recording(row.provider_id)).decode()
                _settle(services, row.id, state, "kept", audio=services.cipher.encrypt(audio))
                state = "kept"
            channel.delete_recording(row.provider_id)
            _settle(services, row.id, state, "done", due_at=None)
        except RecordingError as error:
            log.warning("recording_waits", channel=row.channel, attempts=row.attempts, reason=error.reason)
            if state == "waiting" and row.attempts >= _ATTEMPTS and isinstance(error, RecordingGoneError):
                _settle(services, row.id, state, "lost", due_at=None)
            else:
                _put_off(services, row)


def _claim(services: Services) -> sa.Row[Any] | None:
    """One that is due, for as long as the lease."""
    now = services.now()
    first = sa.select(RECORDING.c.id).where(RECORDING.c.due_at <= now).order_by(RECORDING.c.due_at).limit(1)
    with services.engine.begin() as connection:
        return connection.execute(
            sa.update(RECORDING)
            .where(RECORDING.c.id == first.with_for_update(skip_locked=True).scalar_subquery())
            .values(attempts=sa.func.least(RECORDING.c.attempts + 1, 30_000), due_at=now + _LEASE)
            .returning(
                RECORDING.c.id,
                RECORDING.c.channel,
                RECORDING.c.provider_id,
                RECORDING.c.state,
                RECORDING.c.attempts,
                RECORDING.c.due_at,
            )
        ).one_or_none()


def _put_off(services: Services, row: sa.Row[Any]) -> None:
    """Until its next turn, unless somebody else has taken it since."""
    wait = min(_FIRST_WAIT * 2 ** min(row.attempts - 1, 10), _LONGEST_WAIT)
    claimed = sa.update(RECORDING).where(RECORDING.c.id == row.id, RECORDING.c.due_at == row.due_at)
    with services.engine.begin() as connection:
        connection.execute(claimed.values(due_at=services.now() + wait))


def _settle(services: Services, id_: UUID, was: str, state: str, **values: Any) -> None:
    """Nothing where somebody else, whose lease had run out, has done it already."""
    claimed = sa.update(RECORDING).where(RECORDING.c.id == id_, RECORDING.c.state == was)
    with services.engine.begin() as connection:
        if connection.execute(claimed.values(state=state, **values)).rowcount:
            decision = Decision("vigie", f"recording {state}", f"recording {id_}")
            audit.append(connection, services.cipher.derive("audit"), services.now(), [decision])


def forget(services: Services) -> None:
    """Erase what was kept as long as it may be; what is still to be deleted at the provider goes on to be."""
    now = services.now()
    old = sa.update(RECORDING).where(
        RECORDING.c.audio.is_not(None), RECORDING.c.made_at < now - kept_for(services)
    )
    with services.engine.begin() as connection:
        erased = connection.execute(old.values(audio=None, erased_at=now).returning(RECORDING.c.id)).scalars()
        decisions = [Decision("vigie", "recording erased", f"recording {id_}") for id_ in sorted(erased)]
        audit.append(connection, services.cipher.derive("audit"), now, decisions)


def kept_for(services: Services) -> timedelta:
    """From when it was made."""
    return timedelta(days=services.settings.recordings_days)


def audio_of(services: Services, row: sa.Row[Any]) -> bytes:
    """The MP3 of a row that is kept here."""
    return base64.b64decode(services.cipher.decrypt(row.audio))
