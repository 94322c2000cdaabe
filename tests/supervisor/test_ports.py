"""Two servers never share a port."""

import socket
import threading

import pytest

from gateway.supervisor import ports
from gateway.supervisor.errors import CannotStartError


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    """A port on which somebody listens who would let others listen too, as granian does."""
    monkeypatch.setattr(ports, "_SECONDS", 0.3)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


@pytest.mark.parametrize("host", ["", "127.0.0.1"])
def test_a_port_on_which_somebody_listens_is_refused(taken: socket.socket, host: str) -> None:
    with taken, pytest.raises(CannotStartError, match=r"Port \d+ is in use by another program"):
        ports.require_port(taken.getsockname()[1], host)


def test_a_port_that_is_let_go_meanwhile_is_taken(taken: socket.socket) -> None:
    port = taken.getsockname()[1]
    threading.Timer(0.1, taken.close).start()
    ports.require_port(port)
