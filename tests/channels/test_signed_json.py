"""The http channel and the simulator: one shape, one signature, strict types."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import pytest
from uuid_utils.compat import uuid7

from gateway.channels import posting
from gateway.channels.base import (
    BadRequestError,
    BadSignatureError,
    NoRouteSendError,
    RefusedSendError,
    SendError,
    TemporarySendError,
    TextChannel,
    UncertainSendError,
    WebhookRequest,
)
from gateway.channels.http import HttpChannel
from gateway.channels.signed_json import signature
from gateway.channels.simulator import SimulatorChannel
from gateway.messages import Accepted, Delivery, OutboundMessage, Part, Receipt
from tests.channels.cases import LINE, NOW, PUBLIC_URL, REPORTER, TEXT, Fields, Provider, SignedInboundCases
from tests.standins.http import SECRET, HttpStandIn

OLD_SECRET = "the one before"


def sign(_url: str, body: bytes, secret: str = SECRET) -> Mapping[str, str]:
    return {"X-Vigie-Signature": signature(secret, body)}


def body_of(fields: Fields) -> bytes:
    return json.dumps(fields).encode()


def http(send_url: str = "") -> HttpChannel:
    return HttpChannel("http", (SECRET, OLD_SECRET), country="NE", send_url=send_url)


@pytest.fixture(
    params=[http(), SimulatorChannel("simulator", (SECRET, OLD_SECRET), country="NE")],
    ids=lambda channel: channel.name,
)
def provider(request: pytest.FixtureRequest) -> Provider:
    channel: TextChannel = request.param
    good = {"id": "a-1", "from": REPORTER, "to": LINE, "text": TEXT}
    names = {"id": "id", "sender": "from", "recipient": "to", "text": "text"}
    return Provider(channel, good, names, body_of, sign)


class TestInbound(SignedInboundCases):
    def test_a_part_and_the_device_that_took_it_are_read(self, provider: Provider) -> None:
        part = {"ref": 40_000, "number": 2, "total": 3}
        message = provider.receive({**provider.good, "part": part, "device": "phone-2"})
        assert (message.part, message.device) == (Part(40_000, 2, 3), "phone-2")

    @pytest.mark.parametrize("part", [None, {"ref": 1, "number": 1, "total": 1}])
    def test_a_whole_text_is_no_part(self, provider: Provider, part: object) -> None:
        message = provider.receive({**provider.good, "part": part, "device": None})
        assert (message.part, message.device) == (None, None)

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({"part": [1, 1, 2]}, "part must be an object"),
            ({"part": {"number": 1, "total": 2}}, "ref is missing"),
            ({"part": {"ref": "1", "number": 1, "total": 2}}, "ref must be a whole number"),
            ({"part": {"ref": 1, "number": True, "total": 2}}, "number must be a whole number"),
            ({"part": {"ref": 1, "number": 3, "total": 2}}, "part is none of its total"),
            ({"part": {"ref": 1, "number": 0, "total": 2}}, "part is none of its total"),
            ({"part": {"ref": 65_536, "number": 1, "total": 2}}, "part is none of its total"),
            ({"part": {"ref": 1, "number": 1, "total": 256}}, "part is none of its total"),
            ({"device": 7}, "device must be a string"),
            ({"device": " "}, "device is empty"),
        ],
    )
    def test_a_wrong_part_or_device_is_refused(
        self, provider: Provider, fields: Fields, sentence: str
    ) -> None:
        with pytest.raises(BadRequestError, match=f"^{sentence}$"):
            provider.receive({**provider.good, **fields})

    @pytest.mark.parametrize("name", ["id", "sender", "recipient", "text"])
    @pytest.mark.parametrize("value", [None, 1, True, ["x"], {"x": 1}])
    def test_a_wrong_type_is_refused(self, provider: Provider, name: str, value: object) -> None:
        with pytest.raises(BadRequestError, match=f"^{provider.names[name]} must be a string"):
            provider.receive(provider.with_(**{name: value}))

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"x",
            b"[]",
            b"null",
            b'"a"',
            b"1",
            b"[" * 60_000,
            b'{"a":' * 10_000,
            b"{" + b"9" * 5000 + b"}",
        ],
    )
    def test_what_is_no_json_object_is_refused(self, provider: Provider, body: bytes) -> None:
        with pytest.raises(BadRequestError, match="the body is not"):
            provider.receive_body(body)

    @pytest.mark.parametrize(
        ("sent_at", "expected"),
        [
            ("2026-11-21T13:30:00Z", datetime(2026, 11, 21, 13, 30, tzinfo=UTC)),
            ("2026-11-21T14:30:00.5+01:00", datetime(2026, 11, 21, 13, 30, 0, 500_000, tzinfo=UTC)),
            (None, None),
        ],
    )
    def test_the_time_of_sending_is_read(
        self, provider: Provider, sent_at: str | None, expected: datetime | None
    ) -> None:
        assert provider.receive({**provider.good, "sent_at": sent_at}).sent_at == expected

    @pytest.mark.parametrize(
        "sent_at",
        ["2026-11-21T13:30:00", "yesterday", "", 1, "9999-12-31T23:59:59-23:59", "0001-01-01T00:00+23:59"],
    )
    def test_a_time_without_zone_or_sense_is_refused(self, provider: Provider, sent_at: object) -> None:
        with pytest.raises(BadRequestError, match=r"^sent_at "):
            provider.receive({**provider.good, "sent_at": sent_at})

    def test_the_secret_that_is_being_replaced_still_counts(self, provider: Provider) -> None:
        body = body_of(provider.good)
        provider.channel.verify(provider.request(body, headers=sign("", body, OLD_SECRET)))
        with pytest.raises(BadSignatureError):
            provider.channel.verify(provider.request(body, headers=sign("", body, "another")))

    def test_invalid_utf8_and_half_letters_are_replaced(self, provider: Provider) -> None:
        body = body_of(provider.good).replace(b"RPZ", b"RPZ\xff\\ud83d")
        message = provider.receive_body(body)
        assert message.text == TEXT.replace("RPZ", "RPZ\ufffd\ufffd")
        message.text.encode()

    def test_unknown_fields_are_left_alone(self, provider: Provider) -> None:
        assert provider.receive({**provider.good, "sim": 2}).text == TEXT


def receipt(**fields: object) -> Receipt | None:
    body = body_of({"id": "p-1", "state": "delivered", **fields})
    return http().parse_receipt(WebhookRequest("POST", PUBLIC_URL, "/", {}, body, NOW))


def test_a_receipt_is_read() -> None:
    ours = uuid7()
    assert receipt(message=str(ours)) == Receipt("http", "p-1", Delivery.DELIVERED, None, ours)
    assert receipt(state="queued") is None
    failed = receipt(state="failed", error="no credit for +22790000101\0")
    assert failed == Receipt("http", "p-1", Delivery.FAILED, "no credit for [hidden]")


@pytest.mark.parametrize("wrong", [{"id": ""}, {"state": 1}, {"message": "x"}, {"error": 3}])
def test_a_wrong_receipt_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadRequestError):
        receipt(**wrong)


MESSAGE = OutboundMessage(uuid7(), LINE, "+22790000901", "4821 RPZ Assamaka")


def test_the_simulator_delivers_at_once() -> None:
    accepted = SimulatorChannel("simulator", (SECRET,), country="NE").send(MESSAGE)
    assert accepted == Accepted(str(MESSAGE.id), Delivery.DELIVERED)


def test_http_sends_nowhere_without_an_address() -> None:
    with pytest.raises(NoRouteSendError, match="has no send_url"):
        http().send(MESSAGE)


@pytest.fixture
def receiver() -> Iterator[HttpStandIn]:
    with HttpStandIn() as running:
        yield running


def test_http_posts_a_signed_text(receiver: HttpStandIn) -> None:
    assert http(receiver.url).send(MESSAGE) == Accepted(str(MESSAGE.id))
    expected = {"id": str(MESSAGE.id), "from": LINE, "to": "+22790000901", "text": MESSAGE.text}
    assert receiver.taken == [expected]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, TemporarySendError),
        (429, TemporarySendError),
        (503, TemporarySendError),
        (500, UncertainSendError),
        (None, UncertainSendError),
        (408, UncertainSendError),
        (302, UncertainSendError),
        (403, TemporarySendError),
        (402, TemporarySendError),
        (404, TemporarySendError),
        (400, RefusedSendError),
        (422, RefusedSendError),
    ],
)
def test_a_refusal_says_whether_to_try_again(
    receiver: HttpStandIn, status: int | None, kind: type[SendError]
) -> None:
    receiver.status = status
    with pytest.raises(kind) as caught:
        http(receiver.url).send(MESSAGE)
    assert "901" not in caught.value.reason
    assert receiver.requests == 1


def test_a_name_that_is_long_in_being_found_leaves_it_surely_not_taken(
    receiver: HttpStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "_SECONDS", 0.0)
    with pytest.raises(TemporarySendError, match="cannot be reached in time"):
        http(receiver.url).send(MESSAGE)
    assert receiver.requests == 0


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://nowhere.invalid/", "https://127.0.0.1:9"])
def test_nobody_there_is_temporary(url: str) -> None:
    with pytest.raises(TemporarySendError):
        http(url).send(MESSAGE)
