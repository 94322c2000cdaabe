"""Where calls come in: who is refused, and what a caller hears when nothing can be written down."""

from urllib.parse import urlencode

import pytest

from gateway.messages import Kind
from tests.standins.twilio import ACCOUNT_SID, signed
from tests.standins.twilio_voice import TwilioCall
from tests.web.fakes import PUBLIC_URL, Web

HOTLINE, CALLER = "+22780000002", "+22790000501"
VOICE = "/webhooks/twilio/voice"


@pytest.fixture
def call(web: Web) -> TwilioCall:
    return TwilioCall(web.client, PUBLIC_URL, CALLER, HOTLINE)


def status(web: Web, fields: dict[str, str], path: str = VOICE, headers: dict[str, str] | None = None) -> int:
    headers = signed(PUBLIC_URL + path, fields) if headers is None else headers
    return web.client.post(path, data=urlencode(fields), headers=headers).status_code


def test_a_call_is_safe_before_its_caller_hears_anything(web: Web, call: TwilioCall) -> None:
    assert call.dial()
    (message,) = web.inbox.accepted
    assert (message.kind, message.sender, message.recipient) == (Kind.CALL, CALLER, HOTLINE)


def test_a_request_that_twilio_repeats_is_the_same_message(web: Web, call: TwilioCall) -> None:
    call.dial()
    call.dial()
    first, second = web.inbox.accepted
    assert first.provider_id == second.provider_id


def test_where_nothing_can_be_stored_the_menu_still_speaks_and_a_choice_is_not_called_noted(
    web: Web, call: TwilioCall
) -> None:
    web.inbox.full = True
    assert "Bonjour" in call.dial()[0]
    call.press("1")
    assert call.press("1") == [
        "La ligne est occupée. Rappelez plus tard.",
        "The line is busy. Please call later.",
    ]
    assert not call.goes_on


def test_an_end_that_cannot_be_stored_is_to_be_told_again(web: Web, call: TwilioCall) -> None:
    web.inbox.full = True
    assert status(web, {**call.fields, "CallStatus": "completed"}, f"{VOICE}/status") == 503


@pytest.mark.parametrize(
    ("path", "change", "expected"),
    [
        (VOICE, {"AccountSid": "AC" + "f" * 32}, 400),
        (VOICE, {"To": ""}, 400),
        (VOICE, {"CallSid": " "}, 400),
        (f"{VOICE}?keys=1%27", {"Digits": "1"}, 400),
        (f"{VOICE}?keys=15", {"RecordingSid": "../../Calls"}, 400),
        (f"{VOICE}?keys=15", {"RecordingUrl": "https://example.org/Calls"}, 400),
        (f"{VOICE}/status", {"CallStatus": "ringing"}, 204),
        ("/webhooks/http/voice", {}, 404),
        ("/webhooks/nobody/voice", {}, 404),
    ],
)
def test_what_is_no_call_of_ours_is_refused(
    web: Web, call: TwilioCall, path: str, change: dict[str, str], expected: int
) -> None:
    assert status(web, {**call.fields, **change}, path) == expected
    assert not web.inbox.accepted


def test_a_request_that_is_not_twilios_is_refused(web: Web, call: TwilioCall) -> None:
    wrong = signed(PUBLIC_URL + VOICE, call.fields, "another-token")
    assert status(web, call.fields, headers=wrong) == 403
    # The way so far is part of what is signed: nobody can put in a key that was not pressed.
    assert status(web, call.fields, f"{VOICE}?keys=1", signed(PUBLIC_URL + VOICE, call.fields)) == 403
    assert not web.inbox.accepted


@pytest.mark.parametrize("file", ["fr/none.mp3", "fr/menu.mp3", "xx/menu.mp3", "..%2f..%2fkeyring/menu.mp3"])
def test_only_recorded_sentences_are_given_out(web: Web, file: str) -> None:
    assert web.client.get(f"{VOICE}/{file}").status_code == 404


@pytest.mark.parametrize("path", ["/webhooks/twilio/call", "/webhooks/twilio/call/status"])
def test_whoever_is_not_the_provider_learns_nothing_of_a_call_of_ours(web: Web, path: str) -> None:
    fields = {"AccountSid": ACCOUNT_SID, "CallSid": "CA" + "0" * 32, "CallStatus": "completed"}
    assert status(web, fields, path, {}) == 403
    assert status(web, {**fields, "AccountSid": "AC" + "f" * 32}, path) == 400
    assert status(web, fields, path) == 400, "no message of ours is named"
    assert status(web, fields, path.replace("twilio", "nobody")) == 404
