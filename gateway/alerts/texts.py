"""An alert's texts, in the reader's language. Rules."""

from collections.abc import Callable

from gateway.alerts.facts import Facts
from gateway.reports.codebook import Codebook
from gateway.text.render import count, people, phrase, render

Wording = Callable[[Codebook, Facts, str, str, int], str]


def alert(book: Codebook, facts: Facts, language: str, reference: str, reply: int) -> str:
    """The text that wakes an officer: one segment, one group of four digits."""
    return render(
        "alert_hotline" if facts.hotline else "alert",
        language,
        **_said(book, facts, language),
        reference=reference,
        reply=reply,
    )


def nobody(book: Codebook, facts: Facts, language: str, reference: str, reply: int) -> str:
    """Nobody is on duty: whoever gets this may take it."""
    return render("alert_nobody", language, **_said(book, facts, language), reference=reference, reply=reply)


def reminder(book: Codebook, facts: Facts, language: str, reference: str, reply: int) -> str:
    return render(
        "alert_reminder", language, **_said(book, facts, language), reference=reference, reply=reply
    )


def help_wanted(
    book: Codebook, facts: Facts, language: str, reference: str, reply: int, holder: str | None
) -> str:
    """Whoever took it does not manage alone."""
    said = _said(book, facts, language) | {"who": holder}
    return render("alert_help", language, **said, reference=reference, reply=reply)


def more(book: Codebook, facts: Facts, language: str, reference: str, reply: int) -> str:
    """The same person wrote again, and it is graver."""
    return render("alert_more", language, **_said(book, facts, language), reference=reference, reply=reply)


def update(book: Codebook, facts: Facts, language: str, reference: str, reply: int) -> str:
    """Others reported the same event: how many tell of it now, and what they say."""
    return render("alert_update", language, **_said(book, facts, language), reference=reference, reply=reply)


def merged(language: str, reference: str, into: str, who: str | None, reply: int) -> str:
    """Two alerts are of one event: which one goes on, who has it where it is somebody else, and the code for it."""
    return render("alert_merged", language, reference=reference, second=into, who=who, reply=reply)


def changed(book: Codebook, facts: Facts, language: str, reference: str, reply: int) -> str:
    """The reporter put the report right, or said what was missing."""
    return render("alert_changed", language, **_said(book, facts, language), reference=reference, reply=reply)


def cancelled(book: Codebook, facts: Facts, language: str, reference: str, reply: int) -> str:
    """The reporter took the report back: nobody knows yet whether of his own will."""
    return render(
        "alert_cancelled", language, **_said(book, facts, language), reference=reference, reply=reply
    )


def _said(book: Codebook, facts: Facts, language: str) -> dict[str, object]:
    alone = facts.reports <= 1
    return {
        "severity": facts.severity,
        "label": book.label(facts.code, language) if facts.code else None,
        "place": f"{facts.place} ({phrase('own_post', language)})" if facts.at_post else facts.place,
        "people": people(facts.people, language, approximate=facts.approximate).rstrip("."),
        "late": facts.late if alone else None,
        "who": facts.who if alone else None,
        "many": None if alone else f"{count(facts.reports)} {phrase('reports', language)}",
        "words": facts.words,
        "doubt": doubt(facts.doubt, language),
    }


def doubt(code: str | None, language: str) -> str | None:
    """What is not certain, in words: a problem of the reading, or a sender whom we do not know."""
    if code is None:
        return None
    if code.startswith("missing_"):
        return f"{phrase('lacking', language)} {phrase(code, language)}"
    return phrase(code, language)
