"""What stands before a provider's stand-in and does to us what a failing provider does."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.standins.serving import Server


class Fault(StrEnum):
    """What happens to the next request."""

    GONE = "nobody listens"
    DIES_FIRST = "it dies before it has the text"
    DIES_AFTER = "it dies when it has the text"
    ANSWERS_LATE = "it has the text, and answers after the time-out"
    TAKES_LATE = "it takes the text after the time-out"
    ERROR_FIRST = "it answers 500 and has not taken the text"
    ERROR_AFTER = "it answers 500 and has taken the text"
    UNAVAILABLE = "it answers 503"
    SLOW = "it answers slowly, in time"


class Misbehaving:
    """Use as a context manager. Without an order it hands everything on; an order is for one request or for all.

    All is well again after ``comes_back``; whoever died is gone until then. ``late`` and ``slow`` are seconds.
    """

    def __init__(self, provider_url: str, *, late: float, slow: float) -> None:
        self._provider = urlsplit(provider_url)
        self.late, self.slow = late, slow
        self.over = threading.Event()
        self.requests = 0
        self._order: tuple[Fault | None, bool] = (None, False)
        self._busy = 0
        self._changed = threading.Condition()
        self._server: Server[Misbehaving] | None = Server(self, _Handler)
        self._port = self._server.server_port
        query = f"?{self._provider.query}" if self._provider.query else ""
        self.url = f"http://127.0.0.1:{self._port}{self._provider.path}{query}"

    def __enter__(self) -> Self:
        self._serve()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self.dies()

    def order(self, fault: Fault, *, always: bool = False) -> None:
        if fault is Fault.GONE:
            self.dies()
        else:
            self._order = fault, always

    def dies(self) -> None:
        """From now on nobody listens."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()

    def comes_back(self) -> None:
        """All is well again, whatever was ordered."""
        self._order = (None, False)
        if self._server is None:
            self._server = Server(self, _Handler, self._port)
            self._serve()

    def wait_until_idle(self) -> None:
        """Until nothing is on its way to the provider any more."""
        with self._changed:
            assert self._changed.wait_for(lambda: not self._busy, timeout=10)

    @contextmanager
    def busy(self) -> Iterator[Fault | None]:
        """For the length of one request: what is to happen to it."""
        with self._changed:
            self._busy += 1
            self.requests += 1
            fault, always = self._order
            self._order = (fault, True) if always else (None, False)
        try:
            yield fault
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def hand_over(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        connection = HTTPConnection(self._provider.netloc, timeout=10)
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content

    def _serve(self) -> None:
        assert self._server is not None
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: Server[Misbehaving]

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        before = self.server.standin
        with before.busy() as fault:
            match fault:
                case Fault.DIES_FIRST:
                    before.dies()
                case Fault.DIES_AFTER:
                    self._hand_over(body)
                    before.dies()
                case Fault.ERROR_FIRST:
                    self._answer(500, b"")
                case Fault.UNAVAILABLE:
                    self._answer(503, b"")
                case Fault.ERROR_AFTER:
                    self._hand_over(body)
                    self._answer(500, b"")
                case Fault.ANSWERS_LATE:
                    answer = self._hand_over(body)
                    before.over.wait(before.late)
                    self._answer(*answer)
                case Fault.TAKES_LATE:
                    before.over.wait(before.late)
                    self._answer(*self._hand_over(body))
                case Fault.SLOW:
                    before.over.wait(before.slow)
                    self._answer(*self._hand_over(body))
                case _:
                    self._answer(*self._hand_over(body))

    def _hand_over(self, body: bytes) -> tuple[int, bytes]:
        return self.server.standin.hand_over(self.command, self.path, dict(self.headers), body)

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Silent."""
