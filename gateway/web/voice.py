"""Where providers tell of calls: each request is a step of one, and its answer is what the caller hears."""

from typing import Final, Protocol

from flask import Blueprint, Response

from gateway.alerts import spoken
from gateway.channels.base import BadRequestError, BadSignatureError, VoiceChannel
from gateway.hotline import prompts
from gateway.hotline.voice import Prompt, sentences
from gateway.inbox.accept import NotStoredError
from gateway.messages import CallStep, Spoken
from gateway.services import Services
from gateway.web.calls import empty, read_call, refused

_RETRY_SECONDS: Final = "10"
_TYPES: Final = {".mp3": "audio/mpeg", ".wav": "audio/wav"}


class Answers(Protocol):
    """The calls, as the edge sees them."""

    def answer(self, step: CallStep) -> Spoken:
        """What the caller hears next. Raise NotStoredError where the call is over and could not be kept."""


def voice(services: Services, calls: Answers) -> Blueprint:
    """``/webhooks/<channel>/voice``, its ``/status``, and below it the recorded sentences of the menu."""
    blueprint = Blueprint("voice", __name__)

    @blueprint.post("/webhooks/<channel_name>/voice")
    @blueprint.post("/webhooks/<channel_name>/voice/status")
    def receive(channel_name: str) -> Response:
        channel = services.channels.get(channel_name)
        if not isinstance(channel, VoiceChannel):
            return empty(404)
        call = read_call(services)
        try:
            channel.verify(call)
            step = channel.parse_call(call)
            if step is None:
                return empty(204)
            answer = channel.speak(step, calls.answer(step))
        except BadSignatureError:
            return refused(channel, 403, "bad signature")
        except BadRequestError as error:
            return refused(channel, 400, str(error))
        except NotStoredError:
            return empty(503, {"Retry-After": _RETRY_SECONDS})
        return Response(answer.body, answer.status, answer.headers, content_type=answer.content_type)

    @blueprint.get("/webhooks/<channel_name>/voice/<language>/<file>")
    def play(channel_name: str, language: str, file: str) -> Response:
        """A recorded sentence, for anybody: whoever calls, or is called, hears it."""
        prompt = Prompt(language, file.rpartition(".")[0])
        if channel_name not in services.channels or prompt not in {**sentences(), **spoken.sentences()}:
            return empty(404)
        path = prompts.recorded(services.settings.prompts_dir, prompt)
        if path is None or path.name != file:
            return empty(404)
        return Response(path.read_bytes(), content_type=_TYPES[path.suffix])

    return blueprint
