"""A situation report as a PDF: one or two A4 pages that read well in black and white."""

import io
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from reportlab.lib.colors import HexColor, black
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, TableStyle
from reportlab.platypus import Table as Grid

from gateway.digest.contents import Item, Sitrep, Table
from gateway.digest.drawing import FAINT, GREY, INK, PAPER, SHADES, Box, Disc, Drawing, Path, chart_of
from gateway.text.gsm7 import fold

_MARGIN: Final = 40.0
_PADDING: Final = 6.0
"""That reportlab keeps within a frame."""
_WIDTH: Final = A4[0] - 2 * _MARGIN
_MOST: Final = {"open": 16, "later": 30, "places": 12, "lines": 6}
"""So many rows at most; the page and the text have all."""
_SHORTENED: Final = ("later", "open")
"""The longest first, and of two as long the first: an open alert is the last to go."""
_PAGES: Final = 2

_PLAIN = ParagraphStyle("plain", fontName="Helvetica", fontSize=8.5, leading=10.5)
_STRONG = ParagraphStyle("strong", _PLAIN, fontName="Helvetica-Bold", fontSize=8)
_SMALL = ParagraphStyle("small", _PLAIN, fontSize=7.5, leading=9.5, textColor=HexColor("#444444"))
_TITLE = ParagraphStyle("title", _PLAIN, fontName="Helvetica-Bold", fontSize=18, leading=22)
_UNDER = ParagraphStyle("under", _PLAIN, fontSize=10, leading=13)
_HEADING = ParagraphStyle(
    "heading",
    _PLAIN,
    fontName="Helvetica-Bold",
    fontSize=10.5,
    leading=13,
    spaceBefore=7,
    spaceAfter=3,
    keepWithNext=1,
)
_FIGURE = ParagraphStyle(
    "figure", _PLAIN, fontName="Helvetica-Bold", fontSize=17, leading=20, alignment=TA_CENTER
)
_LABEL = ParagraphStyle("label", _PLAIN, fontSize=7.5, leading=9, alignment=TA_CENTER)


def to_pdf(sitrep: Sitrep, picture: Drawing) -> bytes:
    """As many rows as two pages hold; what is still longer without them is made as it is."""
    most = dict(_MOST)
    while True:
        made, pages = _built(sitrep, picture, most)
        longest = max(_SHORTENED, key=most.__getitem__)
        if pages <= _PAGES or not most[longest]:
            return made
        most[longest] = max(0, most[longest] - 2)


def _built(sitrep: Sitrep, picture: Drawing, most: Mapping[str, int]) -> tuple[bytes, int]:
    out = io.BytesIO()
    title = f"{sitrep.says['title']} {sitrep.where}"
    document = SimpleDocTemplate(
        out, pagesize=A4, title=title, author="Vigie", lang=sitrep.language, invariant=1,
        leftMargin=_MARGIN - _PADDING, rightMargin=_MARGIN - _PADDING, topMargin=34, bottomMargin=40,
    )  # fmt: skip
    foot = partial(_foot, sitrep=sitrep)
    document.build(_story(sitrep, picture, most), onFirstPage=foot, onLaterPages=foot)
    return out.getvalue(), document.page


def _story(sitrep: Sitrep, picture: Drawing, most: Mapping[str, int]) -> list[Flowable]:
    says = sitrep.says
    chart = chart_of(sitrep.figures, sitrep.language, says["chart"], _WIDTH)
    story: list[Flowable] = [
        Paragraph(_safe(f"{says['title']} · {sitrep.where}"), _TITLE),
        Paragraph(_safe(sitrep.period), _UNDER),
        Spacer(0, 6),
        _keys(sitrep),
        Spacer(0, 4),
    ]
    left = [_heading(says["map"]), _Drawn(picture, 300), Paragraph(_safe(says["map_says"]), _SMALL)]
    right: list[Flowable] = []
    if sitrep.places.rows:
        places = _first(sitrep.places, most["places"], says)
        right = [_heading(says["places"]), _grid(places, (90, 34, 40, 44))]
    beside = Grid([[left, right]], colWidths=(307, _WIDTH - 307))
    beside.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0),
                                ("RIGHTPADDING", (0, 0), (-1, -1), 0), ("TOPPADDING", (0, 0), (-1, -1), 0)]))  # fmt: skip
    story += [
        beside,
        _heading(says["families"]),
        _grid(sitrep.families, (150, 45, 45, 45, 45, 55, 65, 65)),
        KeepTogether([_heading(says["chart"]), _Drawn(chart, _WIDTH)]),
        *_items(says["open"], sitrep.open, says["none_open"], most["open"], says, (105, 92, 200)),
    ]
    if sitrep.open_note:
        story.append(Paragraph(_safe(sitrep.open_note), _PLAIN))
    story += _items(says["later"], sitrep.later, says["none_later"], most["later"], says, (118, 150, 82))
    if sitrep.silent:
        story.append(_lines(says["silent"], sitrep.silent, most["lines"], says))
    story.append(_lines(says["gaps"], sitrep.gaps or (says["none_gaps"],), most["lines"], says))
    notes = [Paragraph(_safe(note), _SMALL) for note in sitrep.notes]
    story.append(KeepTogether([_heading(says["notes"]), *notes]))
    return story


def _lines(title: str, lines: Sequence[str], most: int, says: Any) -> KeepTogether:
    shown = [*lines[:most]]
    if len(lines) > len(shown):
        shown.append(says["more"].format(count=len(lines) - len(shown)))
    return KeepTogether([_heading(title), *(Paragraph(_safe(line), _PLAIN) for line in shown)])


def _heading(text: str) -> Paragraph:
    return Paragraph(_safe(text), _HEADING)


def _keys(sitrep: Sitrep) -> Grid:
    figures = [Paragraph(_safe(key.figure), _FIGURE) for key in sitrep.keys]
    labels = [Paragraph(_safe(key.label), _LABEL) for key in sitrep.keys]
    grid = Grid([figures, labels], colWidths=[_WIDTH / len(figures)] * len(figures))
    style: list[Any] = [
        ("BOX", (0, 0), (-1, -1), 0.8, black),
        ("LINEAFTER", (0, 0), (-2, -1), 0.4, HexColor(FAINT)),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, 0), 1),
        ("TOPPADDING", (0, 1), (-1, 1), 0),
    ]
    style += [
        ("BACKGROUND", (x, 0), (x, 1), HexColor("#e6e6e6")) for x, key in enumerate(sitrep.keys) if key.grave
    ]
    grid.setStyle(TableStyle(style))
    return grid


def _first(table: Table, most: int, says: Any) -> Table:
    if len(table.rows) <= most:
        return table
    more = says["more"].format(count=len(table.rows) - most)
    return Table(table.heads, (*table.rows[:most], (more, *[""] * (len(table.heads) - 1))))


def _grid(table: Table, widths: Sequence[float]) -> Grid:
    rows: list[list[Any]] = [[_safe_plain(cell) for cell in row] for row in (table.heads, *table.rows)]
    bold = {0, len(rows) - 1} if table.summed else {0}
    for place, row in enumerate(rows):
        row[0] = Paragraph(_safe(row[0]), _STRONG if place in bold else _PLAIN)
    grid = Grid(rows, colWidths=widths, repeatRows=1, hAlign="LEFT")
    style: list[Any] = [
        ("FONT", (0, 0), (-1, 0), "Helvetica-Bold", 7.5),
        ("FONT", (0, 1), (-1, -1), "Helvetica", 8.5),
        ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, black),
        ("LINEBELOW", (0, 1), (-1, -1), 0.3, HexColor(FAINT)),
        *_TIGHT,
    ]
    if table.summed:
        style += [
            ("LINEABOVE", (0, -1), (-1, -1), 0.8, black),
            ("FONT", (1, -1), (-1, -1), "Helvetica-Bold", 8.5),
        ]
    grid.setStyle(TableStyle(style))
    return grid


_TIGHT: Final = (
    ("TOPPADDING", (0, 0), (-1, -1), 1.6),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 1.8),
    ("LEFTPADDING", (0, 0), (-1, -1), 2),
    ("RIGHTPADDING", (0, 0), (-1, -1), 2),
)


def _items(
    title: str, items: Sequence[Item], none: str, most: int, says: Any, widths: tuple[float, float, float]
) -> list[Flowable]:
    if not items:
        return [KeepTogether([_heading(title), Paragraph(_safe(none), _PLAIN)])]
    rows: list[list[Any]] = [
        ["", says["what"], says["where"], says["people"], says["state"], says["reference"]]
    ]
    rows += [
        [str(one.severity), *(Paragraph(_safe(cell), _PLAIN) for cell in
         (one.what, one.where, one.people, one.state, one.references))]
        for one in items[:most]
    ]  # fmt: skip
    if len(items) > most:
        rows.append(["", says["more"].format(count=len(items) - most), "", "", "", ""])
    what, where, state = widths
    grid = Grid(
        rows, colWidths=(16, what, where, 52, state, _WIDTH - 68 - sum(widths)), repeatRows=1, hAlign="LEFT"
    )
    style: list[Any] = [
        ("FONT", (0, 0), (-1, 0), "Helvetica-Bold", 7.5),
        ("FONT", (0, 1), (0, -1), "Helvetica-Bold", 8.5),
        ("FONT", (1, 1), (-1, -1), "Helvetica", 8.5),
        ("ALIGN", (0, 0), (0, -1), "CENTER"),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, black),
        ("LINEBELOW", (0, 1), (-1, -1), 0.3, HexColor(FAINT)),
        *_TIGHT,
    ]
    for row, one in enumerate(items[:most], start=1):
        style.append(("BACKGROUND", (0, row), (0, row), HexColor(SHADES[one.severity])))
        style.append(("TEXTCOLOR", (0, row), (0, row), HexColor(PAPER if one.severity == 1 else INK)))
        style.append(("BOX", (0, row), (0, row), 0.5, black))
    grid.setStyle(TableStyle(style))
    return [_heading(title), grid]


class _Drawn(Flowable):
    """A drawing at a given width."""

    def __init__(self, drawing: Drawing, width: float) -> None:
        super().__init__()
        self._drawing, self._scale = drawing, width / drawing.width
        self.width, self.height = width, drawing.height * self._scale

    def draw(self) -> None:
        """PDF counts from the bottom; our marks from the top."""
        canvas: Canvas = self.canv
        canvas.saveState()
        canvas.scale(self._scale, self._scale)
        up = self._drawing.height
        frame = canvas.beginPath()
        frame.rect(0, 0, self._drawing.width, up)
        canvas.clipPath(frame, stroke=0, fill=0)
        for mark in self._drawing.marks:
            if isinstance(mark, Path):
                path = canvas.beginPath()
                path.moveTo(mark.points[0][0], up - mark.points[0][1])
                for x, y in mark.points[1:]:
                    path.lineTo(x, up - y)
                canvas.setStrokeColor(HexColor(mark.ink))
                canvas.setLineWidth(mark.width)
                if mark.fill:
                    canvas.setFillColor(HexColor(mark.fill))
                canvas.drawPath(path, stroke=1, fill=int(mark.fill is not None))
            elif isinstance(mark, Disc):
                canvas.setFillColor(HexColor(mark.fill))
                canvas.setStrokeColor(HexColor(mark.ink))
                canvas.setLineWidth(mark.width)
                canvas.circle(mark.x, up - mark.y, mark.radius, stroke=1, fill=1)
            elif isinstance(mark, Box):
                canvas.setFillColor(HexColor(mark.fill))
                canvas.setStrokeColor(HexColor(mark.ink or mark.fill))
                canvas.setLineWidth(0.5)
                canvas.rect(mark.x, up - mark.y - mark.height, mark.width, mark.height, stroke=1, fill=1)
            else:
                canvas.setFont("Helvetica-Bold" if mark.bold else "Helvetica", mark.size)
                canvas.setFillColor(HexColor(mark.ink))
                write = {
                    "start": canvas.drawString, "middle": canvas.drawCentredString, "end": canvas.drawRightString,
                }[mark.anchor]  # fmt: skip
                write(mark.x, up - mark.y, _safe_plain(mark.text))
        canvas.restoreState()


def _foot(canvas: Canvas, document: SimpleDocTemplate, *, sitrep: Sitrep) -> None:
    canvas.saveState()
    canvas.setFont("Helvetica", 7.5)
    canvas.setFillColor(HexColor(GREY))
    canvas.drawString(_MARGIN, 24, _safe_plain(f"{sitrep.says['restricted']} · {sitrep.made}"))
    canvas.drawRightString(A4[0] - _MARGIN, 24, str(document.page))
    canvas.restoreState()


def _safe_plain(text: str) -> str:
    """What Helvetica has no letters for is written without its marks."""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return fold(text)
    return text


def _safe(text: str) -> str:
    """The same for a paragraph, in which signs may be markup."""
    return _safe_plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
