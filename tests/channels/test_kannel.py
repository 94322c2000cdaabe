"""Kannel: the key in the address, texts in every coding, reports, and what each failure of a sending means."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from uuid_utils.compat import uuid7

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
from gateway.channels.kannel import KannelChannel
from gateway.messages import Delivery, InboundMessage, OutboundMessage, Part, Receipt
from tests.channels.cases import LINE, NOW, PUBLIC_URL, REPORTER, TEXT, Fields, InboundCases, Provider
from tests.standins.kannel import PASSWORD, USERNAME, KannelStandIn, filled

KEY, OLD_KEY = "a key+with%41 &odd=signs", "the one before"
SMS_SERVICE = (
    f"{PUBLIC_URL}/webhooks/kannel/sms?id=%I&from=%p&to=%P&text=%b&charset=%C&sent_at=%T&udh=%u&smsc=%i"
)


def channel(sendsms_url: str = "http://127.0.0.1:9/x", **changes: str) -> KannelChannel:
    login = {"username": USERNAME, "password": PASSWORD, **changes}
    return KannelChannel(
        "kannel", (KEY, OLD_KEY), public_url=PUBLIC_URL, sendsms_url=sendsms_url, country="NE", **login
    )


def get(url: str) -> WebhookRequest:
    return WebhookRequest("GET", url, "/webhooks/kannel/sms", {}, b"", NOW)


@dataclass(frozen=True)
class Keyed(Provider):
    """A provider that signs nothing: what the cases give as a signature is the key in the address."""

    def request(
        self, body: bytes, *, url: str = "", headers: Mapping[str, str] | None = None
    ) -> WebhookRequest:
        headers = self.sign(url, body) if headers is None else headers
        keys = [("key", key) for key in headers.values()][:1]
        return get(f"{PUBLIC_URL}/webhooks/kannel/sms?{urlencode(keys, errors='replace')}&{body.decode()}")


def query(fields: Fields) -> bytes:
    return urlencode({name: str(value) for name, value in fields.items()}).encode()


@pytest.fixture(scope="module")
def provider() -> Provider:
    good = {"id": str(uuid7()), "from": REPORTER, "to": LINE, "text": TEXT, "charset": "UTF-8"}
    names = {"id": "id", "sender": "from", "recipient": "to", "text": "text"}
    return Keyed(channel(), good, names, query, lambda _url, _body: {"key": KEY})


def read_as_filled(text: bytes, charset: str, udh: bytes = b"", smsc: str = "") -> InboundMessage:
    """What the channel makes of the address that smsbox fills in for this text."""
    codes: dict[str, str | bytes] = {
        "I": "1",
        "p": REPORTER,
        "P": LINE,
        "b": text,
        "C": charset,
        "T": "",
        "u": udh,
        "i": smsc,
    }
    message = channel().parse_inbound(get(filled(SMS_SERVICE, codes)))
    assert message is not None
    return message


class TestInbound(InboundCases):
    @pytest.mark.parametrize(
        ("charset", "encoding"),
        [
            *(("UTF-8", "utf-8"), ("utf-8", "utf-8"), ("", "utf-8"), ("UTF-16BE", "utf-16-be")),
            *(("8-BIT", "latin-1"), ("ISO-8859-1", "latin-1"), ("WINDOWS-1252", "cp1252")),
        ],
    )
    def test_a_text_is_read_in_its_charset(self, charset: str, encoding: str) -> None:
        text = "RPZ près d'Assamaka & 20 % + ü"
        message = read_as_filled(text.encode(encoding), charset)
        assert (message.text, message.sender, message.sent_at) == (text, REPORTER, None)

    def test_ucs2_carries_any_script(self) -> None:
        text = "Ɗan Issa: yara 12 ƙananan, النجدة 🚨 RPZ\u2028ASM"
        assert read_as_filled(text.encode("utf-16-be"), "UTF-16BE").text == text

    @pytest.mark.parametrize(
        ("udh", "part"),
        [
            (b"\x05\x00\x03\xc7\x03\x02", Part(0xC7, 2, 3)),
            (b"\x06\x08\x04\x12\x34\x02\x01", Part(0x1234, 1, 2)),
            (b"\x0a\x24\x01\x02\x25\x00\x00\x03\x20\x02\x01", Part(0x20, 1, 2)),
            (b"\x0b\x05\x04\x0b\x84\x23\xf0\x00\x03\x26\xff\xff", Part(0x26, 255, 255)),
            (b"\x0a\x00\x03\x01\x02\x01\x00\x03\x02\x02\x02", Part(2, 2, 2)),
            (b"", None),
            (b"\x05\x00\x03\xc7\x01\x01", None),  # one of one
            (b"\x05\x00\x03\xc7\x03\x00", None),
            (b"\x05\x00\x03\xc7\x03\x04", None),
            (b"\x05\x00\x03\xc7\x00\x00", None),
            (b"\x05\x00\x03\xc7\x03", None),  # cut short
            (b"\x05\x00\x04\xc7\x03\x02", None),
            (b"\x06\x00\x04\xc7\x03\x02\x01", None),
            (b"\x06\x05\x04\x0b\x84\x23\xf0", None),
            (b"\xff", None),
            (b"%u", None),
        ],
    )
    def test_the_header_tells_which_part_a_text_is_and_never_costs_the_text(
        self, udh: bytes, part: Part | None
    ) -> None:
        message = read_as_filled(b"RPZ ASM", "UTF-8", udh)
        assert (message.text, message.part, message.device) == ("RPZ ASM", part, None)

    def test_each_part_is_decoded_alone(self) -> None:
        text = "yara ƙananan 🚨"
        message = read_as_filled(text.encode("utf-16-be"), "UTF-16BE", b"\x05\x00\x03\x80\x02\x01", "airtel")
        assert (message.text, message.part, message.device) == (text, Part(0x80, 1, 2), "airtel")

    def test_an_unknown_charset_is_refused_and_not_guessed(self, provider: Provider) -> None:
        with pytest.raises(BadRequestError, match=r"^charset is unknown$"):
            provider.receive({**provider.good, "charset": "KOI8-R"})

    def test_the_time_is_that_of_the_smsc(self, provider: Provider) -> None:
        message = provider.receive({**provider.good, "sent_at": "1795305952"})
        assert message.sent_at == datetime(2026, 11, 22, 0, 5, 52, tzinfo=UTC)

    @pytest.mark.parametrize(
        "sent_at", ["yesterday", "%T", "1e3", "9" * 30, "9" * 5000, "2026-11-22 00:05:52"]
    )
    def test_a_time_without_sense_is_refused(self, provider: Provider, sent_at: str) -> None:
        with pytest.raises(BadRequestError, match=r"^sent_at is no time in seconds$"):
            provider.receive({**provider.good, "sent_at": sent_at})

    def test_the_key_that_is_being_replaced_still_counts(self, provider: Provider) -> None:
        provider.channel.verify(provider.request(b"", headers={"key": OLD_KEY}))
        with pytest.raises(BadSignatureError):
            provider.channel.verify(provider.request(b"", headers={"key": f"{KEY},{OLD_KEY}"}))


def report(**fields: object) -> Receipt | None:
    return channel().parse_receipt(get(f"{PUBLIC_URL}/webhooks/kannel/delivery?{query(fields).decode()}"))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (8, Delivery.SENT),
        (1, Delivery.DELIVERED),
        (2, Delivery.FAILED),
        (16, Delivery.FAILED),
    ],
)
def test_a_report_is_read(state: int, expected: Delivery) -> None:
    ours = uuid7()
    found = report(message=ours, state=state)
    assert found is not None
    assert (found.channel, found.message_id, found.provider_id, found.state) == (
        "kannel",
        ours,
        str(ours),
        expected,
    )


@pytest.mark.parametrize("state", [4, 0, 32, 64, -1, 3])
def test_a_report_that_tells_nothing_final_is_ignored(state: int) -> None:
    assert report(message=uuid7(), state=state) is None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"state": 1}, "message is missing"),
        ({"message": "", "state": 1}, "message is no UUID"),
        ({"message": "+22790000901", "state": 1}, "message is no UUID"),
        ({"message": uuid7()}, "state is missing"),
        ({"message": uuid7(), "state": "%d"}, "state is no number"),
        ({"message": uuid7(), "state": ""}, "state is no number"),
        ({"message": uuid7(), "state": "9" * 5000}, "state is no number"),
    ],
)
def test_a_wrong_report_is_refused(fields: Fields, sentence: str) -> None:
    with pytest.raises(BadRequestError, match=f"^{sentence}$"):
        report(**fields)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ("NACK/1064/Invalid destination +22790000901", "Kannel: 1064"),
        ("NACK/ROUTE", "Kannel: ROUTE"),
        ("NACK/22790000901", "Kannel: no reason given"),
        (
            "id:7 sub:001 dlvrd:000 submit date:2611220005 done date:2611220006 stat:UNDELIV err:001 text:4821 RPZ",
            "Kannel: UNDELIV 001",
        ),
        ("stat:EXPIRED text:4821 RPZ Assamaka", "Kannel: EXPIRED"),
        ("4821 RPZ Assamaka for +22790000901", "Kannel: no reason given"),
        ("", "Kannel: no reason given"),
    ],
)
def test_only_the_codes_of_a_reason_are_kept(reply: str, error: str) -> None:
    found = report(message=uuid7(), state=2, reason=reply)
    assert found is not None
    assert found.error == error


@pytest.fixture
def standin() -> Iterator[KannelStandIn]:
    with KannelStandIn() as running:
        yield running


def outgoing(recipient: str = "+22790000901", text: str = "4821 RPZ Assamaka") -> OutboundMessage:
    return OutboundMessage(uuid7(), LINE, recipient, text)


def test_a_text_is_handed_over(standin: KannelStandIn) -> None:
    message = outgoing(text="4821 RPZ à Assamaka: 20 % & + [é]")
    accepted = channel(standin.url).send(message)
    assert (accepted.provider_id, accepted.state) == (str(message.id), Delivery.SENT)
    [taken] = standin.messages
    assert (taken.sender, taken.to, taken.text) == (LINE, "+22790000901", message.text)
    assert (taken.coding, taken.smsc) == ("0", "")


@pytest.mark.parametrize("text", ["ƙauye", "النجدة", "🚨", "ç"])
def test_what_gsm7_cannot_spell_goes_as_ucs2(standin: KannelStandIn, text: str) -> None:
    channel(standin.url).send(outgoing(text=text))
    [taken] = standin.messages
    assert (taken.text, taken.coding) == (text, "2")


def test_a_channel_may_name_its_smsc(standin: KannelStandIn) -> None:
    channel(standin.url, smsc="zamani").send(outgoing())
    assert standin.messages[0].smsc == "zamani"


@pytest.mark.parametrize("order", [(8, 1), (1, 8), (8, 8, 4, 1, 1)])
def test_reports_in_any_order_carry_the_key_and_our_id(
    standin: KannelStandIn, order: tuple[int, ...]
) -> None:
    message, sender = outgoing(), channel(standin.url)
    sender.send(message)
    states = []
    for state in order:
        call = get(standin.report(standin.messages[0], state, "ACK/"))
        assert call.url.startswith(f"{PUBLIC_URL}/webhooks/kannel/delivery?")
        sender.verify(call)
        if receipt := sender.parse_receipt(call):
            assert receipt.message_id == message.id
            states.append(receipt.state)
    assert states == [{8: Delivery.SENT, 1: Delivery.DELIVERED}[state] for state in order if state != 4]


def test_queued_for_later_is_accepted(standin: KannelStandIn) -> None:
    standin.order(202, "3: Queued for later delivery", taken=True)
    assert channel(standin.url).send(outgoing()).state is Delivery.SENT


REFUSALS: list[tuple[int, str, type[SendError], str]] = [
    (403, "Authorization failed for sendsms", TemporarySendError, "Kannel refuses our credentials"),
    (401, "", TemporarySendError, "Kannel refuses our credentials"),
    (503, "Temporal failure, try again later.", TemporarySendError, "Kannel answered 503"),
    (429, "", TemporarySendError, "Kannel answered 429"),
    (403, "Not routable. Do not try again.", NoRouteSendError, "Kannel has no route to this number"),
    (403, "<html>403 Forbidden", TemporarySendError, "Kannel refuses our credentials"),
    (400, "Number +22790000901 denied", RefusedSendError, "Kannel answered 400"),
    (404, "Unknown request.", TemporarySendError, "Kannel answered 404"),
    (500, "Sending failed.", UncertainSendError, "Kannel answered 500"),
    (502, "", UncertainSendError, "Kannel answered 502"),
    (200, "<html>", UncertainSendError, "Kannel answered 200"),
    (302, "", UncertainSendError, "Kannel answered 302"),
]


@pytest.mark.parametrize(("status", "words", "kind", "reason"), REFUSALS)
def test_a_refusal_says_whether_to_try_again(
    standin: KannelStandIn, status: int, words: str, kind: type[SendError], reason: str
) -> None:
    standin.order(status, words)
    with pytest.raises(kind) as caught:
        channel(standin.url).send(outgoing())
    assert caught.value.reason == reason
    assert standin.requests == 1


def test_a_wrong_password_is_temporary(standin: KannelStandIn) -> None:
    with pytest.raises(TemporarySendError, match="refuses our credentials"):
        channel(standin.url, password="wrong").send(outgoing())
    assert not standin.messages


def test_a_recipient_that_is_no_number_is_refused(standin: KannelStandIn) -> None:
    with pytest.raises(RefusedSendError):
        channel(standin.url).send(outgoing(recipient="AIRTEL"))


def test_a_line_cut_after_it_was_taken_leaves_it_uncertain(standin: KannelStandIn) -> None:
    standin.order(None, taken=True)
    with pytest.raises(UncertainSendError, match="did not answer in time"):
        channel(standin.url).send(outgoing())
    assert len(standin.messages) == 1


def test_no_answer_within_five_seconds_leaves_it_uncertain(standin: KannelStandIn) -> None:
    standin.order(202, taken=True, seconds=60)
    with pytest.raises(UncertainSendError, match="did not answer in time"):
        channel(standin.url).send(outgoing())


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/x", "http://nowhere.invalid/x", "https://127.0.0.1:9"]
)
def test_nobody_there_is_temporary(address: str) -> None:
    with pytest.raises(TemporarySendError, match=r"^Kannel cannot be reached$"):
        channel(address).send(outgoing())


def test_secrets_stay_out_of_logs_errors_and_representations(
    standin: KannelStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sender = channel(standin.url)
    said = [repr(sender), repr(sender.send(outgoing()))]
    standin.order(400, f"{PASSWORD} {KEY} +22790000901 4821")
    with pytest.raises(RefusedSendError) as refused:
        sender.send(outgoing())
    with pytest.raises(BadSignatureError) as unsigned:
        sender.verify(get(f"{PUBLIC_URL}/webhooks/kannel/sms?key=almost"))
    said += [repr(refused.value), repr(unsigned.value), caplog.text]
    for hidden in (KEY, PASSWORD, "22790000901", "4821", "almost"):
        assert hidden not in "".join(said)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
