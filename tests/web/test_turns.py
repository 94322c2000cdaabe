"""A hanging database must not take the threads that messages need."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.channels.signed_json import signature
from gateway.messages import Receipt
from gateway.web.turns import BusyError, Turns
from tests.web.fakes import SECRET, Web


def test_only_so_many_are_inside() -> None:
    turns = Turns(1, 0.01)
    with turns.one(), pytest.raises(BusyError), turns.one():
        pass
    with turns.one():
        pass


def test_receipts_that_hang_leave_room_for_messages(web: Web) -> None:
    over = threading.Event()

    def hang(_: Receipt) -> None:
        over.wait(20)

    web.receipts.hang = hang

    def post(event: str, **fields: str) -> int:
        body = json.dumps({"id": "1", **fields}).encode()
        headers = {"X-Vigie-Signature": signature(SECRET, body)}
        return web.client.post(f"/webhooks/http/{event}", data=body, headers=headers).status_code

    with ThreadPoolExecutor(20) as threads:
        answers = [threads.submit(post, "status", state="delivered") for _ in range(12)]
        early = [answer for answer in answers if answer.done() or not over.wait(0.1)]
        message = threads.submit(post, "sms", **{"from": "+22790000101", "to": "+22780000001", "text": "SOS"})
        assert message.result(timeout=5) == 200
        over.set()
        assert sorted(answer.result() for answer in early) == [200] * 8 + [503] * 4
