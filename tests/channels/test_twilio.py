"""Twilio: signatures as its SDK computes them, receipts, and what each failure of a sending means."""

import logging
import ssl
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from uuid_utils.compat import uuid7

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
    form_fields,
)
from gateway.channels.twilio import TwilioChannel
from gateway.messages import Delivery, OutboundCall, OutboundMessage, Receipt
from gateway.places import coordinates
from tests.channels.cases import LINE, NOW, PUBLIC_URL, REPORTER, TEXT, Fields, Provider, SignedInboundCases
from tests.standins.twilio import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    Fault,
    TwilioStandIn,
    inbound,
    inbound_whatsapp,
    signed,
)

OLD_TOKEN = "0ldt0ken" * 4


def channel(public_url: str = PUBLIC_URL, api_url: str = "http://127.0.0.1:9") -> TwilioChannel:
    return TwilioChannel(
        "twilio",
        ACCOUNT_SID,
        (AUTH_TOKEN, OLD_TOKEN),
        public_url=public_url,
        api_url=api_url,
        country="NE",
    )


def form(fields: Fields) -> bytes:
    return urlencode({key: str(value) for key, value in fields.items()}).encode()


def sign(url: str, body: bytes, token: str = AUTH_TOKEN) -> Mapping[str, str]:
    return signed(url, dict(parse_qsl(body.decode(), keep_blank_values=True)), token)


@pytest.fixture(scope="module")
def provider() -> Provider:
    return Provider(
        channel(),
        # Twilio repeats its id under two older names, which also serve.
        {
            key: value
            for key, value in inbound(REPORTER, TEXT).items()
            if key not in {"SmsSid", "SmsMessageSid"}
        },
        {"id": "MessageSid", "sender": "From", "recipient": "To", "text": "Body"},
        form,
        sign,
    )


class TestInbound(SignedInboundCases):
    def test_another_account_is_refused(self, provider: Provider) -> None:
        with pytest.raises(BadRequestError, match="AccountSid"):
            provider.receive({**provider.good, "AccountSid": "AC" + "f" * 32})

    def test_the_token_that_is_being_replaced_still_counts(self, provider: Provider) -> None:
        body = form(provider.good)
        url = f"{PUBLIC_URL}/webhooks/twilio/sms"
        provider.channel.verify(provider.request(body, headers=sign(url, body, OLD_TOKEN)))
        with pytest.raises(BadSignatureError):
            provider.channel.verify(provider.request(body, headers=sign(url, body, "f" * 32)))

    def test_our_line_on_whatsapp_is_another_than_that_of_the_same_number(self, provider: Provider) -> None:
        message = provider.receive(inbound_whatsapp(REPORTER, TEXT, to=LINE))
        assert (message.sender, message.recipient, message.text) == (REPORTER, f"whatsapp:{LINE}", TEXT)

    @pytest.mark.parametrize(
        ("words", "pin", "text"),
        [
            ("", ("19.3671", "5.8"), "lat 19.367100 lon 5.800000"),
            ("SOS 12 pers", ("19.36710023880005", "-5.8"), "SOS 12 pers lat 19.367100 lon -5.800000"),
            ("SOS", ("1e1", "0"), "SOS lat 10.000000 lon 0.000000"),
            ("SOS", ("nord", ""), "SOS lat nord lon"),
        ],
    )
    def test_a_shared_position_is_added_to_the_words(
        self, provider: Provider, words: str, pin: tuple[str, str], text: str
    ) -> None:
        fields = inbound_whatsapp(
            REPORTER, words, pin=pin, Address="12 rue du Marche, 8 Agadez", Label="Puits 4"
        )
        assert provider.receive(fields).text == text

    def test_a_shared_position_needs_no_words(self, provider: Provider) -> None:
        fields = inbound_whatsapp(REPORTER, pin=("19.3671", "5.8"))
        del fields["Body"]
        assert provider.receive(fields).text == "lat 19.367100 lon 5.800000"

    @given(st.floats(10, 35), st.floats(-10, 26))
    def test_a_shared_position_is_read_where_it_was_shared(
        self, provider: Provider, lat: float, lon: float
    ) -> None:
        text = provider.receive(inbound_whatsapp(REPORTER, "SOS 12 pers", pin=(str(lat), str(lon)))).text
        (fix,) = coordinates.find(text.lower())
        assert (fix.lat, fix.lon) == (round(lat, 6), round(lon, 6))
        assert fix.sure_order

    def test_invalid_utf8_is_replaced_whichever_way_it_was_signed(self, provider: Provider) -> None:
        url = f"{PUBLIC_URL}/webhooks/twilio/sms"
        body = form(provider.good).replace(b"RPZ", b"RPZ%FF%E9")
        message = provider.receive_body(body)  # signed over the replaced letters
        assert message.text.startswith("RPZ\ufffd\ufffd")
        raw = {**provider.good, "Body": TEXT.replace("RPZ", "RPZ\xff\xe9")}
        over_bytes = _sdk_signature_over_bytes(url, raw)
        provider.channel.verify(provider.request(body, headers={"X-Twilio-Signature": over_bytes}))


def _sdk_signature_over_bytes(url: str, fields: Fields) -> str:
    class Bytes(str):
        __slots__ = ()

        def encode(self, *_: object) -> bytes:
            return super().encode("latin-1")

        def __add__(self, other: str) -> "Bytes":
            return Bytes(str(self) + other)

    return str(RequestValidator(AUTH_TOKEN).compute_signature(Bytes(url), dict(fields)))


PUBLIC_URLS = [
    "https://vigie.example.ne",
    "https://vigie.example.ne:443",
    "https://vigie.example.ne:8443",
    "https://vigie.example.ne/niger/vigie",
    "http://127.0.0.1:8080",
    "http://vigie.example.ne",
]


@pytest.mark.parametrize("public_url", PUBLIC_URLS)
@pytest.mark.parametrize("port", ["as it is", "with", "without"])
def test_the_public_address_is_what_is_signed(public_url: str, port: str) -> None:
    url = f"{public_url}/webhooks/twilio/status?message=1"
    scheme, rest = url.split("://")
    host, slash, path = rest.partition("/")
    name = host.partition(":")[0]
    number = host.partition(":")[2] or {"https": "443", "http": "80"}[scheme]
    signed_url = {
        "as it is": url,
        "with": f"{scheme}://{name}:{number}{slash}{path}",
        "without": f"{scheme}://{name}{slash}{path}",
    }[port]
    body = form(inbound(REPORTER, TEXT))
    request = WebhookRequest("POST", url, "/webhooks/twilio/status", sign(signed_url, body), body, NOW)
    channel(public_url).verify(request)
    with pytest.raises(BadSignatureError):
        channel("https://elsewhere.example.ne").verify(request)


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
values = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(st.dictionaries(names, values, max_size=30), st.sampled_from(PUBLIC_URLS), names)
def test_what_the_sdk_signs_is_believed(fields: dict[str, str], public_url: str, query: str) -> None:
    url = f"{public_url}/webhooks/twilio/sms?{urlencode({'q': query})}"
    signature = RequestValidator(AUTH_TOKEN).compute_signature(url, fields)
    request = WebhookRequest(
        "POST", url, "/webhooks/twilio/sms", {"X-Twilio-Signature": signature}, form(fields), NOW
    )
    channel(public_url).verify(request)


@given(st.dictionaries(names, values, max_size=8), st.text(max_size=40))
def test_what_the_sdk_refuses_is_refused(fields: dict[str, str], signature: str) -> None:
    url = f"{PUBLIC_URL}/webhooks/twilio/sms"
    request = WebhookRequest(
        "POST", url, "/webhooks/twilio/sms", {"X-Twilio-Signature": signature}, form(fields), NOW
    )
    assert not RequestValidator(AUTH_TOKEN).validate(url, fields, signature)
    with pytest.raises(BadSignatureError):
        channel().verify(request)


@given(st.one_of(st.text(max_size=200), st.text("a=&+%41Fé;", max_size=60)))
def test_forms_are_read_as_urllib_reads_them(text: str) -> None:
    assert form_fields(text) == parse_qsl(text, keep_blank_values=True, errors="replace")


def test_a_form_of_too_many_fields_is_refused() -> None:
    with pytest.raises(BadRequestError, match="too many fields"):
        form_fields("a=1&" * 201)


def receipt(status: str, *, query: str = "", **extra: str) -> Receipt | None:
    url = f"{PUBLIC_URL}/webhooks/twilio/status{query}"
    fields = {"MessageSid": "SM1", "MessageStatus": status, "AccountSid": ACCOUNT_SID, **extra}
    request = WebhookRequest("POST", url, "/webhooks/twilio/status", {}, form(fields), NOW)
    return channel().parse_receipt(request)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("sent", Delivery.SENT),
        ("delivered", Delivery.DELIVERED),
        ("read", Delivery.DELIVERED),
        ("undelivered", Delivery.FAILED),
        ("failed", Delivery.FAILED),
    ],
)
def test_a_receipt_is_read(status: str, expected: Delivery) -> None:
    found = receipt(status)
    assert found is not None
    assert (found.channel, found.provider_id, found.state) == ("twilio", "SM1", expected)


@pytest.mark.parametrize("status", ["queued", "sending", "accepted", "scheduled", "receiving", "", "new"])
def test_a_receipt_that_tells_nothing_is_ignored(status: str) -> None:
    assert receipt(status) is None


def test_a_receipt_carries_our_id_and_the_error() -> None:
    ours = uuid7()
    found = receipt("undelivered", query=f"?message={ours}", ErrorCode="30003")
    assert found == Receipt("twilio", "SM1", Delivery.FAILED, "Twilio error 30003", ours)


@pytest.mark.parametrize("code", ["", "+22790000101", "22790000101", "x"])
def test_an_error_code_that_is_none_is_not_repeated(code: str) -> None:
    found = receipt("failed", query="?message=nonsense", ErrorCode=code)
    assert found == Receipt("twilio", "SM1", Delivery.FAILED, "Twilio: failed", None)


def test_a_receipt_without_a_state_is_refused() -> None:
    url = f"{PUBLIC_URL}/webhooks/twilio/status"
    body = form({"MessageSid": "SM1", "AccountSid": ACCOUNT_SID})
    with pytest.raises(BadRequestError, match=r"^MessageStatus is missing$"):
        channel().parse_receipt(WebhookRequest("POST", url, "", {}, body, NOW))


@pytest.fixture
def standin() -> Iterator[TwilioStandIn]:
    with TwilioStandIn(callbacks=False) as running:
        yield running


def outgoing(recipient: str = "+22790000901", text: str = "4821 RPZ Assamaka") -> OutboundMessage:
    return OutboundMessage(uuid7(), LINE, recipient, text)


def test_a_text_is_handed_over(standin: TwilioStandIn) -> None:
    message = outgoing()
    accepted = channel(api_url=standin.url).send(message)
    taken = standin.expect("+22790000901", "4821")
    assert (accepted.provider_id, accepted.state) == (taken.sid, Delivery.SENT)
    assert taken.sender == LINE
    assert taken.status_callback == f"{PUBLIC_URL}/webhooks/twilio/status?message={message.id}"
    standin.assert_nothing_more(quiet=0.0)


def test_a_text_from_a_line_on_whatsapp_goes_out_on_whatsapp(standin: TwilioStandIn) -> None:
    channel(api_url=standin.url).send(OutboundMessage(uuid7(), f"whatsapp:{LINE}", REPORTER, "Recu"))
    assert standin.expect(f"whatsapp:{REPORTER}", "Recu").sender == f"whatsapp:{LINE}"


def test_on_whatsapp_a_text_to_somebody_who_has_not_written_lately_fails_and_says_why() -> None:
    with TwilioStandIn() as standin:
        channel(api_url=standin.url).send(OutboundMessage(uuid7(), f"whatsapp:{LINE}", REPORTER, "Recu"))
        report = standin.report("failed")
    receipt = channel().parse_receipt(WebhookRequest("POST", PUBLIC_URL, "/", {}, form(report), NOW))
    assert receipt is not None
    assert (receipt.provider_id, receipt.state) == (standin.messages[0].sid, Delivery.FAILED)
    assert "must write first" in (receipt.error or "")


def test_many_at_once_each_get_their_own_id(standin: TwilioStandIn) -> None:
    sender = channel(api_url=standin.url)
    messages = [outgoing(f"+227900009{number:02}", f"n {number}") for number in range(60)]
    with ThreadPoolExecutor(8) as slots:
        accepted = list(slots.map(sender.send, messages))
    taken = {message.sid: message.body for message in standin.messages}
    assert [taken[answer.provider_id] for answer in accepted] == [message.text for message in messages]


def test_the_other_token_is_tried_when_one_is_refused(standin: TwilioStandIn) -> None:
    sender = TwilioChannel(
        "twilio",
        ACCOUNT_SID,
        (OLD_TOKEN, AUTH_TOKEN),
        public_url=PUBLIC_URL,
        api_url=standin.url,
        country="NE",
    )
    assert sender.send(outgoing()).provider_id.startswith("SM")
    assert len(standin.messages) == 1


REFUSALS: list[tuple[int, int | None, type[SendError], str]] = [
    (401, 20003, TemporarySendError, "Twilio refuses our credentials"),
    (403, None, TemporarySendError, "Twilio refuses our credentials"),
    (429, 20429, TemporarySendError, "Twilio error 20429"),
    (429, None, TemporarySendError, "Twilio answered 429"),
    (503, None, TemporarySendError, "Twilio answered 503"),
    (500, None, UncertainSendError, "Twilio answered 500"),
    (502, 20500, UncertainSendError, "Twilio error 20500"),
    (504, None, UncertainSendError, "Twilio answered 504"),
    (400, 21211, PermanentSendError, "Twilio error 21211"),
    (400, 21610, OptedOutSendError, "Twilio error 21610"),
    (403, 21408, NoRouteSendError, "Twilio error 21408"),
    (400, 63003, NoRouteSendError, "Twilio error 63003"),
    (400, 63016, NoRouteSendError, "Twilio error 63016"),
    (400, 21614, PermanentSendError, "Twilio error 21614"),
    (400, 21606, RefusedSendError, "Twilio error 21606"),
    (400, 21609, RefusedSendError, "Twilio error 21609"),
    (400, None, RefusedSendError, "Twilio answered 400"),
    (408, None, UncertainSendError, "Twilio answered 408"),
    (404, 20404, TemporarySendError, "Twilio error 20404"),
    (404, None, TemporarySendError, "Twilio answered 404"),
]


@pytest.mark.parametrize(("status", "code", "kind", "reason"), REFUSALS)
def test_a_refusal_says_whether_to_try_again(
    standin: TwilioStandIn, status: int, code: int | None, kind: type[SendError], reason: str
) -> None:
    standin.order(Fault.REFUSE, times=2, status=status, code=code)
    with pytest.raises(kind) as caught:
        channel(api_url=standin.url).send(outgoing())
    assert type(caught.value) is kind
    assert caught.value.reason == reason
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.GARBAGE])
def test_an_answer_that_is_none_leaves_it_uncertain(standin: TwilioStandIn, fault: Fault) -> None:
    standin.order(fault)
    with pytest.raises(UncertainSendError):
        channel(api_url=standin.url).send(outgoing())
    assert len(standin.messages) == 1


def test_no_answer_within_five_seconds_leaves_it_uncertain(standin: TwilioStandIn) -> None:
    standin.order(Fault.HANG)
    with pytest.raises(UncertainSendError, match="did not answer in time"):
        channel(api_url=standin.url).send(outgoing())


@pytest.mark.parametrize(
    ("broken", "kind"),
    [
        (ssl.SSLCertVerificationError("certificate verify failed"), TemporarySendError),
        (ssl.SSLEOFError("EOF occurred in violation of protocol"), UncertainSendError),
    ],
)
def test_tls_that_breaks_may_break_after_the_text_has_left(
    standin: TwilioStandIn, monkeypatch: pytest.MonkeyPatch, broken: ssl.SSLError, kind: type[SendError]
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise broken

    monkeypatch.setattr("urllib3.connection.HTTPConnection.getresponse", breaks)
    with pytest.raises(kind):
        channel(api_url=standin.url).send(outgoing())


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "http://nowhere.invalid"])
def test_nobody_there_is_temporary(address: str) -> None:
    with pytest.raises(TemporarySendError, match="cannot be reached"):
        channel(api_url=address).send(outgoing())


def test_nothing_is_logged_about_a_sending(standin: TwilioStandIn, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    channel(api_url=standin.url).send(outgoing())
    standin.order(Fault.REFUSE, status=400, code=21211)
    with pytest.raises(PermanentSendError):
        channel(api_url=standin.url).send(outgoing())
    for secret in ("22790000901", "4821", AUTH_TOKEN):
        assert secret not in caplog.text


def test_a_call_is_handed_over_with_its_own_addresses() -> None:
    id_ = uuid7()
    with TwilioStandIn(callbacks=False) as standin:
        accepted = channel(api_url=standin.url).call(OutboundCall(id_, LINE, REPORTER))
        (call,) = standin.calls
    assert accepted.provider_id == call.sid
    assert (call.to, call.sender) == (REPORTER, LINE)
    assert call.url == f"{PUBLIC_URL}/webhooks/twilio/call?message={id_}"
    assert call.status_callback == f"{PUBLIC_URL}/webhooks/twilio/call/status?message={id_}"


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, 21215, NoRouteSendError),
        (400, 21219, NoRouteSendError),
        (400, 21211, PermanentSendError),
        (401, 20003, TemporarySendError),
        (429, 20429, TemporarySendError),
        (500, 20500, UncertainSendError),
    ],
)
def test_a_call_that_is_refused_means_what_a_text_would(
    status: int, code: int, error: type[SendError]
) -> None:
    with TwilioStandIn(callbacks=False) as standin:
        standin.order(Fault.REFUSE_CALL, times=2, status=status, code=code)
        with pytest.raises(error):
            channel(api_url=standin.url).call(OutboundCall(uuid7(), LINE, REPORTER))


@pytest.mark.parametrize(
    ("fields", "state", "error"),
    [
        ({"CallStatus": "completed", "AnsweredBy": "human"}, Delivery.DELIVERED, None),
        ({"CallStatus": "completed"}, Delivery.DELIVERED, None),
        (
            {"CallStatus": "completed", "AnsweredBy": "machine_end_beep"},
            Delivery.FAILED,
            "an answering machine picked up",
        ),
        ({"CallStatus": "no-answer"}, Delivery.FAILED, "nobody picked up"),
        ({"CallStatus": "busy"}, Delivery.FAILED, "the phone was busy"),
        ({"CallStatus": "failed"}, Delivery.FAILED, "the network could not put the call through"),
        ({"CallStatus": "ringing"}, None, None),
    ],
)
def test_how_a_call_ended_is_a_receipt(
    fields: dict[str, str], state: Delivery | None, error: str | None
) -> None:
    id_ = uuid7()
    url = f"{PUBLIC_URL}/webhooks/twilio/call/status?message={id_}"
    sid = "CA" + "0" * 32
    body = form({"AccountSid": ACCOUNT_SID, "CallSid": sid, **fields})
    receipt = channel().parse_rung(
        WebhookRequest("POST", url, "/webhooks/twilio/call/status", sign(url, body), body, NOW)
    )
    assert receipt == (Receipt("twilio", sid, state, error, id_) if state else None)


@pytest.mark.parametrize("query", ["", "?message=1", "?message=00000000-0000-0000-0000-000000000001&keys=z"])
def test_a_step_of_a_call_at_an_address_that_is_not_ours_is_refused(query: str) -> None:
    url = f"{PUBLIC_URL}/webhooks/twilio/call{query}"
    body = form({"AccountSid": ACCOUNT_SID, "CallSid": "CA" + "0" * 32, "Digits": "1"})
    with pytest.raises(BadRequestError):
        channel().parse_picked_up(
            WebhookRequest("POST", url, "/webhooks/twilio/call", sign(url, body), body, NOW)
        )
