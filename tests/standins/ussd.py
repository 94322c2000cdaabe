"""Phones on the networks of strict USSD providers: they dial and answer, and refuse a screen that is not right.

Each provider speaks its own wire format, built from its documentation, and accepts nothing else in an answer.
"""

import json
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from typing import Any, ClassVar
from urllib.parse import urlencode

from flask.testing import FlaskClient

from tests.standins.africastalking import CALLBACK_KEY

KEY = CALLBACK_KEY
USER, PASSWORD = "flares", "a-password-of-flares"
USER_ID = "vigie-1"
CODE = "*384#"
LONGEST = 182


class ProviderRefusedError(AssertionError):
    """What we answered would have ended the session with the provider's own error."""


@dataclass(frozen=True)
class Call:
    """What a provider sends: fields in a form, in JSON or (of a GET) in the query."""

    path: str
    fields: Mapping[str, object]
    method: str = "POST"
    key: str = ""
    as_json: bool = False

    @property
    def query(self) -> str:
        told = {**(self.fields if self.method == "GET" else {}), **({"key": self.key} if self.key else {})}
        return urlencode(told)

    @property
    def body(self) -> bytes:
        if self.method == "GET":
            return b""
        return json.dumps(self.fields).encode() if self.as_json else urlencode(self.fields).encode()

    @property
    def content_type(self) -> str:
        return "application/json" if self.as_json else "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Reply:
    """What we answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def text(self) -> str:
        if self.headers.get("Content-Type") != "text/plain; charset=utf-8":
            raise ProviderRefusedError("not plain text")
        return self.body.decode("ascii")

    def fields(self, *names: str) -> dict[str, Any]:
        """The JSON object, which has these fields and no others."""
        if self.headers.get("Content-Type") != "application/json":
            raise ProviderRefusedError("not JSON")
        found: dict[str, Any] = json.loads(self.body)
        if found.keys() != set(names):
            raise ProviderRefusedError(f"not the fields {names}")
        return found


Caller = Callable[[Call], Reply]


def through(client: FlaskClient) -> Caller:
    """To an application in this process."""

    def call(call: Call) -> Reply:
        path = f"{call.path}?{call.query}" if call.query else call.path
        answer = client.open(path, method=call.method, data=call.body, content_type=call.content_type)
        return Reply(answer.status_code, dict(answer.headers), answer.data)

    return call


def over_http(port: int) -> Caller:
    """To a gateway on this machine."""

    def call(call: Call) -> Reply:
        connection = HTTPConnection("127.0.0.1", port, timeout=15)
        try:
            path = f"{call.path}?{call.query}" if call.query else call.path
            connection.request(call.method, path, call.body, {"Content-Type": call.content_type})
            answer = connection.getresponse()
            # Whatever the case in which a server writes their names.
            headers = {name.title(): value for name, value in answer.getheaders()}
            return Reply(answer.status, headers, answer.read())
        finally:
            connection.close()

    return call


@dataclass
class Phone(ABC):
    """A phone on a network. ``screen`` is what it shows, ``goes_on`` whether it asks for an answer."""

    call: Caller
    number: str = "+22790000101"
    code: str = CODE
    key: str = KEY
    session: str = field(default_factory=lambda: secrets.token_hex(12))
    typed: list[str] = field(default_factory=list)
    screen: str = ""
    goes_on: bool = False
    last: Call | None = None

    kind: ClassVar[str]
    """the kind of channel, and what it is told beside its key"""
    told: ClassVar[Mapping[str, str]] = {}
    name: ClassVar[str]
    """of the channel, in its address"""

    def dial(self, *more: str) -> str:
        """Dial the code, perhaps with answers behind it, and read the first screen."""
        self.session, self.typed = secrets.token_hex(12), list(more)
        return self._show(self.first())

    def answer(self, typed: str) -> str:
        if not self.goes_on:
            raise ProviderRefusedError("there is no session to answer in")
        self.typed.append(typed)
        return self._show(self.later())

    def again(self) -> str:
        """The provider repeats its request, as after an answer that was lost on the way."""
        assert self.last is not None
        return self._show(self.last)

    def hang_up(self) -> None:
        """The session is cut; the provider says so, if it is one of those that do."""
        self.goes_on = False
        ended = self.ended()
        if ended is not None:
            reply = self.call(ended)
            if reply.status != 200:
                raise ProviderRefusedError("the end was not acknowledged")
            self.acknowledged(reply)

    def _show(self, call: Call) -> str:
        self.last = call
        reply = self.call(call)
        if reply.status != 200:
            raise ProviderRefusedError(f"answered {reply.status}")
        self.screen, self.goes_on = self.read(reply)
        if not self.screen.isascii() or not 0 < len(self.screen) <= LONGEST:
            raise ProviderRefusedError("no screen can show that")
        return self.screen

    @property
    def path(self) -> str:
        return f"/webhooks/{self.name}/ussd"

    @property
    def msisdn(self) -> str:
        return self.number.removeprefix("+")

    @property
    def dialled(self) -> str:
        return f"{self.code.rstrip('#')}{''.join(f'*{each}' for each in self.typed)}#"

    @abstractmethod
    def first(self) -> Call: ...

    @abstractmethod
    def later(self) -> Call: ...

    @abstractmethod
    def read(self, reply: Reply) -> tuple[str, bool]:
        """The screen, and whether it asks for an answer. Raise ProviderRefusedError."""

    def ended(self) -> Call | None:
        """The provider's word that the session is over."""
        return None

    def acknowledged(self, reply: Reply) -> None:
        """Raise ProviderRefusedError unless this is how its word is acknowledged."""
        if reply.body:
            raise ProviderRefusedError("words where nobody reads them")


def prefixed(reply: Reply) -> tuple[str, bool]:
    prefix, _, screen = reply.text().partition(" ")
    if prefix not in {"CON", "END"}:
        raise ProviderRefusedError("neither CON nor END")
    return screen, prefix == "CON"


class AfricasTalkingPhone(Phone):
    """https://developers.africastalking.com/docs/ussd: all that was typed, joined by ``*``."""

    kind = name = "africastalking"
    told: ClassVar = {"username": "agency", "api_key": "atsk_0123456789"}

    def first(self) -> Call:
        return self._call(text="*".join(self.typed), phoneNumber=self.number)

    later = first

    def ended(self) -> Call:
        return self._call(
            phoneNumber=self.number,
            date="2026-11-21 13:30:00.000000",
            status="Incomplete",
            cost="XOF 0.0000",
            durationInMillis="19230",
            hopsCount=str(len(self.typed) + 1),
            input="*".join(self.typed),
            lastAppResponse=f"CON {self.screen}",
        )

    def _call(self, **fields: str) -> Call:
        always = {"sessionId": self.session, "serviceCode": self.code, "networkCode": "61404"}
        return Call(self.path, {**always, **fields}, key=self.key)

    def read(self, reply: Reply) -> tuple[str, bool]:
        return prefixed(reply)


class ComvivaPhone(Phone):
    """Flares 1.5.0: GET, the dialled code bare in ``input``, the answer's state in a header."""

    kind = name = "comviva"
    told: ClassVar = {"userid": USER, "password": PASSWORD, "service_code": CODE}

    def first(self) -> Call:
        return self._step(self.dialled.strip("*#"))

    def later(self) -> Call:
        return self._step(self.typed[-1])

    def ended(self) -> Call:
        return self._call(msisdn=self.msisdn, clean="clean-session", error="522")

    def _step(self, typed: str) -> Call:
        return self._call(MSISDN=self.msisdn, MSC="22770000", input=typed)

    def _call(self, **fields: str) -> Call:
        login = {"userid": USER, "password": PASSWORD}
        return Call(self.path, {"SessionID": self.session, **login, **fields}, method="GET")

    def read(self, reply: Reply) -> tuple[str, bool]:
        state = reply.headers.get("Freeflow", "")
        if state not in {"FC", "FB"} or (reply.headers.get("charge"), reply.headers.get("amount")) != (
            "N",
            "0",
        ):
            raise ProviderRefusedError("not the headers")
        return reply.text(), state == "FC"


class InfobipPhone(Phone):
    """A REST service of ours: session and event stand in the address, the key before them."""

    kind = name = "infobip"

    def first(self) -> Call:
        return self._call("start", msisdn=self.msisdn, text=self.dialled, shortCode=self.code, imsi="614040")

    def later(self) -> Call:
        return self._call("response", msisdn=self.msisdn, text=self.typed[-1], ussdGwId="live2")

    def ended(self) -> Call:
        return self._call("end", exitCode=500, reason="user released the session")

    def is_active(self) -> bool:
        """It asks whether the session still goes on."""
        reply = self.call(replace(self._call("status"), method="GET"))
        if reply.status != 200:
            raise ProviderRefusedError(f"answered {reply.status}")
        active = reply.fields("sessionActive", "responseExitCode", "responseMessage")["sessionActive"]
        if type(active) is not bool:
            raise ProviderRefusedError("sessionActive is no boolean")
        return active

    def _call(self, event: str, **fields: object) -> Call:
        return Call(f"{self.path}/{self.key}/session/{self.session}/{event}", fields, as_json=True)

    def read(self, reply: Reply) -> tuple[str, bool]:
        fields = reply.fields("ussdMenu", "shouldClose", "responseExitCode", "responseMessage")
        if (fields["responseExitCode"], fields["responseMessage"]) != (200, ""):
            raise ProviderRefusedError("not a success")
        if type(fields["shouldClose"]) is not bool:
            raise ProviderRefusedError("shouldClose is no boolean")
        if fields["shouldClose"] and self.last is not None and self.last.path.endswith("/start"):
            raise ProviderRefusedError("the first screen may not close the session")
        return str(fields["ussdMenu"]), not fields["shouldClose"]

    def acknowledged(self, reply: Reply) -> None:
        if reply.fields("responseExitCode", "responseMessage")["responseExitCode"] != 200:
            raise ProviderRefusedError("not a success")


class ArkeselPhone(Phone):
    """JSON both ways; the answer repeats the ids."""

    kind = name = "arkesel"
    told: ClassVar = {"user_id": USER_ID, "service_code": CODE}

    def first(self) -> Call:
        return self._call(newSession=True, userData=self.dialled)

    def later(self) -> Call:
        return self._call(newSession=False, userData=self.typed[-1])

    def _call(self, **fields: object) -> Call:
        always = {"sessionID": self.session, "userID": USER_ID, "msisdn": self.msisdn, "network": "AIRTEL"}
        return Call(self.path, {**always, **fields}, key=self.key, as_json=True)

    def read(self, reply: Reply) -> tuple[str, bool]:
        fields = reply.fields("sessionID", "userID", "msisdn", "message", "continueSession")
        if (fields["sessionID"], fields["userID"], fields["msisdn"]) != (self.session, USER_ID, self.msisdn):
            raise ProviderRefusedError("not the ids of this session")
        if type(fields["continueSession"]) is not bool:
            raise ProviderRefusedError("continueSession is no boolean")
        return str(fields["message"]), fields["continueSession"]


class NaloPhone(Phone):
    """JSON in capitals; MSGTYPE is *first* in a request and *go on* in an answer."""

    kind = name = "nalo"
    told: ClassVar = {"user_id": USER_ID, "service_code": CODE}

    def first(self) -> Call:
        return self._call(MSGTYPE=True, USERDATA=self.dialled)

    def later(self) -> Call:
        return self._call(MSGTYPE=False, USERDATA=self.typed[-1])

    def _call(self, **fields: object) -> Call:
        always = {"USERID": USER_ID, "MSISDN": self.msisdn, "NETWORK": "AIRTEL", "SESSIONID": self.session}
        return Call(self.path, {**always, **fields}, key=self.key, as_json=True)

    def read(self, reply: Reply) -> tuple[str, bool]:
        fields = reply.fields("USERID", "MSISDN", "MSG", "MSGTYPE")
        if (fields["USERID"], fields["MSISDN"]) != (USER_ID, self.msisdn):
            raise ProviderRefusedError("not the ids of this session")
        if type(fields["MSGTYPE"]) is not bool:
            raise ProviderRefusedError("MSGTYPE is no boolean")
        return str(fields["MSG"]), fields["MSGTYPE"]


class HubtelPhone(Phone):
    """JSON whose ``Type`` is a word both ways; requests are counted."""

    kind = name = "hubtel"
    steps = 0

    def first(self) -> Call:
        self.steps = 0
        return self._call("Initiation", self.dialled)

    def later(self) -> Call:
        return self._call("Response", self.typed[-1])

    def ended(self) -> Call:
        return self._call("Timeout", "")

    def _call(self, kind: str, message: str) -> Call:
        self.steps += 1
        fields = {
            "Mobile": self.msisdn,
            "SessionId": self.session,
            "ServiceCode": self.code.strip("*#"),
            "Type": kind,
            "Message": message,
            "Operator": "airtel",
            "Sequence": self.steps,
            "ClientState": "",
        }
        return Call(self.path, fields, key=self.key, as_json=True)

    def read(self, reply: Reply) -> tuple[str, bool]:
        fields = reply.fields("Type", "Message")
        if fields["Type"] not in {"Response", "Release"}:
            raise ProviderRefusedError("neither Response nor Release")
        return str(fields["Message"]), fields["Type"] == "Response"

    def acknowledged(self, reply: Reply) -> None:
        reply.fields()


class AdvantaPhone(Phone):
    """A provider by way of `generic`: GET, all that was typed behind the dialled code."""

    kind, name = "generic", "advanta"
    told: ClassVar = {
        "source": "query",
        "fields": "session=SESSIONID, sender=MSISDN, text=INPUT, code=USSDCODE",
        "typed": "all",
    }

    def first(self) -> Call:
        fields = {
            "SESSIONID": self.session,
            "USSDCODE": self.code,
            "MSISDN": self.msisdn,
            "INPUT": self.dialled,
        }
        return Call(self.path, fields, method="GET", key=self.key)

    later = first

    def read(self, reply: Reply) -> tuple[str, bool]:
        return prefixed(reply)


class FormPhone(Phone):
    """Another: a form, the latest alone, the kind of step as a digit."""

    kind, name = "generic", "form"
    told: ClassVar = {
        "source": "form",
        "fields": "session=session_id, sender=msisdn, text=ussd_body, code=service_code, kind=msg_type",
        "typed": "latest",
        "kinds": "first=0, over=2",
    }

    def first(self) -> Call:
        return self._call("0", self.dialled)

    def later(self) -> Call:
        return self._call("1", self.typed[-1])

    def ended(self) -> Call:
        return self._call("2", "")

    def _call(self, kind: str, body: str) -> Call:
        fields = {
            "session_id": self.session,
            "service_code": self.code,
            "msisdn": self.msisdn,
            "ussd_body": body,
            "nw_code": "02",
            "msg_type": kind,
        }
        return Call(self.path, fields, key=self.key)

    def read(self, reply: Reply) -> tuple[str, bool]:
        return prefixed(reply)


class DMarkPhone(Phone):
    """Another: GET, the latest alone, first empty; the answer is JSON with a word."""

    kind, name = "generic", "dmark"
    told: ClassVar = {
        "source": "query",
        "fields": "session=transactionId, sender=msisdn, text=ussdRequestString, code=ussdServiceCode",
        "typed": "latest",
        "answer": "text=responseString, state=action, on=request, end=end",
    }

    def first(self) -> Call:
        return self._call(self.dialled if self.typed else "", "false")

    def later(self) -> Call:
        return self._call(self.typed[-1], "true")

    def _call(self, typed: str, response: str) -> Call:
        fields = {
            "transactionId": self.session,
            "msisdn": self.msisdn,
            "ussdServiceCode": self.code.strip("*#"),
            "transactionTime": "20261121T13:30:00",
            "ussdRequestString": typed,
            "creationTime": "20261121T13:30:00",
            "response": response,
        }
        return Call(self.path, fields, method="GET", key=self.key)

    def read(self, reply: Reply) -> tuple[str, bool]:
        fields = reply.fields("responseString", "action")
        if fields["action"] not in {"request", "end"}:
            raise ProviderRefusedError("neither request nor end")
        return str(fields["responseString"]), fields["action"] == "request"


PHONES: tuple[type[Phone], ...] = (
    *(AfricasTalkingPhone, ComvivaPhone, InfobipPhone, ArkeselPhone, NaloPhone, HubtelPhone),
    *(AdvantaPhone, FormPhone, DMarkPhone),
)


def told(phone: type[Phone]) -> dict[str, str]:
    """What the channel of such a phone's provider is set up with."""
    held = {} if phone is ComvivaPhone else {"callback_key": KEY}
    return {**phone.told, **held}
