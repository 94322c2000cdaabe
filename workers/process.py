"""What a worker process builds for itself, once, after any fork."""

from dataclasses import dataclass
from functools import cache

from gateway import bootstrap
from gateway.inbox.service import Inbox
from gateway.outbox.service import Outbox
from gateway.services import Services
from gateway.settings import Settings


@dataclass(frozen=True)
class Process:
    services: Services
    inbox: Inbox
    outbox: Outbox


@cache
def this_process() -> Process:
    services = bootstrap.build_services(Settings.read())
    return Process(services, bootstrap.build_inbox(services), bootstrap.build_outbox(services))
