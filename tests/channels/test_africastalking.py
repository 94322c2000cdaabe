"""Africa's Talking: the key in the address, delivery reports, and what each failure of a sending means."""

import json
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from uuid_utils.compat import uuid7

from gateway.channels.africastalking import AfricasTalkingChannel
from gateway.channels.base import (
    BadRequestError,
    BadSignatureError,
    NoRouteSendError,
    OptedOutSendError,
    PermanentSendError,
    RefusedSendError,
    SendError,
    TemporarySendError,
    UncertainSendError,
    WebhookRequest,
)
from gateway.channels.guard import Guard
from gateway.messages import Accepted, Delivery, OutboundMessage, Receipt
from tests.channels.cases import (
    LINE,
    NOW,
    PUBLIC_URL,
    REPORTER,
    TEXT,
    Fields,
    InboundCases,
    KeyCases,
    Provider,
)
from tests.standins.africastalking import (
    API_KEY,
    CALLBACK_KEY,
    USERNAME,
    AfricasTalkingStandIn,
    Fault,
    inbound,
    report,
)

OLD_KEY = "the-one-that-was-before"
OFFICER = "+22790000901"


def channel(api_url: str = "http://127.0.0.1:9", api_key: str = API_KEY) -> AfricasTalkingChannel:
    return AfricasTalkingChannel(
        "africastalking", USERNAME, api_key, Guard((CALLBACK_KEY, OLD_KEY)), country="NE", api_url=api_url
    )


def form(fields: Fields) -> bytes:
    return urlencode(fields).encode()


@pytest.fixture
def provider() -> Provider:
    names = {"id": "id", "sender": "from", "recipient": "to", "text": "text"}
    good = inbound(REPORTER, TEXT, message_id="ec9adc86")
    return Provider(channel(), good, names, form, lambda _url, _body: {}, key=CALLBACK_KEY)


class TestInbound(InboundCases, KeyCases):
    def test_the_key_that_is_being_replaced_still_counts(self, provider: Provider) -> None:
        url = f"{PUBLIC_URL}/webhooks/africastalking/sms?key={OLD_KEY}"
        provider.channel.verify(provider.request(b"", url=url, headers={}))

    def test_a_short_code_is_a_line(self, provider: Provider) -> None:
        assert provider.receive(provider.with_(recipient="21512")).recipient == "21512"

    @pytest.mark.parametrize(
        "date", ["2026-11-21T13:29:58Z", "2026-11-21 13:29:58", "2026-11-21T14:29:58.000+01:00"]
    )
    def test_its_time_is_read_with_or_without_a_zone(self, provider: Provider, date: str) -> None:
        expected = datetime(2026, 11, 21, 13, 29, 58, tzinfo=UTC)
        assert provider.receive({**provider.good, "date": date}).sent_at == expected

    @pytest.mark.parametrize(
        "date",
        ["", "yesterday", "2026-11-21", "20261121", "1795267798000000000", "9999-12-31T23:59:59-23:59"],
    )
    def test_a_text_is_not_refused_for_its_time(self, provider: Provider, date: str) -> None:
        assert provider.receive({**provider.good, "date": date}).sent_at is None

    def test_a_text_without_a_time_is_not_refused(self, provider: Provider) -> None:
        fields = {name: value for name, value in provider.good.items() if name != "date"}
        assert provider.receive(fields).sent_at is None

    @pytest.mark.parametrize("body", [b"", b'{"id":"1","from":"+22790000101"}', b"empty"])
    def test_a_body_that_is_no_such_form_is_refused(self, provider: Provider, body: bytes) -> None:
        with pytest.raises(BadRequestError, match=r"^id is missing$"):
            provider.receive_body(body)


def receipt(fields: Fields) -> Receipt | None:
    url = f"{PUBLIC_URL}/webhooks/africastalking/delivery?key={CALLBACK_KEY}"
    request = WebhookRequest("POST", url, "/webhooks/africastalking/delivery", {}, form(fields), NOW)
    channel().verify(request)
    return channel().parse_receipt(request)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Sent", Delivery.SENT),
        ("Submitted", Delivery.SENT),
        ("Buffered", Delivery.SENT),
        ("Success", Delivery.DELIVERED),
        ("Rejected", Delivery.FAILED),
        ("Failed", Delivery.FAILED),
        ("AbsentSubscriber", Delivery.FAILED),
        ("Expired", Delivery.FAILED),
    ],
)
def test_a_delivery_report_is_read(status: str, expected: Delivery) -> None:
    error = f"Africa's Talking: {status}" if expected is Delivery.FAILED else None
    assert receipt(report("ATXid_1", status)) == Receipt("africastalking", "ATXid_1", expected, error)


def test_each_report_stands_for_itself_in_whatever_order_it_comes() -> None:
    reports = [receipt(report("ATXid_1", status)) for status in ("Success", "Sent", "Success")]
    states = [found.state for found in reports if found]
    assert states == [Delivery.DELIVERED, Delivery.SENT, Delivery.DELIVERED]


@pytest.mark.parametrize("status", ["", "Borked", "None"])
def test_a_report_that_tells_nothing_is_ignored(status: str) -> None:
    assert receipt(report("ATXid_1", status)) is None


def test_a_failed_text_has_its_reason() -> None:
    found = receipt(report("ATXid_1", "Failed", "UserInBlackList"))
    assert found is not None
    assert found.error == "Africa's Talking: UserInBlackList"


@pytest.mark.parametrize("reason", ["+22790000901", "to +22790000901", "4821 RPZ", "x" * 41, "é", " "])
def test_a_reason_that_is_no_word_is_not_repeated(reason: str) -> None:
    found = receipt(report("ATXid_1", "Rejected", reason))
    assert found is not None
    assert found.error == "Africa's Talking: Rejected"


@pytest.mark.parametrize("name", ["id", "status"])
def test_a_report_without_a_field_is_refused(name: str) -> None:
    fields = {key: value for key, value in report("ATXid_1", "Sent").items() if key != name}
    with pytest.raises(BadRequestError, match=f"^{name} is missing$"):
        receipt(fields)


def test_a_report_without_the_key_is_refused() -> None:
    url = f"{PUBLIC_URL}/webhooks/africastalking/delivery"
    with pytest.raises(BadSignatureError):
        channel().verify(WebhookRequest("POST", url, "", {}, form(report("ATXid_1", "Sent")), NOW))


@pytest.fixture
def standin() -> Iterator[AfricasTalkingStandIn]:
    with AfricasTalkingStandIn() as running:
        yield running


def outgoing(recipient: str = OFFICER, sender: str = LINE, text: str = "4821 RPZ à & +") -> OutboundMessage:
    return OutboundMessage(uuid7(), sender, recipient, text)


def test_a_text_is_handed_over(standin: AfricasTalkingStandIn) -> None:
    accepted = channel(standin.url).send(outgoing())
    [taken] = standin.taken
    assert accepted == Accepted(taken.pop("messageId"), Delivery.SENT)
    assert taken == {"username": USERNAME, "to": OFFICER, "from": LINE, "message": "4821 RPZ à & +"}


@pytest.mark.parametrize("code", [100, 101, 102])
def test_a_text_that_it_queues_is_taken(standin: AfricasTalkingStandIn, code: int) -> None:
    standin.order(Fault.CODE, code=code)
    assert channel(f"{standin.url}/").send(outgoing()).provider_id == standin.taken[0]["messageId"]


CODES: list[tuple[int, type[SendError]]] = [
    (401, UncertainSendError),
    (402, NoRouteSendError),
    (403, PermanentSendError),
    (404, NoRouteSendError),
    (405, TemporarySendError),
    (406, OptedOutSendError),
    (407, NoRouteSendError),
    (409, NoRouteSendError),
    (500, UncertainSendError),
    (501, UncertainSendError),
    (502, TemporarySendError),
    (999, UncertainSendError),
]


@pytest.mark.parametrize(("code", "kind"), CODES)
def test_its_code_says_whether_to_try_again(
    standin: AfricasTalkingStandIn, code: int, kind: type[SendError]
) -> None:
    standin.order(Fault.CODE, code=code)
    with pytest.raises(kind, match="Africa's Talking") as caught:
        channel(standin.url).send(outgoing())
    assert type(caught.value) is kind
    assert caught.value.__cause__ is None
    assert not standin.taken


def test_a_line_that_is_not_registered_there_is_permanent(standin: AfricasTalkingStandIn) -> None:
    with pytest.raises(NoRouteSendError, match="does not let us send from this line"):
        channel(standin.url).send(outgoing(sender="+22780000003"))


def test_a_number_that_it_cannot_read_is_permanent(standin: AfricasTalkingStandIn) -> None:
    with pytest.raises(PermanentSendError, match="finds the number invalid"):
        channel(standin.url).send(outgoing("AIRTEL"))


def test_a_wrong_api_key_may_be_mended(standin: AfricasTalkingStandIn) -> None:
    with pytest.raises(TemporarySendError, match="refuses our credentials"):
        channel(standin.url, api_key="another").send(outgoing())
    assert not standin.taken


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, TemporarySendError),
        (503, TemporarySendError),
        (500, UncertainSendError),
        (504, UncertainSendError),
        (302, UncertainSendError),
        (404, TemporarySendError),
        (400, RefusedSendError),
    ],
)
def test_a_refusal_says_whether_to_try_again(
    standin: AfricasTalkingStandIn, status: int, kind: type[SendError]
) -> None:
    standin.order(Fault.ANSWER, status=status, body=f"Refused: {OFFICER}".encode())
    with pytest.raises(kind) as caught:
        channel(standin.url).send(outgoing())
    assert caught.value.reason == f"Africa's Talking answered {status}"


GARBAGE = [
    *(b"", b"<html>", b"[]", b"null", b"\xff", b"[" * 60_000),
    *(b'{"SMSMessageData": 1}', b'{"SMSMessageData": {"Message": "Sent to 0/1", "Recipients": []}}'),
    *(
        json.dumps({"SMSMessageData": {"Message": "", "Recipients": [recipient]}}).encode()
        for recipient in (
            *({}, 7, {"statusCode": 101}, {"statusCode": "x", "messageId": "1"}),
            *({"statusCode": [], "messageId": "1"}, {"statusCode": float("inf"), "messageId": "1"}),
            *({"statusCode": 101, "messageId": ""}, {"statusCode": 22790000901, "messageId": "1"}),
        )
    ),
]


@pytest.mark.parametrize("body", GARBAGE)
def test_an_answer_that_is_none_leaves_it_uncertain(standin: AfricasTalkingStandIn, body: bytes) -> None:
    standin.order(Fault.ANSWER, body=body)
    with pytest.raises(UncertainSendError) as caught:
        channel(standin.url).send(outgoing())
    assert "2279" not in caught.value.reason


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.NO_ID])
def test_a_text_that_may_have_been_taken_is_uncertain(standin: AfricasTalkingStandIn, fault: Fault) -> None:
    standin.order(fault)
    with pytest.raises(UncertainSendError):
        channel(standin.url).send(outgoing())
    assert len(standin.taken) == 1


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.CUT_SHORT])
def test_no_whole_answer_within_five_seconds_leaves_it_uncertain(
    standin: AfricasTalkingStandIn, fault: Fault
) -> None:
    standin.order(fault)
    began = time.monotonic()
    with pytest.raises(UncertainSendError):
        channel(standin.url).send(outgoing())
    assert 4.5 < time.monotonic() - began < 5.5


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "https://127.0.0.1:9", "http://nowhere.invalid"])
def test_nobody_there_is_temporary(address: str) -> None:
    with pytest.raises(TemporarySendError, match="cannot be reached"):
        channel(address).send(outgoing())


def test_nothing_is_logged_about_a_sending(
    standin: AfricasTalkingStandIn, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    sender = channel(standin.url)
    sender.send(outgoing())
    standin.order(Fault.CODE, code=406)
    with pytest.raises(PermanentSendError) as caught:
        sender.send(outgoing())
    told = caplog.text + "".join(capfd.readouterr()) + repr(caught.value) + repr(sender)
    for secret in (OFFICER, "4821", API_KEY, CALLBACK_KEY):
        assert secret not in told
