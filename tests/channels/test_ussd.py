"""USSD providers: one table of cases for all, each spoken to by a strict phone of its own, and what is special."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.channels.answers import BadChannelError
from gateway.channels.base import BadRequestError, BadSignatureError, SessionChannel, WebhookRequest
from gateway.channels.registry import build_channel
from gateway.channels.ussd import as_dialled, beyond, is_dialled
from gateway.messages import Screen, SessionStep
from gateway.settings import Settings
from tests.standins.ussd import (
    KEY,
    PASSWORD,
    PHONES,
    AdvantaPhone,
    AfricasTalkingPhone,
    ArkeselPhone,
    Call,
    ComvivaPhone,
    DMarkPhone,
    FormPhone,
    HubtelPhone,
    InfobipPhone,
    NaloPhone,
    Phone,
    ProviderRefusedError,
    Reply,
    told,
)

NOW = datetime(2026, 11, 21, 13, 30, tzinfo=UTC)
REPORTER = "+22790000101"
PUBLIC_URL = "https://vigie.example.ne"
MENU = Screen("1 Signaler\n2 Mes rapports", goes_on=True)
THANKS = Screen("Recu 482135", goes_on=False)


def channel_of(
    phone: type[Phone], secrets: Mapping[str, str] | None = None, *, demo: bool = False
) -> SessionChannel:
    given = {**told(phone), **(secrets or {})}
    channel = build_channel(phone.name, phone.kind, given, Settings.read(demo=demo))
    assert isinstance(channel, SessionChannel)
    return channel


def request_of(call: Call, caller: str = "") -> WebhookRequest:
    url = f"{PUBLIC_URL}{call.path}{f'?{call.query}' if call.query else ''}"
    return WebhookRequest(call.method, url, call.path, {}, call.body, NOW, caller)


class Line:
    """Between a phone and a channel: it keeps the steps, and answers each with the next screen."""

    def __init__(self, channel: SessionChannel, *screens: Screen) -> None:
        self.channel = channel
        self.screens = list(screens)
        self.steps: list[SessionStep] = []

    def __call__(self, call: Call) -> Reply:
        assert call.method in self.channel.session_methods
        request = request_of(call)
        self.channel.verify(request)
        step = self.channel.parse_step(request)
        self.steps.append(step)
        answer = self.channel.show(step, THANKS if step.over or not self.screens else self.screens.pop(0))
        return Reply(answer.status, {**answer.headers, "Content-Type": answer.content_type}, answer.body)


@pytest.fixture(params=PHONES, ids=lambda phone: phone.name)
def kind(request: pytest.FixtureRequest) -> type[Phone]:
    chosen: type[Phone] = request.param
    return chosen


@pytest.fixture
def line(kind: type[Phone]) -> Line:
    return Line(channel_of(kind), MENU, MENU, MENU)


@pytest.fixture
def phone(kind: type[Phone], line: Line) -> Phone:
    return kind(line)


def typed(steps: list[SessionStep]) -> list[str]:
    """What was typed so far, as the last of the steps tells it, or all of them together."""
    if steps[-1].cumulative:
        return steps[-1].text.split("*") if steps[-1].text else []
    return [step.text for step in steps if step.text]


def test_a_session_is_walked_from_the_dialling_to_its_end(phone: Phone, line: Line) -> None:
    line.screens[2:] = [THANKS]
    assert phone.dial() == MENU.text
    assert phone.answer("1") == MENU.text
    assert phone.answer("647") == THANKS.text
    assert not phone.goes_on
    assert typed(line.steps) == ["1", "647"]
    assert [step.first for step in line.steps] == [True, False, False]
    assert not any(step.over for step in line.steps)
    assert {(step.channel, step.sender, step.session) for step in line.steps} == {
        (phone.name, REPORTER, phone.session)
    }
    assert {step.received_at for step in line.steps} == {NOW}
    assert line.steps[0].service_code == "*384#"


def test_a_repeated_request_is_the_same_step(phone: Phone, line: Line) -> None:
    phone.dial()
    phone.again()
    phone.answer("1")
    phone.again()
    first, second, third, fourth = line.steps
    assert first == second
    assert third == fourth


def test_what_is_dialled_behind_the_code_is_answered_already(phone: Phone, line: Line) -> None:
    phone.dial("1", "2")
    assert line.steps[0].text == "1*2"
    assert line.steps[0].service_code == "*384#"


@pytest.mark.parametrize("kind", [ComvivaPhone, DMarkPhone])
def test_where_no_first_step_is_marked_the_code_may_be_an_answer(kind: type[Phone]) -> None:
    line = Line(channel_of(kind), MENU, MENU, MENU)
    phone = kind(line)
    phone.dial()
    phone.answer("384")
    phone.answer("3840")
    assert [(step.first, step.text) for step in line.steps] == [(True, ""), (True, ""), (False, "3840")]
    assert [step.or_answer for step in line.steps[1:]] == ["384", None]


@pytest.mark.parametrize("kind", [kind for kind in PHONES if kind not in {ComvivaPhone, DMarkPhone}])
def test_elsewhere_the_code_is_an_answer_like_any_other(kind: type[Phone]) -> None:
    line = Line(channel_of(kind), MENU, MENU)
    phone = kind(line)
    phone.dial()
    phone.answer("384")
    assert (line.steps[-1].first, line.steps[-1].text) == (False, "384")
    assert line.steps[-1].or_answer is None


def test_an_end_that_is_not_ours_is_told_and_acknowledged(phone: Phone, line: Line) -> None:
    phone.dial()
    phone.answer("1")
    phone.hang_up()
    if phone.ended() is not None:
        assert line.steps[-1].over
        assert line.steps[-1].session == phone.session
        assert line.steps[-1].sender in {REPORTER, ""}


@pytest.mark.parametrize(
    ("number", "known"),
    [("2348030000001", "+2348030000001"), ("22790000101", REPORTER), ("90000101", REPORTER), ("384", "384")],
)
def test_a_number_is_made_one_wherever_it_is_from(kind: type[Phone], number: str, known: str) -> None:
    (name,) = [name for name in NEEDED[kind] if re.search("msisdn|phone|mobile", name.lower())]
    assert parse(kind, **{name: number}).sender == known


@pytest.mark.parametrize("strange", ["", "#", "**", "0", "00", " 1 ", "é", "النجدة", "1*1", "x" * 182])
def test_anything_may_be_typed(phone: Phone, line: Line, strange: str) -> None:
    phone.dial()
    phone.answer(strange)
    step = line.steps[-1]
    assert step.text.strip() == strange.strip()


def test_what_cannot_be_stored_is_taken_out(phone: Phone, line: Line) -> None:
    phone.dial()
    phone.answer("R\0AS")
    assert line.steps[-1].text == "RAS"


def test_no_secret_and_nothing_private_is_in_a_repr(phone: Phone, line: Line) -> None:
    phone.dial()
    phone.answer("647")
    call = phone.last
    assert call is not None
    shown = f"{line.channel!r}{request_of(call)!r}{line.steps!r}{line.channel.show(line.steps[-1], THANKS)!r}"
    for hidden in (KEY, PASSWORD, "647", "2279000", THANKS.text):
        assert hidden not in shown


NEEDED: Mapping[type[Phone], tuple[str, ...]] = {
    AfricasTalkingPhone: ("sessionId", "phoneNumber", "serviceCode", "text"),
    ComvivaPhone: ("SessionID", "MSISDN", "input"),
    InfobipPhone: ("msisdn", "text"),
    ArkeselPhone: ("sessionID", "userID", "newSession", "msisdn", "userData"),
    NaloPhone: ("SESSIONID", "USERID", "MSGTYPE", "MSISDN", "USERDATA"),
    HubtelPhone: ("SessionId", "Mobile", "Type", "ServiceCode", "Message"),
    AdvantaPhone: ("SESSIONID", "USSDCODE", "MSISDN", "INPUT"),
    FormPhone: ("session_id", "service_code", "msisdn", "ussd_body", "msg_type"),
    DMarkPhone: ("transactionId", "ussdServiceCode", "msisdn", "ussdRequestString"),
}
FIELDS = [(phone, name) for phone, names in NEEDED.items() for name in names]
IN_JSON = [
    (phone, name) for phone, name in FIELDS if phone in {InfobipPhone, ArkeselPhone, NaloPhone, HubtelPhone}
]
IDS_AND_NUMBERS = [
    (phone, name)
    for phone, name in FIELDS
    if re.search("session|transactionId|msisdn|phone|mobile", name.lower()) and name != "newSession"
]


def parse(kind: type[Phone], **changes: object) -> SessionStep:
    """What its channel makes of a later step with these fields changed, and without those that are None."""
    phone = kind(Line(channel_of(kind), MENU, MENU))
    phone.dial()
    phone.answer("647")
    assert phone.last is not None
    fields = {**phone.last.fields, **changes}
    call = replace(phone.last, fields={name: value for name, value in fields.items() if value is not None})
    return channel_of(kind).parse_step(request_of(call))


@pytest.mark.parametrize(("kind", "name"), FIELDS, ids=str)
def test_a_missing_field_is_named(kind: type[Phone], name: str) -> None:
    with pytest.raises(BadRequestError, match=f"^{name} is missing$"):
        parse(kind, **{name: None})


@pytest.mark.parametrize("value", [[], {}, 1.5, [1]])
@pytest.mark.parametrize(("kind", "name"), IN_JSON, ids=str)
def test_a_field_of_the_wrong_type_is_named(kind: type[Phone], name: str, value: object) -> None:
    with pytest.raises(BadRequestError, match=f"^{name} must be (a string|true or false)$"):
        parse(kind, **{name: value})


@pytest.mark.parametrize("value", ["true", 1, 0, ""])
@pytest.mark.parametrize(("kind", "name"), [(ArkeselPhone, "newSession"), (NaloPhone, "MSGTYPE")])
def test_only_a_boolean_says_what_is_first(kind: type[Phone], name: str, value: object) -> None:
    with pytest.raises(BadRequestError, match=f"^{name} must be true or false$"):
        parse(kind, **{name: value})


@pytest.mark.parametrize("value", ["", "  ", "\0", "x" * 129])
@pytest.mark.parametrize(("kind", "name"), IDS_AND_NUMBERS)
def test_an_id_or_number_that_is_empty_or_too_long_is_refused(
    kind: type[Phone], name: str, value: str
) -> None:
    with pytest.raises(BadRequestError, match=f"^{name} is (empty|longer)") as caught:
        parse(kind, **{name: value})
    assert "xxx" not in str(caught.value)


def test_more_than_anybody_types_is_refused(phone: Phone, line: Line) -> None:
    phone.dial()
    with pytest.raises(BadRequestError, match="is longer than 2000 characters"):
        phone.answer("1" * 2001)


@pytest.mark.parametrize(
    "kind", [kind for kind in PHONES if kind.kind in {"infobip", "arkesel", "nalo", "hubtel"}]
)
@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"a=b", b"\xff", b"[" * 60_000])
def test_a_body_that_is_no_object_is_refused(kind: type[Phone], body: bytes) -> None:
    path = f"/webhooks/{kind.name}/ussd/session/1/start"
    with pytest.raises(BadRequestError, match="JSON"):
        channel_of(kind).parse_step(WebhookRequest("POST", path, path, {}, body, NOW))


@pytest.mark.parametrize("key", ["", "x", f"{KEY}x", "é", "%FF", "0" * 10_000])
def test_a_call_without_the_right_key_is_refused(kind: type[Phone], key: str) -> None:
    if kind is not ComvivaPhone:
        with pytest.raises(BadSignatureError):
            kind(Line(channel_of(kind), MENU), key=key).dial()


@pytest.mark.parametrize("name", ["userid", "password"])
@pytest.mark.parametrize("value", [None, "", "x", f"{PASSWORD}x", "é"])
def test_comviva_is_known_by_its_user_and_password(name: str, value: str | None) -> None:
    phone = ComvivaPhone(Line(channel_of(ComvivaPhone), MENU))
    phone.dial()
    for call in (phone.first(), phone.ended()):
        fields = {**call.fields, name: value}
        if value is None:
            del fields[name]
        with pytest.raises(BadSignatureError):
            channel_of(ComvivaPhone).verify(request_of(replace(call, fields=fields)))


def test_the_key_that_is_being_replaced_still_counts(kind: type[Phone]) -> None:
    if kind is not ComvivaPhone:
        line = Line(channel_of(kind, {"callback_key": f"the-new-one-of-two,{KEY}"}), MENU)
        assert kind(line).dial() == MENU.text


@pytest.mark.parametrize(
    ("caller", "believed"),
    [
        ("198.51.100.7", True),
        ("203.0.113.200", True),
        ("::ffff:203.0.113.200", True),
        ("2001:db8::1", True),
        ("198.51.100.8", False),
        ("::1", False),
        ("", False),
        ("unknown", False),
    ],
)
@pytest.mark.parametrize("held", [{}, {"callback_key": ""}])
def test_a_list_of_addresses_holds_with_a_key_or_alone(
    kind: type[Phone], caller: str, believed: bool, held: dict[str, str]
) -> None:
    if kind is AfricasTalkingPhone and held:
        return  # it is always told a key
    channel = channel_of(kind, {"addresses": "198.51.100.7, 203.0.113.0/24,2001:db8::/32", **held})
    call = kind(Line(channel_of(kind), MENU)).first()
    request = request_of(replace(call, fields={**call.fields}), caller)
    if believed:
        channel.verify(request)
    else:
        with pytest.raises(BadSignatureError):
            channel.verify(request)


def test_a_channel_that_nothing_holds_is_refused(kind: type[Phone]) -> None:
    if kind is not ComvivaPhone:
        with pytest.raises(BadChannelError, match="callback_key"):
            channel_of(kind, {"callback_key": ""})


def test_in_the_demo_a_call_needs_no_key_but_a_wrong_one_is_wrong() -> None:
    line = Line(channel_of(AfricasTalkingPhone, demo=True), MENU)
    assert AfricasTalkingPhone(line, key="").dial() == MENU.text
    with pytest.raises(BadSignatureError):
        AfricasTalkingPhone(line, key="x").dial()


def test_a_first_screen_that_ends_is_shown_by_infobip_and_ended_after_it() -> None:
    line = Line(channel_of(InfobipPhone), THANKS, THANKS)
    phone = InfobipPhone(line)
    assert phone.dial() == THANKS.text
    assert phone.goes_on
    assert phone.answer("1") == THANKS.text
    assert not phone.goes_on


@pytest.mark.parametrize(
    "end", ["", "/session", "/session/1", "/session/1/begin", "/a/b/session/1/start", "/1/start"]
)
def test_an_address_that_is_not_infobips_is_refused(end: str) -> None:
    path = f"/webhooks/infobip/ussd{end}"
    with pytest.raises(BadRequestError, match="the address must end in"):
        channel_of(InfobipPhone).verify(WebhookRequest("POST", path, path, {}, b"{}", NOW))


def test_infobips_short_code_may_be_missing() -> None:
    assert parse(InfobipPhone).service_code == ""
    channel = channel_of(InfobipPhone, {"service_code": "*384*57#"})
    line = Line(channel, MENU)
    phone = InfobipPhone(line, code="*384*57#")
    phone.session = "1"
    call = phone.first()
    step = channel.parse_step(request_of(replace(call, fields={**call.fields, "shortCode": None})))
    assert step.service_code == "*384*57#"


@pytest.mark.parametrize(("kind", "name"), [(ArkeselPhone, "userID"), (NaloPhone, "USERID")])
def test_the_call_of_another_account_is_refused(kind: type[Phone], name: str) -> None:
    with pytest.raises(BadRequestError, match=f"^{name} is another account's$"):
        parse(kind, **{name: "another"})


@pytest.mark.parametrize(
    ("word", "first", "over"),
    [
        ("initiation", True, False),
        ("RESPONSE", False, False),
        ("Release", False, True),
        ("timeout", False, True),
    ],
)
def test_hubtels_words_count_in_any_case(word: str, first: bool, over: bool) -> None:
    step = parse(HubtelPhone, Type=word)
    assert (step.first, step.over) == (first, over)


def test_hubtels_service_code_is_found_by_either_name() -> None:
    step = parse(HubtelPhone, ServiceCode=None, serviceCode="711*2#")
    assert step.service_code == "*711*2#"


def test_hubtel_counts_its_steps() -> None:
    assert parse(HubtelPhone).sequence == 2
    assert parse(HubtelPhone, Sequence=None).sequence is None
    with pytest.raises(BadRequestError, match="Sequence must be a number"):
        parse(HubtelPhone, Sequence="two")
    with pytest.raises(BadRequestError, match="Type is none of"):
        parse(HubtelPhone, Type="AddToCart")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"source": "xml"}, "source is not written so: form, json or query"),
        ({"typed": "some"}, "typed is not written so: all or latest"),
        ({"fields": "session=a, sender=b"}, "fields is not written so: session="),
        ({"fields": "session=a, sender=b, text=c, when=d"}, "fields is not written so"),
        ({"fields": "session=a, sender=b, text="}, "fields is not written so"),
        ({"fields": "session=a, sender=b, text=c, text=d"}, "fields is not written so"),
        ({"kinds": "first=0"}, "kinds is not written so"),
        ({"fields": "session=a, sender=b, text=c, kind=d"}, "kinds is not written so"),
        ({"answer": "text=a, state=b"}, "answer is not written so: text="),
        ({"service_code": "call me"}, "service_code is written as it is dialled"),
        ({"addresses": "198.51.100.7/24"}, "addresses are written 198.51.100.7 or 203.0.113.0/24"),
    ],
)
def test_a_provider_that_is_described_wrong_is_refused_in_a_sentence(
    wrong: dict[str, str], reason: str
) -> None:
    with pytest.raises(BadChannelError, match=re.escape(reason)):
        channel_of(DMarkPhone, wrong)


@pytest.mark.parametrize(("on", "end"), [("true", "false"), ("1", "0")])
def test_the_state_of_an_answer_may_be_a_boolean(on: str, end: str) -> None:
    channel = channel_of(DMarkPhone, {"answer": f"text=t, state=s, on={on}, end={end}"})
    step = parse(DMarkPhone)
    states = [json.loads(channel.show(step, screen).body)["s"] for screen in (MENU, THANKS)]
    assert states == ([True, False] if on == "true" else ["1", "0"])


@pytest.mark.parametrize(
    ("dialled", "code", "more"),
    [
        ("*384#", "*384#", ""),
        ("384", "*384#", ""),
        ("*384*1*2#", "384", "1*2"),
        ("*384*57#", "*384*57#", ""),
        ("*384*57*1#", "*384*57#", "1"),
        ("*3845#", "*384#", ""),
        ("*384*1#", "", ""),
        ("", "*384#", ""),
    ],
)
def test_what_is_dialled_beyond_the_code(dialled: str, code: str, more: str) -> None:
    assert beyond(dialled, code) == more


def test_a_code_is_known_however_it_is_written() -> None:
    assert {as_dialled(code) for code in ("384", "*384#", " *384 ", "384#")} == {"*384#"}
    assert as_dialled("") == ""
    assert is_dialled("384", "*384#")
    assert is_dialled("*384*1#", "384")
    assert not is_dialled("3845", "384")


def test_the_phone_refuses_what_no_network_would_show(phone: Phone, line: Line) -> None:
    for words in ("", "x" * 183, "Reçu"):
        line.screens[:] = [Screen(words, goes_on=True)]
        with pytest.raises((ProviderRefusedError, UnicodeDecodeError)):
            phone.dial()
