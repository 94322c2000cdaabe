"""What providers are answered: believed or not, understood or not, safe or not. Never a word."""

import io
import json
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from psycopg import OperationalError
from werkzeug.test import TestResponse

from gateway.channels.signed_json import signature
from gateway.messages import Delivery
from gateway.storage.database import DatabaseAwayError
from tests.standins import africastalking
from tests.standins.twilio import ACCOUNT_SID, inbound, signed
from tests.web.fakes import PUBLIC_URL, SECRET, Web

REPORTER, TEXT = "+22790000101", "RPZ ASM 647 H590 F32"
OURS = "00000000-0000-7000-8000-000000000001"


def post_twilio(web: Web, event: str = "sms", query: str = "", **fields: str) -> TestResponse:
    params = {**inbound(REPORTER, TEXT), **fields}
    path = f"/webhooks/twilio/{event}{query}"
    headers = signed(PUBLIC_URL + path, params)
    return web.client.post(path, data=urlencode(params), headers=headers)


def post_json(web: Web, channel: str = "http", event: str = "sms", **fields: object) -> TestResponse:
    body = json.dumps({"id": "a-1", "from": REPORTER, "to": "+22780000001", "text": TEXT, **fields}).encode()
    headers = {"X-Vigie-Signature": signature(SECRET, body)}
    return web.client.post(f"/webhooks/{channel}/{event}", data=body, headers=headers)


def test_a_signed_twilio_message_is_accepted_without_a_word(web: Web) -> None:
    answer = post_twilio(web)
    assert (answer.status_code, answer.data) == (200, b"<Response/>")
    assert answer.mimetype == "text/xml"
    [message] = web.inbox.accepted
    assert (message.channel, message.sender, message.text) == ("twilio", REPORTER, TEXT)


@pytest.mark.parametrize("channel", ["http", "simulator"])
def test_signed_json_is_accepted_without_a_word(web: Web, channel: str) -> None:
    answer = post_json(web, channel)
    assert (answer.status_code, answer.data) == (200, b"")
    assert [message.channel for message in web.inbox.accepted] == [channel]


def test_a_proxy_may_leave_the_public_path_on(web: Web) -> None:
    params = inbound(REPORTER, TEXT)
    path = "/webhooks/twilio/sms?a=b"
    headers = signed(PUBLIC_URL + path, params)
    answer = web.client.post(f"/niger{path}", data=urlencode(params), headers=headers)
    assert answer.status_code == 200
    assert len(web.inbox.accepted) == 1


def post_africastalking(web: Web, event: str, fields: dict[str, str], key: str) -> TestResponse:
    return web.client.post(f"/webhooks/africastalking/{event}?key={key}", data=fields)


def test_a_call_with_the_key_in_its_address_is_accepted_without_a_word(web: Web) -> None:
    key = africastalking.CALLBACK_KEY
    answer = post_africastalking(web, "sms", africastalking.inbound(REPORTER, TEXT), key)
    assert (answer.status_code, answer.data) == (200, b"")
    [message] = web.inbox.accepted
    assert (message.channel, message.sender, message.text) == ("africastalking", REPORTER, TEXT)
    answer = post_africastalking(web, "delivery", africastalking.report("ATXid_1", "Success"), key)
    assert (answer.status_code, answer.data) == (200, b"")
    [receipt] = web.receipts.taken
    assert (receipt.provider_id, receipt.state) == ("ATXid_1", Delivery.DELIVERED)


@pytest.mark.parametrize("event", ["sms", "delivery"])
def test_a_wrong_key_is_refused_and_no_key_is_logged(
    web: Web, event: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = africastalking.inbound(REPORTER, TEXT) | africastalking.report("ATXid_1", "Success")
    answer = post_africastalking(web, event, fields, "wr0ng-key-wr0ng-key")
    assert (answer.status_code, answer.data) == (403, b"")
    del fields["id"]
    assert post_africastalking(web, event, fields, africastalking.CALLBACK_KEY).status_code == 400
    assert not web.inbox.accepted
    assert not web.receipts.taken
    logged = capsys.readouterr().err
    assert logged.count("webhook_refused") == 2
    for secret in ("wr0ng-key", africastalking.CALLBACK_KEY, "2279000", "RPZ"):
        assert secret not in logged


@pytest.mark.parametrize("channel", ["twilio", "http", "simulator", "africastalking"])
@pytest.mark.parametrize("event", ["sms", "status", "delivery"])
def test_a_bad_signature_is_refused_and_nothing_stored(web: Web, channel: str, event: str) -> None:
    headers = {"X-Twilio-Signature": "x", "X-Vigie-Signature": "sha256=00"}
    answer = web.client.post(f"/webhooks/{channel}/{event}", data=b"Body=x", headers=headers)
    assert (answer.status_code, answer.data) == (403, b"")
    assert not web.inbox.accepted
    assert not web.receipts.taken


@pytest.mark.parametrize(
    "path",
    [
        *("/webhooks/pigeon/sms", "/webhooks/twilio/smoke", "/webhooks/twilio", "/webhooks/"),
        *("/webhooks//simulator/sms", "/webhooks/simulator//sms", "/webhooks/simulator/sms/"),
    ],
)
def test_an_unknown_address_is_not_found(web: Web, path: str) -> None:
    answer = web.client.post(path, data=b"")
    assert (answer.status_code, answer.data) == (404, b"")


def test_a_body_that_is_not_the_providers_is_refused(web: Web) -> None:
    assert post_json(web, text=5).status_code == 400
    assert post_twilio(web, AccountSid="AC0").status_code == 400
    assert not web.inbox.accepted


@pytest.mark.parametrize("channel", ["twilio", "http", "simulator"])
@pytest.mark.parametrize("told", [True, False])
def test_a_body_over_64_kib_is_refused(web: Web, channel: str, told: bool) -> None:
    body = b"x" * (64 * 1024 + 1)
    if told:
        answer = web.client.post(f"/webhooks/{channel}/sms", data=body)
    else:  # sent in chunks: the length shows only while it is read
        environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
        answer = web.client.post(
            f"/webhooks/{channel}/sms", input_stream=io.BytesIO(body), environ_overrides=environ
        )
    assert (answer.status_code, answer.data) == (413, b"")


def test_a_body_of_64_kib_is_read(web: Web) -> None:
    envelope = len(json.dumps({"id": "a-1", "from": REPORTER, "to": "+22780000001", "text": ""}))
    assert post_json(web, text="x" * (64 * 1024 - envelope)).status_code == 200


@pytest.mark.parametrize("channel", ["twilio", "http"])
def test_what_can_be_stored_nowhere_must_be_sent_again(web: Web, channel: str) -> None:
    web.inbox.full = True
    answer = post_twilio(web) if channel == "twilio" else post_json(web)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"


def test_a_receipt_is_handed_on(web: Web) -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": "delivered", "AccountSid": ACCOUNT_SID}
    assert post_twilio(web, "status", f"?message={OURS}", **fields).status_code == 200
    [receipt] = web.receipts.taken
    assert (receipt.provider_id, receipt.state) == ("SM1", Delivery.DELIVERED)
    assert str(receipt.message_id) == OURS


def test_a_receipt_that_tells_nothing_is_acknowledged(web: Web) -> None:
    assert post_twilio(web, "status", MessageStatus="queued").status_code == 200
    assert not web.receipts.taken


@pytest.mark.parametrize(
    "error",
    [
        DatabaseAwayError(),
        sa.exc.OperationalError("select", None, OperationalError("gone")),
        sa.exc.TimeoutError("no connection"),
    ],
)
def test_a_receipt_waits_while_the_database_is_away(web: Web, error: Exception) -> None:
    web.receipts.error = error
    answer = post_twilio(web, "status", MessageStatus="delivered")
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers


def test_a_fault_of_ours_tells_neither_caller_nor_log(web: Web, capsys: pytest.CaptureFixture[str]) -> None:
    web.receipts.error = ValueError(f"{TEXT} from {REPORTER}")
    answer = post_twilio(web, "status", MessageStatus="delivered")
    assert (answer.status_code, answer.data) == (500, b"")
    logged = capsys.readouterr().err
    assert '"error": "ValueError at ' in logged
    assert "RPZ" not in logged
    assert "2279" not in logged


def test_a_refusal_is_logged_without_data(web: Web, capsys: pytest.CaptureFixture[str]) -> None:
    post_json(web, text=5, sent_at=REPORTER)
    logged = capsys.readouterr().err
    assert json.loads(logged)["reason"] == "text must be a string"
    assert "2279" not in logged
    assert SECRET not in logged


@pytest.mark.parametrize(
    ("method", "channel"),
    [("GET", "twilio"), ("HEAD", "twilio"), ("PUT", "twilio"), ("POST", "kannel"), ("HEAD", "kannel")],
)
def test_other_methods_than_the_providers_own_are_refused(web: Web, method: str, channel: str) -> None:
    answer = web.client.open(f"/webhooks/{channel}/sms?key={SECRET}", method=method)
    assert (answer.status_code, answer.data) == (405, b"")


def get_kannel(web: Web, event: str, **fields: str) -> TestResponse:
    return web.client.get(f"/webhooks/kannel/{event}?{urlencode({'key': SECRET, **fields})}")


def test_a_text_of_kannel_is_accepted_without_a_word(web: Web) -> None:
    fields = {"id": "k-1", "from": REPORTER, "to": "+22780000001", "text": TEXT}
    answer = get_kannel(web, "sms", **fields)
    assert (answer.status_code, answer.data) == (200, b"")
    [message] = web.inbox.accepted
    assert (message.channel, message.sender, message.text) == ("kannel", REPORTER, TEXT)
    assert get_kannel(web, "sms", **{**fields, "key": "another"}).status_code == 403
    assert len(web.inbox.accepted) == 1


def test_a_report_of_kannel_is_handed_on(web: Web) -> None:
    assert get_kannel(web, "delivery", message=OURS, state="1").status_code == 200
    [receipt] = web.receipts.taken
    assert (str(receipt.message_id), receipt.state) == (OURS, Delivery.DELIVERED)


def test_a_refused_call_of_kannel_is_logged_without_its_address(
    web: Web, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = {"id": "k-1", "from": REPORTER, "to": "+22780000001", "text": TEXT, "charset": "KOI8-R"}
    assert get_kannel(web, "sms", **fields).status_code == 400
    logged = capsys.readouterr().err
    assert json.loads(logged)["reason"] == "charset is unknown"
    for hidden in ("2279", "2278", "RPZ", SECRET):
        assert hidden not in logged
