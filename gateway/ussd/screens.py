"""What a USSD phone can show: ASCII, at most 182 characters. Rules, and the words of `screens.toml`."""

import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from gateway.text.gsm7 import fold
from gateway.text.render import cut

MOST: Final = 182
"""A USSD string has 160 octets, which are 182 characters of seven bits (3GPP TS 23.038, 5.1.2.3)."""
FALLBACK: Final = "fr"

Words = Mapping[str, str]


def words(profile: str, language: str) -> Words:
    """What a menu says in a language, or in French where it does not speak it."""
    tables = catalogue()[profile]
    return tables.get(language, tables[FALLBACK])


def languages(profile: str) -> tuple[str, ...]:
    return tuple(catalogue()[profile])


def busy(number: str | None) -> str:
    """What to do while the database is away, for a caller of whom nothing is known."""
    say = catalogue()["busy"]["any"]
    return laid_out(say["nowhere"] if number is None else say["screen"].format(number=number))


@cache
def catalogue() -> Mapping[str, Mapping[str, Words]]:
    """From menu to language to words."""
    tables: Mapping[str, Mapping[str, Words]] = tomllib.loads(
        (files("gateway.ussd") / "screens.toml").read_text(encoding="ascii")
    )
    return tables


def ascii_of(text: str) -> str:
    """The nearest ASCII: `Point Zéro` becomes `Point Zero`; control characters become spaces."""
    letters = unicodedata.normalize("NFKD", fold(text)).encode("ascii", "ignore").decode()
    return " ".join(letters.split())


def laid_out(heading: str, lines: Sequence[str] = (), foot: str = "") -> str:
    """A screen: heading, lines and foot; the longest lines are cut until all fits, and at last the heading."""
    shown = [ascii_of(line) for line in lines]
    room = MOST - len(ascii_of(heading)) - len(ascii_of(foot)) - len(shown) - 1
    widest = max(map(len, shown), default=0)
    while sum(min(len(line), widest) for line in shown) > room:
        widest -= 1
    below = [*(cut(line, widest) for line in shown), *filter(None, [ascii_of(foot)])]
    above = ascii_of(heading)[: MOST - sum(len(line) + 1 for line in below)].rstrip()
    return "\n".join([*filter(None, [above]), *below])
