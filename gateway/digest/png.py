"""A drawing as PNG, for mail: most programs show no SVG."""

import io
from functools import cache
from pathlib import Path as File
from typing import Final

import reportlab
from PIL import Image, ImageDraw, ImageFont

from gateway.digest.drawing import PAPER, Box, Disc, Drawing, Mark, Path

_SCALE: Final = 2.0
"""Pixels a point in the picture."""
_FINER: Final = 2
"""It is drawn this much larger, then made smaller: that smooths the edges."""
_ANCHORS: Final = {"start": "ls", "middle": "ms", "end": "rs"}


def to_png(drawing: Drawing) -> bytes:
    scale = _SCALE * _FINER
    size = round(drawing.width * scale), round(drawing.height * scale)
    image = Image.new("RGB", size, PAPER)
    pen = ImageDraw.Draw(image)
    for mark in drawing.marks:
        _draw(pen, mark, scale)
    out = io.BytesIO()
    smaller = image.resize((size[0] // _FINER, size[1] // _FINER), Image.Resampling.LANCZOS)
    smaller.quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()


def _draw(pen: ImageDraw.ImageDraw, mark: Mark, scale: float) -> None:
    if isinstance(mark, Path):
        points = [(x * scale, y * scale) for x, y in mark.points]
        if mark.fill:
            pen.polygon(points, fill=mark.fill)
        pen.line(points, fill=mark.ink, width=round(mark.width * scale), joint="curve")
    elif isinstance(mark, Disc):
        around = [(mark.x - mark.radius) * scale, (mark.y - mark.radius) * scale,
                  (mark.x + mark.radius) * scale, (mark.y + mark.radius) * scale]  # fmt: skip
        pen.ellipse(around, fill=mark.fill, outline=mark.ink, width=round(mark.width * scale))
    elif isinstance(mark, Box):
        corners = [
            mark.x * scale,
            mark.y * scale,
            (mark.x + mark.width) * scale,
            (mark.y + mark.height) * scale,
        ]
        pen.rectangle(corners, fill=mark.fill, outline=mark.ink, width=round(scale / 2))
    else:
        font = _font(mark.size * scale, bold=mark.bold)
        pen.text((mark.x * scale, mark.y * scale), mark.text, mark.ink, font, anchor=_ANCHORS[mark.anchor])


@cache
def _font(size: float, *, bold: bool) -> ImageFont.FreeTypeFont:
    folder = File(reportlab.__file__).parent / "fonts"
    # Vera runs wider than Helvetica, for which the drawing is laid out.
    return ImageFont.truetype(folder / ("VeraBd.ttf" if bold else "Vera.ttf"), size * 0.88)
