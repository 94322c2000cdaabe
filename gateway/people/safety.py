"""The contact-safety gate: who may be texted. A rule: facts in, verdict out.

It stands in the sender, not in the screens, and goes by number, on every line: whatever asked for
the text, it is asked again just before the text leaves.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Addressee:
    """What is known of a number at this moment."""

    contact: bool
    officer: bool


def why_withheld(purpose_is_officers: bool, addressee: Addressee) -> str | None:
    """None when the text may go, else the reason.

    Whoever wrote to the hotline may not be alone with the phone: unknown means silence. An officer
    on the rota is still alerted and answered, because an alert withheld can cost a life too. What is
    meant for officers goes to nobody else: a phone that was struck off may be a stolen one.
    """
    if purpose_is_officers:
        return None if addressee.officer else "not an active officer any more"
    if addressee.contact:
        return "hotline contact: never texted unless marked safe"
    return None
