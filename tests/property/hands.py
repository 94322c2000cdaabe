"""Reports in many hands: what is to be said, and a text in which somebody might say it.

What the words mean is taken from the agency's data and the field's habits, never from the rules that read them.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from gateway.places.coordinates import inside
from gateway.places.gazetteer import Point, load_gazetteer
from gateway.reports.codebook import load_codebook

BOOK: Final = load_codebook().codes
GAZETTEER: Final = load_gazetteer()
POINTS: Final = GAZETTEER.by_code
LOCATED: Final = sorted(code for code, point in POINTS.items() if point.lat is not None)

# Names and codes that are also words count in their slot only.
WORD_CODES: Final = frozenset(
    ["SAY", "DAO", "TAM", "GAO", "TER", "TOU", "GAY", "ARG", "ARC", "ING", "BIL", "KAN", "ESP", "DRI"]
)  # fmt: skip


class Part(NamedTuple):
    """Some words, and what they say."""

    words: str
    says: dict[str, Any]


@dataclass(frozen=True)
class Report:
    """What somebody wanted to say, and how it was written."""

    text: str
    says: dict[str, Any]
    words: tuple[str, ...]
    """The same without a hand: code and fields, nothing between them yet."""


# The counts

KEYS: Final = {
    "men": "H",
    "women": "F",
    "boys": "G",
    "girls": "L",
    "minors": "M",
    "adults": "X",
    "under_5": "B",
    "pregnant": "FE",
    "elderly": "PA",
    "disabled": "HD",
    "total": "T",
}
PEOPLE_WORDS: Final = {
    "men": ["hommes", "hom", "men", "maza"],
    "women": ["femmes", "fem", "women", "mata"],
    "boys": ["garçons", "gar", "boys"],
    "girls": ["filles", "fil", "girls"],
    "minors": ["enfants", "enf", "mineurs", "kids", "children", "yara"],
    "under_5": ["bébés", "bb", "nourrissons"],
    "pregnant": ["enceintes", "enc"],
    "total": ["pers", "prs", "personnes", "migrants", "gens", "people", "pax"],
}
AFTER_WORD: Final = ["mutane", "maza", "mata", "yara"]
AFTER_KEYS: Final = {"mutane": "total", "maza": "men", "mata": "women", "yara": "minors"}
IN_WORDS: Final = {
    2: ["deux", "two"],
    3: ["trois", "three"],
    5: ["cinq"],
    12: ["douze"],
    20: ["vingt", "twenty"],
    24: ["vingt-quatre", "vingt quatre", "twenty four"],
    71: ["soixante et onze"],
    80: ["quatre-vingts"],
    120: ["cent vingt"],
    250: ["deux cents cinquante"],
}
HAUSA: Final = {
    2: "biyu",
    3: "uku",
    4: "hudu",
    5: "biyar",
    10: "goma",
    12: "goma sha biyu",
    25: "ashirin da biyar",
}
SUMMED: Final = ("men", "women", "boys", "girls", "minors", "adults")


def _number(draw: DrawFn, value: int) -> str:
    """A number before a word of people: `1277`, `1 277`, `1.277`, `1'277`, `12O`."""
    forms = [str(value)]
    if value >= 1000:
        forms += [f"{value // 1000}{sign}{value % 1000:03d}" for sign in " .'"]
    if value >= 10 and value % 10 == 0:
        forms.append(f"{str(value)[:-1]}O")
    return draw(st.sampled_from(forms))


@st.composite
def _count(draw: DrawFn, key: str, value: int) -> Part:
    letters = KEYS[key]
    joined = f"{letters}{value}"
    # A few men with the letter after them may be an hour, hundreds of women money.
    forms = [joined, joined, f"{letters}={value}", f"{letters} {value}"]
    if not (key == "men" and value <= 23) and not (key == "women" and value >= 100):
        forms.append(f"{value}{letters}")
    for word in PEOPLE_WORDS.get(key, ()):
        forms.append(f"{_number(draw, value)}{draw(st.sampled_from(['', ' ']))}{word}")
        forms += [f"{number} {word}" for number in IN_WORDS.get(value, ())]
    forms += [f"{word} {value}" for word in AFTER_WORD if AFTER_KEYS[word] == key]
    if value in HAUSA:
        forms += [f"{word} {HAUSA[value]}" for word in AFTER_WORD if AFTER_KEYS[word] == key]
    return Part(draw(st.sampled_from(forms)), {"people": {key: value}})


NOT_LITRES: Final = tuple(key for key in SUMMED if key != "girls")
"""Where things are handed out `20L` may be litres."""

COUNTED: Final = st.one_of(st.integers(1, 40), st.integers(41, 1500), st.sampled_from(sorted(IN_WORDS)))


@st.composite
def _people(draw: DrawFn, summed: tuple[str, ...]) -> list[Part]:
    keys = draw(st.lists(st.sampled_from(summed), unique=True, max_size=4))
    people = {key: draw(COUNTED) for key in keys}
    total = sum(people.values())
    stated = draw(st.booleans()) or not people
    if stated:
        people["total"] = total + draw(st.integers(0, 200)) if people else draw(COUNTED)
        subsets = draw(
            st.lists(st.sampled_from(["under_5", "pregnant", "elderly", "disabled"]), unique=True, max_size=1)
        )
        people |= {key: draw(st.integers(1, min(9, people["total"]))) for key in subsets}
    else:
        people["total"] = total
    parts = [draw(_count(key, value)) for key, value in people.items() if stated or key != "total"]
    return [Part(part.words, {"people": people}) for part in parts]


# Places

PLACES_AFTER: Final = ["a ", "à ", "au poste de ", "près de ", "gare de ", "at ", "in "]


def _point(code: str) -> dict[str, Any]:
    return {"code": code}


def _plain_names(point: Point) -> list[str]:
    """Its spellings that are nobody else's."""
    return [
        name
        for name in point.spellings
        if GAZETTEER.named(name) == (point,) and "/" not in name and "(" not in name
    ]


@st.composite
def _place_by_name(draw: DrawFn) -> Part:
    code = draw(st.sampled_from(LOCATED))
    words = draw(st.sampled_from([code, code, *_plain_names(POINTS[code])]))
    return Part(words, {"place": {"code": code}})


def _degrees(value: float, letters: str, *, seconds: bool) -> str:
    whole = int(value)
    minutes = (value - whole) * 60
    if seconds:
        return f"{whole}°{int(minutes):02d}'{int((minutes - int(minutes)) * 60):02d}\"{letters}"
    return f"{letters}{whole}°{int(minutes):02d}"


@st.composite
def _place_by_coordinates(draw: DrawFn) -> Part:
    point = POINTS[draw(st.sampled_from(LOCATED))]
    assert point.lat is not None
    assert point.lon is not None
    lat = round(point.lat + draw(st.integers(-9, 9)) / 100, 2)
    lon = round(abs(point.lon) + draw(st.integers(0, 9)) / 100, 2)
    if not inside(lat, lon):
        lat, lon = 19.37, 5.81
    comma_lat, comma_lon = f"{lat:.2f}".replace(".", ","), f"{lon:.2f}".replace(".", ",")
    forms = [
        f"{lat:.2f} {lon:.2f}",
        f"{lat:.2f},{lon:.2f}",
        f"{lat:.2f}/{lon:.2f}",
        f"{comma_lat} {comma_lon}",
        f"N{lat:.2f} E{lon:.2f}",
        f"{lat:.2f}N {lon:.2f}E",
        f"E{lon:.2f} N{lat:.2f}",
        f"{_degrees(lat, 'N', seconds=False)} {_degrees(lon, 'E', seconds=False)}",
        f"{_degrees(lat, 'N', seconds=True)} {_degrees(lon, 'E', seconds=True)}",
        f"https://maps.google.com/?q={lat:.2f},{lon:.2f}",
        f"https://www.google.com/maps/@{lat:.2f},{lon:.2f},15z",
    ]
    return Part(
        draw(st.sampled_from(forms)), {"place": {"code": None, "lat": lat, "lon": lon, "within": 0.02}}
    )


# What a degree of latitude and of longitude is long, in kilometres, near enough for the law.
KM_A_DEGREE: Final = 111.2
BEARINGS: Final = {"N": (1, 0), "S": (-1, 0)}
BEARING_WORDS: Final = {
    "N": ["nord", "N", "au nord de", "north of"],
    "S": ["sud", "S", "au sud de", "south of"],
}


@st.composite
def _place_by_offset(draw: DrawFn) -> Part:
    code = draw(st.sampled_from([code for code in LOCATED if code not in WORD_CODES]))
    point = POINTS[code]
    assert point.lat is not None
    km = draw(st.integers(3, 90))
    bearing = draw(st.sampled_from("NS"))
    word = draw(st.sampled_from(BEARING_WORDS[bearing]))
    name = draw(st.sampled_from([code, *_plain_names(point)]))
    words = f"{km}{draw(st.sampled_from(['', ' ']))}km {word} {name}"
    lat = point.lat + BEARINGS[bearing][0] * km / KM_A_DEGREE
    return Part(words, {"place": {"code": None, "lat": lat, "lon": point.lon, "within": 0.05}})


PLACE: Final = st.one_of(_place_by_name(), _place_by_name(), _place_by_coordinates(), _place_by_offset())

ENDS: Final = {
    "origin": ["depuis ", "dps ", "venant de ", "from "],
    "destination": ["vers ", "pour ", "pr ", "vs ", "to ", "zuwa ", "-> "],
}
LANDS: Final = {"LY": ["Libye", "Libya"], "DZ": ["Algérie", "Algeria"], "NG": ["Nigeria", "Nigéria"]}


@st.composite
def _end(draw: DrawFn, field: str) -> Part:
    word = draw(st.sampled_from(ENDS[field]))
    if draw(st.booleans()):
        land = draw(st.sampled_from(sorted(LANDS)))
        return Part(word + draw(st.sampled_from(LANDS[land])), {field: {"country": land}})
    place = draw(_place_by_name())
    return Part(word + place.words, {field: place.says["place"]})


# Everything else

DEMONYMS: Final = {
    "ML": ["maliens", "malians"],
    "GN": ["guinéens", "guineans"],
    "CI": ["ivoiriens"],
    "SN": ["sénégalais"],
    "NG": ["nigérians", "nigerians"],
    "NE": ["nigériens", "nigeriens"],
    "SD": ["soudanais", "sudanese"],
    "BF": ["burkinabè", "burkinabe"],
}
COUNTRIES: Final = {"ML": "Mali", "SN": "Sénégal", "GM": "Gambie", "GH": "Ghana", "CM": "Cameroun"}


@st.composite
def _nationals(draw: DrawFn, land: str) -> Part:
    count = draw(st.integers(1, 400))
    counted = [f"{land}{count}", f"{count}{land}", f"{land} {count}"]
    counted += [f"{count} {word}" for word in DEMONYMS.get(land, ())]
    words = draw(st.sampled_from(counted))
    if land in COUNTRIES and draw(st.booleans()):
        return Part(COUNTRIES[land], {"nationalities": {land: None}})
    return Part(words, {"nationalities": {land: count}})


VEHICLES: Final = {
    "VEH": ["VEH", "hilux", "véhicules", "voitures", "pickup"],
    "PLD": ["PLD", "camions", "trucks"],
    "MOT": ["MOT", "motos"],
    "PIE": ["PIE"],
    "BUS": ["BUS"],
}


@st.composite
def _vehicle(draw: DrawFn) -> Part:
    code = draw(st.sampled_from(sorted(VEHICLES)))
    count = draw(st.one_of(st.none(), st.integers(1, 9)))
    word = draw(st.sampled_from(VEHICLES[code]))
    if count is None:
        return Part(word, {"transport": {code: None}})
    words = f"{word}{count}" if word == code else f"{count} {word}"
    return Part(words, {"transport": {code: count}})


CONTROLS: Final = ["DTT", "MEN", "VIO", "PCS", "SAL", "CLE", "TRO"]
PARTNERS: Final = {
    "OIM": "OIM",
    "IOM": "OIM",
    "HCR": "HCR",
    "UNHCR": "HCR",
    "MSF": "MSF",
    "UNICEF": "UNICEF",
    "COOPI": "COOPI",
}
# At 14:00 in Niamey on 21 November 2026, as UTC.
TIMES: Final = {
    "14h05": "2026-11-21T13:05:00Z",
    "08h30": "2026-11-21T07:30:00Z",
    "8H30": "2026-11-21T07:30:00Z",
    "11:45": "2026-11-21T10:45:00Z",
    "9h 30mn": "2026-11-21T08:30:00Z",
    "hier": "2026-11-20T11:00:00Z",
    "hier 22h15": "2026-11-20T21:15:00Z",
    "avant-hier": "2026-11-19T11:00:00Z",
    "19/11": "2026-11-19T11:00:00Z",
    "19-11-26": "2026-11-19T11:00:00Z",
    "19.11.26": "2026-11-19T11:00:00Z",
    "19/11 14h30": "2026-11-19T13:30:00Z",
    "ce matin": "2026-11-21T07:00:00Z",
    "hier soir": "2026-11-20T18:00:00Z",
    "jiya": "2026-11-20T11:00:00Z",
    "yesterday": "2026-11-20T11:00:00Z",
    "vendredi": "2026-11-20T11:00:00Z",
}
URGENT: Final = ["urg", "URGENT", "urgence", "gaggawa"]
GREETINGS: Final = ["bjr", "bjr chef", "slt", "sannu", "salam", "Bonjour", "hello"]
COURTESIES: Final = ["svp", "stp", "merci", "merci chef", "na gode"]


@st.composite
def _parts(draw: DrawFn, code: str) -> list[Part]:
    """What stands beside the code, in the order in which it was thought of."""
    entry = BOOK[code]
    fields = entry.required | {field for field in sorted(entry.optional) if draw(st.booleans())}
    parts = [draw(PLACE)]
    if "people" in fields:
        parts += draw(_people(SUMMED if "quantity" not in fields else NOT_LITRES))
    if "nationalities" in fields:
        lands = draw(st.lists(st.sampled_from(sorted(DEMONYMS | COUNTRIES)), unique=True, max_size=3))
        parts += [draw(_nationals(land)) for land in lands]
    parts += [draw(_end(field)) for field in ENDS if field in fields]
    if "transport" in fields:
        parts.append(draw(_vehicle()))
    if "controls" in fields:
        control = draw(st.sampled_from(CONTROLS))
        parts.append(Part(control, {"controls": [control]}))
    if "partners" in fields:
        partner = draw(st.sampled_from(sorted(PARTNERS)))
        parts.append(Part(partner, {"partners": [PARTNERS[partner]]}))
    if "quantity" in fields:
        quantity = draw(st.integers(1, 900))
        parts.append(Part(f"{quantity} kits", {"quantity": quantity}))
    if draw(st.integers(0, 3)) == 0:
        moment = draw(st.sampled_from(sorted(TIMES)))
        parts.append(Part(moment, {"occurred_at": TIMES[moment]}))
    if draw(st.integers(0, 5)) == 0:
        parts.append(Part(draw(st.sampled_from(URGENT)), {"urgent": True}))
    return parts


SEPARATORS: Final = [
    " ",
    " ",
    " ",
    "\n",
    "\t",
    "  ",
    ", ",
    ",",
    "; ",
    ";",
    " - ",
    "-",
    ". ",
    " / ",
    "/",
    "#",
    "*",
    ": ",
    "!",
    " | ",
    "|",
    "=",
]
# Between two numbers most signs make one number, an hour, a date or a range of the two.
BETWEEN_NUMBERS: Final = [" # ", "\n", "; ", " | "]
NUMBER_WORDS: Final = tuple(
    {words.partition(" ")[0].partition("-")[0] for forms in IN_WORDS.values() for words in forms}
)


def join(draw: DrawFn, words: list[str]) -> str:
    """One separator after the other, each drawn for itself or one for all of the text."""
    one = draw(st.none() | st.sampled_from(SEPARATORS))
    text = words[0]
    for word in words[1:]:
        separator = one or draw(st.sampled_from(SEPARATORS))
        number = word[0].isdigit() or word.startswith(NUMBER_WORDS)
        if text[-1].isdigit() and number:
            separator = draw(st.sampled_from(BETWEEN_NUMBERS))
        elif number and separator == "=":  # a key of a letter, a vehicle or a country takes the number
            separator = " "
        elif "//" in text.split()[-1]:  # a link goes on up to the next space
            separator = "\n"
        text += separator + word
    return text


# How a text is dressed

Dress = Callable[[str], str]


def _without_accents(text: str) -> str:
    apart = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(c for c in apart if not unicodedata.combining(c)))


def _apart(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def _digits(zero: str) -> Dress:
    table = {ord("0") + n: chr(ord(zero) + n) for n in range(10)}
    return lambda text: text.translate(table)


def _wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in text)


def _hard_spaces(text: str) -> str:
    return text.replace(" ", "\u00a0")


def _invisible(text: str) -> str:
    return "\ufeff" + "\u200b".join(text)


def _marked(text: str) -> str:
    return f"\u200e{text}\u200f\u2060"


CASES: Final[list[Dress]] = [str, str.upper, str.lower, str.title]
ACCENTS: Final[list[Dress]] = [str, _without_accents, _apart]
ODDITIES: Final[list[Dress]] = [
    str,
    str,
    _digits("٠"),
    _digits("۰"),
    _digits("०"),
    _digits("0"),
    _wide,
    _hard_spaces,
    _invisible,
    _marked,
]


@st.composite
def reports(draw: DrawFn) -> Report:
    """A report that says all that its code asks for, and a text that says it."""
    code = draw(st.sampled_from(sorted(BOOK)))
    parts = draw(st.permutations(draw(_parts(code))))
    words = [code, *(part.words for part in parts)]
    if draw(st.integers(0, 3)) == 0:
        words.insert(0, draw(st.sampled_from(GREETINGS)))
    if draw(st.integers(0, 3)) == 0:
        words.append(draw(st.sampled_from(COURTESIES)))
    text = join(draw, words)
    for dress in (CASES, ACCENTS, ODDITIES):
        text = draw(st.sampled_from(dress))(text)
    says: dict[str, Any] = {"code": code}
    for part in parts:
        for field, value in part.says.items():
            says[field] = (
                says.get(field, {}) | value
                if isinstance(value, dict) and field in ("people", "nationalities")
                else value
            )
    return Report(text, says, (code, *(part.words for part in parts)))
