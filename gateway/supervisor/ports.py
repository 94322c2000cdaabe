"""Whether a port is free: two servers that share one would answer in turn, and nobody would notice."""

import socket
import time

from gateway.supervisor.errors import CannotStartError

_SECONDS = 3  # a killed generation lets its port go within moments


def require_port(port: int, host: str = "") -> None:
    """Raise CannotStartError where somebody else listens there and goes on doing so."""
    deadline = time.monotonic() + _SECONDS
    while not _is_free(port, host):
        if time.monotonic() > deadline:
            raise CannotStartError(f"Port {port} is in use by another program; choose another with --port.")
        time.sleep(0.1)


def _is_free(port: int, host: str) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
