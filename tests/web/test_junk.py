"""Ten thousand calls that make no sense, some of them properly signed: not one answer of 5xx."""

import json
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.channels.signed_json import signature
from gateway.inbox.accept import to_row
from gateway.storage.cipher import Cipher
from tests.standins.twilio import ACCOUNT_SID, inbound, signed
from tests.standins.ussd import PHONES, Phone
from tests.web.fakes import PUBLIC_URL, SECRET, Web, web_over_fakes

CALLS, EXAMPLES = 20, 360  # tuples in an example, examples; the signed ones are posted twice

anything = st.text(max_size=30)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | anything,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(anything, inner, max_size=3),
    max_leaves=6,
)
fields = st.dictionaries(
    st.sampled_from(["id", "from", "to", "text", "sent_at", "state", "message", "error"]) | anything,
    json_values,
    max_size=8,
)
forms = st.dictionaries(
    st.sampled_from(["MessageSid", "From", "To", "Body", "MessageStatus", "ErrorCode", "AccountSid"])
    | anything,
    anything,
    max_size=8,
)
header_values = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=40)
headers = st.dictionaries(
    st.sampled_from(["X-Twilio-Signature", "X-Vigie-Signature", "Content-Type", "Content-Length", "Accept"]),
    header_values,
    max_size=3,
)
paths = st.tuples(
    st.sampled_from(["twilio", "http", "simulator", "pigeon", "%00", "é"]),
    st.sampled_from(["sms", "status", "delivery", "..", "%FF"]),
    st.sampled_from(["", "?message=1", "?message=%FF&&&=", "?" + "a=b&" * 300]),
).map(lambda parts: f"/webhooks/{parts[0]}/{parts[1]}{parts[2]}")
bodies = st.one_of(
    st.binary(max_size=200),
    st.text("{}[]\"':,0\\u\0é \n", max_size=60).map(str.encode),
    st.text("&=%+;aé\0", max_size=60).map(str.encode),
)


def accepted_rows_can_be_stored(web: Web) -> None:
    cipher = Cipher({1: b"k" * 32}, b"h" * 32)
    for message in web.inbox.accepted:
        row = to_row(message, cipher, 16, frozenset())
        assert "\0" not in row["provider_id"]
        row["provider_id"].encode()
    web.inbox.accepted.clear()


@pytest.fixture(scope="module")
def shared_web(tmp_path_factory: pytest.TempPathFactory) -> Web:
    return web_over_fakes(tmp_path_factory.mktemp("web"))


@settings(max_examples=EXAMPLES // 2, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.lists(st.tuples(paths, headers, bodies), min_size=CALLS, max_size=CALLS))
def test_junk_is_refused(shared_web: Web, calls: list[tuple[str, dict[str, str], bytes]]) -> None:
    client = shared_web.client
    for path, extra, body in calls:
        assert client.post(path, data=body, headers=extra).status_code in {400, 403, 404, 413}
    assert not shared_web.inbox.accepted


@settings(max_examples=EXAMPLES // 4, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.lists(st.tuples(fields | json_values, st.booleans()), min_size=CALLS, max_size=CALLS))
def test_signed_junk_in_json_is_refused_or_stored(shared_web: Web, calls: list[tuple[object, bool]]) -> None:
    client = shared_web.client
    good = {"id": "1", "from": "+22790000101", "to": "+22780000001", "text": "RAS", "state": "sent"}
    for junk, with_good in calls:
        whole = {**good, **junk} if with_good and isinstance(junk, dict) else junk
        body = json.dumps(whole).encode()
        signed_as = {"X-Vigie-Signature": signature(SECRET, body)}
        for event in ("sms", "status"):
            answer = client.post(f"/webhooks/http/{event}", data=body, headers=signed_as)
            assert answer.status_code in {200, 400}
    accepted_rows_can_be_stored(shared_web)


@settings(max_examples=EXAMPLES // 4, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.lists(st.tuples(forms, st.booleans()), min_size=CALLS, max_size=CALLS))
def test_signed_junk_in_forms_is_refused_or_stored(
    shared_web: Web, calls: list[tuple[dict[str, str], bool]]
) -> None:
    client = shared_web.client
    for junk, with_good in calls:
        params = {**(inbound("+22790000101", "RAS") if with_good else {"AccountSid": ACCOUNT_SID}), **junk}
        for event in ("sms", "status"):
            path = f"/webhooks/twilio/{event}"
            answer = client.post(path, data=urlencode(params), headers=signed(PUBLIC_URL + path, params))
            assert answer.status_code in {200, 400}
    accepted_rows_can_be_stored(shared_web)


# Which of a call's fields holds what instead.
spoiled = st.dictionaries(st.integers(0, 9), json_values, min_size=1, max_size=4)


@settings(max_examples=EXAMPLES // 8, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PHONES), spoiled), min_size=CALLS, max_size=CALLS))
def test_ussd_junk_with_the_right_key_is_refused_or_a_step(
    shared_web: Web, calls: list[tuple[type[Phone], dict[int, object]]]
) -> None:
    for kind, junk in calls:
        phone = kind(shared_web.call)
        for call in filter(None, (phone.first(), phone.ended())):
            names = [*call.fields]
            fields = {**call.fields, **{names[place % len(names)]: value for place, value in junk.items()}}
            assert shared_web.call(replace(call, fields=fields)).status in {200, 400, 403}
    assert all(step.session and "\0" not in step.session + step.text for step in shared_web.sessions.steps)


def test_there_were_ten_thousand() -> None:
    assert CALLS * (EXAMPLES // 2 + 2 * (EXAMPLES // 4) + 2 * (EXAMPLES // 4)) >= 10_000
