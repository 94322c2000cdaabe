"""The load generator: signed Twilio webhooks, made beforehand, over keep-alive connections on loopback."""

import base64
import hashlib
import hmac
import json
import math
import random
import selectors
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

from gateway import demo

ACCOUNT, TOKEN = "AC" + "0" * 32, "a token for benchmarks"
# What a busy day looks like: mostly counts and check-ins, some 15 % that wake somebody.
MIX = (
    (25, "FLX {post} H{a} F{b} ML{c}"),
    (20, "CVM {post} {a} VEH2 vers DRK"),
    (15, "RAS {post}"),
    (10, "ROF {post} T{a} NE"),
    (6, "KIT {post} {a} OIM"),
    (5, "PAP {post} F{b} NG"),
    (4, "RUM {post} on parle d un depart ce soir"),
    (7, "RPZ {post} {a} H{b} F{c} GN{b}"),
    (4, "MNA {post} G{c} L2 NE"),
    (2, "MED {post} F1"),
    (2, "SOS {post} {a}"),
)
ROUTINE = MIX[:3]
POSTS = ("ASM", "ARL", "AGZ", "DRK", "SGD", "DNS", "GAY", "KNI", "ZDR", "MDM")


def texts(count: int, mix: tuple[tuple[int, str], ...] = MIX, seed: int = 1) -> list[str]:
    chance = random.Random(seed)
    patterns = chance.choices([text for _, text in mix], [weight for weight, _ in mix], k=count)
    return [
        pattern.format(
            post=chance.choice(POSTS),
            a=chance.randint(3, 90),
            b=chance.randint(1, 40),
            c=chance.randint(1, 9),
        )
        for pattern in patterns
    ]


def webhook(public_url: str, sender: str, text: str, sid: str | None = None) -> bytes:
    """One request as bytes, with the fields that Twilio really sends."""
    sid = sid or "SM" + uuid4().hex
    fields = {
        "ToCountry": "NE",
        "ToState": "",
        "SmsMessageSid": sid,
        "NumMedia": "0",
        "ToCity": "",
        "FromZip": "",
        "SmsSid": sid,
        "FromState": "",
        "SmsStatus": "received",
        "FromCity": "",
        "Body": text,
        "FromCountry": "NE",
        "To": demo.AGENTS_LINE,
        "NumSegments": "1",
        "MessageSid": sid,
        "AccountSid": ACCOUNT,
        "From": sender,
        "ApiVersion": "2010-04-01",
    }
    url = f"{public_url}/webhooks/twilio/sms"
    signed = url + "".join(key + fields[key] for key in sorted(fields))
    signature = base64.b64encode(hmac.digest(TOKEN.encode(), signed.encode(), hashlib.sha1)).decode()
    body = urlencode(fields).encode()
    head = (
        "POST /webhooks/twilio/sms HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: TwilioProxy/1.1\r\n"
        f"X-Twilio-Signature: {signature}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def webhooks(
    public_url: str, count: int, mix: tuple[tuple[int, str], ...] = MIX, seed: int = 1
) -> list[bytes]:
    """Distinct messages of the demo's 500 load-test reporters."""
    numbers = demo.LOAD_TEST_NUMBERS
    return [
        webhook(public_url, numbers[index % len(numbers)], text)
        for index, text in enumerate(texts(count, mix, seed))
    ]


@dataclass(frozen=True, slots=True)
class Result:
    """What the generator saw."""

    seconds: float
    statuses: dict[str, int]
    latencies: list[float]
    """seconds, sorted"""

    def at(self, share: float) -> float:
        """A percentile, in milliseconds."""
        return self.latencies[min(int(len(self.latencies) * share), len(self.latencies) - 1)] * 1000

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds


def drive(port: int, requests: list[bytes], connections: int = 64, rate: float = math.inf) -> Result:
    """Send all requests over so many connections, each with one request under way, ``rate`` a second at most.

    While it waits for its turn it does not look: held back, what it says of latencies is too much.
    """
    selector = selectors.DefaultSelector()
    waiting = enumerate(requests)
    latencies: list[float] = []
    statuses: dict[str, int] = {}
    began_at: dict[socket.socket, float] = {}

    def send_next(sock: socket.socket) -> None:
        turn, request = next(waiting, (0, None))
        if request is None:
            selector.unregister(sock)
            sock.close()
            return
        time.sleep(max(0.0, began + turn / rate - time.perf_counter()))
        began_at[sock] = time.perf_counter()
        sock.sendall(request)

    began = time.perf_counter()
    for _ in range(min(connections, len(requests))):
        sock = socket.create_connection(("127.0.0.1", port), timeout=30)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(sock, selectors.EVENT_READ)
        send_next(sock)
    while selector.get_map():
        for key, _ in selector.select():
            ready = key.fileobj
            assert isinstance(ready, socket.socket)
            answer = _whole_answer(ready)
            latencies.append(time.perf_counter() - began_at[ready])
            status = answer[9:12].decode() or "closed"
            statuses[status] = statuses.get(status, 0) + 1
            send_next(ready)
    return Result(time.perf_counter() - began, statuses, sorted(latencies))


def _whole_answer(sock: socket.socket) -> bytes:
    """Head and body, which may come apart."""
    answer = sock.recv(4096)
    while answer and b"\r\n\r\n" not in answer:
        answer += sock.recv(4096)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
    while len(body) < length:
        body += sock.recv(4096)
    return head


def main() -> None:
    """``python -m benchmarks.load PORT CONNECTIONS FILE RATE``: drive the requests of a file, print JSON."""
    port, connections, file, rate = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), float(sys.argv[4])
    requests = [bytes.fromhex(line) for line in file.read_text().split()]
    result = drive(port, requests, connections, rate)
    print(json.dumps([result.seconds, result.statuses, [round(one, 6) for one in result.latencies]]))


if __name__ == "__main__":
    main()
