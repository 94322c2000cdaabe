"""Numbers and texts are in clear nowhere that outlives the moment: searched for, with a proof of the search."""

import base64
import re

import pytest
import sqlalchemy as sa
from rq import Queue
from rq.serializers import JSONSerializer

from gateway.supervisor.embedded import running_urls
from tests.faults import law
from tests.faults.gateway import Gateway
from tests.faults.load import say
from tests.privacy import scenario
from tests.privacy.ear import Ear
from tests.privacy.search import Needle, files, found, in_redis

CANARY, CANARY_WORDS = "+22790009999", "canaridanslamine"
NEEDLES = [Needle.of(secret) for secret in (*scenario.NUMBERS, *scenario.WORDS)]
CANARIES = [Needle.of(CANARY), Needle.of(CANARY_WORDS)]
Places = dict[str, bytes]


@pytest.fixture(scope="module")
def places(gateway: Gateway) -> Places:
    """Everywhere something might lie after the scenario, with canaries let loose in it."""
    with Ear(_redis_socket(gateway)) as ear:
        scenario.act(gateway)
        during = _outage(gateway)
        _plant(gateway)
    everywhere = dict(files(gateway.data_dir))
    everywhere |= {f"during the outage: {name}": content for name, content in during.items()}
    everywhere |= dict(in_redis(gateway.redis))
    everywhere["redis, as it was heard"] = ear.heard()
    return everywhere | dict(scenario.ask(gateway))


def test_no_number_and_no_text_is_in_clear_anywhere(places: Places) -> None:
    assert len(NEEDLES) > 25
    assert found(places.items(), NEEDLES) == set()


def test_the_search_finds_what_was_planted_wherever_it_was_planted(places: Places) -> None:
    lies_in = {place for place, _ in found(places.items(), CANARIES)}
    assert any(re.match(r"postgres/base/\d+/\d+", place) for place in lies_in)
    assert any(place.startswith("postgres/pg_wal/") for place in lies_in)
    assert any(place.startswith("redis rq:job:") for place in lies_in)
    assert lies_in >= {"redis canary", "redis, as it was heard", "log/clock.log", "spool/canary"}
    assert {name for _, name in found(places.items(), CANARIES)} == {CANARY, CANARY_WORDS}


def test_the_scenario_left_something_to_be_searched_everywhere(places: Places) -> None:
    """A search of empty places would prove nothing."""
    assert any(place.startswith("during the outage: spool/") for place in places)
    assert any(re.search(r"during the outage: blind/.*\.sent", place) for place in places)
    for log in ("web", "worker", "clock", "postgres"):
        assert places[f"log/{log}.log"]
    assert b"drain" in places["redis, as it was heard"]
    assert b'"items":[{' in places["/api/v1/messages?limit=500"].replace(b" ", b"")


def _outage(gateway: Gateway) -> Places:
    """Texts while PostgreSQL is away: what lies in the spool, and what the blind watch keeps."""
    with gateway.gone("postgres"):
        say(gateway.url, *scenario.SPOOLED)
        gateway.standin.expect(law.ON_DUTY, "VIGIE sans base", within=30)
        kept = {
            name: content for name, content in files(gateway.data_dir) if not name.startswith("postgres/")
        }
    law.settle(gateway)
    return kept


def _plant(gateway: Gateway) -> None:
    """A number and a text, in each kind of place and in each kind of disguise."""
    words = f"{CANARY} {CANARY_WORDS}"
    with gateway.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE canary (words text)"))
        connection.execute(sa.text("INSERT INTO canary VALUES (:words)"), {"words": words})
    with gateway.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("CHECKPOINT"))
    gateway.redis.set("canary", base64.b64encode(f"? {words}".encode()))
    Queue("canary", connection=gateway.redis, serializer=JSONSerializer).enqueue_call("canary", (words * 9,))
    (gateway.data_dir / "spool" / "canary").write_text(words.encode().hex())
    with (gateway.data_dir / "log" / "clock.log").open("a", encoding="utf-16-le") as log:
        log.write(words)


def _redis_socket(gateway: Gateway) -> str:
    urls = running_urls(gateway.data_dir)
    assert urls is not None
    return urls[1].removeprefix("unix://").partition("?")[0]
