"""Sessions through Africa's Talking's wire format: people who dial, answer screen after screen, and dial again."""

import json
import random
import sys
import threading
import time
from collections import Counter
from http.client import HTTPConnection
from urllib.parse import urlencode
from uuid import uuid4

from benchmarks.load import Result
from gateway import demo

# Report, CVM typed, the first place, 40 people, the first destination, urgent, send.
WALK = ("1", "CVM", "1", "40", "1", "1", "1")
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Sessions:
    """So many people at once, who take ``pause`` seconds on average for a screen."""

    def __init__(self, port: int, pause: float) -> None:
        self._port = port
        self._pause = pause
        self._over = threading.Event()
        self._latencies: list[float] = []
        self._answers: Counter[str] = Counter()

    def run(self, people: int, seconds: float) -> Result:
        numbers = demo.LOAD_TEST_NUMBERS[:people]
        threads = [threading.Thread(target=self._person, args=(number,)) for number in numbers]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        self._over.set()
        for thread in threads:
            thread.join()
        return Result(time.perf_counter() - began, dict(self._answers), sorted(self._latencies))

    def _person(self, number: str) -> None:
        chance = random.Random(number)
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        while not self._over.is_set():
            session = uuid4().hex
            for length in range(len(WALK) + 1):
                self._over.wait(chance.uniform(0, 2 * self._pause))
                self._step(connection, number, session, "*".join(WALK[:length]))

    def _step(self, connection: HTTPConnection, number: str, session: str, text: str) -> None:
        fields = {
            "sessionId": session,
            "serviceCode": "*384#",
            "phoneNumber": number,
            "networkCode": "61404",
            "text": text,
        }
        began = time.perf_counter()
        connection.request("POST", "/webhooks/africastalking/ussd", urlencode(fields), _FORM)
        screen = connection.getresponse().read().decode()
        if not self._over.is_set():  # then it is only finished, so that no session is left to be gone on with
            self._latencies.append(time.perf_counter() - began)
            self._answers[_kind(screen)] += 1


def _kind(screen: str) -> str:
    """A screen that goes on, a report that was filed, or whatever else it begins with."""
    if screen.startswith("END Message enregistre"):
        return "filed"
    return "screen" if screen.startswith("CON ") else screen[:16]


def main() -> None:
    """``python -m benchmarks.ussd PORT PEOPLE SECONDS PAUSE``: print what they saw as JSON."""
    port, people, seconds, pause = sys.argv[1:]
    result = Sessions(int(port), float(pause)).run(int(people), float(seconds))
    print(json.dumps([result.seconds, result.statuses, [round(one, 6) for one in result.latencies]]))


if __name__ == "__main__":
    main()
