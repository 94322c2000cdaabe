"""The web application over fakes: an inbox in memory, services that reach nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import redis
from flask import Flask
from flask.testing import FlaskClient

from gateway.app import create_app
from gateway.channels.base import Channel
from gateway.channels.registry import build_channel
from gateway.inbox.accept import NotStoredError
from gateway.inbox.calls import Calls
from gateway.messages import InboundMessage, Receipt, Screen, SessionStep
from gateway.queueing import Doorbell
from gateway.services import Services
from gateway.settings import Settings
from gateway.storage.cipher import Cipher
from gateway.storage.database import create_engine
from tests.standins.africastalking import API_KEY, CALLBACK_KEY, USERNAME
from tests.standins.twilio import ACCOUNT_SID, AUTH_TOKEN
from tests.standins.ussd import PHONES, AfricasTalkingPhone, Call, Reply, through, told

SECRET = "a-secret-of-the-http-channel"
PUBLIC_URL = "https://vigie.example.ne/niger"
API_TOKEN = "a-token-for-tests"
NOWHERE = "postgresql+psycopg://127.0.0.1:9/none"


@dataclass
class FakeInbox:
    """Keeps what it accepted; ``full`` makes it refuse as when nothing can be stored."""

    accepted: list[InboundMessage] = field(default_factory=list)
    full: bool = False

    def accept(self, message: InboundMessage) -> None:
        if self.full:
            raise NotStoredError
        self.accepted.append(message)


@dataclass
class FakeReceipts:
    """Keeps what it was told; ``error`` is raised instead; ``hang`` is called first."""

    taken: list[Receipt] = field(default_factory=list)
    error: Exception | None = None
    hang: Callable[[Receipt], None] = lambda _: None

    def __call__(self, receipt: Receipt) -> bool:
        self.hang(receipt)
        if self.error:
            raise self.error
        self.taken.append(receipt)
        return True


@dataclass
class FakeSessions:
    """Keeps its steps and answers with the next of its screens; ``hang`` is called first."""

    steps: list[SessionStep] = field(default_factory=list)
    screens: list[Screen] = field(default_factory=list)
    hang: Callable[[], object] = lambda: None

    def step(self, step: SessionStep) -> Screen:
        self.hang()
        self.steps.append(step)
        return self.screens.pop(0) if self.screens else Screen("1 Signaler", goes_on=True)

    def busy(self, step: SessionStep) -> Screen:
        return Screen("" if step.over else "SMS: +22780000002", goes_on=False)

    def is_open(self, channel: str, session: str) -> bool:
        return any((step.channel, step.session) == (channel, session) for step in self.steps)


@dataclass
class Web:
    """The application and what stands behind it."""

    app: Flask
    inbox: FakeInbox
    receipts: FakeReceipts
    sessions: FakeSessions

    def call(self, call: Call) -> Reply:
        """What a USSD provider is answered."""
        return through(self.client)(call)

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()


def settings_of(data_dir: Path) -> Settings:
    return Settings.read(data_dir=data_dir, public_url=PUBLIC_URL, api_tokens=(f"tests:{API_TOKEN}",))


def all_channels(settings: Settings) -> dict[str, Channel]:
    secrets = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN, "secret": SECRET, "key": SECRET}
    secrets |= {"sendsms_url": "http://127.0.0.1:9/sendsms", "username": "u", "password": "p"}
    africastalking = {"username": USERNAME, "api_key": API_KEY, "callback_key": CALLBACK_KEY}
    kinds = ("twilio", "http", "kannel", "simulator")
    channels = {kind: build_channel(kind, kind, secrets, settings) for kind in kinds}
    return channels | {
        "africastalking": build_channel("africastalking", "africastalking", africastalking, settings),
        **{
            phone.name: build_channel(phone.name, phone.kind, told(phone), settings)
            for phone in PHONES
            if phone is not AfricasTalkingPhone
        },
    }


def web_over_fakes(data_dir: Path, database_url: str = NOWHERE) -> Web:
    settings = settings_of(data_dir)
    away = redis.Redis(port=9, socket_connect_timeout=0.2, retry=None)  # type: ignore[arg-type]
    services = Services(
        settings=settings,
        engine=create_engine(database_url),
        redis=away,
        doorbell=Doorbell(away),
        cipher=cast("Cipher", None),
        channels=all_channels(settings),
        now=lambda: datetime.now(UTC),
    )
    return web_over(services)


def web_over(services: Services) -> Web:
    inbox, receipts, sessions = FakeInbox(), FakeReceipts(), FakeSessions()
    return Web(
        create_app(services, inbox, receipts, sessions, Calls(services, inbox, list)),
        inbox,
        receipts,
        sessions,
    )
