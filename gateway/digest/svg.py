"""A drawing as SVG, to stand within a page."""

from html import escape

from gateway.digest.drawing import Box, Disc, Drawing, Mark, Path


def to_svg(drawing: Drawing) -> str:
    inside = "".join(map(_element, drawing.marks))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {drawing.width:.0f} {drawing.height:.0f}" '
        f'role="img" aria-label="{escape(drawing.says)}" font-family="Helvetica, Arial, sans-serif">{inside}</svg>'
    )


def _element(mark: Mark) -> str:
    if isinstance(mark, Path):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in mark.points)
        return (
            f'<polyline points="{points}" fill="{mark.fill or "none"}" stroke="{mark.ink}" '
            f'stroke-width="{mark.width:g}" stroke-linejoin="round"/>'
        )
    if isinstance(mark, Disc):
        return (
            f'<circle cx="{mark.x:.1f}" cy="{mark.y:.1f}" r="{mark.radius:.1f}" fill="{mark.fill}" '
            f'stroke="{mark.ink}" stroke-width="{mark.width:g}"/>'
        )
    if isinstance(mark, Box):
        return (
            f'<rect x="{mark.x:.1f}" y="{mark.y:.1f}" width="{mark.width:.1f}" height="{mark.height:.1f}" '
            f'fill="{mark.fill}" stroke="{mark.ink or "none"}" stroke-width="0.5"/>'
        )
    weight = ' font-weight="bold"' if mark.bold else ""
    return (
        f'<text x="{mark.x:.1f}" y="{mark.y:.1f}" font-size="{mark.size:g}" text-anchor="{mark.anchor}" '
        f'fill="{mark.ink}"{weight}>{escape(mark.text)}</text>'
    )
