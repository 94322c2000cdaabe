"""Whoever counts our heartbeats: strict about what comes, for it must tell nothing but that it came."""

import threading
from http.server import BaseHTTPRequestHandler
from typing import cast

from tests.standins.serving import Server, Serving

PATH = "/ping/0b1c"
_MAY_COME = {"Host", "Accept-Encoding"}


class Heartbeats(Serving):
    def __init__(self) -> None:
        self.beats = 0
        self.refused: list[str] = []
        self.status = 200
        self.over = threading.Event()
        self._server = Server(self, _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}{PATH}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        standin = cast("Server[Heartbeats]", self.server).standin
        if self.path != PATH:
            standin.refused.append("another path")
        elif strange := set(self.headers) - _MAY_COME:
            standin.refused.append(f"headers {sorted(strange)}")
        elif self.headers.get("Content-Length"):
            standin.refused.append("a body")
        else:
            standin.beats += 1
        self.send_response(standin.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...
