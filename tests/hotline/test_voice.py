"""The voice menu: every way through it ends, and tells nothing of whom the number belongs to."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.hotline import voice
from gateway.hotline.needs import NEEDS
from gateway.hotline.voice import Event, What, event_of, sentences, turn
from gateway.messages import Then

ANY_KEYS = st.text("0123456789x-r", max_size=40)
TELLTALE = re.compile(r"anltp|traite|trafic|victim|police|agence|agency|hotline|aide\b|help", re.IGNORECASE)


@given(ANY_KEYS, st.sampled_from((("fr", "en"), ("fr", "ha", "en"))))
def test_any_key_at_any_point_is_answered_with_sentences_that_there_are(
    keys: str, offered: tuple[str, ...]
) -> None:
    heard = turn(keys, offered)
    assert heard.prompts
    assert set(heard.prompts) <= sentences().keys()
    assert {prompt.language for prompt in heard.prompts} <= set(offered)


@given(st.text("0123456789x-r", min_size=20, max_size=20))
def test_every_way_through_the_menu_ends(keys: str) -> None:
    assert turn(keys, ("fr", "en")).then is Then.NOTHING


@pytest.mark.parametrize(("key", "need"), list(enumerate(NEEDS, start=1)))
def test_each_need_has_its_key(key: int, need: str) -> None:
    assert turn(f"1{key}", ("fr", "en")).event == Event(What.CHOSE, need, "fr")


def test_a_language_without_a_voice_is_no_choice() -> None:
    assert turn("2", ("fr", "en")) == voice.Turn(turn("", ("fr", "en")).prompts, Then.KEY)


def test_every_language_has_every_sentence_and_no_word_that_tells() -> None:
    names = {
        language: {p.name for p in sentences() if p.language == language} for language in ("fr", "ha", "en")
    }
    assert len({frozenset(of) for of in names.values()}) == 1
    for words in sentences().values():
        assert not TELLTALE.search(words)


def test_an_event_is_known_again_by_its_id() -> None:
    for event in (Event(What.BEGAN), Event(What.CHOSE, "danger", "fr"), Event(What.SPOKE, "RE1", "en")):
        assert event_of(event.id_in("CA1")) == ("CA1", event)
