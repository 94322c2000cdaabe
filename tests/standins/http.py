"""A strict stand-in of whoever takes the texts of an `http` channel: posted JSON, signed."""

import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.standins.serving import Server, Serving

SECRET = "sekret-number-one"
PATH = "/texts?agency=1"
_FIELDS = {"id", "from", "to", "text"}


class HttpStandIn(Serving):
    """Use as a context manager; ``taken`` holds the fields of each text. ``status`` None never answers."""

    def __init__(self) -> None:
        self.taken: list[dict[str, str]] = []
        self.requests = 0
        self.status: int | None = 200
        self.over = threading.Event()
        self._server = Server(self, _Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}{PATH}"


class _Handler(BaseHTTPRequestHandler):
    server: Server[HttpStandIn]

    def do_POST(self) -> None:
        standin = self.server.standin
        standin.requests += 1
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self._fault_of(body) or standin.status
        if status is None:
            standin.over.wait(20)
            return
        if 200 <= status < 300:
            standin.taken.append(json.loads(body))
        self.send_response(status)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def _fault_of(self, body: bytes) -> int:
        right = "sha256=" + hmac.new(SECRET.encode(), body, "sha256").hexdigest()
        if self.path != PATH:
            return 404
        if self.headers["X-Vigie-Signature"] != right:
            return 403
        fields = json.loads(body)
        strings = isinstance(fields, dict) and all(isinstance(value, str) for value in fields.values())
        return 0 if strings and fields.keys() == _FIELDS else 400

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Silent."""
