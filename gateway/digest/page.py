"""A situation report as one HTML page: for a phone, for A4 paper, and, with its pictures beside it, as a mail."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gateway.digest.contents import Sitrep
from gateway.digest.drawing import INK, PAPER, SHADES, Drawing
from gateway.digest.svg import to_svg

PICTURES: Final = ("map", "chart")


def to_html(sitrep: Sitrep, pictures: Mapping[str, Drawing]) -> str:
    """All in one file: the pictures stand in it as SVG."""
    drawn = {name: Markup(to_svg(drawing)) for name, drawing in pictures.items()}  # noqa: S704 - escaped by to_svg
    return _rendered(sitrep, drawn)


def to_mail(sitrep: Sitrep, pictures: Mapping[str, Drawing], ids: Mapping[str, str]) -> str:
    """As the body of a mail that carries the pictures under these content ids."""
    shown = {
        name: Markup('<img src="cid:{}" alt="{}" width="{:.0f}">').format(
            ids[name], drawing.says, drawing.width
        )
        for name, drawing in pictures.items()
    }
    return _rendered(sitrep, shown)


def _rendered(sitrep: Sitrep, pictures: Mapping[str, Markup]) -> str:
    shades = {severity: (fill, PAPER if severity == 1 else INK) for severity, fill in SHADES.items()}
    return _environment().get_template("sitrep.html").render(s=sitrep, pictures=pictures, shades=shades)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("gateway.digest"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
