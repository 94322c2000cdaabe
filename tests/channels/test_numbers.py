"""Addresses made one, and never a crash on the way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.channels.numbers import normalised


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("+22790000101", "+22790000101"),
        ("22790000101", "+22790000101"),
        ("90000101", "+22790000101"),
        ("90 00 01 01", "+22790000101"),
        ("0022790000101", "+22790000101"),
        ("+227 90-00-01-01", "+22790000101"),
        ("+2348030000001", "+2348030000001"),
        ("384", "384"),
        ("36 00", "36 00"),
        ("AIRTEL", "AIRTEL"),
        ("whatsapp:+22790000101", "whatsapp:+22790000101"),
        ("*384#", "*384#"),
        ("", ""),
        ("+٢٢٧٩٠٠٠٠١٠١", "+22790000101"),
        ("۹۰ ۰۰ ۰۱ ۰۱", "+22790000101"),
        ("+２２７９００００１０１", "+22790000101"),
    ],
)
def test_examples(address: str, expected: str) -> None:
    assert normalised(address, "NE") == expected


@given(st.one_of(st.text(max_size=64), st.text("+0123456789٠١٢٩ ()-./", max_size=30)))
def test_once_is_enough(address: str) -> None:
    once = normalised(address, "NE")
    assert normalised(once, "NE") == once
