"""The gate: a hotline contact is never texted, whatever asks for it."""

import pytest

from gateway.people.safety import Addressee, why_withheld


@pytest.mark.parametrize(
    ("for_officers", "contact", "officer", "goes"),
    [
        (False, False, False, True),
        (False, False, True, True),
        (False, True, False, False),
        (False, True, True, False),
        (True, False, False, False),
        (True, False, True, True),
        (True, True, False, False),
        (True, True, True, True),
    ],
)
def test_alerts_reach_officers_alone_and_nothing_else_reaches_who_wrote_to_the_hotline(
    *, for_officers: bool, contact: bool, officer: bool, goes: bool
) -> None:
    reason = why_withheld(for_officers, Addressee(contact=contact, officer=officer))
    assert (reason is None) == goes
