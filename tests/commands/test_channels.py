"""`vigie channels` and `vigie lines`: a real installation, set up from the command line."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from gateway import bootstrap, demo
from gateway.channels.records import ChannelRecord, ChannelState, Line
from gateway.messages import PhoneHealth
from gateway.services import Services
from gateway.watching.records import CanaryRecord, ChannelHour
from gateway.watching.service import note_phone
from tests.commands.conftest import Run
from tests.standins.twilio import Fault, TwilioStandIn

TOKEN = "0123456789abcdef0123456789abcdef"
SID = "AC" + "0" * 32
OURS, OTHER = "+22780000055", "+22780000056"


def _secrets(services: Services, name: str) -> object:
    with services.engine.connect() as connection:
        sealed = connection.scalar(sa.select(ChannelRecord.secrets).where(ChannelRecord.name == name))
    assert sealed
    return json.loads(services.cipher.decrypt(sealed))


def test_a_channel_is_set_up_by_answering_and_works(
    run: Run, services: Services, decisions: Callable[[], list[tuple[str, str]]]
) -> None:
    ran = run("channels", "add", "twilio", "twilio-ne", typed=f"{SID}\n{TOKEN}\n")
    assert (ran.status, ran.err) == (0, "")
    assert TOKEN not in ran.out
    assert "/webhooks/twilio-ne/sms" in ran.out
    assert _secrets(services, "twilio-ne") == {"account_sid": SID, "auth_token": TOKEN}
    assert decisions() == [
        ("channel added", 'twilio-ne {"kind": "twilio", "secrets": ["account_sid", "auth_token"]}')
    ]
    bootstrap.Watch(services, "test")
    assert "twilio-ne" in services.channels


def test_secrets_come_as_options_or_from_standard_input_too(run: Run, services: Services) -> None:
    assert run("channels", "add", "http", "web", "--secret", "secret=a=b", typed="\n").status == 0
    assert _secrets(services, "web") == {"secret": "a=b", "send_url": ""}
    ran = run("channels", "add", "http", "web2", "--stdin", typed="secret=x\nsend_url=https://a.invalid\n")
    assert ran.status == 0
    assert _secrets(services, "web2") == {"secret": "x", "send_url": "https://a.invalid"}


def test_a_ussd_channel_names_the_addresses_to_call_and_needs_no_line(run: Run, services: Services) -> None:
    words = ("channels", "add", "arkesel", "accra", "--stdin")
    key = "callback_key=0123456789abcdef\n"
    ran = run(*words, typed=f"user_id=vigie\nservice_code=*384#\n{key}")
    assert (ran.status, ran.err) == (0, "")
    assert "/webhooks/accra/ussd?key=…" in ran.out
    assert "channel accra: is configured (arkesel)." in run("doctor").out
    assert "vigie lines add" not in ran.out
    ran = run("lines", "add", OURS, "--channel", "accra", "--profile", "agents")
    assert "There is no channel 'accra' for texts" in ran.err
    ran = run("channels", "add", "africastalking", "at", "--stdin", typed=f"username=u\napi_key=k\n{key}")
    assert "/webhooks/at/sms?key=… and http://127.0.0.1:8080/webhooks/at/ussd?key=…" in ran.out
    assert "vigie lines add" in ran.out
    ran = run("channels", "add", "hubtel", "h", "--stdin", typed="addresses=everywhere\n")
    assert (ran.status, "addresses are written 198.51.100.7" in ran.err) == (2, True)
    ran = run("channels", "add", "hubtel", "h", "--stdin", typed="\n")
    assert "needs a callback_key, or the addresses" in ran.err


def test_a_channel_without_its_secret_or_with_a_bad_name_is_refused(run: Run, services: Services) -> None:
    for words, sentence in (
        (("http", "web", "--stdin"), "needs its secret"),
        (("http", "Web!", "--secret", "secret=x", "--stdin"), "is no name for a channel"),
        (("http", "web", "--secret", "word"), "A secret is written NAME=VALUE; http knows secret, send_url."),
        (("twilio", "t"), "Its account_sid is needed"),
    ):
        ran = run("channels", "add", *words)
        assert ran.status == 2
        assert sentence in ran.err
        assert ran.err.count("\n") == 1


def test_a_second_channel_of_a_name_needs_to_be_meant(run: Run, agency: Services) -> None:
    again = ("channels", "add", "simulator", "simulator", "--secret", "secret=new")
    assert "--replace gives it new secrets" in run(*again).err
    assert run(*again, "--replace").status == 0
    assert _secrets(agency, "simulator") == {"secret": "new"}


def test_a_channel_of_the_environment_cannot_be_set_up_again(run: Run, services: Services) -> None:
    words = ("channels", "add", "http", "http", "--secret", "secret=x")
    assert "The environment (VIGIE_HTTP_…) already sets up" in run(*words, VIGIE_HTTP_SECRET="s").err


def test_a_removed_channel_is_off_and_its_secrets_are_gone(
    run: Run, agency: Services, decisions: Callable[[], list[tuple[str, str]]]
) -> None:
    assert "2 lines go through simulator" in run("channels", "remove", "simulator").err
    assert run("channels", "remove", "http").status == 0
    assert _secrets(agency, "http") == {}
    assert run("channels", "remove", "http").status == 2
    assert decisions() == [("channel removed", "http {}")]
    restarted = bootstrap.build_services(agency.settings)
    restarted.redis.close()
    restarted.engine.dispose()
    assert restarted.channels.keys() == {"simulator", "africastalking"}


def test_the_table_shows_every_channel_and_how_it_does(run: Run, agency: Services) -> None:
    since = agency.now() - timedelta(minutes=5)
    with agency.engine.begin() as connection:
        connection.execute(
            sa.insert(ChannelState).values(
                channel="simulator", failing_since=since, failed_at=agency.now(), reason="no credit"
            )
        )
    lines = [
        line.split()
        for line in run(
            "channels", VIGIE_TWILIO_ACCOUNT_SID=SID, VIGIE_TWILIO_AUTH_TOKEN=TOKEN
        ).out.splitlines()
    ]
    moment = f"{since.astimezone(agency.settings.zone):%Y-%m-%d %H:%M}:".split()
    assert lines[1:] == [
        ["africastalking", "africastalking", "0", "yes", "–", "–", "0", "0", "–", "–", "ok"],
        ["http", "http", "0", "yes", "–", "–", "0", "0", "–", "–", "ok"],
        [
            "simulator",
            "simulator",
            "2",
            "yes",
            "–",
            "–",
            "0",
            "0",
            "–",
            "–",
            "failing",
            "since",
            *moment,
            "no",
            "credit",
        ],
        ["twilio", "twilio", "0", "from", "settings", "–", "–", "0", "0", "–", "–", "ok"],
    ]


def test_a_line_says_whom_it_reaches_at_what_cost(run: Run, agency: Services) -> None:
    add = ("lines", "add", OURS, "--channel", "simulator", "--profile", "agents")
    assert run(*add, "--reach", "airtel-ne, NG,+22790", "--cost", "25").status == 0
    assert "airtel-ne NG +22790  25" in run("lines").out
    assert run(*add).status == 0
    assert "airtel-ne NG +22790  25" in run("lines").out, "what is not given stays as it is"
    ran = run(*add, "--reach", "orange")
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert "There is no 'orange' to reach: there are airtel-ne" in ran.err


def test_a_channel_is_given_a_rate_and_freed_of_it(
    run: Run, agency: Services, decisions: Callable[[], list[tuple[str, str]]]
) -> None:
    assert run("channels", "rate", "simulator", "60").out == "simulator takes 60 texts a minute.\n"
    with agency.engine.connect() as connection:
        assert connection.scalar(sa.select(ChannelState.rate)) == 60
    assert run("channels", "rate", "simulator", "0").out == "simulator takes any number of texts.\n"
    assert "There is no active channel 'nobody'" in run("channels", "rate", "nobody", "60").err
    assert run("channels", "rate", "simulator", "-1").err == (
        "vigie: Invalid value for 'TEXTS': -1 is not in the range 0<=x<=60000.\n"
    )
    assert [action for action, _ in decisions()] == ["channel's rate set"] * 2


def test_a_line_is_set_up_changed_and_given_up(
    run: Run, agency: Services, decisions: Callable[[], list[tuple[str, str]]]
) -> None:
    add = ("lines", "add", "80 00 00 55", "--channel", "simulator", "--profile")
    assert run(*add, "agents").status == 0
    assert OURS in run("lines").out
    assert bootstrap.Watch(agency, "a").hotlines == {agency.cipher.digest(demo.HOTLINE)}
    assert run(*add, "hotline").status == 0
    assert bootstrap.Watch(agency, "b").hotlines == {
        agency.cipher.digest(demo.HOTLINE),
        agency.cipher.digest(OURS),
    }
    assert run("lines", "remove", OURS).status == 0
    assert run("lines", "remove", OURS).status == 2
    assert [action for action, _ in decisions()] == ["line added", "line changed", "line removed"]
    assert "80000055" not in str(decisions())
    with agency.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(Line)) == 2


def test_a_short_code_may_be_a_line_and_a_word_may_not(run: Run, agency: Services) -> None:
    assert run("lines", "add", "8484", "--channel", "simulator", "--profile", "agents").status == 0
    ran = run("lines", "add", "+227 80", "--channel", "simulator", "--profile", "agents")
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert "80" not in ran.err


def test_a_line_needs_a_channel_that_is_there(run: Run, agency: Services) -> None:
    ran = run("lines", "add", OURS, "--channel", "nowhere", "--profile", "agents")
    assert ran.status == 2
    assert "There is no channel 'nowhere' for texts (there are africastalking, http, simulator)" in ran.err


def test_a_line_on_whatsapp_is_another_than_its_number_and_needs_a_provider_that_has_it(
    run: Run, agency: Services
) -> None:
    words = ("lines", "add", "whatsapp:80 00 00 01", "--profile", "agents", "--channel")
    environment = {"VIGIE_TWILIO_ACCOUNT_SID": SID, "VIGIE_TWILIO_AUTH_TOKEN": TOKEN}
    refused = run(*words, "simulator")
    assert (refused.status, "has no WhatsApp" in refused.err) == (2, True)
    assert run(*words, "twilio", **environment).status == 0
    ours = run("lines").out
    assert f"whatsapp:{demo.AGENTS_LINE}" in ours
    assert ours.count(demo.AGENTS_LINE) == 2


def test_what_a_provider_has_and_we_do_not_is_taken_in_by_hand(
    run: Run, agency: Services, decisions: Callable[[], list[tuple[str, str]]]
) -> None:
    now = datetime.now(UTC)
    with TwilioStandIn(callbacks=False) as twilio:
        environment = {
            "VIGIE_TWILIO_ACCOUNT_SID": twilio.account_sid,
            "VIGIE_TWILIO_AUTH_TOKEN": twilio.auth_token,
            "VIGIE_TWILIO_API_URL": twilio.url,
        }
        run("lines", "add", OURS, "--channel", "twilio", "--profile", "agents", **environment)
        for hours in (1, 100):
            twilio.receives("+22790000101", "CVM", now - timedelta(hours=hours), to=OURS)
        assert "1 listed, 1 missing and taken in" in run("channels", "gaps", **environment).out
        since = f"{now - timedelta(hours=120):%Y-%m-%dT%H:%M}"
        again = run("channels", "gaps", "twilio", "--since", since, **environment)
        assert "2 listed, 1 missing and taken in" in again.out
        twilio.order(Fault.LIST_REFUSE, status=500)
        failed = run("channels", "gaps", **environment)
        assert (failed.status, "twilio: Twilio answered 500" in failed.err) == (1, True)
    assert [action for action, _ in decisions()] == ["line added", *["missing texts taken in"] * 2]


def test_only_providers_that_list_can_be_asked_and_only_for_the_last_thirty_days(
    run: Run, agency: Services
) -> None:
    assert "nothing to compare" in run("channels", "gaps").out
    for words, sentence in (
        (("simulator",), "simulator is no channel whose provider lists"),
        (("--since", "2020-01-01"), "--since must be a time of the last 30 days"),
        (("--since", "soon"), "is no ISO time"),
    ):
        ran = run("channels", "gaps", *words)
        assert (ran.status, sentence in ran.err) == (2, True)


def test_a_phone_that_was_replaced_is_shown_and_forgotten(
    run: Run, agency: Services, decisions: Callable[[], list[tuple[str, str]]]
) -> None:
    now = datetime.now(UTC)
    assert run("channels", "phones").out.startswith("No phone has said yet how it is")
    for device, minutes, charging in (("old", 60, None), ("new", 0, True)):
        at = now - timedelta(minutes=minutes)
        note_phone(agency, PhoneHealth("simulator", device, at, 64 if charging else None, charging))
    assert "unseen since" in run("channels").out
    seen = f"{now.astimezone(agency.settings.zone):%Y-%m-%d %H:%M}"
    assert f"simulator  new     64 %     yes       {seen}" in run("channels", "phones").out
    for words, sentence in (
        (
            ("simulator", "older"),
            "No phone 'older' has said anything by the channel 'simulator' (there are new, old).",
        ),
        (("nowhere", "old"), "No phone 'old' has said anything by the channel 'nowhere' (there are none)."),
        (("simulator",), "DEVICE"),
    ):
        ran = run("channels", "forget", *words)
        assert (ran.status, ran.err.count("\n"), sentence in ran.err) == (2, 1, True)
    assert run("channels", "forget", "simulator", "old").status == 0
    assert "unseen since" not in run("channels").out
    assert decisions() == [("phone forgotten", 'simulator {"device": "old"}')]


def test_a_channel_that_is_set_up_again_under_its_name_is_watched_afresh(run: Run, agency: Services) -> None:
    now = datetime.now(UTC)
    note_phone(agency, PhoneHealth("http", "old", now - timedelta(hours=1)))
    row = {"failing_since": now - timedelta(hours=1), "failed_at": now, "reason": "no credit", "rate": 60}
    with agency.engine.begin() as connection:
        connection.execute(sa.insert(ChannelState).values(channel="http", **row))
        connection.execute(sa.insert(ChannelHour).values(channel="http", hour=now, texts=1))
    assert "failing since" in run("channels").out
    assert run("channels", "remove", "http").status == 0
    assert run("channels", "add", "http", "http", "--stdin", typed="secret=x\n").status == 0
    assert [line.split()[-1] for line in run("channels").out.splitlines() if " http " in line] == ["ok"]
    with agency.engine.connect() as connection:
        assert connection.scalar(sa.select(ChannelState.rate)) == 60
        assert connection.scalar(sa.select(sa.func.count()).select_from(ChannelHour)) == 0


def test_a_channel_becomes_no_kind_that_its_lines_cannot_go_through(run: Run, agency: Services) -> None:
    again = ("channels", "add", "hubtel", "simulator", "--replace", "--stdin")
    ran = run(*again, typed="callback_key=0123456789abcdef\n")
    assert (ran.status, "2 lines go through simulator, and hubtel takes no texts" in ran.err) == (2, True)
    environment = {"VIGIE_TWILIO_ACCOUNT_SID": SID, "VIGIE_TWILIO_AUTH_TOKEN": TOKEN}
    run("lines", "add", f"whatsapp:{OURS}", "--profile", "agents", "--channel", "twilio", **environment)
    with agency.engine.begin() as connection:
        connection.execute(sa.update(Line).where(Line.channel == "twilio").values(channel="http"))
    ran = run("channels", "add", "android", "http", "--replace", "--stdin", typed=f"secret=x\nlines={OURS}\n")
    assert (ran.status, "Lines on WhatsApp go through http, and android has none" in ran.err) == (2, True)


def two_lines(run: Run) -> tuple[str, str]:
    """Lines of two channels that carry texts."""
    for number, name in ((OURS, "web"), (OTHER, "web2")):
        run(
            "channels", "add", "http", name, "--secret", "secret=x", "--secret", "send_url=http://127.0.0.1:9"
        )
        run("lines", "add", number, "--channel", name, "--profile", "agents")
    return OURS, OTHER


def test_a_canary_is_set_shown_changed_and_ended(
    run: Run, agency: Services, decisions: Callable[[], list[tuple[str, str]]]
) -> None:
    pair = two_lines(run)
    assert "canary" not in run("channels").out
    ran = run("channels", "canary", *pair)
    assert (ran.out, ran.err) == ("Every 15 minutes a text goes from line 3 to line 4: 96 a day.\n", "")
    assert run("channels").out.splitlines()[-1].split() == [*pair, "15", "min", "–", "–", "under", "way"]
    sent_at = agency.now() - timedelta(minutes=20)
    with agency.engine.begin() as connection:
        row = {"sent_at": sent_at, "text_hash": None, "took": timedelta(seconds=7.4)}
        connection.execute(sa.update(CanaryRecord).values(row))
    assert run("channels", "canary", *pair, "--every", "60").status == 0
    moment = f"{sent_at.astimezone(agency.settings.zone):%Y-%m-%d %H:%M}".split()
    canary = [*pair, "60", "min", *moment, "7", "s"]
    assert run("channels").out.splitlines()[-1].split() == [*canary, "ok"]
    with agency.engine.begin() as connection:
        connection.execute(sa.update(CanaryRecord).values(text_hash=b"x"))
    out = run("channels").out
    assert out.splitlines()[-1].split() == [*canary, "late", "since", *moment]
    assert f"late since {' '.join(moment)}: line 3 to line 4" in out, "the channel is in trouble"
    assert run("channels", "canary", *pair, "--off").out == "No more texts go from line 3 to line 4.\n"
    again = run("channels", "canary", *pair, "--off")
    assert (again.status, "There is no such canary" in again.err) == (2, True)
    assert decisions()[-3:] == [
        ("canary set", 'line 3 to line 4 {"every": 15}'),
        ("canary set", 'line 3 to line 4 {"every": 60}'),
        ("canary ended", "line 3 to line 4 {}"),
    ]


def test_a_canary_is_refused_where_nothing_could_come_back(run: Run, agency: Services) -> None:
    ours, other = two_lines(run)
    run("lines", "add", f"whatsapp:{ours}", "--channel", "web", "--profile", "agents")
    for words, sentence in (
        ((ours, ours), "goes from one line to another: name two"),
        ((ours, "+22790000101"), "goes between two lines of ours"),
        ((ours, "somebody"), "The line is no phone number"),
        ((f"whatsapp:{ours}", other), "is on WhatsApp, where a line only answers"),
        ((ours, demo.AGENTS_LINE), "is the simulator's, which reaches its own phones alone"),
        ((ours, other, "--every", "9"), "9 is not in the range 10<=x<=1440"),
    ):
        ran = run("channels", "canary", *words)
        assert (ran.status, sentence in ran.err) == (2, True), ran.err
        assert ran.err.count("\n") == 1
    with agency.engine.connect() as connection:
        assert connection.execute(sa.select(CanaryRecord)).all() == []


def test_a_canary_ends_with_either_of_its_lines(
    run: Run, agency: Services, decisions: Callable[[], list[tuple[str, str]]]
) -> None:
    ours, other = two_lines(run)
    for pair in ((ours, other), (other, ours)):
        run("channels", "canary", *pair)
    assert run("lines", "remove", other).out == "Line 4 is removed, and so are its canaries.\n"
    assert decisions()[-1] == ("line removed", 'line 4 {"canaries": 2}')
    with agency.engine.connect() as connection:
        assert connection.execute(sa.select(CanaryRecord)).all() == []
