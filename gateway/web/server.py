"""The web server: granian, one process or several, each with its own group commit."""

import os
import signal
from functools import partial

from granian.constants import Interfaces
from granian.server import Server

from gateway.settings import Settings
from gateway.supervisor.kernel import die_with_parent


def serve(host: str, port: int, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    server = Server(
        "gateway.web.server:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=settings.web_workers,
        blocking_threads=settings.web_threads,
        backpressure=settings.web_threads * 2,
        log_enabled=False,
        respawn_failed_workers=True,
        process_name="vigie web",
    )
    server.serve(target_loader=partial(_load, os.getpid()))


def _load(parent: int, _target: str) -> object:
    """Runs in each web worker: it must not outlive the main process, which holds the port."""
    die_with_parent(signal.SIGKILL, parent)
    from gateway.app import build  # noqa: PLC0415 - built after the fork

    return build()
