"""The worker processes: RQ workers that do not fork, each for its queues."""

import os
from contextlib import suppress
from functools import partial
from typing import Any

from rq import Queue
from rq.serializers import JSONSerializer
from rq.worker import SimpleWorker

from gateway import bootstrap, queueing
from gateway.observability import configure_logging, get_logger
from gateway.settings import Settings
from gateway.supervisor.children import ChildSpec
from gateway.supervisor.errors import StopRequestedError
from gateway.supervisor.supervisor import Supervisor
from gateway.watchman.service import Watchman
from workers.process import this_process

log = get_logger(__name__)

QUEUES = {
    "inbox": (queueing.INBOX_URGENT, queueing.INBOX),
    "alerts": (queueing.OUTBOX_ALERTS,),
    "outbox": (queueing.OUTBOX, queueing.HOUSEKEEPING),
}


class Worker(SimpleWorker):
    """Jobs run in the worker itself: a fork costs more than a batch."""

    max_connection_wait_time = 2.0

    def handle_exception(self, *_: Any) -> None:
        """RQ would print the exception with its words; ours are logged where they are caught."""


def work(role: str, settings: Settings) -> None:
    """Serve the queues of a role until told to stop."""
    configure_logging(settings.log_level)
    services = this_process().services
    bootstrap.Watch(services, f"worker:{role}-{os.getpid()}").start()
    if role == "outbox":  # one of the pool is enough, beside the web
        Watchman(services).start()
    connection = queueing.connect_worker(settings.redis_url)
    queues = [Queue(name, connection=connection, serializer=JSONSerializer) for name in QUEUES[role]]
    Worker(queues, connection=connection, serializer=JSONSerializer).work(
        logging_level="WARNING", with_scheduler=False
    )


def run(readers: int, settings: Settings) -> None:
    """The pool: readers of the inbox, one sender for alerts alone, one for everything else."""
    roles = [f"inbox-{number}" for number in range(1, readers + 1)] + ["alerts", "outbox"]
    with Supervisor(lambda line: log.warning("pool", what=line), together=True) as supervisor:
        for role in roles:
            kind = role.partition("-")[0]
            supervisor.start(ChildSpec(name=f"worker {role}", run=partial(work, kind, settings)))
        with suppress(StopRequestedError):
            supervisor.run()
