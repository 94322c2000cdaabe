"""The law of slips: no single slip in a code, anywhere in a text, makes another incident of it unasked."""

import string

import pytest

from gateway.reports.reader import Reader
from gateway.reports.reading import Parse
from tests.reports.conftest import AT

# One for each way in which a code that is not understood could leave its words to something else.
TEXTS = [
    "{} ASM 12 pers ont ete blesses",
    "{} ASM 120 pers MED",
    "{} ASM 120 pers. EAU ASM 40 pers",
    "RAS BIL, {} DRK T40 VEH2 vers MDM",
    "ARR DNS H1 NG1\n{} DNS F3 NG3",
    "TEST {} ASM 12",
]


def slips(code: str) -> set[str]:
    word = code.lower()
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    letters = string.ascii_lowercase
    found = {head + letter + tail for head, tail in cuts for letter in letters}
    found |= {head + tail[1:] for head, tail in cuts if tail}
    found |= {head + letter + tail[1:] for head, tail in cuts if tail for letter in letters}
    found |= {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    return found - {word}


def codes(parse: Parse) -> list[str | None]:
    return [reading.code for reading in parse.readings]


@pytest.mark.parametrize("text", TEXTS)
def test_a_slip_in_a_code_is_asked_about_or_reads_the_same(text: str, reader: Reader) -> None:
    vocabulary = reader.vocabulary
    names = vocabulary.gazetteer.by_name.keys() | vocabulary.gazetteer.towns.keys()
    words = vocabulary.known | vocabulary.points.keys() | vocabulary.iso | names
    unasked = []
    for code in sorted(reader.book.codes):
        right = reader.read(text.format(code), line="agents", at=AT, post=None)
        for slip in slips(code) - words:  # a slip that makes a word is that word
            parse = reader.read(text.format(slip.upper()), line="agents", at=AT, post=None)
            if codes(parse) != codes(right) and not any(reading.problems for reading in parse.readings):
                unasked.append((slip, codes(right), codes(parse)))
    assert unasked == []
