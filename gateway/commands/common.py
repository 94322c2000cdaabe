"""What several commands need: the settings, with the addresses of a running `vigie up` filled in."""

import os

import click

from gateway.bootstrap import build_services
from gateway.observability import configure_logging
from gateway.services import Services
from gateway.settings import Settings, http_address
from gateway.supervisor.embedded import running_urls

# Where `vigie up` notes its own address for the commands that text it.
WEB_ADDRESS = "web-address"


def settings_here(**overrides: object) -> Settings:
    """The settings; where no address is set, those of the `vigie up` that runs on the data folder."""
    settings = Settings.read(**{name: value for name, value in overrides.items() if value is not None})
    configure_logging(settings.log_level)
    if settings.database_url and settings.redis_url:
        return settings
    running = running_urls(settings.data_dir)
    if running is None:
        return settings
    database_url, redis_url = running
    return Settings.read(
        **overrides,
        database_url=settings.database_url or database_url,
        redis_url=settings.redis_url or redis_url,
    )


def web_address(settings: Settings) -> str:
    """Where the gateway of this data folder listens."""
    path = settings.data_dir / WEB_ADDRESS
    return path.read_text(encoding="ascii") if path.exists() else settings.public_url


def public_address(settings: Settings) -> str:
    """What a phone is told; without one of its own, such as in a demo, the gateway's here."""
    named = "public_url" in settings.model_fields_set
    return settings.public_url if named else web_address(settings)


def web_url(_: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """The callback of ``--url``."""
    try:
        return http_address(value) if value is not None else None
    except ValueError as error:
        raise click.UsageError(f"{parameter.opts[0]} {error}.") from None


def services_here(**overrides: object) -> Services:
    configure_logging("WARNING")
    services = build_services(settings_here(**overrides))
    configure_logging("WARNING")
    return services


def counted(count: int, what: str) -> str:
    """`1 report`, `no reports`."""
    return f"{f'{count:,}' if count else 'no'} {what}{'' if count == 1 else 's'}"


def actor() -> str:
    """Who is at the keyboard, for the audit log."""
    return f"operator {os.environ.get('SUDO_USER') or os.environ.get('USER') or os.getuid()}"


def say(line: str) -> None:
    click.echo(line)
