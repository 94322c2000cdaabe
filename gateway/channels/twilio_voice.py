"""Twilio: calls in, what their callers hear, and what they say; calls out, and what is pressed.

An account, its signatures and its calls; `twilio.py` adds the texts.
"""

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import requests
from twilio.twiml.voice_response import Gather, VoiceResponse

from gateway.channels.base import (
    BadRequestError,
    RecordingError,
    RecordingGoneError,
    WebhookAnswer,
    WebhookRequest,
)
from gateway.channels.cleaning import clean_address, clean_id, clean_sender, needed
from gateway.channels.twilio_api import clients, hand_over
from gateway.channels.twilio_signature import TwilioSignatures
from gateway.messages import (
    NO_KEY,
    SPOKE,
    WRONG_KEY,
    Accepted,
    CallStep,
    Delivery,
    OutboundCall,
    PickedUp,
    Receipt,
    Spoken,
    Then,
)

_SECONDS: Final = (1.5, 20.0)
_KEYS: Final = re.compile(r"[0-9xr-]{1,99}")
_RECORDING: Final = re.compile(r"RE[0-9a-f]{32}")
_OVER: Final = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
# Why a call of ours reached nobody; `completed` is no failure unless a machine answered.
_UNHEARD: Final = {
    "busy": "the phone was busy",
    "no-answer": "nobody picked up",
    "failed": "the network could not put the call through",
    "canceled": "the call was cancelled",
}
# By Twilio's page on answering machine detection: machine_start, machine_end_beep and so on, and fax.
_MACHINES: Final = ("machine", "fax")
_RINGS: Final = 40
"""seconds; left to itself Twilio rings for 60"""
# What stands for a number that the network does not tell, by Twilio's help on anonymous callers; a word does, too.
_WITHHELD: Final = frozenset({"+266696687", "+7378742833", "+2562533", "+8566", "+86282452253"})
_DIGIT: Final = re.compile("[0-9]")
_LOCALES: Final = {"fr": "fr-FR", "en": "en-GB"}
_WAITS, _LONGEST_SPEECH, _SILENCE = 7, 180, 6
# Left alone, Twilio asks once and hangs up on the caller where nobody answers (its page on connection overrides):
# what was said or pressed must come in all the same. All tries fit in its 15 seconds.
_INSISTS: Final = "#rc=3&rt=4000&rp=all"
_LARGEST: Final = 8 * 1024 * 1024  # of 3 minutes of MP3, many times over


class TwilioVoice:
    """An account's calls. Of several tokens (while rotating) each is believed."""

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
        self.name = name
        self._account_sid = account_sid
        self._tokens = tokens
        self._signatures = TwilioSignatures(tokens, public_url)
        self._public_url = public_url
        self._api_url = api_url
        self._country = country
        self._clients = clients(account_sid, tokens, api_url)

    def verify(self, request: WebhookRequest) -> None:
        self._signatures.check(request)

    def parse_call(self, request: WebhookRequest) -> CallStep | None:
        fields = self._fields(request)
        over = request.path.endswith("/status")
        if over and needed(fields, "CallStatus") not in _OVER:
            return None
        call = clean_id(needed(fields, "CallSid"), "CallSid")
        caller = fields.get("From", "")
        recording = _recording(fields)
        withheld = caller in _WITHHELD or not _DIGIT.search(caller)
        return CallStep(
            channel=self.name,
            call=call,
            # Each a stranger of its own: two who withhold their numbers are not one person.
            caller=f"withheld {call}" if withheld else clean_sender(caller, "From", self._country),
            line=clean_address(needed(fields, "To"), "To", self._country),
            received_at=request.received_at,
            keys="" if over else _keys(request, fields, recording),
            recording=recording,
            over=over,
        )

    def speak(self, step: CallStep, spoken: Spoken) -> WebhookAnswer:
        onward = f"{self._public_url}/webhooks/{self.name}/voice?keys={quote(step.keys)}{_INSISTS}"
        return self._said(spoken, onward, over=step.over)

    def call(self, call: OutboundCall) -> Accepted:
        about = f"{self._public_url}/webhooks/{self.name}/call"
        return hand_over(
            self._clients,
            lambda client: client.calls.create(
                to=call.recipient,
                from_=call.sender,
                url=f"{about}?message={call.id}",
                method="POST",
                status_callback=f"{about}/status?message={call.id}",
                status_callback_method="POST",
                machine_detection="Enable",
                timeout=_RINGS,
            ),
        )

    def parse_picked_up(self, request: WebhookRequest) -> PickedUp:
        fields = self._fields(request)
        return PickedUp(
            channel=self.name,
            message=_message(request),
            keys=_keys(request, fields, None),
            by_machine=_is_machine(fields),
        )

    def parse_rung(self, request: WebhookRequest) -> Receipt | None:
        fields = self._fields(request)
        status = needed(fields, "CallStatus")
        if status not in _OVER:
            return None
        unheard = "an answering machine picked up" if _is_machine(fields) else _UNHEARD.get(status)
        return Receipt(
            channel=self.name,
            provider_id=clean_id(needed(fields, "CallSid"), "CallSid"),
            state=Delivery.FAILED if unheard else Delivery.DELIVERED,
            error=unheard,
            message_id=_message(request),
        )

    def tell(self, step: PickedUp, spoken: Spoken) -> WebhookAnswer:
        about = f"message={step.message}&keys={quote(step.keys)}"
        onward = f"{self._public_url}/webhooks/{self.name}/call?{about}{_INSISTS}"
        return self._said(spoken, onward)

    def _said(self, spoken: Spoken, onward: str, *, over: bool = False) -> WebhookAnswer:
        """As TwiML; ``onward`` is what is called with the key or the recording."""
        response = VoiceResponse()
        match spoken.then:
            case Then.REFUSE:
                response.reject(reason="busy")
            case Then.KEY:
                gather = Gather(
                    action=onward,
                    method="POST",
                    input="dtmf",
                    num_digits=1,
                    finish_on_key="",  # so that # and * are keys like any other
                    timeout=_WAITS,
                    action_on_empty_result=True,
                )
                self._say(gather, spoken)
                response.append(gather)
            case Then.SPEECH:
                self._say(response, spoken)
                response.record(
                    action=onward,
                    method="POST",
                    timeout=_SILENCE,
                    max_length=_LONGEST_SPEECH,
                    play_beep=True,
                )
                response.redirect(onward, method="POST")  # where nothing was said
            case Then.NOTHING:
                self._say(response, spoken)
                if not over:
                    response.hangup()
        return WebhookAnswer(str(response).encode(), "text/xml; charset=utf-8", {"Cache-Control": "no-store"})

    def fetch_recording(self, recording: str) -> bytes:
        status, audio = self._ask("GET", f"{recording}.mp3")
        if status == 404:
            raise RecordingGoneError("Twilio has no such recording")
        if status != 200 or not audio:
            raise RecordingError(f"Twilio answered {status} when asked for a recording")
        return audio

    def delete_recording(self, recording: str) -> None:
        status, _ = self._ask("DELETE", f"{recording}.json")
        if status not in {204, 404}:
            raise RecordingError(f"Twilio answered {status} when told to delete a recording")

    def _ask(self, method: str, name: str) -> tuple[int, bytes]:
        """Only ever of the configured API, whatever address a webhook may name. Raise RecordingError."""
        if not _RECORDING.fullmatch(name.partition(".")[0]):
            raise RecordingError("this is no id of a recording of Twilio's")
        url = f"{self._api_url}/2010-04-01/Accounts/{self._account_sid}/Recordings/{name}"
        try:
            for token in self._tokens:
                with requests.request(
                    method,
                    url,
                    auth=(self._account_sid, token),
                    timeout=_SECONDS,
                    allow_redirects=method == "GET",  # to where it is stored, without our password
                    stream=True,
                ) as answer:
                    if answer.status_code == 401 and token is not self._tokens[-1]:
                        continue
                    return answer.status_code, _content(answer)
        except requests.RequestException:
            raise RecordingError("Twilio did not answer in time") from None
        raise AssertionError("a Twilio channel has at least one token")

    def _say(self, to: Any, spoken: Spoken) -> None:
        for sentence in spoken.sentences:
            if sentence.file is not None:
                to.play(f"{self._public_url}/webhooks/{self.name}/voice/{sentence.file}")
            else:
                to.say(sentence.words, language=_LOCALES[sentence.language])

    def _fields(self, request: WebhookRequest) -> dict[str, str]:
        fields = dict(request.form)
        if needed(fields, "AccountSid") != self._account_sid:
            raise BadRequestError("AccountSid is not that of this channel")
        return fields


def _keys(request: WebhookRequest, fields: dict[str, str], recording: str | None) -> str:
    """The way so far, out of our own address, and this step's key. At the first step there is neither."""
    before = request.query.get("keys")
    if before is None:
        return ""
    digits = fields.get("Digits", "")
    if recording is not None:
        key = SPOKE
    elif not digits:
        key = NO_KEY
    else:
        key = digits if digits in set("0123456789") else WRONG_KEY
    keys = before + key
    if not _KEYS.fullmatch(keys):
        raise BadRequestError("keys is not what we put there")
    return keys


def _message(request: WebhookRequest) -> UUID:
    try:
        return UUID(request.query.get("message", ""))
    except ValueError:
        raise BadRequestError("message is not what we put there") from None


def _is_machine(fields: dict[str, str]) -> bool:
    return fields.get("AnsweredBy", "").startswith(_MACHINES)


def _recording(fields: dict[str, str]) -> str | None:
    """Its id, also where only its address is told: that is all that Twilio's page on Record promises."""
    given = fields.get("RecordingSid") or fields.get("RecordingUrl")
    if not given:
        return None
    found = _RECORDING.search(given)
    if found is None:
        raise BadRequestError("RecordingSid is no id of a recording")
    return found[0]


def _content(answer: requests.Response) -> bytes:
    content = b""
    for part in answer.iter_content(64 * 1024):
        content += part
        if len(content) > _LARGEST:
            raise RecordingError("Twilio's recording is larger than one can be")
    return content
