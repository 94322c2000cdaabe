"""Plays in which an officer's phone rings: it is picked up, a key is pressed, or not."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
import sqlalchemy as sa

from gateway import bootstrap
from gateway.alerts import service as alerts
from gateway.app import create_app
from gateway.channels.records import Line
from gateway.channels.registry import build_channel
from gateway.duty.records import ShiftRecord
from gateway.services import Services
from gateway.settings import Settings
from gateway.storage.database import create_engine, table_of
from tests.conversations.phones import Agency, Phone
from tests.standins.twilio import ACCOUNT_SID, AUTH_TOKEN, Fault, TwilioStandIn
from tests.standins.twilio_voice import AnsweredCall

LINE, SHIFT = table_of(Line), table_of(ShiftRecord)
VOICE_LINE = "+22780000003"
KEYS = (
    "Pour la prendre, tapez 1. Si vous ne pouvez pas, tapez 2. "
    "Pour appeler le suivant, tapez 3. Pour réécouter, tapez étoile."
)


@dataclass
class Exchange:
    """What rings. A call that nobody expected fails the play."""

    services: Services
    agency: Agency
    standin: TwilioStandIn
    expected: list[str] = field(default_factory=list)

    def rings(self, phone: Phone, answered_by: str = "human") -> AnsweredCall:
        """The next call to this phone."""
        new = [
            call for call in self.standin.calls if call.to == phone.number and call.sid not in self.expected
        ]
        assert new, f"{phone.number} was not called"
        self.expected.append(new[0].sid)
        app = create_app(
            self.services,
            self.agency.acceptor,
            bootstrap.receipts(self.services),
            self.agency.ussd,
            self.agency.calls,
        )
        assert new[0].sender == VOICE_LINE
        return AnsweredCall(app.test_client(), self.services.settings.public_url, new[0], answered_by)

    def is_quiet(self) -> None:
        assert [call.to for call in self.standin.calls if call.sid not in self.expected] == []


@pytest.fixture
def exchange(agency: Agency) -> Iterator[Exchange]:
    services = agency.services
    with TwilioStandIn(callbacks=False) as standin:
        settings = Settings.read(**{**services.settings.model_dump(), "twilio_api_url": standin.url})
        secrets = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}
        services.channels["twilio"] = build_channel("twilio", "twilio", secrets, settings)
        cipher = services.cipher
        sealed = {"number": cipher.encrypt(VOICE_LINE), "number_hash": cipher.digest(VOICE_LINE)}
        with services.engine.begin() as connection:
            connection.execute(sa.insert(LINE).values(profile="agents", channel="twilio", **sealed))
        running = Exchange(services, agency, standin)
        yield running
        running.is_quiet()


@pytest.fixture
def cry(agency: Agency, exchange: Exchange) -> AnsweredCall:
    """A grave report came in; its text was read, and the first officer's phone rings."""
    agency.agent.texts("RPZ ASM 512")
    agency.agent.expects("Recu")
    agency.first.expects("ALERTE 1")
    return exchange.rings(agency.first)


def jump(agency: Agency, minutes: float) -> None:
    agency.clock.forward(minutes=minutes)
    agency.tick()


def test_whoever_picks_up_hears_class_and_place_and_takes_it_with_a_key(
    agency: Agency, exchange: Exchange, cry: AnsweredCall
) -> None:
    assert cry.pick_up() == ["Alerte, vie en danger.", "Refoulement Point Zéro, Assamaka.", KEYS]
    assert cry.press("1") == ["C'est à vous. Lisez le SMS."]
    assert not cry.goes_on
    agency.work()
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge 14:00")
    cry.ends()
    jump(agency, 50)
    exchange.is_quiet()
    assert [row.state for row in agency.outgoing(agency.first) if row.purpose == "call"] == ["delivered"]


def test_the_key_pressed_twice_on_a_bad_line_is_one_answer(agency: Agency, cry: AnsweredCall) -> None:
    cry.pick_up()
    address = cry.waits
    cry.press("1")
    cry.waits = address
    assert cry.press("1") == ["C'est à vous. Lisez le SMS."]
    agency.work()
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge 14:00")


@pytest.mark.parametrize("key", ["2", "3"])
def test_a_key_says_that_somebody_else_must_come(
    agency: Agency, exchange: Exchange, cry: AnsweredCall, key: str
) -> None:
    cry.pick_up()
    assert cry.press(key) == ["C'est noté."]
    agency.tick()
    agency.first.expects()
    agency.second.expects("ALERTE 1")
    exchange.rings(agency.second)


def test_no_key_is_no_answer_and_the_next_is_called(
    agency: Agency, exchange: Exchange, cry: AnsweredCall
) -> None:
    assert len(cry.pick_up()) == 3
    assert cry.press("*")[-1] == KEYS
    for _ in range(3):
        assert cry.press("")[-1] == KEYS
    assert cry.press("9") == ["Au revoir."]
    assert not cry.goes_on
    cry.ends()
    jump(agency, 5)
    agency.second.expects("ALERTE 1")
    exchange.rings(agency.second)


def test_an_answering_machine_hears_nothing_and_takes_nothing(
    agency: Agency, exchange: Exchange, cry: AnsweredCall
) -> None:
    cry.fields["AnsweredBy"] = "machine_start"
    assert cry.pick_up() == []
    assert "Alerte" not in cry.answers[-1]
    cry.ends()
    row = agency.outgoing(agency.first)[-1]
    assert (row.purpose, row.state, row.error) == ("call", "failed", "an answering machine picked up")
    jump(agency, 5)
    agency.second.expects("ALERTE 1")
    exchange.rings(agency.second).ends("busy")
    assert agency.outgoing(agency.second)[-1].error == "the phone was busy"


def test_a_phone_that_rings_while_another_takes_it_says_who_and_when(
    agency: Agency, exchange: Exchange, cry: AnsweredCall
) -> None:
    jump(agency, 5)
    agency.second.expects("ALERTE 1")
    late = exchange.rings(agency.second)
    cry.pick_up()
    cry.press("1")
    agency.work()
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge 14:05")
    assert late.pick_up() == ["Déjà pris.", "Officier Un, 14:05."]
    assert not late.goes_on


def test_a_key_pressed_after_another_took_it_takes_nothing(
    agency: Agency, exchange: Exchange, cry: AnsweredCall
) -> None:
    jump(agency, 5)
    code = agency.second.expects("ALERTE 1").code
    exchange.rings(agency.second)
    cry.pick_up()
    agency.second.replies(code)
    agency.second.expects("est a vous")
    agency.agent.expects("pris en charge")
    assert cry.press("1") == ["Déjà pris.", "Officier Deux, 14:05.", "C'est noté."]
    agency.work()
    agency.first.expects("deja pris en charge par Officier Deux")


def test_a_call_that_has_not_left_is_withheld_once_it_is_taken(agency: Agency, exchange: Exchange) -> None:
    exchange.standin.order(Fault.REFUSE_CALL, times=1, status=503)
    agency.agent.texts("RPZ ASM 512")
    agency.agent.expects("Recu")
    agency.first.replies(agency.first.expects("ALERTE 1").code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")
    agency.fast_forward(seconds=20)
    row = next(row for row in agency.outgoing(agency.first) if row.purpose == "call")
    assert (row.state, row.error) == ("withheld", "the alert is already acknowledged")


def test_a_provider_that_may_not_call_costs_no_text(agency: Agency, exchange: Exchange) -> None:
    exchange.standin.order(Fault.REFUSE_CALL, times=99, status=400, code=21215)
    agency.agent.texts("RPZ ASM 512")
    agency.agent.expects("Recu")
    agency.first.expects("ALERTE 1")
    jump(agency, 5)
    agency.second.expects("ALERTE 1")
    states = {row.purpose: row.state for row in agency.outgoing(agency.second)}
    assert states == {"alert": "sent", "call": "failed"}


def test_what_is_grave_is_texted_and_rings_only_where_the_last_step_is_repeated(
    agency: Agency, exchange: Exchange
) -> None:
    agency.agent.texts("RPZ ASM 12")
    agency.agent.expects("Recu")
    agency.first.expects("ALERTE 2")
    jump(agency, 30)
    agency.second.expects("ALERTE 2")
    jump(agency, 30)
    agency.supervisor.expects("ALERTE 2")
    exchange.is_quiet()
    jump(agency, 30)
    agency.supervisor.expects("ALERTE 2")
    assert exchange.rings(agency.supervisor).pick_up()[0] == "Alerte grave."


def test_what_becomes_graver_rings_whoever_was_only_texted(agency: Agency, exchange: Exchange) -> None:
    agency.agent.texts("RPZ ASM 12")
    agency.agent.expects("Recu")
    agency.first.expects("ALERTE 2")
    agency.clock.forward(minutes=1)
    agency.agent.texts("CORR 512 pas 12")
    agency.agent.expects("512")
    agency.first.expects("CORRIGE")
    exchange.rings(agency.first).pick_up()
    jump(agency, 4)
    agency.second.expects("ALERTE 1")
    exchange.rings(agency.second)


def test_a_hotline_callers_words_and_number_are_never_said(agency: Agency, exchange: Exchange) -> None:
    agency.caller().texts("au secours, ils nous tuent, nous sommes a Dirkou chez Moussa")
    agency.first.expects("ALERTE ligne d'aide 1")
    heard = " ".join(exchange.rings(agency.first).pick_up())
    assert heard.startswith("Alerte, vie en danger. Ligne d'aide.")
    assert "Dirkou" in heard
    assert "Moussa" not in heard
    assert not any(len(word) > 1 for word in heard.split() if word.isdigit())


def test_each_is_called_in_their_language_hausa_where_it_was_recorded(
    agency: Agency, exchange: Exchange
) -> None:
    from gateway.alerts.spoken import sentences

    agency.change(agency.first, language="ha")
    agency.change(agency.second, language="en")
    agency.agent.texts("RPZ ASM 512")
    agency.agent.expects("Recu")
    agency.first.expects("Ref")
    call = exchange.rings(agency.first)
    assert call.pick_up()[0] == "Alerte, vie en danger."
    folder = agency.services.settings.prompts_dir / "ha"
    folder.mkdir(parents=True)
    for language, name in sentences():
        if language == "ha":
            (folder / f"{name}.mp3").write_bytes(f"ha {name}".encode())
    assert call.pick_up() == ["ha officer_alert_1", "Refoulement Point Zéro, Assamaka.", "ha officer_keys"]
    jump(agency, 5)
    agency.second.expects("ALERT 1")
    assert exchange.rings(agency.second).pick_up()[:2] == [
        "Alert, lives at risk.",
        "Pushback, Point Zero, Assamaka.",
    ]


def test_a_closed_alert_says_so(agency: Agency, cry: AnsweredCall) -> None:
    (alert,) = agency.rows(alerts.ALERT)
    alerts.close(agency.services, alert.reference, "operator")
    assert cry.pick_up() == ["Cette alerte est close."]


def test_a_call_to_an_officer_who_was_disabled_meanwhile_says_nothing(
    agency: Agency, cry: AnsweredCall
) -> None:
    agency.change(agency.first, active=False)
    assert cry.pick_up() == []


def test_in_a_crisis_the_others_are_rung_too_and_hear_who_has_it(agency: Agency, exchange: Exchange) -> None:
    beside = agency.officer("+22790000905")
    with agency.services.engine.begin() as connection:
        officer = connection.execute(sa.text("SELECT id FROM officers ORDER BY id DESC LIMIT 1")).scalar_one()
        connection.execute(sa.insert(SHIFT).values(officer_id=officer, step=0))
    agency.agent.texts("SOS ASM 12")
    agency.agent.expects("Recu")
    agency.first.expects("ALERTE 1")
    beside.expects("ALERTE 1")
    exchange.rings(beside).ends("no-answer")
    call = exchange.rings(agency.first)
    call.pick_up()
    call.press("1")
    agency.work()
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")
    jump(agency, 10)
    beside.expects("ALERTE 1")
    again = exchange.rings(beside)
    assert again.pick_up()[:3] == ["Déjà pris.", "Officier Un, 14:00.", "Alerte, vie en danger."]
    assert again.press("1") == ["Déjà pris.", "Officier Un, 14:00.", "C'est noté."]
    agency.work()
    beside.expects("deja pris en charge par Officier Un")
    jump(agency, 15)


def test_with_the_database_away_the_voice_points_to_the_text(
    agency: Agency, exchange: Exchange, cry: AnsweredCall
) -> None:
    away = create_engine("postgresql+psycopg://nobody@127.0.0.1:9/none")
    exchange.services = replace(agency.services, engine=away)
    exchange.expected.clear()
    assert exchange.rings(agency.first).pick_up() == ["Lisez le SMS de l'alerte."]


def test_whoever_took_what_grows_graver_is_called_and_takes_it_as_it_is_now(
    agency: Agency, exchange: Exchange
) -> None:
    agency.agent.texts("RPZ ASM 12")
    agency.agent.expects("Recu")
    alert = agency.first.expects("ALERTE 2")
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")
    jump(agency, 20)
    agency.agent.texts("CORR 512 pas 12")
    agency.agent.expects("512")
    agency.first.expects("CORRIGE", "512")
    call = exchange.rings(agency.first)
    assert call.pick_up() == ["Alerte, vie en danger.", "Refoulement Point Zéro, Assamaka.", KEYS]
    assert call.press("1") == ["C'est à vous. Lisez le SMS."]
    agency.work()
    agency.first.expects("est a vous")
    jump(agency, 55)


def test_whoever_says_by_sms_that_they_have_it_still_is_not_called(
    agency: Agency, exchange: Exchange
) -> None:
    agency.agent.texts("RPZ ASM 12")
    agency.agent.expects("Recu")
    alert = agency.first.expects("ALERTE 2")
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")
    exchange.standin.order(Fault.REFUSE_CALL, times=1, status=503)
    agency.agent.texts("CORR 512 pas 12")
    agency.agent.expects("512")
    agency.first.expects("CORRIGE", "512")
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.fast_forward(seconds=20)
    row = next(row for row in agency.outgoing(agency.first) if row.purpose == "call")
    assert (row.state, row.error) == ("withheld", "the alert is already acknowledged")
