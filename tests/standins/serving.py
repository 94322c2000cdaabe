"""What every stand-in of a provider's API is: a server on this machine, for as long as a test needs it."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

S = TypeVar("S")


class Server(ThreadingHTTPServer, Generic[S]):
    """Its handlers find whom they answer for as ``server.standin``. Port 0 is any that is free."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, standin: S, handler: type[BaseHTTPRequestHandler], port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self.standin = standin

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hung up is what the faults are for."""


class Serving:
    """Use as a context manager. ``over`` is set at the end, so that an answer held back is let go."""

    over: threading.Event
    _server: ThreadingHTTPServer

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
