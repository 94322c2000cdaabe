"""Settings that are wrong are named in one sentence; keys are made only where nothing needs older ones."""

from pathlib import Path

import pytest

from gateway.settings import BadSettingsError, Settings, secret_keys


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://u:hidden@host:port/db"),
        ("DATABASE_URL", "postgresql://u:hidden@host:99999/db"),
        ("DATABASE_URL", "mysql://u:hidden@host/db"),
        ("REDIS_URL", "hidden"),
        ("REDIS_URL", "redis://:hidden@host:port"),
        ("REDIS_URL", "redis://:hidden@host/?db=x"),
        ("REDIS_URL", "redis://["),
        ("LOG_LEVEL", "hidden"),
        ("PUBLIC_URL", "http://["),
        ("PUBLIC_URL", "https://"),
        ("TWILIO_API_URL", "http://host:port"),
        ("HEARTBEAT_URL", "https://u:hidden@host/x"),
        ("TRUSTED_PROXIES", "127.0.0.1, hidden"),
        ("TRUSTED_PROXIES", "10.0.0.1/24"),
    ],
)
def test_a_wrong_value_is_named_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"VIGIE_{name}", value)
    with pytest.raises(BadSettingsError) as caught:
        Settings.read()
    assert str(caught.value).startswith(f"VIGIE_{name}: ")
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database_url", "postgresql+psycopg://u:p#w@/db?host=/run/postgresql"),
        ("redis_url", "unix:///run/redis.sock?db=1"),
        ("redis_url", "rediss://:word@host:6380/2"),
        ("log_level", "debug"),
        ("public_url", "https://host:8443/niger"),
        ("public_url", "http://[::1]:8080"),
        ("heartbeat_url", "https://host/ping/0b1c/"),
    ],
)
def test_what_works_is_taken_as_it_is(name: str, value: str) -> None:
    assert getattr(Settings.read(**{name: value}), name) == value


def test_a_key_is_made_in_an_empty_folder_and_kept(tmp_path: Path) -> None:
    settings = Settings.read(data_dir=tmp_path / "new", secret_keys=())
    made = secret_keys(settings, create=True)
    (settings.data_dir / "postgres").mkdir()
    assert secret_keys(settings, create=True) == made


@pytest.mark.parametrize("old", ["keyring.json", "postgres"])
def test_no_key_is_made_over_data_of_an_older_one(tmp_path: Path, old: str) -> None:
    (tmp_path / old).mkdir()
    with pytest.raises(BadSettingsError, match=r"secret-keys is missing.*backup"):
        secret_keys(Settings.read(data_dir=tmp_path, secret_keys=()), create=True)
    assert not (tmp_path / "secret-keys").exists()
