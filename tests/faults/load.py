"""People who text: many at once, signed as Twilio signs, and not giving up before they are answered."""

import base64
import hmac
import itertools
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

from gateway.demo import AGENTS_LINE, HOTLINE, LOAD_TEST_NUMBERS
from tests.standins.twilio import AUTH_TOKEN, inbound

STRANGERS = tuple(f"+2279000{number}" for number in range(3000, 3020))
CONTACTS = tuple(f"+2279000{number}" for number in range(4000, 4020))
# Of a hundred texts so many are grave, from somebody unknown, or to the hotline.
_GRAVE, _UNKNOWN, _HOTLINE = (7, 57), (33,), (21, 71)
_TEXTS = itertools.count()
_CONSONANTS = "bcdfghjklmnpqrstvwxz"


@dataclass(frozen=True, slots=True)
class Text:
    """One text, and what must become of it."""

    sender: str
    words: str
    line: str = AGENTS_LINE
    alerts: bool = False
    sid: str = field(default_factory=lambda: "SM" + secrets.token_hex(16))

    @property
    def known(self) -> bool:
        return self.line == AGENTS_LINE and self.sender not in STRANGERS


def sos(sender: str = "+22790000101", words: str = "SOS ASM 12") -> Text:
    return Text(sender, words, alerts=True)


def a_mix(number: int, sender: str) -> Text:
    """The text of this number in an endless mix: mostly routine, a known share of it grave."""
    place, people = number % 100, number % 90 + 2
    if place in _GRAVE:
        return Text(sender, f"SOS AGZ {people} {_unlike_others()}", alerts=True)
    if place in _UNKNOWN:
        return Text(STRANGERS[number // 100 % len(STRANGERS)], f"FLX AGZ {people}")
    if place in _HOTLINE:
        return Text(CONTACTS[number // 100 % len(CONTACTS)], f"ils sont {people}", HOTLINE, alerts=True)
    return routine(number, sender)


def routine(number: int, sender: str) -> Text:
    return Text(sender, f"FLX AGZ T{number % 90 + 2} {_unlike_others()}")


def _unlike_others() -> str:
    """A word of its own for each text: the sixth identical one within an hour would get no receipt."""
    number = next(_TEXTS)
    return "obs" + "".join(_CONSONANTS[number // 20**place % 20] for place in range(5))


Mix = Callable[[int, str], Text]


def signature(url: str, fields: dict[str, str]) -> str:
    """What Twilio signs, several times as fast as its SDK."""
    words = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.digest(AUTH_TOKEN.encode(), words.encode(), "sha1")).decode()


class Phone:
    """A connection that is kept alive."""

    def __init__(self, url: str, *, timeout: float = 30) -> None:
        self._url = f"{url}/webhooks/twilio/sms"
        self._connection = HTTPConnection(url.removeprefix("http://"), timeout=timeout)

    def post(self, text: Text) -> int:
        """The status of the answer. Raise OSError or HTTPException where there is none."""
        fields = inbound(text.sender, text.words, to=text.line, sid=text.sid)
        headers = {
            "X-Twilio-Signature": signature(self._url, fields),
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        }
        try:
            self._connection.request("POST", "/webhooks/twilio/sms", urlencode(fields), headers)
            response = self._connection.getresponse()
            assert not response.read().strip(b"<Response/>"), "a webhook's answer says nothing"
        except (OSError, HTTPException):
            self.hang_up()
            raise
        return response.status

    def hang_up(self) -> None:
        self._connection.close()


class Load:
    """Texts from many senders for as long as the block lasts.

    Each sender's texts come one after the other; one that is not answered 200 is sent again with the
    same id, as a provider does that retries. ``per_second`` 0 is as fast as it goes.
    """

    def __init__(self, url: str, *, mix: Mix = a_mix, per_second: float = 150, threads: int = 16) -> None:
        self._url = url
        self._mix = mix
        self._pause = threads / per_second if per_second else 0.0
        self._numbers = itertools.count()
        self._stopping = threading.Event()
        self._answered: list[list[Text]] = [[] for _ in range(threads)]
        self._seconds: list[list[float]] = [[] for _ in range(threads)]
        self._retries = Counter[str]()
        self._threads = [
            threading.Thread(target=self._text, args=(place, LOAD_TEST_NUMBERS[place::threads]))
            for place in range(threads)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        self.wait_for(50)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    @property
    def answered(self) -> list[Text]:
        """Every text that was answered 200, each sender's in the order in which they were sent."""
        return [text for part in self._answered for text in part]

    @property
    def slowest(self) -> float:
        """Seconds of the slowest answer of 200."""
        return max(max(part, default=0) for part in self._seconds)

    @property
    def retries(self) -> dict[str, int]:
        return dict(self._retries)

    def wait_for(self, more: int, within: float = 60) -> None:
        """Until so many more were answered 200."""
        until, deadline = len(self.answered) + more, time.monotonic() + within
        while len(self.answered) < until:
            assert time.monotonic() < deadline, f"{len(self.answered)} answered, {until} wanted"
            time.sleep(0.02)

    def _text(self, place: int, senders: Sequence[str]) -> None:
        phone = Phone(self._url)
        for sender in itertools.cycle(senders):
            if self._stopping.is_set():
                break
            began = time.monotonic()
            text = self._mix(next(self._numbers), sender)
            seconds = self._until_answered(phone, text)
            if seconds is not None:
                self._answered[place].append(text)
                self._seconds[place].append(seconds)
            self._stopping.wait(max(0.0, began + self._pause - time.monotonic()))
        phone.hang_up()

    def _until_answered(self, phone: Phone, text: Text) -> float | None:
        """How long the answer of 200 took; None when the load ended before there was one."""
        while True:
            began = time.monotonic()
            try:
                status = phone.post(text)
            except (OSError, HTTPException) as error:
                self._retries[type(error).__name__] += 1
            else:
                if status == 200:
                    return time.monotonic() - began
                self._retries[str(status)] += 1
            if self._stopping.wait(0.1):
                return None


def say(url: str, *texts: Text) -> None:
    """Text after text, each answered 200."""
    assert at_once(url, [texts]) == [200] * len(texts)


def at_once(url: str, texts: Sequence[Sequence[Text]]) -> list[int]:
    """Several callers that begin at the same moment, each with texts of its own; all their answers."""
    start, answers = threading.Barrier(len(texts)), list[int]()

    def call(mine: Sequence[Text]) -> None:
        phone = Phone(url)
        start.wait()
        answers.extend([phone.post(text) for text in mine])
        phone.hang_up()

    threads = [threading.Thread(target=call, args=(mine,)) for mine in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
