"""What a reporter's text is answered with: one segment, in his language. Rules."""

from collections.abc import Sequence

from gateway.reports.codebook import Codebook
from gateway.reports.dialogue import Question
from gateway.reports.reading import Reading
from gateway.text.render import fits, people, phrase, render
from gateway.text.words import LANGUAGES

# Counts as the card has them, so that an agent sees what he wrote: `H38 F2 B1`.
_KEYS = {
    "men": "H", "women": "F", "boys": "G", "girls": "L", "minors": "M", "adults": "X",
    "under_5": "B", "pregnant": "FE", "elderly": "PA", "disabled": "HD",
}  # fmt: skip
_LABEL = 14  # letters of a choice's label, where the whole ones do not fit


def language_of(text: str, writer: str) -> str:
    """The language to answer in: that of the words used, else the one on the writer's file."""
    return text if text in LANGUAGES else writer


def about(name: str, reading: Reading, reference: str, language: str, *, drill: bool) -> str:
    """A text that shows a report as it was read: `receipt`, `corrected`, `added`, `cancelled`."""
    return render(
        name,
        language,
        drill=phrase("drill", language) if drill else None,
        reference=reference,
        code=reading.code,
        place=reading.place.name if reading.place else None,
        people=people(reading.people.get("total"), language, approximate=reading.approximate),
        parts=" ".join(
            f"{key}{reading.people[part]}" for part, key in _KEYS.items() if part in reading.people
        ),
    )


def ask(question: Question, reading: Reading, reference: str, language: str, *, drill: bool) -> str:
    """`Recu 482135. Illela: A) Nigeria B) Tahoua?`, or an open question with an example."""
    given = {"reference": reference, "drill": phrase("drill", language) if drill else None}
    if not question.choices:
        place = reading.place.name if reading.place else None
        words = phrase(f"ask_{question.problem}", language)
        return render("ask", language, **given, code=reading.code, place=place, ask=words)
    about = question.about or phrase(f"about_{question.problem}", language)
    text = render("ask_choice", language, **given, about=about, choices=question.lettered())
    if fits(text):
        return text
    return render("ask_choice", language, **given, about=about, choices=question.lettered(_LABEL))


def codes_for_help(codes: Sequence[str], book: Codebook, language: str) -> str:
    """As many codes with their labels as one segment holds, the first ones first."""
    text = ""
    shown: list[str] = []
    for code in codes:
        longer = render("help", language, codes=", ".join([*shown, f"{code} {book.label(code, language)}"]))
        if fits(longer):
            shown.append(f"{code} {book.label(code, language)}")
            text = longer
    return text
