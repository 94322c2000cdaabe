"""Mail servers: a real one with TLS and log-in (aiosmtpd), and one that says at each step what it was told to say."""

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

USER, PASSWORD = "vigie", "a password for tests only"


@dataclass
class Mailbox:
    """What a server took: for whom, and the mail."""

    taken: list[tuple[list[str], EmailMessage]] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        mail = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.taken.append((list(envelope.rcpt_tos), mail))
        return "250 OK"

    @property
    def recipients(self) -> list[str]:
        return [address for addresses, _ in self.taken for address in addresses]


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that signs itself: its file, and what a server needs to show it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "mail.pem", folder / "mail.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
    return port


@contextmanager
def server(security: str, context: ssl.SSLContext) -> Iterator[tuple[int, Mailbox]]:
    """A server that takes mail over TLS and after log-in only; with security ``none``, from anybody."""
    box, port = Mailbox(), free_port()
    guarded: dict[str, Any] = {} if security == "none" else {"authenticator": _log_in, "auth_required": True}
    if security == "starttls":
        guarded |= {"tls_context": context, "require_starttls": True}
    elif security == "tls":
        guarded |= {"ssl_context": context, "auth_require_tls": False}
    controller = Controller(box, hostname="127.0.0.1", port=port, **guarded)
    controller.start()
    try:
        yield port, box
    finally:
        controller.stop()


def _log_in(_server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (
        USER.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=right, handled=False)


SILENCE = ""
"""Instead of an answer: the server holds the line and says nothing."""


@contextmanager
def told(answers: Mapping[str, str]) -> Iterator[int]:
    """A server without TLS that answers each command as told; ``.`` is the end of a mail, ``HELLO`` the first word."""
    usual = {"HELLO": "220 here", "EHLO": "250 here", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on",
             ".": "250 taken", "AUTH": "235 ok"}  # fmt: skip
    with socket.create_server(("127.0.0.1", 0)) as listening:
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    line, _ = listening.accept()
                except OSError:
                    return
                with line, line.makefile("rb") as words, suppress(ConnectionError):
                    _talk(line, words, {**usual, **answers})

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            over.set()
            listening.shutdown(socket.SHUT_RDWR)
    thread.join()


def _talk(line: socket.socket, words: Any, answers: Mapping[str, str]) -> None:
    command, within = "HELLO", False
    while True:
        if not within:
            answer = answers.get(command, "500 what?")
            if answer == SILENCE:
                words.read()  # until the other side gives up
                return
            line.sendall(f"{answer}\r\n".encode())
            within = command == "DATA" and answer.startswith("354")
        heard = words.readline()
        if not heard:
            return
        command = "." if heard == b".\r\n" else heard[:4].decode("ascii", "replace").strip().upper()
        within = within and command != "."
