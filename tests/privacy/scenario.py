"""A day on which everything goes wrong that might make a program quote what it was told."""

import json
import re
from dataclasses import replace
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import quote, urlencode

from gateway.demo import AGENTS_LINE, HOTLINE, LOAD_TEST_NUMBERS, OFFICERS
from tests.faults.gateway import Gateway, eventually
from tests.faults.hooks import KILLS, RAISES
from tests.faults.law import IN, ON_DUTY, settle
from tests.faults.load import Text, say
from tests.standins.twilio import Fault, inbound, signed
from tests.standins.ussd import AfricasTalkingPhone, over_http

STRANGER, CONTACT, DIALLED = "+22790003101", "+22790004101", "+22790004102"
_REPORTER, _ENGLISH = "+22790000101", "+22790000103"

# Words that nobody uses, in every place of a text.
REPORTS = (
    Text(_REPORTER, "RPZ ASM 647 H590 F32 camion zanzibarouge"),
    Text(_REPORTER, "SOS Kouroubabarde 14h37 tiguidanessoum"),
    Text(_ENGLISH, "CVM Xylophagette 12 two trucks with moussadeltabar plate 4471RN9"),
    Text(_ENGLISH, "RZP ASN wagadougoutou"),
    Text(STRANGER, "MED AGZ 3 blessure rugissementblanc"),
    Text(CONTACT, "il m'a enfermee chez ladjidoubarka pres du chateau d'eau", HOTLINE),
    Text(CONTACT, "taimako zankalakokuwa", HOTLINE),
)
POISON = (
    Text(LOAD_TEST_NUMBERS[7], f"{RAISES} venindevipere"),
    Text(LOAD_TEST_NUMBERS[8], f"{KILLS} grandecigue"),
)
SPOOLED = (
    Text(_REPORTER, "SOS GAY 9 pendantlanuit"),
    Text(CONTACT, "personne ne repond sansbasededonnees", HOTLINE),
)
REFUSED = Text("+22790003102", "texte refuse devantlaporte")

# What is typed on a phone that dialled: a wrong PIN, a word where a place is asked for, what a caller needs and where.
REPORTER_TYPES = ("2", "9081726354", "00", "1", "CVM", "cheboygankourfeye", "ASM", "12")
CALLER_TYPES = ("1", "1", "dambouchamakoto")

_TEXTS = (*REPORTS, *POISON, *SPOOLED, REFUSED)
NUMBERS = {
    AGENTS_LINE,
    HOTLINE,
    DIALLED,
    *(text.sender for text in _TEXTS),
    *(number for number, _ in OFFICERS),
}
# In each text the words that occur nowhere else: to find it whole is to find them.
WORDS = {word for text in _TEXTS for word in text.words.split() if len(word) > 9}
WORDS |= {word for word in (*REPORTER_TYPES, *CALLER_TYPES) if len(word) > 9}


def act(gateway: Gateway) -> None:
    """All but the outage."""
    _let_sending_fail(gateway)
    say(gateway.url, *REPORTS, *POISON)
    _be_refused(gateway)
    _acknowledge(gateway)
    _dial(gateway)
    eventually(lambda: gateway.count(IN.c.state == "dead") == len(POISON), "the poison is set aside", 60)
    settle(gateway)


def ask(gateway: Gateway) -> list[tuple[str, bytes]]:
    """What the gateway tells to whoever asks it."""
    token = (gateway.data_dir / "demo-api-token").read_text().strip()
    paths = ["/metrics", "/health/ready", "/health/live"]
    paths += [f"/api/v1/{name}?limit=500" for name in ("messages", "reports", "alerts", "incidents")]
    paths += [f"/api/v1/messages?since={quote(_REPORTER)}", "/api/v1/messages?direction=out"]
    return [(path, gateway.get(path, {"Authorization": f"Bearer {token}"})[1]) for path in paths]


def _let_sending_fail(gateway: Gateway) -> None:
    """Each of these quotes or loses something, or is known to make libraries talk."""
    order = gateway.standin.order
    order(Fault.REFUSE, to=_REPORTER, status=400, code=21211)
    order(Fault.GARBAGE, to=_REPORTER)
    order(Fault.RESET, to=_ENGLISH)
    order(Fault.UNDELIVERED, to=_ENGLISH, code=30003)
    order(Fault.REFUSE, to=ON_DUTY, status=503)
    order(Fault.RESET, to=ON_DUTY)


def _be_refused(gateway: Gateway) -> None:
    """Wrong signatures, wrong bodies, wrong addresses, numbers where none belong."""
    sms, status = f"{gateway.url}/webhooks/twilio/sms", f"{gateway.url}/webhooks/twilio/status"
    good = inbound(REFUSED.sender, REFUSED.words)
    elsewhere = good | {"AccountSid": "AC" + "f" * 32}
    without_sender = {name: value for name, value in good.items() if name != "From"}
    unknown = {**good, "MessageStatus": "delivered"}
    number = quote(REFUSED.sender)
    for expected, url, fields, headers in (
        (403, sms, good, signed(sms, {})),
        (400, sms, elsewhere, signed(sms, elsewhere)),
        (400, sms, without_sender, signed(sms, without_sender)),
        (413, sms, good | {"Body": REFUSED.words * 4000}, {}),
        (200, status, unknown, signed(status, unknown)),
        (200, f"{status}?message={number}", unknown, signed(f"{status}?message={number}", unknown)),
        (404, f"{gateway.url}/webhooks/{number}/sms", good, {}),
        (404, f"{gateway.url}/{number}?text={quote(REFUSED.words)}", good, {}),
    ):
        assert _post(gateway, url, urlencode(fields).encode(), headers) == expected, url
    junk = json.dumps({"from": REFUSED.sender, "text": REFUSED.words})
    for body in (junk, junk[:-3], f"[{junk}]"):
        _post(
            gateway, f"{gateway.url}/webhooks/simulator/sms", body.encode(), {"X-Vigie-Signature": "sha256=0"}
        )
    _post(gateway, sms, f"{REFUSED.sender}\0\xff{REFUSED.words}".encode("latin-1"), {})


def _dial(gateway: Gateway) -> None:
    """One session that is cut, one that is finished, and calls that are turned away."""
    call = over_http(gateway.port)
    for number, typed in ((_REPORTER, REPORTER_TYPES), (DIALLED, CALLER_TYPES)):
        phone = AfricasTalkingPhone(call, number, key="")
        phone.dial()
        for word in typed:
            phone.answer(word)
        phone.hang_up()
        assert call(replace(phone.first(), key="none-of-the-keys")).status == 403
        without = {name: value for name, value in phone.first().fields.items() if name != "sessionId"}
        assert call(replace(phone.first(), fields=without)).status == 400


def _post(gateway: Gateway, url: str, body: bytes, headers: dict[str, Any]) -> int:
    connection = HTTPConnection("127.0.0.1", gateway.port, timeout=15)
    try:
        connection.request("POST", url.removeprefix(gateway.url), body, headers)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 413  # cut off in the middle of too long a body
    finally:
        connection.close()


def _acknowledge(gateway: Gateway) -> None:
    alert = gateway.standin.expect(ON_DUTY, "ALERTE", within=20)
    code = re.findall(r"\d{4}\b", alert.body)[-1]
    say(gateway.url, Text(ON_DUTY, f"ok {code}"))
