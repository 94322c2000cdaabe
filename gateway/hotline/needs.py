"""What a caller chooses by a key, on a screen or by voice, and the words that it stands for. Rules."""

from collections.abc import Mapping
from datetime import time
from typing import Final

from gateway.people.safety import Hours

# What a caller would have texted, in words that the hotline's reading knows.
NEEDS: Final[Mapping[str, str]] = {
    "danger": "danger",
    "water": "pas d'eau",
    "held": "retenu",
    "ill": "malade",
}
TIMES: Final[Mapping[str, Hours]] = {
    "morning": Hours(time(6), time(12)),
    "afternoon": Hours(time(12), time(17)),
    "evening": Hours(time(17), time(21)),
    "night": Hours(time(21), time(6)),
}
RANG: Final = "rappelez-moi"
CALL_BACK: Final[Mapping[str, str]] = {
    "now": f"{RANG} maintenant",
    "morning": f"{RANG} le matin",
    "afternoon": f"{RANG} l'apres-midi",
    "evening": f"{RANG} le soir",
    "night": f"{RANG} la nuit",
}
