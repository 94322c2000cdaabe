"""One mail handed to the mail server. What goes wrong is named, and never with the server's words: they may hold an address."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Final

from gateway.settings import Settings

SECONDS: Final = 15.0
"""For each step; a server that answers nothing is given up."""


class MailError(Exception):
    """A mail did not leave; the message is one sentence that says why and what to do."""


class TemporaryMailError(MailError):
    """Surely not taken: worth another try, perhaps once a setting is mended."""


class RefusedMailError(MailError):
    """Refused for good."""


class UncertainMailError(MailError):
    """It may have been taken: it is not sent again."""


def examine(settings: Settings) -> None:
    """Go as far as the server's log-in. Raise MailError."""
    with _connected(settings):
        pass


def send(settings: Settings, message: EmailMessage, address: str) -> None:
    """Hand a mail to the server for one address. Raise MailError."""
    with _connected(settings) as server:
        _expect(server.mail(settings.smtp_from), "the sender (VIGIE_SMTP_FROM)")
        _expect(server.rcpt(address), "the recipient")
        try:
            answer = server.data(message.as_bytes())
        except smtplib.SMTPDataError as error:
            answer = error.smtp_code, b""
        except (OSError, smtplib.SMTPException):
            raise UncertainMailError(
                "The mail server went silent while it took the mail: it may have arrived, and is not sent again."
            ) from None
        _expect(answer, "the mail")


@contextmanager
def _connected(settings: Settings) -> Iterator[smtplib.SMTP]:
    where = f"{settings.smtp_host}:{settings.smtp_port}"
    try:
        server = _open(settings)
    except ssl.SSLCertVerificationError:
        raise TemporaryMailError(
            f"The certificate of {where} is not trusted or is another host's: check VIGIE_SMTP_HOST, or set "
            "VIGIE_SMTP_CA_FILE."
        ) from None
    except (ssl.SSLError, smtplib.SMTPNotSupportedError):
        raise TemporaryMailError(
            f"{where} does not speak {settings.smtp_security}: check VIGIE_SMTP_SECURITY and VIGIE_SMTP_PORT."
        ) from None
    except smtplib.SMTPAuthenticationError:
        raise TemporaryMailError(
            f"{where} refuses the log-in: check VIGIE_SMTP_USER and VIGIE_SMTP_PASSWORD."
        ) from None
    except smtplib.SMTPResponseException as error:
        raise TemporaryMailError(
            f"{where} answers {error.smtp_code} before any mail: ask its operator."
        ) from None
    except (OSError, smtplib.SMTPException):
        raise TemporaryMailError(
            f"{where} cannot be reached or does not answer: check VIGIE_SMTP_HOST, VIGIE_SMTP_PORT and this "
            "machine's way out."
        ) from None
    try:
        yield server
    except MailError:
        raise
    except (OSError, smtplib.SMTPException):
        raise TemporaryMailError(f"{where} went silent before it took the mail.") from None
    finally:
        server.close()  # without QUIT: what was taken is taken, and a server that hangs has no more of our time


def _open(settings: Settings) -> smtplib.SMTP:
    """A connection that is secured and logged in as the settings say."""
    server: smtplib.SMTP
    if settings.smtp_security == "tls":
        server = smtplib.SMTP_SSL(
            settings.smtp_host, settings.smtp_port, timeout=SECONDS, context=_trust(settings)
        )
    else:
        server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=SECONDS)
    try:
        if settings.smtp_security == "starttls":
            server.starttls(context=_trust(settings))
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password)
        else:
            server.ehlo_or_helo_if_needed()
    except BaseException:
        server.close()
        raise
    return server


def _trust(settings: Settings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.smtp_ca_file or None)
    except (FileNotFoundError, PermissionError, ssl.SSLError):
        raise TemporaryMailError("VIGIE_SMTP_CA_FILE holds no certificate that can be read.") from None


def _expect(answer: tuple[int, bytes], what: str) -> None:
    code, _ = answer
    if 200 <= code < 300:
        return
    if code >= 500:
        raise RefusedMailError(f"The mail server refuses {what} ({code}).")
    raise TemporaryMailError(f"The mail server does not take {what} now ({code}).")
