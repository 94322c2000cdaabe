"""A phone that calls through Twilio, and Twilio's recordings: strict about TwiML, signatures and passwords."""

import base64
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode, urlsplit
from xml.etree.ElementTree import Element, fromstring

from flask.testing import FlaskClient

from tests.standins.serving import Serving
from tests.standins.twilio import ACCOUNT_SID, AUTH_TOKEN, Rung, signed

# By Twilio's reference of each verb, as far as we use it.
ATTRIBUTES = {
    "Say": {"language", "voice", "loop"},
    "Play": {"loop", "digits"},
    "Gather": {"action", "method", "input", "numDigits", "finishOnKey", "timeout", "actionOnEmptyResult"},
    "Record": {"action", "method", "timeout", "maxLength", "playBeep", "finishOnKey", "trim"},
    "Redirect": {"method"},
    "Reject": {"reason"},
    "Hangup": set[str](),
}
NESTED = {"Say", "Play"}
LOCALES = {"fr-FR", "en-GB"}


class TwilioCall:
    """A call to one of our lines. `heard` is what the caller hears since the last key."""

    def __init__(self, client: FlaskClient, public_url: str, caller: str, line: str) -> None:
        self.client, self.public_url = client, public_url
        self.sid = "CA" + secrets.token_hex(16)
        self.fields = {
            "CallSid": self.sid,
            "AccountSid": ACCOUNT_SID,
            "From": caller,
            "To": line,
            "CallStatus": "ringing",
            "ApiVersion": "2010-04-01",
            "Direction": "inbound",
        }
        self.heard: list[str] = []
        self.answers: list[str] = []
        """Each whole answer to the provider."""
        self.waits: Element | None = None
        self.after: list[Element] = []
        self.rejected = False

    def dial(self) -> list[str]:
        return self._ask(f"{self.public_url}/webhooks/twilio/voice", {})

    def press(self, key: str) -> list[str]:
        """A key, or none at all until the time is over."""
        waits = self._waiting("Gather")
        assert waits.get("actionOnEmptyResult") == "true"
        return self._ask(waits.attrib["action"], {"Digits": key})

    def speak(self, recording: str, *, hangs_up: bool = False) -> list[str]:
        waits = self._waiting("Record")
        url = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Recordings/{recording}"
        # Besides, Twilio sends a RecordingSid, which its page on Record does not promise.
        said = {"RecordingUrl": url, "RecordingDuration": "9"}
        return self._ask(waits.attrib["action"], {**said, "Digits": "hangup" if hangs_up else "#"})

    def say_nothing(self) -> list[str]:
        """An empty recording: Twilio goes on with the verb behind it."""
        self._waiting("Record")
        (redirect, *_) = self.after
        assert redirect.tag == "Redirect"
        return self._ask(redirect.text or "", {})

    def hang_up(self, status: str = "completed") -> None:
        answer = self.post(
            f"{self.public_url}/webhooks/twilio/voice/status", {"CallStatus": status, "CallDuration": "12"}
        )
        assert answer[0] == 200

    @property
    def goes_on(self) -> bool:
        return self.waits is not None

    def _waiting(self, verb: str) -> Element:
        assert self.waits is not None
        assert self.waits.tag == verb
        return self.waits

    def post(self, url: str, more: dict[str, str]) -> tuple[int, bytes]:
        assert url.startswith(self.public_url)
        url = url.partition("#")[0]  # how often to try; neither asked for nor signed
        fields = {**self.fields, **more}
        parts = urlsplit(url.removeprefix(self.public_url))
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        answer = self.client.post(path, data=urlencode(fields), headers=signed(url, fields))
        self.answers.append(answer.text)
        return answer.status_code, answer.data

    def _ask(self, url: str, more: dict[str, str]) -> list[str]:
        status, body = self.post(url, more)
        assert status == 200
        response = fromstring(body)  # noqa: S314 - our own
        assert response.tag == "Response"
        self.heard, self.waits, self.after = [], None, []
        for place, verb in enumerate(response):
            assert set(verb.attrib) <= ATTRIBUTES[verb.tag], verb.tag
            if verb.tag in NESTED:
                self._hears(verb)
            elif verb.tag == "Gather":
                for inner in verb:
                    assert inner.tag in NESTED
                    self._hears(inner)
                self.waits = verb
                break
            elif verb.tag == "Record":
                self.waits, self.after = verb, list(response)[place + 1 :]
                break
            else:
                self.rejected = verb.tag == "Reject"
                break
        return self.heard

    def _hears(self, verb: Element) -> None:
        assert set(verb.attrib) <= ATTRIBUTES[verb.tag]
        if verb.tag == "Say":
            assert verb.attrib["language"] in LOCALES
            self.heard.append(verb.text or "")
            return
        url = verb.text or ""
        audio = self.client.get(url.removeprefix(self.public_url))
        assert audio.status_code == 200
        assert audio.content_type in {"audio/mpeg", "audio/wav"}
        self.heard.append(audio.data.decode())


class AnsweredCall(TwilioCall):
    """A call of ours that the stand-in took, on the phone that it rings."""

    def __init__(self, client: FlaskClient, public_url: str, call: Rung, answered_by: str = "human") -> None:
        super().__init__(client, public_url, call.sender, call.to)
        self.call = call
        self.fields |= {
            "CallSid": call.sid,
            "CallStatus": "in-progress",
            "Direction": "outbound-api",
            "AnsweredBy": answered_by,
        }

    def pick_up(self) -> list[str]:
        return self._ask(self.call.url, {})

    def ends(self, status: str = "completed") -> None:
        """It is over, or was never picked up: then nobody tells who answered."""
        answered = status == "completed"
        fields = self.fields if answered else {k: v for k, v in self.fields.items() if k != "AnsweredBy"}
        self.fields = fields | {"CallStatus": status, "CallDuration": "12" if answered else "0"}
        assert self.post(self.call.status_callback, {})[0] == 204


class TwilioRecordings(Serving):
    """The recordings of an account: given out and deleted to whoever has the token."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.kept: dict[str, bytes] = {}
        self.fails: list[int] = []
        """Statuses of the next requests, whatever is asked for; 0 is as it should be."""
        self.moved = False
        """Whether it says where a recording is stored instead of giving it out."""
        self.answers = threading.Event()
        self.answers.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Asked,), {"standin": self}))
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"


class _Asked(BaseHTTPRequestHandler):
    standin: TwilioRecordings

    def do_GET(self) -> None:
        self.standin.answers.wait(20)
        if self.path.startswith("/stored/"):
            assert "Authorization" not in self.headers
            self._reply(200, self.standin.kept[self.path.removeprefix("/stored/")])
            return
        sid = self._sid(".mp3")
        if self.standin.moved:
            self._reply(307, b"", f"http://localhost:{self.standin.port}/stored/{sid}")
            return
        audio = self.standin.kept.get(sid)
        self._answer(200 if audio else 404, audio or b"")

    def do_DELETE(self) -> None:
        gone = self._sid(".json") in self.standin.kept
        self._answer(204 if gone else 404, b"")

    def _sid(self, suffix: str) -> str:
        before = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Recordings/"
        assert self.path.startswith(before)
        assert self.path.endswith(suffix)
        return self.path.removeprefix(before).removesuffix(suffix)

    def _answer(self, status: int, body: bytes) -> None:
        proof = base64.b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {proof}":
            status, body = 401, b""
        if self.standin.fails and (failure := self.standin.fails.pop(0)):
            status, body = failure, b""
        if status == 204:
            del self.standin.kept[self._sid(".json")]
        self._reply(status, body)

    def _reply(self, status: int, body: bytes, location: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent."""
