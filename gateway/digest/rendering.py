"""A situation report ready to be drawn in any form."""

from dataclasses import dataclass
from typing import Final

from gateway.digest import contents, page, pdf, plain
from gateway.digest.contents import Sitrep
from gateway.digest.drawing import Drawing, chart_of, map_of
from gateway.digest.figures import Material, figures
from gateway.places.basemap import load_basemap
from gateway.places.gazetteer import load_gazetteer
from gateway.places.roads import load_roads
from gateway.reports.codebook import load_codebook
from gateway.services import Services

FORMS: Final = ("text", "html", "pdf")


@dataclass(frozen=True, slots=True)
class Rendering:
    sitrep: Sitrep
    pictures: dict[str, Drawing]

    def text(self) -> str:
        return plain.to_text(self.sitrep)

    def html(self) -> str:
        return page.to_html(self.sitrep, self.pictures)

    def pdf(self) -> bytes:
        return pdf.to_pdf(self.sitrep, self.pictures["map"])


def rendered(services: Services, material: Material, region: str | None, language: str) -> Rendering:
    """The report of a region or the whole country; in French where there are no words of the language."""
    folder = services.settings.agency_dir
    counted = figures(material, load_codebook(folder), region)
    sitrep = contents.sitrep(counted, load_codebook(folder), language, services.now())
    says = sitrep.says
    picture = map_of(
        counted, load_basemap(), load_gazetteer(folder), load_roads(folder), sitrep.language, says["map_says"]
    )
    return Rendering(sitrep, {"map": picture, "chart": chart_of(counted, sitrep.language, says["chart"])})
