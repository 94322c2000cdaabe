"""A very cheap first look at a text, at the edge: a life may be at stake."""

import re
from typing import Final

# Written for speed and to err on the side of yes: a wrong yes only puts a text first in its lane.
_DISTRESS: Final = re.compile(
    r"(?<![^\W_])(?:(?:SOS|SEQ|MED|DCD|VBG|EAU|URG)(?![a-z]{1,2}(?![a-z])|[a-z]{4})|urg(?:ent|ence)?"
    r"|(?:au )?secours|aide[zr]?|help|taimak[oe]|gaggawa|babu ruwa|danger|kidnap|sequestr|retenus?|enferm"
    r"|mort|corps|tue(?:e?s?)(?![a-z])|kashe|killed|gawa|dead|die|bless|malade|perdu|lost|viol|rape|fyade|soif|sace|tsare|kulle|bace|mutu)"
    r"|!\s*!|النجدة|ساعد|مساعدة|محبوس|محتجز|خطف|ميت|جثة|مات|عطش|ماء",
    re.IGNORECASE,
)


def cheaply_urgent(text: str) -> bool:
    return _DISTRESS.search(text) is not None
