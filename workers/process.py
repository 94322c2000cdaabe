"""What a worker process builds for itself, once, after any fork."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from gateway import bootstrap
from gateway.inbox.service import Inbox
from gateway.observability import get_logger, where
from gateway.outbox.service import Outbox
from gateway.services import Services
from gateway.settings import Settings
from gateway.storage.database import DATABASE_TROUBLE

log = get_logger(__name__)


@dataclass(frozen=True)
class Process:
    services: Services
    inbox: Inbox
    outbox: Outbox


@cache
def this_process() -> Process:
    services = bootstrap.build_services(Settings.read())
    return Process(services, bootstrap.build_inbox(services), bootstrap.build_outbox(services))


@contextmanager
def waits_for_database(work: str) -> Iterator[None]:
    """End a job quietly: its rows wait where they are, and the clock rings again.

    Nothing may reach RQ, which would write an exception's words to Redis.
    """
    try:
        yield
    except DATABASE_TROUBLE as error:
        log.warning("job_waits_for_database", work=work, error=type(error).__name__)
    except Exception as error:  # noqa: BLE001 - told here, by class and place
        log.error("job_failed", work=work, error=where(error))
