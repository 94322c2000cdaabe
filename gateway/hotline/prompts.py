"""The sentences of the voice menu as somebody recorded them: ``prompts/<language>/<name>.mp3`` or ``.wav``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gateway.hotline.voice import BY_KEY, Prompt, sentences
from gateway.messages import Sentence

SUFFIXES: Final = (".mp3", ".wav")
# What a provider's synthetic voice speaks; there is none for Hausa.
SYNTHESISED: Final = frozenset({"fr", "en"})


def recorded(folder: Path, prompt: Prompt) -> Path | None:
    """The file of a sentence."""
    candidates = (folder / prompt.language / f"{prompt.name}{suffix}" for suffix in SUFFIXES)
    return next((path for path in candidates if path.is_file()), None)


def missing(folder: Path, language: str, said: Mapping[Prompt, str] | None = None) -> list[Prompt]:
    """The sentences of a language that nobody has recorded yet: of those ``said``, else of the hotline's menu."""
    return [
        prompt
        for prompt in (sentences() if said is None else said)
        if prompt.language == language and recorded(folder, prompt) is None
    ]


def offered(folder: Path) -> list[str]:
    """The languages in which every sentence can be heard."""
    return [
        language for language in BY_KEY.values() if language in SYNTHESISED or not missing(folder, language)
    ]


def sentence(folder: Path, prompt: Prompt, said: Mapping[Prompt, str] | None = None) -> Sentence:
    path = recorded(folder, prompt)
    words = (sentences() if said is None else said)[prompt]
    return Sentence(prompt.language, words, f"{prompt.language}/{path.name}" if path is not None else None)
