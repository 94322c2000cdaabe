"""A strict stand-in of Kannel's smsbox: its sendsms, its delivery reports, and how it fills in addresses.

Stricter than the real one, which lets unknown fields pass.
"""

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

from tests.standins.serving import Server, Serving

PATH = "/cgi-bin/sendsms"
USERNAME, PASSWORD = "vigie", "a-password-of-smsbox"
_NEEDED = {"username", "password", "from", "to", "text", "charset", "coding", "dlr-mask", "dlr-url"}
_GSM7 = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà\f^{}\\[~]|€"
)


def filled(pattern: str, codes: Mapping[str, str | bytes]) -> str:
    """An address of the configuration, or a dlr-url, with its escape codes replaced as smsbox does it."""
    result, rest = "", pattern
    while rest:
        head, percent, rest = rest.partition("%")
        result += head
        if percent:
            code, rest = rest[:1], rest[1:]
            result += "%" if code == "%" else quote_plus(codes[code]) if code in codes else f"%{code}"
    return result


@dataclass
class Sent:
    """A text that was taken."""

    sender: str
    to: str
    text: str
    coding: str
    smsc: str
    dlr_url: str


@dataclass
class Script:
    """One order: answer with this status and these words; no status hangs up, before or after taking it."""

    status: int | None
    words: str = ""
    taken: bool = False
    seconds: float = 0.0


class KannelStandIn(Serving):
    """Use as a context manager."""

    def __init__(self) -> None:
        self.messages: list[Sent] = []
        self.requests = 0
        self._scripts: list[Script] = []
        self.over = threading.Event()
        self._server = Server(self, _Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}{PATH}"

    def order(
        self, status: int | None, words: str = "", *, taken: bool = False, seconds: float = 0.0
    ) -> None:
        """Let the next sending go like this."""
        self._scripts.append(Script(status, words, taken, seconds))

    def answer(self, fields: Mapping[str, str]) -> tuple[int | None, str]:
        script = self._scripts.pop(0) if self._scripts else None
        if script is None or script.taken:
            if wrong := _fault_of(fields):
                return wrong
            self.messages.append(
                Sent(
                    sender=fields["from"],
                    to=fields["to"],
                    text=fields["text"],
                    coding=fields["coding"],
                    smsc=fields.get("smsc", ""),
                    dlr_url=fields["dlr-url"],
                )
            )
        if script is None:
            return 202, "0: Accepted for delivery"
        self.over.wait(script.seconds)
        return script.status, script.words

    @staticmethod
    def report(sent: Sent, state: int, reply: str = "") -> str:
        """The address that is fetched when the SMSC or the phone says what became of a text."""
        return filled(sent.dlr_url, {"d": str(state), "A": reply, "p": sent.sender, "P": sent.to})


def fetch(url: str, times: int = 4) -> int:
    """What smsbox does with an address: again after anything but 200 or 202. The last status."""
    for _ in range(times):
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            status = error.code
        time.sleep(0.1)
    return status


class _Handler(BaseHTTPRequestHandler):
    server: Server[KannelStandIn]

    def do_GET(self) -> None:
        self.server.standin.requests += 1
        parts = urlsplit(self.path)
        fields = {
            name: values[-1] for name, values in parse_qs(parts.query, True, True, errors="strict").items()
        }
        status, words = (
            self.server.standin.answer(fields) if parts.path == PATH else (404, "Unknown request.\n")
        )
        if status is None:
            return
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(words.encode())))
        self.end_headers()
        self.wfile.write(words.encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Silent."""


def _fault_of(fields: Mapping[str, str]) -> tuple[int, str] | None:
    """The status and Kannel's words for the first thing that is wrong."""
    text, recipient = fields.get("text", ""), fields.get("to", "")
    checks = [
        (_login(fields) != (USERNAME, PASSWORD), 403, "Authorization failed for sendsms"),
        (not recipient, 400, "Empty receiver number not allowed, rejected"),
        (
            set(recipient) - set("0123456789+-"),
            400,
            "Number(s) has/have been denied by white- and/or black-lists.",
        ),
        (not fields.get("from"), 400, "Sender missing and no global set, rejected"),
        (
            not fields.get("dlr-url", "").startswith(("http://", "https://")),
            400,
            "DLR-URL field misformed, rejected",
        ),
        (fields.get("dlr-mask") != "31", 400, "DLR-Mask field misformed, rejected"),
        (fields.get("coding") not in {"0", "2"}, 400, "Coding field misformed, rejected"),
        (fields.get("charset") != "UTF-8", 400, "Charset or body misformed, rejected"),
        (fields.get("coding") == "0" and set(text) - set(_GSM7), 400, "Letters would be lost"),
        (fields.keys() - _NEEDED - {"smsc"} or _NEEDED - fields.keys(), 400, "Unknown or missing field"),
    ]
    return next(((status, words) for wrong, status, words in checks if wrong), None)


def _login(fields: Mapping[str, str]) -> tuple[str, str]:
    return fields.get("username", ""), fields.get("password", "")
