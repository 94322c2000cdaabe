"""SMS Gateway for Android: what the app signs, which text came to which line, and what a sending means."""

import json
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from uuid_utils.compat import uuid7

from gateway.channels.android import AndroidChannel, SendingApi, read_lines
from gateway.channels.base import (
    BadRequestError,
    BadSignatureError,
    NoRouteSendError,
    RefusedSendError,
    SendError,
    TemporarySendError,
    UncertainSendError,
    WebhookRequest,
)
from gateway.messages import Accepted, Delivery, InboundMessage, OutboundMessage, PhoneHealth, Receipt
from tests.channels.cases import LINE, NOW, PUBLIC_URL, REPORTER, TEXT, Fields, Provider, SignedInboundCases
from tests.standins.android import (
    DEVICE,
    PASSWORD,
    SIGNING_KEY,
    USER,
    AndroidStandIn,
    Fault,
    event,
    received,
    signed,
)

OTHER_KEY = "the key of a second phone"
HOTLINE = "+22780000002"


def channel(lines: str = "", url: str = "") -> AndroidChannel:
    api = SendingApi(url, USER, PASSWORD) if url else None
    return AndroidChannel("android", (SIGNING_KEY, OTHER_KEY), read_lines(lines, "NE"), country="NE", api=api)


def body_of(fields: Fields) -> bytes:
    return event("sms:received", fields)


def sign(_url: str, body: bytes) -> Mapping[str, str]:
    return signed(body)


@pytest.fixture(scope="module")
def provider() -> Provider:
    good = {name: value for name, value in received(REPORTER, TEXT, to=LINE).items() if name != "phoneNumber"}
    names = {"id": "messageId", "sender": "sender", "recipient": "recipient", "text": "message"}
    return Provider(channel(), good, names, body_of, sign)


def heard(body: bytes, lines: str = f"{LINE}") -> InboundMessage | None:
    request = WebhookRequest("POST", f"{PUBLIC_URL}/webhooks/android/sms", "", signed(body), body, NOW)
    there = channel(lines)
    there.verify(request)
    return there.parse_inbound(request)


def read(lines: str = LINE, **changes: object) -> InboundMessage:
    message = heard(event("sms:received", {**received(REPORTER, TEXT), **changes}), lines)
    assert message is not None
    return message


class TestInbound(SignedInboundCases):
    def test_the_phone_that_took_it_is_told(self, provider: Provider) -> None:
        message = provider.receive(provider.good)
        assert (message.device, message.part) == (DEVICE, None)

    # The line may be missing or empty: Android often does not know the number of a SIM.
    @pytest.mark.parametrize("name", ["id", "sender", "text"])
    def test_a_missing_field_is_named(self, provider: Provider, name: str) -> None:
        super().test_a_missing_field_is_named(provider, name)

    @pytest.mark.parametrize("name", ["id", "sender"])
    @pytest.mark.parametrize("value", ["", "  ", "\0"])
    def test_an_empty_id_or_address_is_refused(self, provider: Provider, name: str, value: str) -> None:
        super().test_an_empty_id_or_address_is_refused(provider, name, value)

    @pytest.mark.parametrize("name", ["id", "sender", "text"])
    @pytest.mark.parametrize("value", [None, 1, True, ["x"], {"x": 1}])
    def test_a_wrong_type_is_refused(self, provider: Provider, name: str, value: object) -> None:
        with pytest.raises(BadRequestError, match=f"^{provider.names[name]} must be a string$"):
            provider.receive(provider.with_(**{name: value}))

    @pytest.mark.parametrize("signature", ["", "00", "é", "\udcff", "A" * 64, "0" * 10_000])
    def test_a_signature_of_the_apps_own_name_that_is_wrong_is_refused(
        self, provider: Provider, signature: str
    ) -> None:
        body = body_of(provider.good)
        with pytest.raises(BadSignatureError):
            provider.channel.verify(
                provider.request(body, headers={**signed(body), "X-Signature": signature})
            )

    @pytest.mark.parametrize("timestamp", ["", "1795267801", "x", "-1", "٣", "\udcff"])
    def test_the_timestamp_is_part_of_what_is_signed(self, provider: Provider, timestamp: str) -> None:
        body = body_of(provider.good)
        with pytest.raises(BadSignatureError):
            provider.channel.verify(
                provider.request(body, headers={**signed(body), "X-Timestamp": timestamp})
            )

    @pytest.mark.parametrize("at", [0, 946_684_800, 4_102_444_800])
    def test_no_text_is_lost_because_the_clock_of_the_phone_is_wrong(
        self, provider: Provider, at: int
    ) -> None:
        body = body_of(provider.good)
        provider.channel.verify(provider.request(body, headers=signed(body, at=at)))

    def test_each_phones_key_is_believed_and_no_other(self, provider: Provider) -> None:
        body = body_of(provider.good)
        provider.channel.verify(provider.request(body, headers=signed(body, OTHER_KEY)))
        with pytest.raises(BadSignatureError):
            provider.channel.verify(provider.request(body, headers=signed(body, "a stranger's")))


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"[" * 60_000])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequestError, match="the body is not"):
        heard(body)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"event": "sms:received", "deviceId": DEVICE}, "payload is missing"),
        ({"event": "sms:received", "deviceId": DEVICE, "payload": []}, "payload must be an object"),
        ({"deviceId": DEVICE, "payload": {}}, "event is missing"),
        ({"event": 1}, "event must be a string"),
        ({"event": "sms:received", "payload": received(REPORTER, TEXT)}, "deviceId is missing"),
        (
            {
                "event": "sms:received",
                "deviceId": DEVICE,
                "payload": {**received(REPORTER, TEXT), "simNumber": "1"},
            },
            "simNumber must be a number",
        ),
    ],
)
def test_what_is_no_event_of_the_app_is_refused(fields: Fields, reason: str) -> None:
    with pytest.raises(BadRequestError, match=f"^{reason}$"):
        heard(json.dumps(fields).encode())


def test_a_re_send_under_a_new_event_id_is_the_same_message() -> None:
    again = received(REPORTER, TEXT) | {"receivedAt": "2026-11-21T13:29:30Z"}  # the phone changed its zone
    first, second = event("sms:received", received(REPORTER, TEXT)), event("sms:received", again)
    assert json.loads(first)["id"] != json.loads(second)["id"]
    one, other = heard(first), heard(second)
    assert one is not None
    assert other is not None
    assert one.provider_id == other.provider_id


def test_two_texts_whose_short_hashes_fall_together_stay_two() -> None:
    assert read().provider_id != read(receivedAt="2026-12-24T08:00:00.000+01:00").provider_id


def test_the_sender_is_found_under_the_older_name_too() -> None:
    payload = {name: value for name, value in received(REPORTER, TEXT).items() if name != "sender"}
    message = heard(event("sms:received", payload))
    assert message is not None
    assert message.sender == REPORTER


def test_the_phones_word_on_the_time_is_kept() -> None:
    assert read().sent_at == datetime(2026, 11, 21, 13, 29, 30, tzinfo=UTC)


@pytest.mark.parametrize("stated", [None, "", "yesterday", 1, "2026-11-21T14:29:30"])
def test_a_time_that_cannot_be_read_does_not_cost_the_text(stated: object) -> None:
    message = read(receivedAt=stated)
    assert (message.text, message.sent_at) == (TEXT, None)


@pytest.mark.parametrize(
    ("lines", "slot", "recipient", "expected"),
    [
        (LINE, 1, None, LINE),
        (LINE, None, None, LINE),
        (LINE, 1, HOTLINE, LINE),  # the operator knows better than the SIM
        (f"{DEVICE}:1={LINE}, {DEVICE}:2={HOTLINE}", 2, None, HOTLINE),
        (f"{DEVICE}={LINE},other={HOTLINE}", 2, None, LINE),
        (f"{LINE},{DEVICE}:2={HOTLINE}", 2, "", HOTLINE),
        (f"{LINE},{DEVICE}:2={HOTLINE}", 1, "", LINE),
        (f"other:1={HOTLINE}", 1, "80000001", LINE),
        (f"other:1={HOTLINE}", 1, None, f"{DEVICE}:1"),
        (f"other:1={HOTLINE}", 1, " ", f"{DEVICE}:1"),
        (f"other:1={HOTLINE}", None, "", DEVICE),
    ],
)
def test_the_line_is_that_of_the_sim(
    lines: str, slot: int | None, recipient: str | None, expected: str
) -> None:
    assert read(lines, simNumber=slot, recipient=recipient).recipient == expected


@pytest.mark.parametrize(
    "written",
    ["x", "384", f"{DEVICE}:1", f"={LINE}", f"a b={LINE}", f"{DEVICE}:x={LINE}", f"d:1={LINE},d:1={HOTLINE}"],
)
def test_lines_that_are_written_wrong_are_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        read_lines(written, "NE")


@pytest.mark.parametrize("kind", ["system:ping", "sms:sent", "sms:data-received", "mms:received", "new"])
def test_events_that_are_no_text_are_ignored(kind: str) -> None:
    assert heard(event(kind, {})) is None


def receipt(kind: str, **payload: object) -> Receipt | None:
    body = event(kind, {"messageId": "m-1", "recipient": REPORTER, "simNumber": None, **payload})
    request = WebhookRequest("POST", f"{PUBLIC_URL}/webhooks/android/status", "", {}, body, NOW)
    return channel().parse_receipt(request)


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("sms:delivered", Delivery.DELIVERED),
        ("sms:sent", Delivery.SENT),  # which the outbox does not let undo the delivery
        ("sms:failed", Delivery.FAILED),
    ],
)
def test_a_receipt_carries_our_id_in_whatever_order_it_comes(kind: str, state: Delivery) -> None:
    ours = uuid7()
    assert receipt(kind, messageId=str(ours)) == Receipt("android", str(ours), state, None, ours)


def test_a_receipt_of_a_text_that_somebody_else_sent_has_no_id_of_ours() -> None:
    assert receipt("sms:sent") == Receipt("android", "m-1", Delivery.SENT)


def test_the_reason_of_a_failure_is_kept_without_numbers() -> None:
    found = receipt("sms:failed", reason="Delivery result from SC +22790000199: 64")
    assert found == Receipt("android", "m-1", Delivery.FAILED, "Delivery result from SC [hidden]: 64")


@pytest.mark.parametrize("kind", ["system:ping", "new"])
def test_an_event_that_is_no_receipt_is_ignored(kind: str) -> None:
    assert receipt(kind) is None


def test_a_text_at_the_address_of_receipts_is_refused_so_that_it_comes_again() -> None:
    with pytest.raises(BadRequestError, match="the address that ends in /sms"):
        receipt("sms:received")


@pytest.mark.parametrize("wrong", [{"messageId": ""}, {"messageId": 3}])
def test_a_wrong_receipt_is_refused(wrong: Mapping[str, object]) -> None:
    with pytest.raises(BadRequestError, match=r"^messageId "):
        receipt("sms:sent", **wrong)


@pytest.fixture
def standin() -> Iterator[AndroidStandIn]:
    with AndroidStandIn() as running:
        yield running


def outgoing(sender: str = LINE) -> OutboundMessage:
    return OutboundMessage(uuid7(), sender, "+22790000901", "4821 RPZ Assamaka à 14h")


@pytest.mark.parametrize(
    ("lines", "sim"),
    [
        (LINE, {}),
        (f"{DEVICE}={LINE}", {"deviceId": DEVICE}),
        (f"{DEVICE}:1={HOTLINE},{DEVICE}:2={LINE}", {"deviceId": DEVICE, "simNumber": 2}),
        (f"{HOTLINE},other:2={HOTLINE}", {}),
    ],
)
def test_a_text_is_handed_over_to_the_sim_of_its_line(
    standin: AndroidStandIn, lines: str, sim: dict[str, object]
) -> None:
    message = outgoing()
    assert channel(lines, standin.url + "/").send(message) == Accepted(str(message.id))
    assert standin.taken == [
        {
            "id": str(message.id),
            "textMessage": {"text": message.text},
            "phoneNumbers": [message.recipient],
            "withDeliveryReport": True,
            "ttl": 3600,
            **sim,
        }
    ]


def test_a_text_leaves_by_no_sim_of_another_line(standin: AndroidStandIn) -> None:
    with pytest.raises(TemporarySendError, match="name no SIM for this line"):
        channel(f"{DEVICE}:1={HOTLINE}", standin.url).send(outgoing())
    assert standin.taken == []


def test_a_repeat_of_one_that_was_taken_counts_as_taken(standin: AndroidStandIn) -> None:
    message = outgoing()
    standin.fault = Fault.RESET
    with pytest.raises(UncertainSendError):
        channel(LINE, standin.url).send(message)
    assert channel(LINE, standin.url).send(message) == Accepted(str(message.id))
    assert len(standin.taken) == 1


@pytest.mark.parametrize("fault", Fault)
def test_an_answer_that_is_not_the_apps_leaves_it_uncertain(standin: AndroidStandIn, fault: Fault) -> None:
    standin.fault = fault
    with pytest.raises(UncertainSendError):
        channel(LINE, standin.url).send(outgoing())


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, TemporarySendError),
        (429, TemporarySendError),
        (503, TemporarySendError),
        (500, UncertainSendError),
        (400, RefusedSendError),  # also says that the device is not known
        (404, TemporarySendError),
    ],
)
def test_a_refusal_says_whether_to_try_again(
    standin: AndroidStandIn, status: int, kind: type[SendError]
) -> None:
    standin.status = status
    with pytest.raises(kind) as caught:
        channel(LINE, standin.url).send(outgoing())
    assert "901" not in caught.value.reason


def test_a_wrong_password_may_be_mended(standin: AndroidStandIn) -> None:
    api = SendingApi(standin.url, USER, "another")
    sender = AndroidChannel("android", (SIGNING_KEY,), {"": LINE}, country="NE", api=api)
    with pytest.raises(TemporarySendError, match="refuses our user and password"):
        sender.send(outgoing())


def test_nobody_there_is_temporary() -> None:
    with pytest.raises(TemporarySendError, match="cannot be reached"):
        channel(LINE, "http://127.0.0.1:9").send(outgoing())


def test_it_sends_nowhere_without_an_address() -> None:
    with pytest.raises(NoRouteSendError, match="has no url"):
        channel(LINE).send(outgoing())


def test_no_secret_number_or_text_is_told(standin: AndroidStandIn, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    there = channel(LINE, standin.url)
    there.send(outgoing())
    standin.status = 400
    with pytest.raises(RefusedSendError) as caught:
        there.send(outgoing())
    told = caplog.text + repr(caught.value) + repr(there) + repr(vars(there)["_api"]) + repr(read())
    for secret in (PASSWORD, "22790000901", "22790000101", "4821", TEXT):
        assert secret not in told
    assert SIGNING_KEY not in caplog.text + repr(caught.value) + repr(there)


SIGNED_AT = NOW - timedelta(seconds=3)


def health(payload: Mapping[str, object], kind: str = "system:ping") -> PhoneHealth | None:
    body = event(kind, payload)
    headers = signed(body, at=int(SIGNED_AT.timestamp()))
    return channel().parse_health(
        WebhookRequest("POST", f"{PUBLIC_URL}/webhooks/android/health", "", headers, body, NOW)
    )


def checks(**observed: object) -> dict[str, object]:
    named = {
        f"battery:{name}": {"observedValue": value, "status": "pass"} for name, value in observed.items()
    }
    return {"health": {"status": "pass", "checks": named}}


@pytest.mark.parametrize(
    ("payload", "battery", "charging"),
    [
        (checks(level=94, charging=0), 94, False),
        (checks(level=7, charging=5), 7, True),
        (checks(level=101, charging="yes"), None, None),
        (checks(level=True), None, None),
        ({"health": {}}, None, None),
        ({"health": "well"}, None, None),
        ({}, None, None),
    ],
)
def test_a_ping_says_that_the_phone_was_there_and_its_battery_where_it_can_be_read(
    payload: Mapping[str, object], battery: int | None, charging: bool | None
) -> None:
    assert health(payload) == PhoneHealth("android", DEVICE, NOW, battery, charging, SIGNED_AT)


def test_what_is_no_ping_says_nothing_of_the_phone() -> None:
    assert health({}, "sms:sent") is None


@pytest.mark.parametrize("ahead", [1, 10**9, 10**400])
def test_a_phone_whose_clock_is_ahead_is_believed_again_when_it_is_set_right(ahead: int) -> None:
    body = event("system:ping", {})
    headers = signed(body, at=int(NOW.timestamp()) + ahead)
    there = channel()
    request = WebhookRequest("POST", f"{PUBLIC_URL}/webhooks/android/health", "", headers, body, NOW)
    there.verify(request)
    assert there.parse_health(request) == PhoneHealth("android", DEVICE, NOW, None, None, NOW)
