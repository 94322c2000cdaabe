"""A strict stand-in of the app SMS Gateway for Android: its sending API, and the calls that it makes."""

import base64
import hmac
import json
import secrets
import threading
from collections.abc import Mapping
from enum import StrEnum
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.standins.serving import Server, Serving

USER, PASSWORD, SIGNING_KEY = "sms", "pass word é", "q1w2e3r4"
DEVICE = "ffffffffceb0b1db0000018e937c815b"
_STATES = ("Pending", "Processed", "Sent", "Delivered", "Failed")
# The fields of a request that we may use, and how the app types them.
_FIELDS: Mapping[str, type] = {
    "id": str,
    "textMessage": dict,
    "phoneNumbers": list,
    "simNumber": int,
    "deviceId": str,
    "ttl": int,
    "withDeliveryReport": bool,
}


class Fault(StrEnum):
    """What may go wrong with the sendings from now on."""

    HANG = "hang"  # takes it, then never answers
    RESET = "reset"  # takes it, then cuts the line
    PORTAL = "portal"  # somebody else answers 200 with a page


class AndroidStandIn(Serving):
    """Use as a context manager. ``taken`` are the requests that were accepted."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.fault: Fault | None = None
        self.status: int | None = None
        self.over = threading.Event()
        self._server = Server(self, _Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Server[AndroidStandIn]

    def do_POST(self) -> None:
        standin = self.server.standin
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if refusal := self._not_for_us():
            return self._answer(refusal, {})
        fields = json.loads(body)
        if wrong := _fault_of(fields):
            return self._answer(400, {"message": wrong})
        if standin.status is not None:
            return self._answer(standin.status, {"message": f"cannot text {fields['phoneNumbers']}"})
        if any(taken["id"] == fields["id"] for taken in standin.taken):
            return self._answer(409, {"message": "duplicate id"})
        standin.taken.append(fields)
        return self._answer_for(fields)

    def _not_for_us(self) -> int | None:
        right = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        checks = [
            (self.path != "/messages", 404),
            (self.headers["Authorization"] != right, 401),
            (self.headers["Content-Type"] != "application/json", 415),
        ]
        return next((status for wrong, status in checks if wrong), None)

    def _answer_for(self, fields: dict[str, Any]) -> None:
        match self.server.standin.fault:
            case Fault.HANG:
                self.server.standin.over.wait(20)
            case Fault.RESET:
                self.close_connection = True
            case Fault.PORTAL:
                self._write(200, b"<html>Welcome")
            case None:
                recipients = [
                    {"phoneNumber": number, "state": _STATES[0], "error": None}
                    for number in fields["phoneNumbers"]
                ]
                self._answer(
                    202,
                    {
                        "id": fields["id"],
                        "deviceId": DEVICE,
                        "state": _STATES[0],
                        "isHashed": False,
                        "isEncrypted": False,
                        "recipients": recipients,
                        "states": {_STATES[0]: "2026-11-21T14:30:00.000+01:00"},
                    },
                )

    def _answer(self, status: int, body: Mapping[str, Any]) -> None:
        self._write(status, json.dumps(body).encode())

    def _write(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Silent."""


def _fault_of(fields: dict[str, Any]) -> str | None:
    """The app's words for the first thing that is wrong."""
    checks = [
        (bool(fields.keys() - _FIELDS.keys()), "Unknown field"),
        (any(type(value) is not _FIELDS.get(name) for name, value in fields.items()), "Wrong type"),
        (not fields.get("phoneNumbers"), "phoneNumbers is empty"),
        (not all(isinstance(number, str) for number in fields.get("phoneNumbers", ())), "Wrong number"),
        (set(fields.get("textMessage", ())) != {"text"}, "Must specify exactly one of: textMessage"),
        (not fields.get("textMessage", {}).get("text"), "Text message is empty"),
        (len(fields.get("id", "")) > 36, "id is too long"),
        (fields.get("simNumber", 1) < 1, "simNumber must be >= 1"),
        (fields.get("ttl", 5) < 5, "message already expired"),
        (fields.get("deviceId", DEVICE) != DEVICE, "Invalid device ID"),
    ]
    return next((words for wrong, words in checks if wrong), None)


def event(kind: str, payload: Mapping[str, object]) -> bytes:
    """The body of a call of the app; the id of the event is new each time, re-sends included."""
    fields = {
        "deviceId": DEVICE,
        "event": kind,
        "id": secrets.token_urlsafe(15),
        "payload": payload,
        "webhookId": "LreFUt-Z3sSq0JufY9uWB",
    }
    return json.dumps(fields, ensure_ascii=False).encode()


def received(
    sender: str, text: str, *, to: str | None = None, message_id: str = "b7a1c20e"
) -> dict[str, object]:
    """The payload of an incoming text."""
    return {
        "messageId": message_id,
        "sender": sender,
        "recipient": to,
        "phoneNumber": sender,
        "simNumber": 1,
        "message": text,
        "receivedAt": "2026-11-21T14:29:30.000+01:00",
    }


def signed(body: bytes, key: str = SIGNING_KEY, at: int = 1_795_267_800) -> dict[str, str]:
    """The headers of one attempt to hand this body over, at this second of the phone's clock."""
    timestamp = str(at)
    return {
        "Content-Type": "application/json",
        "User-Agent": "me.capcom.smsgateway/1.51.3",
        "X-Timestamp": timestamp,
        "X-Signature": hmac.new(key.encode(), body + timestamp.encode(), "sha256").hexdigest(),
    }
