"""The digest as a text of one segment. Rules."""

from datetime import timedelta
from typing import Final

from gateway.digest.figures import Figures
from gateway.places.gazetteer import HOME
from gateway.text.render import count, phrase, render

_ONE_DAY: Final = timedelta(hours=24)


def digest(figures: Figures, language: str) -> str:
    """How things stand, in the chief's language; short where there is nothing to tell."""
    total = figures.total
    return render(
        "digest_calm" if figures.calm else "digest",
        language,
        region=figures.region or phrase(f"country_{HOME}", language),
        period=_period(figures),
        reports=count(total.reports),
        grave=count(figures.grave),
        counted=count(total.people),
        minors=None if total.minors is None else count(total.minors),
        alerts=count(figures.all_open),
        median=None if figures.minutes is None else count(round(figures.minutes)),
        later=count(figures.for_later) if figures.for_later else None,
        callers=count(figures.hotline) if figures.hotline else None,
        gap=_gap(figures),
    )


def _period(figures: Figures) -> str:
    """From which hour to which; the days where it is longer than one."""
    form = "%d/%m" if figures.until - figures.since > _ONE_DAY else "%H:%M"
    return "-".join(at.astimezone(figures.zone).strftime(form) for at in (figures.since, figures.until))


def _gap(figures: Figures) -> str | None:
    """The next day on which somebody is missing."""
    return f"{figures.gaps[0].starts_at.astimezone(figures.zone):%d/%m}" if figures.gaps else None
