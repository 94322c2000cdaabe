"""The card as one HTML page that prints as A6: the same marks as the PDF's, drawn as SVG, with text that stays text."""

from collections.abc import Sequence
from html import escape

from gateway.card.layout import BOLD, HEIGHT, INK, ITALIC, WIDTH, Mark, Page, Words

_STYLE = """
@page { size: 105mm 148mm; margin: 0 }
body { margin: 0; background: #ccc; text-align: center }
svg { display: inline-block; width: 105mm; height: 148mm; margin: 4mm; background: #fff;
  font-family: Helvetica, Arial, "Liberation Sans", sans-serif }
@media screen { svg { width: 157.5mm; height: 222mm } }
@media print { body { background: none } svg { display: block; margin: 0; break-after: page }
  svg:last-child { break-after: auto } * { print-color-adjust: exact; -webkit-print-color-adjust: exact } }
"""


def to_html(pages: Sequence[Page], title: str, language: str) -> str:
    sides = "\n".join(map(_svg, pages))
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{sides}\n</body>\n</html>\n"
    )


def _svg(page: Page) -> str:
    inside = "\n".join(map(_element, page))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.3f} {HEIGHT:.3f}">\n{inside}\n</svg>'
    )


def _element(mark: Mark) -> str:
    """Words say how long they are: another font than ours is pressed into the same room."""
    if isinstance(mark, Words):
        face = {BOLD: ' font-weight="bold"', ITALIC: ' font-style="italic"'}.get(mark.font, "")
        return (
            f'<text x="{mark.x:.2f}" y="{mark.y:.2f}" font-size="{mark.size:g}"{face} fill="{mark.ink}" '
            f'textLength="{mark.right - mark.x:.2f}" lengthAdjust="spacingAndGlyphs">{escape(mark.text)}</text>'
        )
    stroke = f' stroke="{INK}" stroke-width="{mark.outline:g}"' if mark.outline else ""
    return (
        f'<rect x="{mark.x:.2f}" y="{mark.y:.2f}" width="{mark.width:.2f}" height="{mark.height:.2f}" '
        f'rx="{mark.round:g}" fill="{mark.fill or "none"}"{stroke}/>'
    )
