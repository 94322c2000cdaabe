"""The sample agency of `vigie up --demo`: numbers that belong to nobody we know.

It refuses to start where Twilio's real address is configured, so that a demo never texts a stranger.
"""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway import files
from gateway.channels.records import ChannelRecord, Line
from gateway.duty.records import ShiftRecord
from gateway.people.records import Officer, Organisation, Reporter
from gateway.people.service import set_pin
from gateway.settings import BadSettingsError, Settings
from gateway.storage.cipher import Cipher

SERVICE_CODE, PIN = "*384#", "2468"
AGENTS_LINE, HOTLINE = "+22780000001", "+22780000002"
USSD_CODE = "*384#"
SIMULATOR = "simulator"
ACCESS_FILE = "demo-api-token"
_HERE = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class DemoReporter:
    number: str
    name: str
    post: str
    organisation: str
    language: str = "fr"


REPORTERS = (
    DemoReporter("+22790000101", "Agent Assamaka", "ASM", "Police"),
    DemoReporter("+22790000102", "Agent Dan Issa", "DNS", "Gendarmerie"),
    DemoReporter("+22790000103", "Agent Agadez", "AGZ", "ASAD", "en"),
    DemoReporter("+22790000104", "Agent Gaya", "GAY", "Douanes"),
)
OFFICERS = (
    ("+22790000901", "Officier Un"),
    ("+22790000902", "Officier Deux"),
    ("+22790000903", "Superviseur"),
)
# Whoever needs help: registered nowhere; the simulator names them in its languages.
CALLERS = (("+22790000501", "caller_a"), ("+22790000502", "caller_b"))
LOAD_TEST_POST = "AGZ"
LOAD_TEST_NUMBERS = tuple(f"+2279000{number}" for number in range(2000, 2500))


def refuse_strangers(settings: Settings) -> None:
    """A demo with Twilio needs a stand-in on this machine."""
    host = urlsplit(settings.twilio_api_url).hostname
    if settings.twilio_account_sid and host not in _HERE:
        raise BadSettingsError(
            "VIGIE_TWILIO_ACCOUNT_SID is set and VIGIE_TWILIO_API_URL is not on this machine: a demo "
            "must not text strangers, so unset the first or point the second at a local stand-in."
        )


def api_token(data_dir: Path) -> str:
    """The demo's API token, made once and kept in the data folder."""
    path = data_dir / ACCESS_FILE
    if not path.exists():
        files.replace(path, f"{secrets.token_urlsafe(24)}\n".encode())
    return path.read_text(encoding="ascii").strip()


def lives_in(data_dir: Path) -> bool:
    """Whether this folder was made by a demo."""
    return (data_dir / ACCESS_FILE).exists()


def seed(connection: sa.Connection, cipher: Cipher, settings: Settings) -> bool:
    """Make the sample agency where there is none. Returns whether it was made now."""
    if connection.execute(sa.select(sa.exists(sa.select(Line.id)))).scalar_one():
        return False
    channel = "twilio" if settings.twilio_account_sid else SIMULATOR
    _channels(connection, cipher)
    _lines(connection, cipher, channel)
    _reporters(connection, cipher)
    _officers(connection, cipher)
    return True


def _channels(connection: sa.Connection, cipher: Cipher) -> None:
    # Its USSD alone is shown: no line goes through it, and its API is nowhere.
    ussd = {"username": "demo", "api_key": "none", "api_url": "http://127.0.0.1:9"}
    for name, told in {
        SIMULATOR: {"secret": secrets.token_urlsafe(24)},
        "http": {"secret": secrets.token_urlsafe(24)},
        "africastalking": {**ussd, "callback_key": secrets.token_urlsafe(24)},
    }.items():
        sealed = cipher.encrypt(json.dumps(told))
        connection.execute(sa.insert(ChannelRecord).values(name=name, kind=name, secrets=sealed))


def _lines(connection: sa.Connection, cipher: Cipher, channel: str) -> None:
    for number, profile in ((AGENTS_LINE, "agents"), (HOTLINE, "hotline")):
        connection.execute(
            sa.insert(Line).values(**_sealed(cipher, number), profile=profile, channel=channel)
        )


def _reporters(connection: sa.Connection, cipher: Cipher) -> None:
    organisations = {}
    for short_name in dict.fromkeys(reporter.organisation for reporter in REPORTERS):
        organisations[short_name] = connection.execute(
            sa.insert(Organisation).values(short_name=short_name, name=short_name).returning(Organisation.id)
        ).scalar_one()
    rows = [
        {
            "id": uuid7(),
            **_sealed(cipher, reporter.number),
            "name": reporter.name,
            "organisation_id": organisations[reporter.organisation],
            "post": reporter.post,
            "language": reporter.language,
            "listed": True,
        }
        for reporter in REPORTERS
    ]
    rows += [
        {
            "id": uuid7(),
            **_sealed(cipher, number),
            "name": f"Essai {number[-4:]}",
            "organisation_id": None,
            "post": LOAD_TEST_POST,
            "language": "fr",
            "listed": False,
        }
        for number in LOAD_TEST_NUMBERS
    ]
    connection.execute(sa.insert(Reporter), rows)
    for reporter in REPORTERS:
        set_pin(connection, cipher, cipher.digest(reporter.number), PIN)


def _officers(connection: sa.Connection, cipher: Cipher) -> None:
    for step, (number, name) in enumerate(OFFICERS):
        officer = uuid7()
        connection.execute(
            sa.insert(Officer).values(id=officer, **_sealed(cipher, number), name=name, language="fr")
        )
        set_pin(connection, cipher, cipher.digest(number), PIN)
        connection.execute(sa.insert(ShiftRecord).values(officer_id=officer, step=step))


def _sealed(cipher: Cipher, number: str) -> dict[str, bytes]:
    return {"number": cipher.encrypt(number), "number_hash": cipher.digest(number)}
