"""One table of cases for every channel, and the hostile ones that nobody has to remember."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from gateway.channels.base import BadRequestError, BadSignatureError, TextChannel, WebhookRequest
from gateway.messages import InboundMessage

PUBLIC_URL = "https://vigie.example.ne"
NOW = datetime(2026, 11, 21, 13, 30, tzinfo=UTC)
REPORTER, LINE = "+22790000101", "+22780000001"
TEXT = "RPZ ASM 647 H590 F32"

Fields = Mapping[str, object]


@dataclass(frozen=True)
class Provider:
    """A channel under test: how its provider spells the fields, writes the body and signs it."""

    channel: TextChannel
    good: Fields
    names: Mapping[str, str]  # id, sender, recipient, text -> the provider's names
    body: Callable[[Fields], bytes]
    sign: Callable[[str, bytes], Mapping[str, str]]
    key: str = ""  # in the address, of a provider that signs nothing

    def request(
        self, body: bytes, *, url: str = "", headers: Mapping[str, str] | None = None
    ) -> WebhookRequest:
        url = url or f"{PUBLIC_URL}/webhooks/{self.channel.name}/sms"
        if self.key and headers is None:
            url += f"?key={self.key}"
        signature = self.sign(url, body) if headers is None else headers
        return WebhookRequest("POST", url, "/webhooks/x/sms", signature, body, NOW)

    def receive(self, fields: Fields) -> InboundMessage:
        """What the channel makes of these fields, properly signed."""
        return self.receive_body(self.body(fields))

    def receive_body(self, body: bytes) -> InboundMessage:
        request = self.request(body)
        self.channel.verify(request)
        message = self.channel.parse_inbound(request)
        assert message is not None
        return message

    def with_(self, **changes: object) -> Fields:
        return {**self.good, **{self.names[name]: value for name, value in changes.items()}}

    def without(self, name: str) -> Fields:
        return {key: value for key, value in self.good.items() if key != self.names[name]}


class InboundCases:
    """Subclass with a fixture ``provider``."""

    def test_a_good_message_is_read(self, provider: Provider) -> None:
        message = provider.receive(provider.good)
        assert message.channel == provider.channel.name
        assert (message.sender, message.recipient, message.text) == (REPORTER, LINE, TEXT)
        assert message.received_at == NOW
        assert message.id.version == 7

    def test_a_duplicate_has_the_same_provider_id_and_a_new_id_of_ours(self, provider: Provider) -> None:
        first, second = provider.receive(provider.good), provider.receive(provider.good)
        assert first.provider_id == second.provider_id
        assert first.id != second.id

    @pytest.mark.parametrize("headers", [{}, {"X-Twilio-Signature": "", "X-Vigie-Signature": ""}])
    def test_no_signature_is_refused(self, provider: Provider, headers: dict[str, str]) -> None:
        with pytest.raises(BadSignatureError):
            provider.channel.verify(provider.request(provider.body(provider.good), headers=headers))

    @pytest.mark.parametrize("wrong", ["x", "é", "sha256=00", "A" * 28, "\udcff", "0" * 10_000])
    def test_a_wrong_signature_is_refused(self, provider: Provider, wrong: str) -> None:
        headers = {"X-Twilio-Signature": wrong, "X-Vigie-Signature": wrong}
        with pytest.raises(BadSignatureError):
            provider.channel.verify(provider.request(provider.body(provider.good), headers=headers))

    @pytest.mark.parametrize("name", ["id", "sender", "recipient", "text"])
    def test_a_missing_field_is_named(self, provider: Provider, name: str) -> None:
        with pytest.raises(BadRequestError, match=rf"^{provider.names[name]} is missing$"):
            provider.receive(provider.without(name))

    @pytest.mark.parametrize("name", ["id", "sender", "recipient"])
    @pytest.mark.parametrize("value", ["", "  ", "\0"])
    def test_an_empty_id_or_address_is_refused(self, provider: Provider, name: str, value: str) -> None:
        with pytest.raises(BadRequestError, match=f"^{provider.names[name]} is empty$"):
            provider.receive(provider.with_(**{name: value}))

    @pytest.mark.parametrize(("name", "length"), [("id", 129), ("sender", 65), ("recipient", 65)])
    def test_an_over_long_id_or_address_is_refused_and_not_quoted(
        self, provider: Provider, name: str, length: int
    ) -> None:
        with pytest.raises(BadRequestError, match="longer than") as caught:
            provider.receive(provider.with_(**{name: "x" * length}))
        assert "xxx" not in str(caught.value)

    def test_an_empty_text_is_a_message(self, provider: Provider) -> None:
        assert provider.receive(provider.with_(text="")).text == ""

    def test_nul_is_removed(self, provider: Provider) -> None:
        message = provider.receive(provider.with_(text="RPZ\0 ASM", id=" a\0b "))
        assert message.text == "RPZ ASM"
        assert message.provider_id == provider.receive(provider.with_(id="ab")).provider_id

    def test_any_script_comes_through(self, provider: Provider) -> None:
        text = "Ɗan Issa: yara 12 ƙananan, « nuit », النجدة 🚨 + & = % ; #"
        assert provider.receive(provider.with_(text=text)).text == text

    @pytest.mark.parametrize("sender", ["90000101", "00227 90 00 01 01", "+227 90-00-01-01", "22790000101"])
    def test_numbers_are_made_one(self, provider: Provider, sender: str) -> None:
        assert provider.receive(provider.with_(sender=sender)).sender == REPORTER

    @pytest.mark.parametrize("sender", ["whatsapp:+22790000101", "whatsapp:90000101"])
    def test_whoever_writes_on_whatsapp_is_known_by_the_bare_number(
        self, provider: Provider, sender: str
    ) -> None:
        assert provider.receive(provider.with_(sender=sender)).sender == REPORTER

    @pytest.mark.parametrize("sender", ["AIRTEL", "384"])
    def test_what_is_no_number_stays_as_it_is(self, provider: Provider, sender: str) -> None:
        assert provider.receive(provider.with_(sender=sender)).sender == sender

    def test_its_answer_says_nothing(self, provider: Provider) -> None:
        body, _ = provider.channel.acknowledgement
        assert body in {b"", b"<Response/>"}


class SignedInboundCases(InboundCases):
    """For a provider that signs what it sends; the others are held by a secret in the address."""

    def test_a_body_that_was_changed_is_refused(self, provider: Provider) -> None:
        url = f"{PUBLIC_URL}/webhooks/{provider.channel.name}/sms"
        headers = provider.sign(url, provider.body(provider.good))
        changed = provider.body(provider.with_(text="RPZ ASM 6470"))
        with pytest.raises(BadSignatureError):
            provider.channel.verify(provider.request(changed, url=url, headers=headers))


class KeyCases:
    """For providers that sign nothing: a key in the address."""

    @pytest.mark.parametrize(
        "query", ["", "?", "?key", "?key=", "?KEY={key}", "?key={key}x", "?key={key}&key="]
    )
    def test_an_address_without_the_right_key_is_refused(self, provider: Provider, query: str) -> None:
        url = f"{PUBLIC_URL}/webhooks/{provider.channel.name}/sms{query.format(key=provider.key)}"
        with pytest.raises(BadSignatureError):
            provider.channel.verify(provider.request(provider.body(provider.good), url=url, headers={}))

    @pytest.mark.parametrize("wrong", ["é", "%FF", "\udcff", "%00", "0" * 10_000])
    def test_a_key_in_any_letters_is_refused(self, provider: Provider, wrong: str) -> None:
        url = f"{PUBLIC_URL}/webhooks/{provider.channel.name}/sms?key={wrong}"
        with pytest.raises(BadSignatureError):
            provider.channel.verify(provider.request(provider.body(provider.good), url=url, headers={}))

    def test_the_key_in_the_body_does_not_count(self, provider: Provider) -> None:
        body = provider.body({**provider.good, "key": provider.key})
        with pytest.raises(BadSignatureError):
            provider.channel.verify(provider.request(body, headers={}))

    def test_no_repr_shows_the_key(self, provider: Provider) -> None:
        request = provider.request(provider.body(provider.good))
        assert provider.key in request.url
        assert provider.key not in f"{request!r}{provider.channel!r}"
