"""Every knob, read once from the environment, frozen, each with a help text.

Any name may be given as ``NAME_FILE`` instead: the value is then that file's content, as mounted
secrets are.
"""

import logging
import os
import re
import secrets
from datetime import time
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from gateway import files

# While one of these is in the data folder, a new key would open nothing there.
_MADE_WITH_A_KEY: Final = ("keyring.json", "postgres")
_PLAIN = re.compile(r"[!-~]+")  # no blanks, nothing that a request line cannot hold
# RFC 5321's mailbox without quoted names and bare addresses, which no mail service hands out.
_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+", re.ASCII | re.IGNORECASE)
_LONGEST_EMAIL: Final = 254
_HOUR = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


class BadSettingsError(Exception):
    """A setting is wrong; the message is one sentence that names it."""


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


CommaSeparated = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


def http_address(value: str) -> str:
    """The address without a slash at its end. Raise ValueError with words that follow its name."""
    try:
        parts = urlsplit(value)
        host, _ = (parts.hostname or "").encode("idna"), parts.port
    except ValueError:  # brackets left open, a port that is none, a name that cannot be
        host = b""
    if not value.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    if not host or not _PLAIN.fullmatch(value):
        raise ValueError("must be an address such as https://sms.example.org")
    if parts.username is not None:
        raise ValueError("must hold no user and password")
    return value.rstrip("/")


def email_address(value: str) -> str:
    """The address without blanks around it. Raise ValueError with words that never repeat it."""
    value = value.strip()
    if len(value) > _LONGEST_EMAIL or not _EMAIL.fullmatch(value):
        raise ValueError("is no e-mail address, such as chef@example.org")
    return value


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="VIGIE_", frozen=True, extra="ignore")

    data_dir: Path = Field(Path("./var"), description="spool, keys and the embedded servers' data")
    database_url: str = Field("", description="PostgreSQL; empty = an embedded server in the data folder")
    redis_url: str = Field("", description="Redis; empty = an embedded server in the data folder")
    secret_keys: CommaSeparated = Field(
        (),
        repr=False,
        description="comma-separated keys; the first encrypts, the rest still decrypt",
    )
    public_url: str = Field(
        "http://127.0.0.1:8080",
        description="address that providers call (signatures are computed over it)",
    )
    trusted_proxies: CommaSeparated = Field(
        (), description="proxies whose X-Forwarded-For is believed: addresses or networks, comma-separated"
    )
    agency_dir: str = Field(
        "", description="the agency's own codebook, words, points, partners; empty = those that come with us"
    )
    timezone: str = Field("Africa/Niamey", description="the agency's clock")
    country: str = Field("NE", description="default country of phone numbers")
    twilio_account_sid: str = Field("", description="Twilio account; empty = channel off")
    twilio_auth_token: CommaSeparated = Field(
        (), repr=False, description="Twilio's token; two, comma-separated, while rotating"
    )
    twilio_api_url: str = Field("https://api.twilio.com", description="base address of Twilio's REST API")
    http_secret: str = Field("", repr=False, description="HMAC secret of the http channel; empty = off")
    api_tokens: CommaSeparated = Field(
        (), repr=False, description="bearer tokens of the REST API, name:token comma-separated"
    )
    demo: bool = Field(default=False, description="the sample agency; `vigie up --demo` sets it")
    pace: float = Field(1.0, gt=0, description="divides every waiting period of escalation and reminders")
    lanes: int = Field(8, ge=1, le=1024, description="inbox lanes; change only with an empty inbox")
    batch: int = Field(200, ge=1, le=5000, description="messages that one drain reads at most")
    web_workers: int = Field(1, ge=1, le=64, description="web processes")
    web_threads: int = Field(32, ge=1, le=256, description="requests that one web process serves at once")
    send_slots: int = Field(8, ge=1, le=64, description="texts that are handed to providers at once")
    crisis_texts_a_day: int = Field(
        500,
        ge=0,
        description="texts of crises that officers get in a day however many they got lately; then one a step",
    )
    recordings_days: int = Field(
        90, ge=1, le=3650, description="days for which callers' voice messages are kept, then they are erased"
    )
    digest_at: str = Field(
        "07:00,19:00",
        description="when chiefs are told how things stand, by the agency's clock, comma-separated; empty = never",
    )
    sitrep_to: CommaSeparated = Field(
        (),
        repr=False,
        description="e-mail addresses that get the country's situation report, comma-separated",
    )
    smtp_host: str = Field("", description="mail server for situation reports; empty = none are mailed")
    smtp_port: int = Field(587, ge=1, le=65535, description="its port; 587 goes with starttls, 465 with tls")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        description="starttls, tls from the first byte, or none (only within one machine or network)",
    )
    smtp_user: str = Field("", description="user at the mail server; empty = no log-in")
    smtp_password: str = Field("", repr=False, description="that user's password")
    smtp_from: str = Field("", description="sender of situation reports, such as vigie@example.org")
    smtp_ca_file: str = Field(
        "", description="certificate that the mail server's is signed with; empty = those the system trusts"
    )
    heartbeat_url: str = Field(
        "",
        repr=False,
        description="address that is called every minute, only while all is well; empty = none",
    )
    all_well_at: str = Field(
        "",
        description="when the country's chiefs get the daily text that is as long whether all is well or not; empty = never",
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no time zone; use a name such as Africa/Niamey") from error
        return value

    @field_validator("public_url", "twilio_api_url")
    @classmethod
    def _address(cls, value: str) -> str:
        return http_address(value)

    @field_validator("heartbeat_url")
    @classmethod
    def _address_or_none(cls, value: str) -> str:
        if value:
            http_address(value)
        return value  # as it is: to whoever counts the calls a slash at its end may matter

    @field_validator("all_well_at")
    @classmethod
    def _hour_or_none(cls, value: str) -> str:
        if value and not _HOUR.fullmatch(value):
            raise ValueError("must be an hour such as 06:30")
        return value

    @field_validator("digest_at")
    @classmethod
    def _hours(cls, value: str) -> str:
        if not all(_HOUR.fullmatch(hour) for hour in _split(value)):
            raise ValueError("each is an hour such as 07:00")
        return value

    @field_validator("sitrep_to")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(email_address(one) for one in value)

    @field_validator("smtp_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        return email_address(value) if value else value

    @field_validator("database_url")
    @classmethod
    def _postgresql(cls, value: str) -> str:
        if not value:
            return value
        scheme, found, rest = value.partition("://")
        if not found or scheme not in {"postgres", "postgresql", "postgresql+psycopg"}:
            raise ValueError("must be a postgresql:// address")
        import sqlalchemy as sa  # noqa: PLC0415 - takes a while to load

        address = f"postgresql+psycopg://{rest}"
        try:
            port = sa.make_url(address).port
        except (ValueError, sa.exc.ArgumentError):
            port = 0
        if port is not None and not 0 < port < 65536:
            raise ValueError("must be a postgresql:// address, and its port a number from 1 to 65535")
        return address

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str) -> str:
        if not value:
            return value
        from redis.connection import parse_url  # noqa: PLC0415 - takes a while to load

        try:
            parse_url(value)  # type: ignore[no-untyped-call]
        except ValueError:
            raise ValueError("must be a redis://, rediss:// or unix:// address") from None
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in logging.getLevelNamesMapping():
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            for network in value:
                ip_network(network)
        except ValueError as error:
            raise ValueError("each is written 127.0.0.1 or 10.0.0.0/24") from error
        return value

    @field_validator("api_tokens")
    @classmethod
    def _named_tokens(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(":" not in pair for pair in value):
            raise ValueError("each token is written name:token")
        return value

    @model_validator(mode="after")
    def _sender_of_mail(self) -> Self:
        if self.smtp_host and not self.smtp_from:
            raise ValueError("VIGIE_SMTP_FROM is empty: with VIGIE_SMTP_HOST it must name a sender")
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def digest_hours(self) -> tuple[time, ...]:
        return tuple(time.fromisoformat(hour) for hour in _split(self.digest_at))

    @property
    def spool_dir(self) -> Path:
        return self.data_dir / "spool"

    @property
    def prompts_dir(self) -> Path:
        """The voice menu's sentences, as the agency recorded them."""
        return self.data_dir / "prompts"

    def tokens(self) -> dict[str, str]:
        """API tokens as {token: name}."""
        return {token: name for name, _, token in (pair.partition(":") for pair in self.api_tokens)}

    @classmethod
    def read(cls, **overrides: Any) -> Self:
        """The settings of this process, or BadSettingsError with one sentence."""
        from_files = {
            name: _file_value(name) for name in cls.model_fields if f"VIGIE_{name}_FILE".upper() in os.environ
        }
        try:
            return cls(**{**from_files, **overrides})
        except ValidationError as error:
            first = error.errors()[0]
            name = f"VIGIE_{first['loc'][0]}".upper() if first["loc"] else "the settings"
            reason = first["msg"].removeprefix("Value error, ")
            raise BadSettingsError(f"{name}: {reason}.") from None


def _file_value(name: str) -> str:
    path = Path(os.environ[f"VIGIE_{name}_FILE".upper()])
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadSettingsError(
            f"VIGIE_{name.upper()}_FILE: {path} cannot be read ({error.strerror})."
        ) from error


def secret_keys(settings: Settings, *, create: bool = False) -> tuple[str, ...]:
    """The configured keys, or those that `vigie up` keeps in the data folder (made when ``create``)."""
    if settings.secret_keys:
        return settings.secret_keys
    path = settings.data_dir / "secret-keys"
    if create and not path.exists():
        if any((settings.data_dir / made).exists() for made in _MADE_WITH_A_KEY):
            raise BadSettingsError(
                f"{path} is missing, and nothing else opens the data that is in this folder: bring the file "
                "back from the backup (or set VIGIE_SECRET_KEYS to the keys that it held)."
            )
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        files.replace(path, f"{secrets.token_urlsafe(32)}\n".encode())
    try:
        keys = tuple(_split(path.read_text(encoding="ascii").strip()))
    except OSError:
        keys = ()
    if not keys:
        raise BadSettingsError(
            f"VIGIE_SECRET_KEYS is empty and {path} holds no key: set it, or start with `vigie up`, "
            "which makes one."
        )
    return keys
