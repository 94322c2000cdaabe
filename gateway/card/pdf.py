"""The card as a PDF: one A6 page a side, or two sides beside each other on A4, to fold and cut."""

import io
from collections.abc import Sequence

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from gateway.card.layout import HEIGHT, WIDTH, Page, Words

_CUT = 14.0


def to_pdf(pages: Sequence[Page], title: str, language: str) -> bytes:
    out = io.BytesIO()
    canvas = _canvas(out, (WIDTH, HEIGHT), title, language)
    for page in pages:
        _draw(canvas, page, 0, HEIGHT)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def to_sheet(pages: Sequence[Page], title: str, language: str) -> bytes:
    """Two sides beside each other on A4; the fold is the middle of the sheet."""
    out = io.BytesIO()
    canvas = _canvas(out, A4, title, language)
    left, top = (A4[0] - 2 * WIDTH) / 2, A4[1] - 60
    for start in range(0, len(pages), 2):
        for place, page in enumerate(pages[start : start + 2]):
            _draw(canvas, page, left + place * WIDTH, top)
        canvas.setLineWidth(0.3)
        for y in (top, top - HEIGHT):
            for x in (left, left + WIDTH - _CUT / 2, left + 2 * WIDTH - _CUT):
                canvas.line(x, y, x + _CUT, y)
        for outward in (top, top - HEIGHT - _CUT):
            canvas.line(left + WIDTH, outward, left + WIDTH, outward + _CUT)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _canvas(out: io.BytesIO, size: tuple[float, float], title: str, language: str) -> Canvas:
    canvas = Canvas(out, pagesize=size, lang=language, invariant=1, pageCompression=0)
    canvas.setTitle(title)
    return canvas


def _draw(canvas: Canvas, page: Page, left: float, top: float) -> None:
    """PDF counts from the bottom; our marks from the top."""
    for mark in page:
        if isinstance(mark, Words):
            canvas.setFont(mark.font, mark.size)
            canvas.setFillColor(HexColor(mark.ink))
            canvas.drawString(left + mark.x, top - mark.y, mark.text)
            continue
        if mark.fill:
            canvas.setFillColor(HexColor(mark.fill))
        canvas.setLineWidth(mark.outline)
        canvas.roundRect(
            left + mark.x, top - mark.y - mark.height, mark.width, mark.height, mark.round,
            stroke=int(mark.outline > 0), fill=int(mark.fill is not None),
        )  # fmt: skip
