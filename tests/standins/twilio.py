"""A strict stand-in of Twilio's REST API: real HTTP, real shapes, faults on order.

In a test it is a thread that records every message and fails on those that nobody expected; for
faults and benchmarks it is a process: ``python -m tests.standins.twilio --port 9100``.
"""

import argparse
import base64
import json
import queue
import re
import secrets
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import StrEnum
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from twilio.request_validator import RequestValidator

from tests.standins.serving import Server, Serving

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
AUTH_TOKEN = "feedfacefeedfacefeedfacefeedface"
_ADDRESS = re.compile(r"(whatsapp:)?\+[1-9]\d{6,14}")
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_KNOWN_FIELDS = {
    "To",
    "From",
    "Body",
    "StatusCallback",
    "ValidityPeriod",
    "SmartEncoded",
    "MessagingServiceSid",
}
_CALL_FIELDS = {
    "To",
    "From",
    "Url",
    "Method",
    "StatusCallback",
    "StatusCallbackMethod",
    "StatusCallbackEvent",
    "MachineDetection",
    "Timeout",
    "TimeLimit",
}
_LONGEST_RING = 600
_LIST_FIELDS = {"To", "From", "DateSent>", "PageSize", "Page", "PageToken"}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LONGEST = 1600
_WINDOW_CLOSED = 63016


class Fault(StrEnum):
    """What may go wrong with one sending."""

    HANG = "hang"  # never answers, and has not taken it
    LOST_ANSWER = "lost-answer"  # takes it, then never answers
    RESET = "reset"  # takes it, then cuts the line
    SLOW = "slow"  # takes it after ``seconds``
    REFUSE = "refuse"  # answers ``status`` with ``code``
    GARBAGE = "garbage"  # takes it and answers 201 without JSON
    OUT_OF_ORDER = "out-of-order"  # status callbacks come the wrong way round, each twice
    UNDELIVERED = "undelivered"  # the last callback says undelivered, with ``code``
    REFUSE_CALL = "refuse-call"  # a call is answered ``status`` with ``code``
    LIST_REFUSE = "list-refuse"  # asked for a page of its list, it answers ``status``
    LIST_GARBAGE = "list-garbage"  # it answers 200 without a list
    LIST_TIMELESS = "list-timeless"  # the first text of a page says no time


_SHAPES_OF_CALLBACKS = {Fault.OUT_OF_ORDER, Fault.UNDELIVERED}
_OF_CALLS = {Fault.REFUSE_CALL}
_OF_LISTS = {Fault.LIST_REFUSE, Fault.LIST_GARBAGE, Fault.LIST_TIMELESS}


@dataclass
class Script:
    """One order: this fault, so many times, for this recipient or for anybody."""

    fault: Fault
    times: int = 1
    to: str | None = None
    status: int = 500
    code: int | None = None
    seconds: float = 0.0


@dataclass
class Sent:
    """A message that was taken."""

    sid: str
    to: str
    sender: str
    body: str
    status_callback: str
    at: float = field(default_factory=time.time)
    direction: str = "outbound-api"


@dataclass
class Rung:
    """A call that was taken."""

    sid: str
    to: str
    sender: str
    url: str
    status_callback: str
    at: float = field(default_factory=time.time)


class TwilioStandIn(Serving):
    """Use as a context manager. ``callbacks=False`` keeps it from reporting deliveries.

    On WhatsApp it delivers only to those in ``wrote_lately``, and says so by a callback, as Twilio does.
    """

    def __init__(
        self,
        account_sid: str = ACCOUNT_SID,
        auth_token: str = AUTH_TOKEN,
        *,
        port: int = 0,
        callbacks: bool = True,
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.messages: list[Sent] = []
        self.calls: list[Rung] = []
        self.failed_callbacks: list[str] = []
        self.reported: list[dict[str, str]] = []
        self.wrote_lately: set[str] = set()
        self.received: list[Sent] = []
        self.pages = 0
        self.balance = "12.345"
        self.requests = 0
        self._expected: set[str] = set()
        self._scripts: list[Script] = []
        self._changed = threading.Condition()
        self.over = threading.Event()
        self._walks: queue.SimpleQueue[tuple[Sent, Script | None] | None] = queue.SimpleQueue()
        self._walkers = [threading.Thread(target=self._walk, daemon=True) for _ in range(4 * callbacks)]
        self._server = Server(self, _Handler, port)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        for walker in self._walkers:
            walker.start()
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        for _ in self._walkers:
            self._walks.put(None)

    def order(self, fault: Fault, **details: Any) -> None:
        """Let the next sendings (``times``, ``to``) go wrong like this."""
        with self._changed:
            self._scripts.append(Script(fault, **details))

    def obey(self) -> None:
        """Forget all faults that were ordered."""
        with self._changed:
            self._scripts.clear()

    def expect(self, to: str, containing: str, within: float = 30.0) -> Sent:
        """The next message to this number with these words in it, waited for; each is given out once."""
        with self._changed:
            self._changed.wait_for(lambda: self._first(to, containing), timeout=within)
            message = self._first(to, containing)
            assert message, f"no message with {containing!r} within {within} s; {self._summary()}"
            self._expected.add(message.sid)
            return message

    def report(self, status: str, within: float = 30.0) -> dict[str, str]:
        """The parameters of the first callback that says so, waited for."""
        with self._changed:
            self._changed.wait_for(lambda: self._of_status(status), timeout=within)
            (report, *_) = self._of_status(status)
            return report

    def _of_status(self, status: str) -> list[dict[str, str]]:
        return [report for report in self.reported if report["MessageStatus"] == status]

    def assert_nothing_more(self, quiet: float = 0.3) -> None:
        """Fail when a message came, or comes within ``quiet`` seconds, that nobody expected."""
        time.sleep(quiet)
        with self._changed:
            left = [message for message in self.messages if message.sid not in self._expected]
        assert not left, f"unexpected: {[(message.to, message.body) for message in left]}"

    def receives(self, sender: str, text: str, at: datetime, *, to: str = "+22780000001") -> str:
        """A text that came in, and of which no webhook told. Returns its id."""
        sid = "SM" + secrets.token_hex(16)
        self.received.append(Sent(sid, to, sender, text, "", at.timestamp(), "inbound"))
        return sid

    def listed(self, query: Mapping[str, str]) -> list[Sent]:
        """What its list holds for this query, the latest first."""
        first, to, sender = query.get("DateSent>", ""), query.get("To"), query.get("From")
        return sorted(
            (
                one
                for one in self.messages + self.received
                if to in {None, one.to}
                and sender in {None, one.sender}
                and first <= datetime.fromtimestamp(one.at, UTC).date().isoformat()
            ),
            key=lambda one: (one.at, one.sid),
            reverse=True,
        )

    def take(self, fields: Mapping[str, str]) -> Sent:
        """Record a message and let its status callbacks begin."""
        message = Sent(
            sid="SM" + secrets.token_hex(16),
            to=fields["To"],
            sender=fields["From"],
            body=fields["Body"],
            status_callback=fields.get("StatusCallback", ""),
        )
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()
        if message.status_callback and self._walkers:
            self._walks.put((message, self.script_for(message.to, _SHAPES_OF_CALLBACKS)))
        return message

    def ring(self, fields: Mapping[str, str]) -> Rung:
        """Record a call. Nobody picks up: `tests.standins.twilio_voice.AnsweredCall` does."""
        call = Rung(
            "CA" + secrets.token_hex(16),
            fields["To"],
            fields["From"],
            fields["Url"],
            fields["StatusCallback"],
        )
        with self._changed:
            self.calls.append(call)
            self._changed.notify_all()
        return call

    def script_for(self, to: str, faults: set[Fault]) -> Script | None:
        """The fault that was ordered for this message, used up by asking."""
        with self._changed:
            for script in self._scripts:
                if script.fault in faults and script.to in {None, to} and script.times > 0:
                    script.times -= 1
                    return script
        return None

    def hang(self, seconds: float = 3600) -> None:
        """Sleep, but not beyond the end of this stand-in."""
        self.over.wait(seconds)

    def _first(self, to: str, containing: str) -> Sent | None:
        for message in self.messages:
            if message.to == to and containing in message.body and message.sid not in self._expected:
                return message
        return None

    def _summary(self) -> str:
        return f"taken so far: {[(message.to, message.body) for message in self.messages]}"

    def _walk(self) -> None:
        while (job := self._walks.get()) is not None:
            message, script = job
            fault = script.fault if script else None
            if message.to.startswith("whatsapp:") and message.to not in self.wrote_lately:
                self._call_back(message, "failed", _WINDOW_CLOSED)
                continue
            steps = ["queued", "sending", "sent", "delivered"]
            if fault is Fault.UNDELIVERED:
                steps[-1] = "undelivered"
            if fault is Fault.OUT_OF_ORDER:
                steps = [step for step in reversed(steps) for _ in (1, 2)]
            for step in steps:
                self._call_back(message, step, script.code if script and step == "undelivered" else None)

    def _call_back(self, message: Sent, status: str, code: int | None) -> None:
        params = {
            "SmsSid": message.sid,
            "MessageSid": message.sid,
            "AccountSid": self.account_sid,
            "SmsStatus": status,
            "MessageStatus": status,
            "ApiVersion": "2010-04-01",
            "From": message.sender,
            "To": message.to,
        }
        if code is not None:
            params["ErrorCode"] = str(code)
        with self._changed:
            self.reported.append(params)
            self._changed.notify_all()
        call = urllib.request.Request(
            message.status_callback,
            urlencode(params).encode(),
            signed(message.status_callback, params, self.auth_token),
        )
        try:
            urllib.request.urlopen(call, timeout=10).close()
        except (urllib.error.URLError, OSError) as error:
            self.failed_callbacks.append(f"{status}: {error}")


def signed(url: str, params: Mapping[str, str], token: str = AUTH_TOKEN) -> dict[str, str]:
    """The headers that Twilio sends with a webhook of these parameters."""
    return {
        "X-Twilio-Signature": RequestValidator(token).compute_signature(url, dict(params)),
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "User-Agent": "TwilioProxy/1.1",
    }


def inbound(
    sender: str, text: str, *, to: str = "+22780000001", sid: str = "", account_sid: str = ACCOUNT_SID
) -> dict[str, str]:
    """The parameters of an incoming SMS, as many as Twilio sends."""
    empty = dict.fromkeys(("ToCity", "ToState", "ToZip", "FromCity", "FromState", "FromZip"), "")
    return {
        **empty,
        "FromCountry": "NE",
        "ToCountry": "NE",
        **_received(sender, text, to, sid, account_sid),
    }


def inbound_whatsapp(
    sender: str,
    text: str = "",
    *,
    to: str = "+22780000001",
    pin: tuple[str, str] | None = None,
    sid: str = "",
    profile: str = "Mme X",
    **more: str,
) -> dict[str, str]:
    """Those of a WhatsApp message from a number to a number; ``pin`` is a shared position."""
    where = {"Latitude": pin[0], "Longitude": pin[1]} if pin else {}
    return {
        **_received(f"whatsapp:{sender}", text, f"whatsapp:{to}", sid, ACCOUNT_SID),
        "ProfileName": profile,
        "WaId": sender.removeprefix("+"),
        "MessageType": "location" if pin else "text",
        "ReferralNumMedia": "0",
        **where,
        **more,
    }


def _received(sender: str, text: str, to: str, sid: str, account_sid: str) -> dict[str, str]:
    sid = sid or "SM" + secrets.token_hex(16)
    return {
        "MessageSid": sid,
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "AccountSid": account_sid,
        "From": sender,
        "To": to,
        "Body": text,
        "SmsStatus": "received",
        "NumMedia": "0",
        "NumSegments": "1",
        "ApiVersion": "2010-04-01",
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Server[TwilioStandIn]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        standin = self.server.standin
        standin.requests += 1
        if self.path == "/_standin/faults":
            order = json.loads(body)
            standin.order(Fault(order.pop("fault")), **order)
            return self._answer(200, {})
        account = f"/2010-04-01/Accounts/{standin.account_sid}"
        if self.path not in {f"{account}/Messages.json", f"{account}/Calls.json"}:
            return self._refuse(404, 20404, "The requested resource was not found")
        if not self._authenticated():
            return self._refuse(401, 20003, "Authenticate")
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
        if self.path.endswith("/Calls.json"):
            return self._ring(fields)
        if wrong := _fault_of(fields):
            return self._refuse(400, *wrong)
        return self._take(fields)

    def do_GET(self) -> None:
        standin = self.server.standin
        if self.path == "/_standin/messages":
            return self._answer(200, [asdict(message) for message in standin.messages])
        if self.path == "/_standin/count":
            return self._answer(200, {"messages": len(standin.messages), "requests": standin.requests})
        path, _, query = self.path.partition("?")
        account = f"/2010-04-01/Accounts/{standin.account_sid}"
        if path not in {f"{account}/Messages.json", f"{account}/Balance.json"}:
            return self._refuse(404, 20404, "The requested resource was not found")
        if not self._authenticated():
            return self._refuse(401, 20003, "Authenticate")
        if path.endswith("/Balance.json"):
            left = {"account_sid": standin.account_sid, "balance": standin.balance, "currency": "USD"}
            return self._answer(200, left)
        return self._list(path, dict(parse_qsl(query, keep_blank_values=True)))

    def _list(self, path: str, query: dict[str, str]) -> None:
        """A page of its list: of later ones the address carries the token that the page before gave."""
        standin = self.server.standin
        standin.pages += 1
        script = standin.script_for(query.get("To", ""), _OF_LISTS)
        if script and script.fault is Fault.LIST_GARBAGE:
            return self._write(200, b"<html>")
        if script and script.fault is Fault.LIST_REFUSE:
            return self._refuse(script.status, script.code or script.status, "Refused")
        if wrong := _fault_of_query(query):
            return self._refuse(400, 20001, wrong)
        everything, size = standin.listed(query), int(query.get("PageSize", "50"))
        number, token = int(query.get("Page", "0")), query.get("PageToken")
        start = next((place for place, one in enumerate(everything, 1) if f"PA{one.sid}" == token), 0)
        if bool(token) != bool(number) or (token and not start):
            return self._refuse(400, 20001, "Invalid page token")
        page, left = everything[start : start + size], everything[start + size :]
        here = {name: value for name, value in query.items() if name not in {"Page", "PageToken"}}

        def uri(number: int, **more: str) -> str:
            return f"{path}?{urlencode({**here, 'PageSize': str(size), 'Page': str(number), **more})}"

        return self._answer(
            200,
            {
                "messages": [
                    _resource(one, standin.account_sid)
                    | ({"date_sent": None} if script and not place else {})
                    for place, one in enumerate(page)
                ],
                "first_page_uri": uri(0),
                "next_page_uri": uri(number + 1, PageToken=f"PA{page[-1].sid}") if left else None,
                "previous_page_uri": None,
                "uri": self.path,
                "page": number,
                "page_size": size,
                "start": start,
                "end": start + len(page) - 1,
            },
        )

    def _take(self, fields: dict[str, str]) -> None:
        standin = self.server.standin
        script = standin.script_for(fields["To"], set(Fault) - _SHAPES_OF_CALLBACKS - _OF_LISTS - _OF_CALLS)
        fault = script.fault if script else None
        if fault is Fault.HANG:
            standin.hang()
        elif script and fault is Fault.REFUSE:
            words = f"Refused: {fields['To']}"  # the real ones quote the number too
            self._refuse(script.status, script.code or script.status, words)
        else:
            if script and fault is Fault.SLOW:
                standin.hang(script.seconds)
            # Its callbacks may overtake the answer, as they do in life.
            self._answer_for(standin.take(fields), fault)
        self.close_connection = self.close_connection or fault in {Fault.HANG, Fault.RESET, Fault.LOST_ANSWER}

    def _ring(self, fields: dict[str, str]) -> None:
        standin = self.server.standin
        if wrong := _fault_of_call(fields):
            return self._refuse(400, *wrong)
        script = standin.script_for(fields["To"], {Fault.REFUSE_CALL})
        if script:
            return self._refuse(script.status, script.code or script.status, f"Refused: {fields['To']}")
        call = standin.ring(fields)
        return self._answer(
            201,
            {
                "sid": call.sid,
                "account_sid": standin.account_sid,
                "to": call.to,
                "from": call.sender,
                "status": "queued",
                "direction": "outbound-api",
                "api_version": "2010-04-01",
                "uri": f"/2010-04-01/Accounts/{standin.account_sid}/Calls/{call.sid}.json",
            },
        )

    def _answer_for(self, message: Sent, fault: Fault | None) -> None:
        match fault:
            case Fault.LOST_ANSWER:
                self.server.standin.hang()
            case Fault.GARBAGE:
                self._write(201, b"<html>")
            case None | Fault.SLOW:
                self._answer(201, _resource(message, self.server.standin.account_sid))

    def _authenticated(self) -> bool:
        standin = self.server.standin
        right = base64.b64encode(f"{standin.account_sid}:{standin.auth_token}".encode()).decode()
        return self.headers.get("Authorization") == f"Basic {right}"

    def _refuse(self, status: int, code: int, message: str) -> None:
        more = f"https://www.twilio.com/docs/errors/{code}"
        self._answer(status, {"code": code, "message": message, "more_info": more, "status": status})

    def _answer(self, status: int, body: Any) -> None:
        self._write(status, json.dumps(body).encode())

    def _write(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Silent."""


def _fault_of(fields: Mapping[str, str]) -> tuple[int, str] | None:
    """Twilio's code and words for the first thing that is wrong."""
    callback = fields.get("StatusCallback")
    to, sender = (_ADDRESS.fullmatch(fields.get(name, "")) for name in ("To", "From"))
    checks = [
        (bool(fields.keys() - _KNOWN_FIELDS), 20001, "Unknown parameter"),
        (not fields.get("To"), 21604, "A 'To' phone number is required"),
        (not fields.get("From"), 21603, "A 'From' phone number is required"),
        (not fields.get("Body"), 21602, "Message body is required"),
        (not to, 21211, f"Invalid 'To' Phone Number: {fields.get('To')}"),
        (not sender, 21606, "The From number is not yours"),
        (bool(to and sender and to[1] != sender[1]), 21910, "'From' and 'To' must be of the same channel"),
        (len(fields.get("Body", "")) > _LONGEST, 21617, "The message body exceeds 1600 characters"),
        (callback is not None and not _absolute(callback), 21609, "The StatusCallback is not a valid URL"),
    ]
    return next(((code, words) for wrong, code, words in checks if wrong), None)


def _fault_of_call(fields: Mapping[str, str]) -> tuple[int, str] | None:
    callback, ring = fields.get("StatusCallback"), fields.get("Timeout", "60")
    methods = {fields.get("Method", "POST"), fields.get("StatusCallbackMethod", "POST")}
    checks = [
        (bool(fields.keys() - _CALL_FIELDS), 20001, "Unknown parameter"),
        (not fields.get("To"), 21201, "No 'To' number is specified"),
        (not fields.get("From"), 21213, "'From' phone number is required"),
        (
            not _NUMBER.fullmatch(fields.get("To", "")),
            21211,
            f"Invalid 'To' Phone Number: {fields.get('To')}",
        ),
        (not _NUMBER.fullmatch(fields.get("From", "")), 21212, "Invalid 'From' Phone Number"),
        (not _absolute(fields.get("Url", "")), 21205, "Url parameter is not a valid URL"),
        (callback is not None and not _absolute(callback), 21609, "The StatusCallback is not a valid URL"),
        (not methods <= {"GET", "POST"}, 21403, "Invalid method"),
        (
            fields.get("MachineDetection") not in {None, "Enable", "DetectMessageEnd"},
            20001,
            "MachineDetection",
        ),
        (not ring.isdigit() or int(ring) > _LONGEST_RING, 20001, "Timeout is from 0 to 600 seconds"),
    ]
    return next(((code, words) for wrong, code, words in checks if wrong), None)


def _fault_of_query(query: Mapping[str, str]) -> str:
    """What is wrong with the parameters of a list; nothing."""
    if unknown := query.keys() - _LIST_FIELDS:
        return f"Unknown parameter {min(unknown)}"
    size = query.get("PageSize", "50")
    if not size.isdigit() or not 1 <= int(size) <= 1000:
        return "PageSize is from 1 to 1000"
    return "" if _DAY.fullmatch(query.get("DateSent>", "2026-11-21")) else "A date is YYYY-MM-DD, in GMT"


def _absolute(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def _resource(message: Sent, account_sid: str) -> dict[str, Any]:
    uri = f"/2010-04-01/Accounts/{account_sid}/Messages/{message.sid}"
    now = format_datetime(datetime.fromtimestamp(message.at, UTC).replace(microsecond=0))
    inbound = message.direction == "inbound"
    return {
        "account_sid": account_sid,
        "api_version": "2010-04-01",
        "body": message.body,
        "date_created": now,
        "date_sent": now if inbound else None,
        "date_updated": now,
        "direction": message.direction,
        "error_code": None,
        "error_message": None,
        "from": message.sender,
        "to": message.to,
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": None,
        "sid": message.sid,
        "status": "received" if inbound else "queued",
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "uri": f"{uri}.json",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--account-sid", default=ACCOUNT_SID)
    parser.add_argument("--auth-token", default=AUTH_TOKEN)
    parser.add_argument("--no-callbacks", action="store_true")
    given = parser.parse_args()
    standin = TwilioStandIn(
        given.account_sid, given.auth_token, port=given.port, callbacks=not given.no_callbacks
    )
    with standin:
        sys.stdout.write(standin.url + "\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
