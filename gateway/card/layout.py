"""Lays the sides of the card out: the largest type that fits one A6 page, never below the floor.

What does not fit at the floor goes on to a further page. All measures are points, from the top left corner.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Final

from reportlab.lib.pagesizes import A6
from reportlab.pdfbase.pdfmetrics import stringWidth

from gateway.card.contents import Block, Entry, Heading, Pairs, Paragraph, Sample, Scale, Side
from gateway.text.gsm7 import fold

WIDTH, HEIGHT = A6
MARGIN: Final = 11.0
SMALLEST, LARGEST, STEP = 6.5, 10.0, 0.25
PLAIN, BOLD, ITALIC = "Helvetica", "Helvetica-Bold", "Helvetica-Oblique"
INK, PAPER, BAND, LIFE = "#000000", "#ffffff", "#1d3557", "#a4161a"
_LEADING: Final = 1.17
_GAP: Final = 0.6
"""Between a sign and its words, in letters' heights."""
_HAIR: Final = 0.01
"""Two ways to reckon the same width may differ by less than this."""


class TooLongError(Exception):
    """Something is longer than a whole page; the message is one sentence that names it."""


@dataclass(frozen=True, slots=True)
class Words:
    """A run of letters on its baseline; `x` is its left edge."""

    x: float
    y: float
    text: str
    size: float
    font: str = PLAIN
    ink: str = INK

    @property
    def right(self) -> float:
        return self.x + _width(self.text, self.font, self.size)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, its corners rounded by `round`: filled, or outlined so thick."""

    x: float
    y: float
    width: float
    height: float
    fill: str | None = None
    outline: float = 0
    round: float = 0


Mark = Words | Box
Page = tuple[Mark, ...]


def pages(side: Side) -> list[Page]:
    """One page if any size of type allows it; else as many as the smallest size needs."""
    size = LARGEST
    while size > SMALLEST:
        laid = _flow(side, size, most=1)
        if laid:
            return laid
        size -= STEP
    return _flow(side, SMALLEST)


def first_that_fits(sides: Iterable[Side]) -> list[Page]:
    """The first of several that needs one page only; else the last."""
    laid: list[Page] = []
    for side in sides:
        laid = pages(side)
        if len(laid) == 1:
            break
    return laid


def _flow(side: Side, size: float, most: int | None = None) -> list[Page]:
    """The pages of a side; none if they are more than ``most``, or only if a word is cut in two."""
    found: list[Page] = []
    rest = _kept_together(side.blocks)
    for number in count(1):
        sheet = _Sheet(size)
        sheet.title(side.title if number == 1 else f"{side.title} ({number})", side.aside)
        for block in side.top if number == 1 else ():
            sheet.draw(block)
        left = sheet.fill(rest, side.columns)
        found.append(tuple(sheet.marks))
        if most and (sheet.broken or (left and number == most)):
            return []
        if not left:
            break
        if len(left) == len(rest):
            raise TooLongError(f"{_named(rest[0][-1])!r} is longer than a page of the card; shorten it.")
        rest = left
    return found


def _kept_together(blocks: Sequence[Block]) -> list[list[Block]]:
    """A heading goes where the first block below it goes."""
    groups: list[list[Block]] = []
    for block in blocks:
        if groups and isinstance(groups[-1][-1], Heading):
            groups[-1].append(block)
        else:
            groups.append([block])
    return groups


def _named(block: Block) -> str:
    return block.code if isinstance(block, Entry) else str(getattr(block, "words", ""))[:30]


class _Sheet:
    """A page in the making: blocks go below each other between two edges."""

    def __init__(self, size: float) -> None:
        self.size = size
        self.marks: list[Mark] = []
        self.y = MARGIN
        self.left, self.right = MARGIN, WIDTH - MARGIN
        self.broken = False
        """A word was wider than its room and was cut."""

    @property
    def leading(self) -> float:
        return self.size * _LEADING

    def title(self, title: str, aside: str) -> None:
        """A dark band with the title, and at its right where to send to."""
        size = self.size + 2
        height = size * 1.5
        self.marks.append(Box(self.left, self.y, self.right - self.left, height, fill=BAND, round=2))
        baseline = self.y + height * 0.7
        self.put(self.left + 4, baseline, title, size, BOLD, PAPER)
        self.put(self.right - 4 - _width(aside, BOLD, self.size), baseline, aside, self.size, BOLD, PAPER)
        self.y += height + self.size * 0.3

    def fill(self, groups: list[list[Block]], columns: int) -> list[list[Block]]:
        """Column by column; what did not fit comes back. What goes on in another column says its heading again."""
        top, gap = self.y, 2.5 * self.size * _GAP
        heading: Block | None = None
        width = (WIDTH - 2 * MARGIN - (columns - 1) * gap) / columns
        for column in range(columns):
            self.left = MARGIN + column * (width + gap)
            self.right, self.y = self.left + width, top
            if heading and groups and not isinstance(groups[0][0], Heading):
                groups = [[heading, *groups[0]], *groups[1:]]
            while groups and self._fits(groups[0]):
                heading = groups[0][0] if isinstance(groups[0][0], Heading) else heading
                groups = groups[1:]
        return groups

    def _fits(self, group: list[Block]) -> bool:
        """Draw it, and take it back if it is too much."""
        marks, y = len(self.marks), self.y
        for block in group:
            self.draw(block)
        if self.y <= HEIGHT - MARGIN:
            return True
        del self.marks[marks:]
        self.y = y
        return False

    def draw(self, block: Block) -> None:
        match block:
            case Heading():
                self._heading(block.words)
            case Paragraph():
                self.lines(self.left, self.right, block.words, BOLD if block.strong else PLAIN)
            case Sample():
                self._sample(block.words)
            case Entry():
                self._entry(block)
            case Scale():
                self._scale(block)
            case Pairs():
                self._pairs(block)

    def _heading(self, words: str) -> None:
        """Bold below a line, across the column."""
        self.y += self.size * 0.3
        self.marks.append(Box(self.left, self.y, self.right - self.left, 0.8, fill=BAND))
        self.y += self.size * 0.15
        self.lines(self.left, self.right, words, BOLD, BAND)

    def _sample(self, words: str) -> None:
        """Words to be written as they stand: larger, in a frame."""
        top, plain = self.y + self.size * 0.2, self.size
        self.y, self.size = top + plain * 0.15, plain + 2
        self.lines(self.left + plain, self.right - plain, words, BOLD)
        self.size = plain
        height = self.y + plain * 0.2 - top
        self.marks.append(Box(self.left + 0.5, top, self.right - self.left - 1, height, outline=0.8, round=3))
        self.y = top + height + plain * 0.2

    def _entry(self, entry: Entry) -> None:
        """Sign, code, name; what is unusual to give with it stands behind the name."""
        self.sign(self.left, entry.severity)
        code = self.left + self.size * 1.6
        self.put(code, self.y + self.size, entry.code, self.size, BOLD)
        label, below = code + self.size * 2.75, self.y + self.leading
        self.lines(label, self.right, entry.label, BOLD if entry.severity == 1 else PLAIN)
        if entry.needs:
            self.lines(label, self.right, entry.needs, ITALIC)
        self.y = max(self.y, below)

    def sign(self, x: float, severity: int) -> None:
        """Told apart without colour: 1 white on a dark square, 2 in a thick frame, 3 in a thin ring, 4 bare."""
        side = self.leading * 0.97
        frame = {1: 0.0, 2: 1.0, 3: 0.4}.get(severity)
        if frame is not None:
            edge = side - frame
            self.marks.append(
                Box(
                    x + frame / 2, self.y + self.size * 0.12 + frame / 2, edge, edge,
                    fill=None if frame else LIFE, outline=frame, round=edge / 2 if severity == 3 else 0,
                )
            )  # fmt: skip
        font = BOLD if severity < 3 else PLAIN
        left = x + (side - _width(str(severity), font, self.size)) / 2
        self.put(
            left, self.y + self.size * 1.04, str(severity), self.size, font, PAPER if severity == 1 else INK
        )

    def _scale(self, scale: Scale) -> None:
        x = self.left
        for severity, words in scale.severities:
            font = BOLD if severity == 1 else PLAIN
            room = self.size * 1.6 + _width(words, font, self.size)
            if x > self.left and x + room > self.right:
                x, self.y = self.left, self.y + self.leading
            self.sign(x, severity)
            self.put(x + self.size * 1.6, self.y + self.size, words, self.size, font)
            x += room + self.size
        self.y += self.leading

    def _pairs(self, block: Pairs) -> None:
        """Rows of so many cells; what is written is as wide as the widest of its column."""
        gap = self.size * _GAP
        cell = (self.right - self.left + gap) / block.columns
        widest = [
            min(
                max(_width(sign, BOLD, self.size) for sign, _ in block.pairs[column :: block.columns]),
                cell * 0.6,
            )
            for column in range(min(block.columns, len(block.pairs)))
        ]
        for start in range(0, len(block.pairs), block.columns):
            top, lowest = self.y, self.y
            for column, (sign, meaning) in enumerate(block.pairs[start : start + block.columns]):
                left = self.left + column * cell
                middle = left + widest[column]
                for x, end, words, font in (
                    (left, middle, sign, BOLD),
                    (middle + gap, left + cell - gap, meaning, PLAIN),
                ):
                    self.y = top
                    self.lines(x, end, words, font)
                    lowest = max(lowest, self.y)
            self.y = lowest

    def lines(self, left: float, right: float, words: str, font: str, ink: str = INK) -> None:
        room = right - left + _HAIR
        self.broken |= any(_width(word, font, self.size) > room for word in printable(words).split())
        for line in wrapped(words, font, self.size, room):
            self.put(left, self.y + self.size, line, self.size, font, ink)
            self.y += self.leading

    def put(self, x: float, y: float, words: str, size: float, font: str, ink: str = INK) -> None:
        self.marks.append(Words(x, y, printable(words), size, font, ink))


def wrapped(words: str, font: str, size: float, room: float) -> Iterator[str]:
    """Lines that fit the room, broken between words; a word that is wider than the room is broken itself."""
    line = ""
    for word in printable(words).split():
        longer = f"{line} {word}".strip()
        if _width(longer, font, size) <= room:
            line = longer
            continue
        if line:
            yield line
        line = word
        while len(line) > 1 and _width(line, font, size) > room:
            cut = next((n for n in range(len(line) - 1, 1, -1) if _width(line[:n], font, size) <= room), 1)
            yield line[:cut]
            line = line[cut:]
    if line:
        yield line


@lru_cache(maxsize=4096)
def _width(words: str, font: str, size: float) -> float:
    return float(stringWidth(printable(words), font, size))


@lru_cache(maxsize=4096)
def printable(words: str) -> str:
    """The letters that the fonts of every PDF reader have; others as their nearest, or as a question mark."""
    return "".join(map(_printable_letter, words))


def _printable_letter(letter: str) -> str:
    if letter.isspace():
        return " "
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return fold(letter) or "?"
    return letter if letter.isprintable() else ""
