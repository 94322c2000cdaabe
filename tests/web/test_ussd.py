"""The edge of USSD: every provider's phone walks through it, and whoever else calls is turned away in silence."""

import io
import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace

import pytest
import sqlalchemy as sa

from gateway.channels.guard import read_networks
from gateway.messages import Screen
from gateway.web.calls import caller
from tests.standins.africastalking import CALLBACK_KEY
from tests.standins.ussd import (
    PASSWORD,
    PHONES,
    AfricasTalkingPhone,
    ComvivaPhone,
    InfobipPhone,
    Phone,
    ProviderRefusedError,
)
from tests.web.fakes import Web

TYPED = "4821"


@pytest.fixture(params=PHONES, ids=lambda phone: phone.name)
def phone(request: pytest.FixtureRequest, web: Web) -> Phone:
    kind: type[Phone] = request.param
    return kind(web.call)


def test_a_session_goes_through_and_ends(phone: Phone, web: Web) -> None:
    thanks = Screen("Recu 482135", goes_on=False)
    web.sessions.screens = [Screen("1 Signaler", goes_on=True), Screen("Combien?", goes_on=True), thanks]
    assert phone.dial() == "1 Signaler"
    assert phone.answer("1") == "Combien?"
    assert phone.answer(TYPED) == thanks.text
    assert not phone.goes_on
    assert {step.session for step in web.sessions.steps} == {phone.session}
    assert not web.inbox.accepted


def test_an_end_of_the_networks_is_told_to_the_session(phone: Phone, web: Web) -> None:
    phone.dial()
    phone.hang_up()
    assert web.sessions.steps[-1].over == (phone.ended() is not None)


def test_a_call_by_another_method_is_refused(phone: Phone, web: Web) -> None:
    call = phone.first()
    for method in {"GET", "POST", "PUT", "DELETE"} - {call.method}:
        path = f"{call.path}?{call.query}"
        answer = web.client.open(path, method=method, data=call.body, content_type=call.content_type)
        if phone.name != "infobip" or method == "DELETE":
            assert (answer.status_code, answer.data) == (405, b"")


def test_infobip_may_put_its_steps_and_ask_whether_a_session_goes_on(web: Web) -> None:
    phone = InfobipPhone(web.call)
    assert not phone.is_active()
    web.call(replace(phone.first(), method="PUT"))
    assert web.sessions.steps[0].first
    assert phone.is_active()
    phone.key = "wr0ng-key-wr0ng-key"
    with pytest.raises(ProviderRefusedError, match="403"):
        phone.is_active()


def test_infobip_asks_again_when_the_database_is_away(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(channel: str, session: str) -> bool:
        raise sa.exc.TimeoutError("no connection")

    monkeypatch.setattr(web.sessions, "is_open", away)
    with pytest.raises(ProviderRefusedError, match="503"):
        InfobipPhone(web.call).is_active()


def test_no_answer_is_kept_by_a_proxy(phone: Phone, web: Web) -> None:
    assert web.call(phone.first()).headers["Cache-Control"] == "no-store"


def test_a_call_that_is_not_the_providers_is_refused_and_nothing_private_is_logged(
    phone: Phone, web: Web, capsys: pytest.CaptureFixture[str]
) -> None:
    phone.dial()
    phone.typed.append(TYPED)
    good = phone.later()
    wrong = "wr0ng-key-wr0ng-key"
    if isinstance(phone, ComvivaPhone):
        unknown = replace(good, fields={**good.fields, "password": wrong})
    else:
        phone.key = wrong
        unknown = phone.later()
    session = {"sessionId", "SessionID", "sessionID", "SESSIONID", "SessionId", "session_id", "transactionId"}
    fields = {name: value for name, value in good.fields.items() if name not in session | {"msisdn"}}
    before = len(web.sessions.steps)
    for call, status in ((unknown, 403), (replace(good, fields=fields), 400)):
        reply = web.call(call)
        assert (reply.status, reply.body) == (status, b"")
    assert len(web.sessions.steps) == before
    logged = capsys.readouterr().err
    assert logged.count("webhook_refused") == 2
    for hidden in (wrong, CALLBACK_KEY, PASSWORD, "2279000", TYPED, phone.session):
        assert hidden not in logged


@pytest.mark.parametrize("channel", ["pigeon", "twilio", "http", "kannel", "simulator"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_a_channel_without_sessions_has_no_such_address(web: Web, channel: str, method: str) -> None:
    for end in ("ussd", "ussd/session/1/start"):
        answer = web.client.open(f"/webhooks/{channel}/{end}", method=method)
        assert (answer.status_code, answer.data) == (404, b"")


@pytest.mark.parametrize("channel", ["comviva", "infobip", "arkesel", "nalo", "hubtel"])
@pytest.mark.parametrize("event", ["sms", "status", "delivery"])
def test_a_channel_of_sessions_takes_no_texts(web: Web, channel: str, event: str) -> None:
    assert web.client.post(f"/webhooks/{channel}/{event}").status_code == 404


@pytest.mark.parametrize("told", [True, False])
def test_a_body_over_64_kib_is_refused(web: Web, told: bool) -> None:
    path, body = f"/webhooks/hubtel/ussd?key={CALLBACK_KEY}", b"x" * (64 * 1024 + 1)
    if told:
        answer = web.client.post(path, data=body)
    else:
        environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
        answer = web.client.post(path, input_stream=io.BytesIO(body), environ_overrides=environ)
    assert (answer.status_code, answer.data) == (413, b"")


def test_sessions_that_hang_leave_threads_to_messages(web: Web) -> None:
    inside, over = threading.Semaphore(0), threading.Event()

    def hang() -> None:
        inside.release()
        over.wait(20)

    web.sessions.hang = hang
    with ThreadPoolExecutor(17) as threads:
        answers = [threads.submit(web.call, AfricasTalkingPhone(web.call).first()) for _ in range(17)]
        assert all(inside.acquire(timeout=10) for _ in range(16))
        busy, _ = wait(answers, timeout=10, return_when=FIRST_COMPLETED)
        over.set()
        assert [answer.result().body for answer in busy] == [b"END SMS: +22780000002"]
        assert sorted(answer.result().body[:3] for answer in answers) == [b"CON"] * 16 + [b"END"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "called"),
    [
        ("198.51.100.7", "", "198.51.100.7"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "203.0.113.9, 10.0.0.5", "203.0.113.9"),
        ("127.0.0.1", "10.0.0.4, 10.0.0.5", "10.0.0.4"),
        ("::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "anybody", "anybody"),
        ("", "203.0.113.9", ""),
    ],
)
def test_only_our_own_proxies_are_believed_about_who_called(peer: str, forwarded: str, called: str) -> None:
    assert caller(peer, forwarded, read_networks(["127.0.0.1", "10.0.0.0/24"])) == called
