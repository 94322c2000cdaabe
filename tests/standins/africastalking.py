"""A strict stand-in of Africa's Talking: its messaging API over real HTTP, and what it calls us with."""

import json
import re
import secrets
import threading
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl

from tests.standins.serving import Server, Serving

USERNAME = "agency"
API_KEY = "atsk_" + "0123456789abcdef" * 4
CALLBACK_KEY = "a-key-in-the-address"
LINE, HOTLINE = "+22780000001", "+22780000002"
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_NEEDED = ("username", "to", "message")
_KNOWN = {*_NEEDED, "from", "bulkSMSMode", "enqueue", "keyword", "linkId", "retryDurationInHours"}
_WORDS = {100: "Processed", 101: "Success", 102: "Queued", 406: "UserInBlacklist"}


class Fault(StrEnum):
    """What may go wrong with one sending."""

    HANG = "hang"  # never answers, and has not taken it
    RESET = "reset"  # takes it, then cuts the line
    CUT_SHORT = "cut-short"  # takes it, sends half its answer, and then nothing
    ANSWER = "answer"  # answers ``status`` with ``body``
    CODE = "code"  # answers 201, and of the recipient ``code``
    NO_ID = "no-id"  # takes it without telling its id


@dataclass(frozen=True)
class Order:
    """The next sending goes wrong like this."""

    fault: Fault
    code: int = 101
    status: int = 201
    body: bytes = b""


@dataclass
class AfricasTalkingStandIn(Serving):
    """Use as a context manager; ``taken`` holds the fields of each text with its ``messageId``."""

    taken: list[dict[str, str]] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    balance: str = "XOF 12500.5000"

    def __post_init__(self) -> None:
        self._server = Server(self, _Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def order(self, fault: Fault, **details: Any) -> None:
        self.orders.append(Order(fault, **details))


def inbound(
    sender: str, text: str, *, to: str = LINE, message_id: str = "", date: str = "2026-11-21T13:29:58Z"
) -> dict[str, str]:
    """The fields of an incoming SMS."""
    return {
        "linkId": secrets.token_hex(10),
        "text": text,
        "to": to,
        "id": message_id or secrets.token_hex(16),
        "date": date,
        "from": sender,
        "cost": "None",
        "networkCode": "61404",
    }


def report(message_id: str, status: str, reason: str = "") -> dict[str, str]:
    """The fields of a delivery report; the reason is there only when a text was not delivered."""
    fields = {
        "id": message_id,
        "status": status,
        "phoneNumber": "+22790000901",
        "networkCode": "61404",
        "retryCount": "0",
    }
    return fields | ({"failureReason": reason} if reason else {})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server[AfricasTalkingStandIn]

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path != "/version1/user":
            self._write(404, b"The requested resource could not be found.")
        elif (self.headers.get("apiKey"), dict(parse_qsl(query))) != (API_KEY, {"username": USERNAME}):
            self._write(401, b"The supplied authentication is invalid")
        elif self.headers.get("Accept") != "application/json":
            self._write(400, b"XML is not spoken here")
        else:
            self._write(200, json.dumps({"UserData": {"balance": self.server.standin.balance}}).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fields = dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True))
        if self.path != "/version1/messaging":
            self._write(404, b"The requested resource could not be found.")
        elif (self.headers.get("apiKey"), fields.get("username")) != (API_KEY, USERNAME):
            self._write(401, b"The supplied authentication is invalid")
        elif wrong := self._wrong_with(fields):
            self._write(400, wrong.encode())
        else:
            orders = self.server.standin.orders
            self._obey(orders.pop(0) if orders else Order(Fault.CODE), fields)

    def _wrong_with(self, fields: dict[str, str]) -> str:
        if self.headers.get("Content-Type") != "application/x-www-form-urlencoded":
            return "The request's Content-Type is not supported"
        if self.headers.get("Accept") != "application/json":
            return "XML is not spoken here"
        if unknown := fields.keys() - _KNOWN:
            return f"Unknown form fields: {unknown}"
        missing = [name for name in _NEEDED if not fields.get(name)]
        return f"Request is missing required form field '{missing[0]}'" if missing else ""

    def _obey(self, order: Order, fields: dict[str, str]) -> None:
        match order.fault:
            case Fault.HANG:
                self.server.standin.over.wait(20)
                self.close_connection = True
            case Fault.ANSWER:
                self._write(order.status, order.body)
            case Fault.RESET:
                self._take(fields)
                self.close_connection = True
            case Fault.CUT_SHORT:
                self._write_half(self._answer_to(fields, 101))
            case Fault.NO_ID:
                self._take(fields)
                self._write(201, _answer(fields["to"], 101, "None"))
            case Fault.CODE:
                self._write(201, self._answer_to(fields, order.code))

    def _answer_to(self, fields: dict[str, str], code: int) -> bytes:
        if fields.get("from") not in {LINE, HOTLINE}:
            return json.dumps({"SMSMessageData": {"Message": "InvalidSenderId", "Recipients": []}}).encode()
        if not _E164.fullmatch(fields["to"]):
            code = 403
        return _answer(fields["to"], code, self._take(fields) if code < 200 else "None")

    def _take(self, fields: dict[str, str]) -> str:
        message_id = f"ATXid_{secrets.token_hex(16)}"
        self.server.standin.taken.append({**fields, "messageId": message_id})
        return message_id

    def _write(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _write_half(self, content: bytes) -> None:
        self.send_response(201)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])
        self.server.standin.over.wait(20)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Silent."""


def _answer(number: str, code: int, message_id: str) -> bytes:
    taken = code < 200
    recipient = {
        "statusCode": code,
        "number": number,
        "status": _WORDS.get(code, "Failed"),
        "cost": "XOF 22.0000" if taken else "0",
        "messageId": message_id,
    }
    summary = f"Sent to {int(taken)}/1 Total Cost: {recipient['cost']}"
    return json.dumps({"SMSMessageData": {"Message": summary, "Recipients": [recipient]}}).encode()
