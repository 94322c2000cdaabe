"""What Vigie is measured against: the same work, done one RQ job a message, as RQ's guide shows it.

The webhook verifies the signature, stores the message in a commit of its own and enqueues a job with
its id; the job reads the message and files its report, receipt and alert in one transaction. The
code that verifies, encrypts, reads and files is Vigie's own.
"""

import sys
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask, Response, request
from granian.constants import Interfaces
from granian.server import Server
from rq import Queue, SimpleWorker, Worker
from rq.serializers import JSONSerializer

from gateway import bootstrap, queueing
from gateway.channels.base import TextChannel, WebhookRequest
from gateway.inbox.accept import insert, to_row
from gateway.inbox.people import look_up
from gateway.inbox.records import InboundRecord
from gateway.settings import Settings
from gateway.storage.database import table_of
from workers.process import this_process

QUEUE = "one-job-a-message"
IN = table_of(InboundRecord)


def handle(message_id: str) -> None:
    """The job: one message, one transaction."""
    process = this_process()
    services, inbox = process.services, process.inbox
    with services.engine.begin() as connection:
        row = connection.execute(sa.select(IN).where(IN.c.id == UUID(message_id)).with_for_update()).one()
        directory = look_up(connection, services.cipher, [row])
        read = inbox.read([row], directory)
        inbox.batch(connection, directory).file(read)


def application() -> Flask:
    """The webhook of the baseline."""
    services = bootstrap.build_services(Settings.read())
    queue = Queue(
        QUEUE, connection=queueing.connect_worker(services.settings.redis_url), serializer=JSONSerializer
    )
    channel = services.channels["twilio"]
    assert isinstance(channel, TextChannel)
    app = Flask("baseline")

    @app.post("/webhooks/twilio/sms")
    def receive() -> Response:
        call = WebhookRequest(
            request.method,
            services.settings.public_url + request.path,
            request.path,
            dict(request.headers),
            request.get_data(),
            services.now(),
        )
        channel.verify(call)
        message = channel.parse_inbound(call)
        assert message is not None
        with services.engine.begin() as connection:
            insert(connection, [to_row(message, services.cipher, services.settings.lanes, frozenset())])
        queue.enqueue("benchmarks.baseline.handle", str(message.id), result_ttl=0)
        return Response(status=200)

    return app


def empty() -> Flask:
    """A view that does nothing: the ceiling of this server and this generator."""
    app = Flask("empty")

    @app.post("/webhooks/twilio/sms")
    def receive() -> Response:
        return Response(status=200)

    return app


def _serve(target: str, port: int) -> None:
    settings = Settings.read()
    Server(
        f"benchmarks.baseline:{target}",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=settings.web_workers,
        blocking_threads=settings.web_threads,
        log_enabled=False,
    ).serve()


def _work(kind: str) -> None:
    settings = Settings.read()
    connection = queueing.connect_worker(settings.redis_url)
    queue = Queue(QUEUE, connection=connection, serializer=JSONSerializer)
    # To be fair to RQ's default worker, which forks for every job, everything is built beforehand.
    process = this_process()
    process.services.engine.dispose(close=False)
    workers: dict[str, type[Any]] = {"simple": SimpleWorker, "default": Worker}
    workers[kind]([queue], connection=connection, serializer=JSONSerializer).work(logging_level="WARNING")


if __name__ == "__main__":
    if sys.argv[1] == "work":
        _work(sys.argv[2])
    else:
        _serve(sys.argv[1], int(sys.argv[2]))
