"""A real Kannel with its fake SMSC, both ways: what the stand-in cannot prove."""

import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from gateway.channels.base import WebhookRequest
from gateway.channels.kannel import KannelChannel
from gateway.messages import Delivery, InboundMessage, OutboundMessage, Part, Receipt
from tests.channels.cases import LINE, NOW, REPORTER

BEARERBOX, SMSBOX = Path("/usr/sbin/bearerbox"), Path("/usr/sbin/smsbox")
FAKESMSC = Path("/usr/lib/kannel/test/fakesmsc")
MISSING = not all(program.exists() for program in (BEARERBOX, SMSBOX, FAKESMSC))
pytestmark = pytest.mark.skipif(
    MISSING and os.environ.get("CI") != "true", reason="Debian's kannel-extras is not installed"
)

TEXT, OFFICER, KEY = "RPZ ASM 647 + & = % F32", "+22790000901", "a key+with%41"
CONFIGURATION = """
group = core
admin-port = {admin}
admin-password = x
smsbox-port = {boxes}
sms-combine-concatenated-mo = false

group = smsc
smsc = fake
smsc-id = fake
port = {smsc}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
http-request-retry = 5
http-queue-delay = 1

group = sendsms-user
username = vigie
password = pw
max-messages = 10
concatenation = true

group = sms-service
keyword = default
catch-all = true
max-messages = 0
get-url = "http://127.0.0.1:{gateway}/webhooks/kannel/sms?key=a+key%%2Bwith%%2541&id=%I&from=%p&to=%P&text=%b&charset=%C&sent_at=%T&udh=%u&smsc=%i"
"""


@dataclass
class Gateway:
    """Where Kannel calls: it refuses the first call for now, and keeps what the channel reads."""

    channel: KannelChannel
    refused: list[str] = field(default_factory=list)
    taken: list[InboundMessage | Receipt | None] = field(default_factory=list)

    def take(self, path: str) -> int:
        if not self.refused:
            self.refused.append(path)
            return 503
        call = WebhookRequest("GET", f"http://127.0.0.1{path}", path.partition("?")[0], {}, b"", NOW)
        self.channel.verify(call)
        parse = self.channel.parse_receipt if "/delivery" in call.path else self.channel.parse_inbound
        self.taken.append(parse(call))
        return 200


def wait_for(what: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def listens(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def free_ports(number: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@pytest.fixture(params=[f"{REPORTER} {LINE} text {TEXT}"])
def kannel(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Gateway, Path]]:
    """The gateway that a running Kannel calls, and what its fake SMSC says."""
    assert not MISSING, "Debian's kannel-extras is not installed"
    admin, boxes, smsc, sendsms = free_ports(4)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(gateway.take(self.path))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_port}"
    sendsms_url = f"http://127.0.0.1:{sendsms}/cgi-bin/sendsms"
    login = {"username": "vigie", "password": "pw"}
    gateway = Gateway(
        KannelChannel("kannel", (KEY,), public_url=url, sendsms_url=sendsms_url, country="NE", **login)
    )
    configuration = tmp_path / "kannel.conf"
    configuration.write_text(
        CONFIGURATION.format(admin=admin, boxes=boxes, smsc=smsc, sendsms=sendsms, gateway=server.server_port)
    )
    with ExitStack() as stack:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        stack.callback(server.server_close)
        stack.callback(server.shutdown)

        def start(name: str, *command: str | Path) -> None:
            output = stack.enter_context((tmp_path / f"{name}.log").open("wb"))
            process = subprocess.Popen(command, cwd=tmp_path, stdout=output, stderr=output)
            stack.callback(process.wait, 10)
            stack.callback(process.kill)

        start("bearerbox", BEARERBOX, configuration)
        wait_for(lambda: listens(boxes))
        start("smsbox", SMSBOX, configuration)
        wait_for(lambda: listens(sendsms))
        phone = ("-H", "127.0.0.1", "-r", str(smsc), "-m", "1", request.param)
        start("fakesmsc", FAKESMSC, *phone)
        yield gateway, tmp_path / "fakesmsc.log"


@pytest.mark.parametrize("kannel", [f"{REPORTER} {LINE} udh %05%00%03%C7%03%02 F32+%26+M4"], indirect=True)
def test_a_part_of_a_long_text_says_which_it_is(kannel: tuple[Gateway, Path]) -> None:
    gateway, _ = kannel
    wait_for(lambda: bool(gateway.taken))
    [received] = gateway.taken
    assert isinstance(received, InboundMessage)
    assert (received.text, received.part, received.device) == ("F32 & M4", Part(0xC7, 2, 3), "fake")


def test_texts_go_both_ways_with_a_delivery_report(kannel: tuple[Gateway, Path]) -> None:
    gateway, smsc = kannel
    wait_for(lambda: bool(gateway.taken))
    [received] = gateway.taken
    assert isinstance(received, InboundMessage)
    assert (received.sender, received.recipient, received.text) == (REPORTER, LINE, TEXT)
    assert received.provider_id in gateway.refused[0]
    assert received.sent_at is not None

    message = OutboundMessage(uuid7(), LINE, OFFICER, "4821 RPZ à Assamaka: [é] 20 % & +")
    gateway.channel.send(message)
    wait_for(lambda: len(gateway.taken) == 3)
    reports = [report for report in gateway.taken if isinstance(report, Receipt)]
    assert {report.state for report in reports} == {Delivery.SENT, Delivery.DELIVERED}
    assert {report.message_id for report in reports} == {message.id}
    assert f"<{LINE} {OFFICER} text {message.text}>" in smsc.read_text()
    assert "Got message 2" not in smsc.read_text(), "Kannel answered the reporter by itself"
