"""The web server: granian, one process or several, each with its own group commit."""

import os
import signal
from functools import partial

from flask import Flask
from granian.constants import Interfaces
from granian.server import Server

from gateway import bootstrap
from gateway.app import create_app
from gateway.observability import configure_logging
from gateway.settings import Settings
from gateway.supervisor.kernel import die_with_parent
from gateway.watchman.service import Watchman


def serve(host: str, port: int, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    server = Server(
        "gateway.serving:build",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=settings.web_workers,
        blocking_threads=settings.web_threads,
        log_enabled=False,
        respawn_failed_workers=True,
    )
    server.serve(target_loader=partial(_load, os.getpid()))


def _load(parent: int, _target: str) -> Flask:
    """Runs in each web worker: it must not outlive the main process, which holds the port."""
    die_with_parent(signal.SIGKILL, parent)
    return build()


def build() -> Flask:
    """The application of one web process, built after the fork."""
    settings = Settings.read()
    configure_logging(settings.log_level)
    services = bootstrap.build_services(settings)
    watch = bootstrap.Watch(services, f"web:{os.getpid()}")
    watch.start()
    Watchman(services).start()
    inbox = bootstrap.build_acceptor(services, watch)
    sessions = bootstrap.build_ussd(services, inbox, watch)
    calls = bootstrap.build_calls(services, inbox, watch)
    return create_app(services, inbox, bootstrap.receipts(services), sessions, calls)
