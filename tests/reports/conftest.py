from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.reports.reader import Reader, load_reader

AT = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)

ReadOne = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def reader() -> Reader:
    return load_reader("Africa/Niamey")


@pytest.fixture(scope="session")
def read_one(reader: Reader) -> ReadOne:
    """Reads a text of one incident at 14:00 in Niamey."""

    def read(text: str, line: Any = "agents", post: str | None = None, at: datetime = AT) -> dict[str, Any]:
        (reading,) = reader.read(text, line=line, at=at, post=post).to_dict()["readings"]
        plain: dict[str, Any] = reading
        return plain

    return read
