"""Twilio's REST API: its clients, what is handed over to it, and what its errors mean."""

import logging
from collections.abc import Callable, Sequence
from ssl import SSLCertVerificationError
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from twilio.base.exceptions import TwilioException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from urllib3.exceptions import NewConnectionError
from urllib3.exceptions import SSLError as TlsError

from gateway.channels.base import (
    NoRouteSendError,
    OptedOutSendError,
    PermanentSendError,
    RefusedSendError,
    SendError,
    TemporarySendError,
    UncertainSendError,
)
from gateway.messages import Accepted

_CONNECT_SECONDS, _READ_SECONDS = 1.5, 3.5
_CONNECTIONS: Final = 64
_LOWEST_CODE: Final = 10_000  # below it the SDK repeats the HTTP status
_BUSY: Final = {14107, 20429, 21611, 30001, 63018}
_REFUSED: Final = {20003, 20005}
# The account may not call or text that country or, on trial, that number; no carrier takes it; nobody is there on
# WhatsApp, or did not write lately.
_NO_ROUTE: Final = {21215, 21216, 21219, 21408, 21608, 21612, 63003, 63016}
_NO_NUMBER: Final = {21211, 21214, 21217, 21614, 21635}  # invalid, not reached, or a landline
OPTED_OUT: Final = 21610


def clients(account_sid: str, tokens: Sequence[str], api_url: str) -> list[Client]:
    """One for each token of the account; they share connections."""
    http = _HttpClient(api_url)
    return [Client(account_sid, token, http_client=http) for token in tokens]


def hand_over(clients: Sequence[Client], create: Callable[[Client], Any]) -> Accepted:
    """A text or a call, by the first client whose token works. Raise a SendError."""
    for client in clients:
        try:
            taken = create(client)
        except TwilioException as error:
            if number(error, "status") == 401 and client is not clients[-1]:
                continue  # surely not taken: the next token's turn
            raise _send_error(error) from None
        except requests.RequestException as error:
            raise connection_error(error) from None
        except (ValueError, KeyError, TypeError):
            raise UncertainSendError("Twilio's answer cannot be understood") from None
        return _accepted(taken)
    raise AssertionError("a Twilio channel has at least one token")


def _accepted(taken: Any) -> Accepted:
    if not isinstance(taken.sid, str) or not taken.sid:
        raise UncertainSendError("Twilio gave no id")
    return Accepted(taken.sid)


def _send_error(error: Any) -> SendError:
    """The SDK's exception as ours. Its words quote the number, so only its codes are kept."""
    status, code = number(error, "status"), number(error, "code")
    reason = f"Twilio error {code}" if code >= _LOWEST_CODE else f"Twilio answered {status}"
    if code in _REFUSED or (status in {401, 403} and code < _LOWEST_CODE):
        return TemporarySendError("Twilio refuses our credentials")
    if code in _BUSY or status in {404, 429, 503}:  # 404: the account is not there
        return TemporarySendError(reason)
    if code == OPTED_OUT:
        return OptedOutSendError(reason)
    if code in _NO_ROUTE:
        return NoRouteSendError(reason)
    if code in _NO_NUMBER:
        return PermanentSendError(reason)
    return RefusedSendError(reason) if 400 <= status < 500 and status != 408 else UncertainSendError(reason)


def number(error: Any, name: str) -> int:
    value = getattr(error, name, 0)
    return value if isinstance(value, int) else 0


def connection_error(error: requests.RequestException) -> SendError:
    cause = getattr(error.args[0], "reason", None) if error.args else None
    # TLS may also break after the request has left: only a certificate is looked at before.
    distrusted = isinstance(cause, TlsError) and isinstance(cause.args[0], SSLCertVerificationError)
    if isinstance(error, requests.ConnectTimeout) or isinstance(cause, NewConnectionError) or distrusted:
        return TemporarySendError("Twilio cannot be reached")
    return UncertainSendError("Twilio did not answer in time")


class _HttpClient:
    """The SDK's client at another address, with our time-outs, safe for threads, and silent: it logs requests."""

    def __init__(self, api_url: str) -> None:
        self._api_url = api_url
        self._silent = logging.getLogger("twilio.silent")
        self._silent.disabled = True
        self._session = requests.Session()
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=_CONNECTIONS, max_retries=0))

    def request(self, method: str, url: str, **options: Any) -> Any:
        # The SDK keeps the last answer on its client and returns it from there: two threads on one
        # client could swap their message ids. So each call has its own, on the shared connections.
        client = TwilioHttpClient(pool_connections=False, logger=self._silent)
        client.session = self._session
        client.timeout = (_CONNECT_SECONDS, _READ_SECONDS)
        parts = urlsplit(url)
        address = f"{self._api_url}{parts.path}{'?' * bool(parts.query)}{parts.query}"
        return client.request(method, address, **options)
