"""Handing a text over by one HTTP call, and what each way of failing means."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from socket import socket
from typing import Final
from urllib.parse import urlsplit

from gateway.channels.base import RefusedSendError, SendError, TemporarySendError, UncertainSendError

_CONNECT_SECONDS: Final = 1.5
_SECONDS: Final = 5.0  # for all of it
_LONGEST_ANSWER: Final = 64 * 1024
_WRONG_PROOF: Final = {401, 403, 407}
# No credit, a wrong address, too many, not now.
_NOT_NOW: Final = {402, 404, 405, 429, 503}
_TOO_SLOW: Final = 408  # also said by proxies that had handed it on


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Taker:
    """Somebody who takes texts; ``called`` and ``proof`` name them and our credentials in a reason."""

    url: str = field(repr=False)
    called: str
    proof: str

    def post(self, body: bytes, headers: Mapping[str, str], also_taken: Collection[int] = ()) -> Answer:
        """The answer of one that took it: 2xx, or one of ``also_taken``. Raise a SendError."""
        answer = self.ask("POST", body, {"Content-Type": "application/json", **headers})
        if 200 <= answer.status < 300 or answer.status in also_taken:
            return answer
        raise self.refusal(answer.status)

    def ask(self, method: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """Any answer. Raise a SendError for none. A redirection is not followed: it would lose the body."""
        parts, until = urlsplit(self.url), time.monotonic() + _SECONDS
        connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = connect(parts.netloc, timeout=_CONNECT_SECONDS)
        try:
            connection.connect()
        except OSError:
            raise TemporarySendError(f"{self.called} cannot be reached") from None
        path = f"{parts.path or '/'}{'?' * bool(parts.query)}{parts.query}"
        if (left := until - time.monotonic()) <= 0:  # its name was long in being found
            connection.close()
            raise TemporarySendError(f"{self.called} cannot be reached in time")
        try:
            sock = connection.sock
            sock.settimeout(left)
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            return Answer(response.status, _read(response, sock, until))
        except (OSError, HTTPException):
            raise UncertainSendError(f"{self.called} did not answer in time") from None
        finally:
            connection.close()

    def refusal(self, status: int) -> SendError:
        """What a status that is no success means. None says for sure that it is the number that is wrong."""
        reason = f"{self.called} answered {status}"
        if status in _WRONG_PROOF:
            return TemporarySendError(f"{self.called} refuses {self.proof}")
        if status in _NOT_NOW:
            return TemporarySendError(reason)
        if 400 <= status < 500 and status != _TOO_SLOW:
            return RefusedSendError(reason)
        return UncertainSendError(reason)


def _read(response: HTTPResponse, sock: socket, until: float) -> bytes:
    """As much of the body as comes in time: the status is known, and tells more than silence."""
    body = b""
    try:
        while len(body) < _LONGEST_ANSWER and (left := until - time.monotonic()) > 0:
            sock.settimeout(left)
            if not (part := response.read1()):
                break
            body += part
    except (OSError, HTTPException):
        pass
    return body
