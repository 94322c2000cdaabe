"""A contact's pseudonym: found again however it is typed, and telling nothing."""

import re
from itertools import pairwise

import pytest

from gateway.hotline.pseudonyms import ordinal, pseudonym


@pytest.mark.parametrize("number", [1, 2, 999, 1_048_575, 1_048_576, 1_048_577, 70_000_000_000])
def test_a_pseudonym_is_read_back(number: int) -> None:
    name = pseudonym(number)
    assert re.fullmatch(r"C-[0-9A-HJKMNP-TV-Z]{4,}", name)
    assert ordinal(name) == ordinal(name.lower()) == ordinal(name.replace("-", "")) == number


def test_contacts_differ_and_neighbours_look_nothing_alike() -> None:
    names = [pseudonym(number) for number in range(1, 20_000)]
    assert len(set(names)) == len(names)
    assert all(one[2:5] != other[2:5] for one, other in pairwise(names))


def test_letters_that_are_mistaken_for_digits_are_understood() -> None:
    name = next(name for name in map(pseudonym, range(1, 50_000)) if {"0", "1"} <= set(name))
    assert ordinal(name.replace("0", "o").replace("1", "l")) == ordinal(name)


@pytest.mark.parametrize("text", ["", "C-", "C-4F7", "C-4F7U", "482135", "K-4F7K", "C-4F 7K", "C-\u0664F7K"])
def test_what_is_no_pseudonym_is_none(text: str) -> None:
    assert ordinal(text) is None
