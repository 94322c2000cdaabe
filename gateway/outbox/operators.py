"""Which numbers are an operator's or a country's. The list itself is `operators.toml`, beside this file."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

EVERYWHERE: Final = "*"
_PREFIX = re.compile(r"\+[1-9][0-9]{0,14}")


class BadReachError(ValueError):
    """No operator or country is called so; the message is one sentence."""


@cache
def operators() -> Mapping[str, tuple[str, ...]]:
    """The beginnings of numbers by operator and by country."""
    table = tomllib.loads((files("gateway.outbox") / "operators.toml").read_text(encoding="utf-8"))
    return {name: tuple(prefixes) for name, prefixes in table.items()}


def prefixes_of(reach: Iterable[str]) -> tuple[str, ...]:
    """How the numbers begin that names stand for: ``*``, an operator, a country, or a beginning itself.

    Raise BadReachError.
    """
    return tuple(prefix for name in reach for prefix in _prefixes(name))


def _prefixes(name: str) -> tuple[str, ...]:
    if name == EVERYWHERE:
        return ("",)
    if _PREFIX.fullmatch(name):
        return (name,)
    if name not in operators():
        names = ", ".join(operators())
        raise BadReachError(f"There is no {name!r} to reach: there are {names}, * and beginnings like +2279.")
    return operators()[name]
