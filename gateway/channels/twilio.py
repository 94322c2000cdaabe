"""Twilio: SMS and WhatsApp in and out, delivery receipts. Its calls are in `twilio_voice.py`."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from ssl import SSLCertVerificationError
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import requests
from requests.adapters import HTTPAdapter
from twilio.base.exceptions import TwilioException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from urllib3.exceptions import NewConnectionError
from urllib3.exceptions import SSLError as TlsError
from uuid_utils.compat import uuid7

from gateway.channels.base import (
    AskError,
    BadRequestError,
    NoRouteSendError,
    OptedOutSendError,
    PermanentSendError,
    RefusedSendError,
    SendError,
    TemporarySendError,
    UncertainSendError,
    WebhookRequest,
)
from gateway.channels.cleaning import clean_address, clean_id, clean_sender, clean_text, money, needed
from gateway.channels.numbers import WHATSAPP, on_whatsapp
from gateway.channels.twilio_voice import TwilioVoice
from gateway.messages import Accepted, Delivery, InboundMessage, OutboundMessage, Receipt

_CONNECT_SECONDS, _READ_SECONDS = 1.5, 3.5
_CONNECTIONS: Final = 64
_PAGE: Final = 200  # of 1000 at most, which would not come within the time-out
_LOWEST_CODE: Final = 10_000  # below it the SDK repeats the HTTP status
_BUSY: Final = {14107, 20429, 21611, 30001, 63018}
_REFUSED: Final = {20003, 20005}
# The account may not text that country or, on trial, that number; no carrier takes it; nobody is there on
# WhatsApp, or did not write lately.
_NO_ROUTE: Final = {21408, 21608, 21612, 63003, 63016}
_NO_NUMBER: Final = {21211, 21214, 21217, 21614, 21635}  # invalid, not reached, or a landline
_OPTED_OUT: Final = 21610
_WINDOW_CLOSED: Final = "63016"
_UNCLEAR: Final = (BadRequestError, ValueError, KeyError, TypeError, AttributeError)
_STATES: Final = {
    "sent": Delivery.SENT,
    "delivered": Delivery.DELIVERED,
    "read": Delivery.DELIVERED,
    "undelivered": Delivery.FAILED,
    "failed": Delivery.FAILED,
    "canceled": Delivery.FAILED,
}


class TwilioChannel(TwilioVoice):
    """An account. Of several tokens (while rotating) each is believed, and the first that works sends."""

    method = "POST"
    acknowledgement = (b"<Response/>", "text/xml; charset=utf-8")

    def __init__(
        self,
        name: str,
        account_sid: str,
        tokens: Sequence[str],
        *,
        public_url: str,
        api_url: str,
        country: str,
    ) -> None:
        super().__init__(name, account_sid, tokens, public_url=public_url, api_url=api_url, country=country)
        http = _HttpClient(api_url)
        self._clients = [Client(account_sid, token, http_client=http) for token in tokens]

    def parse_inbound(self, request: WebhookRequest) -> InboundMessage | None:
        fields = self._fields(request)
        return InboundMessage(
            id=uuid7(),
            channel=self.name,
            provider_id=_message_sid(fields),
            sender=clean_sender(needed(fields, "From"), "From", self._country),
            recipient=clean_address(needed(fields, "To"), "To", self._country),
            text=clean_text(_words(fields)),
            received_at=request.received_at,
        )

    def parse_receipt(self, request: WebhookRequest) -> Receipt | None:
        fields = self._fields(request)
        status = needed(fields, "MessageStatus", "SmsStatus").lower()
        state = _STATES.get(status)
        if state is None:
            return None
        return Receipt(
            channel=self.name,
            provider_id=_message_sid(fields),
            state=state,
            error=_reason(status, fields.get("ErrorCode", "")) if state is Delivery.FAILED else None,
            message_id=_uuid(request.query.get("message", "")),
            opted_out=fields.get("ErrorCode") == str(_OPTED_OUT),
        )

    def send(self, message: OutboundMessage) -> Accepted:
        by_whatsapp = on_whatsapp(message.sender)
        to = f"{WHATSAPP}{message.recipient}" if by_whatsapp else message.recipient
        for client in self._clients:
            try:
                taken = client.messages.create(
                    to=to,
                    from_=message.sender,
                    body=message.text,
                    status_callback=f"{self._public_url}/webhooks/{self.name}/status?message={message.id}",
                )
            except TwilioException as error:
                if _number(error, "status") == 401 and client is not self._clients[-1]:
                    continue  # surely not taken: the next token's turn
                raise _send_error(error) from None
            except requests.RequestException as error:
                raise _connection_error(error) from None
            except (ValueError, KeyError, TypeError):
                raise UncertainSendError("Twilio's answer cannot be understood") from None
            return _accepted(taken)
        raise AssertionError("a Twilio channel has at least one token")

    def credit(self) -> str:
        with _asking("balance"):
            left = self._clients[0].balance.fetch()
            return money(left.currency, left.balance)

    def list_inbound(self, line: str, since: datetime, until: datetime) -> Iterator[InboundMessage]:
        unclear = 0
        with _asking("list"):
            page = self._first_page(line, since)
        while page is not None:
            with _asking("list"):
                texts = [one for one in page if one.direction == "inbound"]
            for one in texts:
                try:
                    message = self._listed(one)
                    is_wanted = since <= message.received_at <= until
                except _UNCLEAR:
                    unclear += 1
                else:
                    if is_wanted:
                        yield message
            with _asking("list"):
                page = page.next_page()
        if unclear:  # told at the end: one text must not cost the others
            raise AskError(f"{unclear} of the texts on Twilio's list cannot be understood")

    def _first_page(self, line: str, since: datetime) -> Any:
        day = since.astimezone(UTC).date().isoformat()  # it filters by whole days
        for client in self._clients:
            try:
                return client.messages.page(to=line, date_sent_after=day, page_size=_PAGE)
            except TwilioException as error:
                if _status(error) != 401 or client is self._clients[-1]:
                    raise
        raise AssertionError("a Twilio channel has at least one token")

    def _listed(self, one: Any) -> InboundMessage:
        """A text out of Twilio's list, which does not tell of a position that was shared."""
        return InboundMessage(
            id=uuid7(),
            channel=self.name,
            provider_id=clean_id(one.sid, "sid"),
            sender=clean_sender(one.from_, "from", self._country),
            recipient=clean_address(one.to, "to", self._country),
            text=clean_text(one.body or ""),  # null where it was a picture alone, or is redacted
            received_at=one.date_sent,
            sent_at=one.date_sent,
        )


@contextmanager
def _asking(what: str) -> Iterator[None]:
    """Whatever goes wrong with what Twilio is asked is an AskError."""
    try:
        yield
    except TwilioException as error:
        status = _status(error)
        refused = status in {401, 403}
        raise AskError(
            "Twilio refuses our credentials"
            if refused
            else f"Twilio answered {status} when asked for its {what}"
        ) from None
    except requests.RequestException as error:
        raise AskError(_connection_error(error).reason) from None
    except _UNCLEAR:
        raise AskError(f"Twilio's {what} cannot be understood") from None


def _status(error: Any) -> int:
    """Of a page that did not come the SDK keeps the answer beside its words."""
    answer = error.args[1] if len(error.args) > 1 else None
    return _number(answer, "status_code") or _number(error, "status")


def _words(fields: dict[str, str]) -> str:
    """What was written, and a shared position in the words that are read with certainty.

    The name and the address of a shared place are a map's, and no words of the sender: a street's
    number must not become a count.
    """
    if "Latitude" not in fields or "Longitude" not in fields:
        return needed(fields, "Body")
    position = f"lat {_degrees(fields['Latitude'])} lon {_degrees(fields['Longitude'])}"
    return f"{fields.get('Body', '')} {position}".strip()


def _degrees(value: str) -> str:
    """Six decimals are 10 cm. What is no number stays: it is asked about, not dropped."""
    try:
        return f"{float(value):.6f}"
    except ValueError:
        return value


def _message_sid(fields: dict[str, str]) -> str:
    return clean_id(needed(fields, "MessageSid", "SmsMessageSid", "SmsSid"), "MessageSid")


def _reason(status: str, code: str) -> str:
    if code == _WINDOW_CLOSED:
        return "on WhatsApp this person must write first: nothing may go out 24 hours after their last text"
    return (
        f"Twilio error {code}" if code.isascii() and code.isdigit() and len(code) < 7 else f"Twilio: {status}"
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _accepted(taken: Any) -> Accepted:
    if not isinstance(taken.sid, str) or not taken.sid:
        raise UncertainSendError("Twilio gave no id")
    return Accepted(taken.sid)


def _send_error(error: Any) -> SendError:
    """The SDK's exception as ours. Its words quote the number, so only its codes are kept."""
    status, code = _number(error, "status"), _number(error, "code")
    reason = f"Twilio error {code}" if code >= _LOWEST_CODE else f"Twilio answered {status}"
    if code in _REFUSED or (status in {401, 403} and code < _LOWEST_CODE):
        return TemporarySendError("Twilio refuses our credentials")
    if code in _BUSY or status in {404, 429, 503}:  # 404: the account is not there
        return TemporarySendError(reason)
    if code == _OPTED_OUT:
        return OptedOutSendError(reason)
    if code in _NO_ROUTE:
        return NoRouteSendError(reason)
    if code in _NO_NUMBER:
        return PermanentSendError(reason)
    return RefusedSendError(reason) if 400 <= status < 500 and status != 408 else UncertainSendError(reason)


def _number(error: Any, name: str) -> int:
    value = getattr(error, name, 0)
    return value if isinstance(value, int) else 0


def _connection_error(error: requests.RequestException) -> SendError:
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
