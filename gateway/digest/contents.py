"""What a situation report says, in words. A rule: figures in; text, page and PDF only lay it out."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Final

from gateway.alerts.texts import doubt
from gateway.digest.figures import OTHER, SEVERITIES, AlertRow, Count, Figures, LaterRow, SilentPost
from gateway.duty.cover import Gap
from gateway.reports.codebook import Codebook
from gateway.text.words import word

LANGUAGES: Final = ("fr", "en")
_SHOWN: Final = 3


@cache
def all_words() -> Mapping[str, Mapping[str, str]]:
    tables: Mapping[str, Mapping[str, str]] = tomllib.loads(
        (files("gateway.digest") / "words.toml").read_text(encoding="utf-8")
    )
    return tables


@dataclass(frozen=True, slots=True)
class Key:
    """A figure that is seen first."""

    figure: str
    label: str
    grave: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """Something that happened: how grave, what and where, and the rest of it."""

    severity: int
    what: str
    where: str
    people: str
    state: str
    references: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of figures, the first column words; the last row may be their sum."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    summed: bool = False


@dataclass(frozen=True, slots=True)
class Sitrep:
    """A situation report in one language. ``says`` are the words for headings."""

    language: str
    says: Mapping[str, str]
    figures: Figures
    where: str
    period: str
    made: str
    subject: str
    keys: tuple[Key, ...]
    families: Table
    places: Table
    open: tuple[Item, ...]
    open_note: str | None
    later: tuple[Item, ...]
    silent: tuple[str, ...]
    gaps: tuple[str, ...]
    notes: tuple[str, ...]


def sitrep(figures: Figures, book: Codebook, language: str, made_at: datetime) -> Sitrep:
    """The report of these figures; in French where there are no words of the language."""
    language = language if language in LANGUAGES else LANGUAGES[0]
    return _Wording(figures, book, language).report(made_at)


def family_name(family: str, language: str) -> str:
    return all_words()[language]["no_family"] if family == OTHER else word(language, "families", family)


def number(value: int, language: str) -> str:
    """With the language's sign between thousands."""
    return f"{value:,}".replace(",", all_words()[language]["thousands"])


def _few(names: Sequence[str], between: str, of: int | None = None) -> str:
    """The first names, and how many more there are."""
    shown, all_of_them = names[:_SHOWN], of or len(names)
    return between.join(shown) + (f" +{all_of_them - len(shown)}" if all_of_them > len(shown) else "")


class _Wording:
    def __init__(self, figures: Figures, book: Codebook, language: str) -> None:
        self._figures, self._book, self._language = figures, book, language
        self._says = all_words()[language]

    def report(self, made_at: datetime) -> Sitrep:
        figures, says = self._figures, self._says
        where = figures.region or says["country"]
        until = self._at(figures.until)
        return Sitrep(
            language=self._language,
            says=says,
            figures=figures,
            where=where,
            period=says["period"].format(since=self._at(figures.since), until=until),
            made=says["made"].format(at=self._at(made_at), zone=figures.zone.key),
            subject=says["subject"].format(where=where, until=until),
            keys=tuple(self._keys()),
            families=self._families(),
            places=self._places(),
            open=tuple(self._alert(alert) for alert in figures.open),
            open_note=says["hotline_open"].format(count=figures.hotline_open)
            if figures.hotline_open
            else None,
            later=tuple(self._later(row) for row in figures.later),
            silent=tuple(self._silent(post) for post in figures.silent),
            gaps=tuple(self._gap(gap) for gap in figures.gaps),
            notes=tuple(self._notes()),
        )

    def _keys(self) -> Iterator[Key]:
        figures, total = self._figures, self._figures.total
        yield Key(self._number(total.reports), self._says["key_reports"])
        yield Key(self._number(figures.grave), self._says["key_grave"], grave=figures.grave > 0)
        yield Key(self._number(total.people), self._says["key_people"])
        yield Key(self._minors(total), self._says["key_minors"])
        yield Key(self._number(figures.all_open), self._says["key_open"], grave=figures.all_open > 0)
        minutes = self._says["not_counted"] if figures.minutes is None else self._minutes(figures.minutes)
        yield Key(minutes, self._says["key_minutes"])
        if figures.hotline is not None:
            yield Key(self._number(figures.hotline), self._says["key_callers"])

    def _families(self) -> Table:
        says = self._says
        rows = [
            self._row(family_name(name, self._language), count)
            for name, count in self._figures.families.items()
        ]
        heads = (says["family"], *map(str, SEVERITIES), says["total"], says["people"], says["minors"])
        return Table(heads, (*rows, self._row(says["total"], self._figures.total)), summed=True)

    def _row(self, name: str, count: Count) -> tuple[str, ...]:
        severities = (count.severities[severity] for severity in SEVERITIES)
        return (
            name,
            *(self._number(one) if one else "" for one in severities),
            self._number(count.reports),
            self._number(count.people),
            self._minors(count),
        )

    def _places(self) -> Table:
        says = self._says
        rows = [
            (
                f"{spot.name} ({spot.region or says['abroad']})"
                if self._figures.region is None
                else spot.name,
                str(count.gravest),
                self._number(count.reports),
                self._number(count.people),
            )
            for spot, count in self._figures.places
        ]
        return Table((says["place"], says["gravity"], says["reports"], says["people"]), tuple(rows))

    def _alert(self, alert: AlertRow) -> Item:
        says = self._says
        what = self._label(alert.code) if alert.code else doubt(alert.doubt, self._language)
        since = says["since"].format(at=self._hour(alert.raised_at))
        if alert.state == "acknowledged" and alert.taken_at:
            taken = says["taken"].format(
                minutes=self._minutes((alert.taken_at - alert.raised_at).total_seconds() / 60)
            )
        else:
            taken = says["not_taken"]
        reports = says["times"].format(count=self._number(alert.reports)) if alert.reports > 1 else None
        outcome = says[f"outcome_{alert.outcome}"] if alert.outcome else None
        return Item(
            alert.severity,
            what or says["no_code"],
            alert.place or says["no_place"],
            self._people(alert.people),
            ", ".join(part for part in (since, reports, taken, outcome) if part),
            alert.reference,
        )

    def _later(self, row: LaterRow) -> Item:
        says, many = self._says, row.count.reports
        times = f"{says['times'].format(count=self._number(many))}, " if many > 1 else ""
        return Item(
            row.severity,
            self._label(row.code) if row.code else says["no_code"],
            _few(row.places, ", ") or says["no_place"],
            self._people(row.count.people or None),
            f"{times}{self._hour(row.last)}",
            _few(row.references, " ", many),
        )

    def _silent(self, post: SilentPost) -> str:
        return f"{post.name}, {self._says['silent_since'].format(at=self._at(post.told_at))}"

    def _gap(self, gap: Gap) -> str:
        says = self._says
        span = says["gap"].format(since=self._at(gap.starts_at), until=self._at(gap.ends_at))
        missing = says["gap_nobody"] if gap.nobody else says["gap_first"]
        return f"{gap.region or says['whole_country']}, {span}: {missing}"

    def _notes(self) -> Iterator[str]:
        figures, says = self._figures, self._says
        yield says["note_event"]
        if figures.left_out:
            counts = {reason: figures.left_out[reason] for reason in ("repeat", "drill", "cancelled")}
            yield says["note_left_out"].format(**counts)
        for note, count in (
            ("note_unverified", figures.unverified),
            ("note_unread", figures.unread),
            ("note_unplaced", figures.unplaced),
        ):
            if count:
                yield says[note].format(count=self._number(count))
        yield says["note_raised"].format(
            raised=self._number(figures.raised), taken=self._number(figures.taken)
        )
        yield says["note_hotline"]

    def _label(self, code: str | None) -> str:
        return self._book.label(code or "", self._language)

    def _people(self, count: int | None) -> str:
        return "" if count is None else f"{self._number(count)} {self._says['people_short']}"

    def _number(self, value: int) -> str:
        return number(value, self._language)

    def _minors(self, count: Count) -> str:
        return self._says["not_counted"] if count.minors is None else self._number(count.minors)

    def _minutes(self, minutes: float) -> str:
        return "< 1" if minutes < 1 else self._number(round(minutes))

    def _at(self, at: datetime) -> str:
        return f"{at.astimezone(self._figures.zone):%d/%m/%Y %H:%M}"

    def _hour(self, at: datetime) -> str:
        """The hour; its day too where that is not the last of the period."""
        here, last = at.astimezone(self._figures.zone), self._figures.until.astimezone(self._figures.zone)
        return f"{here:%H:%M}" if here.date() == last.date() else f"{here:%d/%m %H:%M}"
