"""What may be read, by whom, page by page; and that the OpenAPI document tells the truth."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate
from werkzeug.test import TestResponse

from gateway import bootstrap, demo
from gateway.app import create_app
from gateway.channels.registry import build_channel
from gateway.channels.signed_json import signature
from gateway.services import Services
from gateway.settings import Settings
from gateway.supervisor.embedded import Embedded
from tests.clock import Clock
from tests.conftest import SECRET as KEY
from tests.web.fakes import API_TOKEN, SECRET, Web, web_over_fakes

RESOURCES = ("messages", "reports", "incidents", "alerts")
NOTES_TOKEN = "a token that may see notes"


@pytest.fixture
def settings(servers: Embedded, tmp_path: Path) -> Settings:
    return Settings.read(
        data_dir=tmp_path / "var",
        database_url=servers.database_url,
        redis_url=servers.redis_url,
        secret_keys=(KEY,),
        api_tokens=(f"tests:{API_TOKEN}", f"desk+notes:{NOTES_TOKEN}"),
    )


class Agency:
    """The demo's agency behind the whole web application; texts come in through the webhook."""

    def __init__(self, services: Services, clock: Clock) -> None:
        with services.engine.begin() as connection:
            demo.seed(connection, services.cipher, services.settings)
        services.channels["simulator"] = build_channel(
            "simulator", "simulator", {"secret": SECRET}, services.settings
        )
        self.services = services
        self.clock = clock
        watch = bootstrap.Watch(services, "test")
        self.inbox, self.outbox = bootstrap.build_inbox(services), bootstrap.build_outbox(services)
        acceptor = bootstrap.build_acceptor(services, watch)
        sessions = bootstrap.build_ussd(services, acceptor, watch)
        app = create_app(
            services,
            acceptor,
            bootstrap.receipts(services),
            sessions,
            bootstrap.build_calls(services, acceptor, watch),
        )
        self.client: FlaskClient = app.test_client()
        self.sent = 0

    def text(self, sender: str, text: str, to: str = demo.AGENTS_LINE) -> None:
        self.sent += 1
        body = json.dumps({"id": f"p-{self.sent}", "from": sender, "to": to, "text": text}).encode()
        headers = {"X-Vigie-Signature": signature(SECRET, body)}
        assert self.client.post("/webhooks/simulator/sms", data=body, headers=headers).status_code == 200
        for lane in range(self.services.settings.lanes):
            self.inbox.drain(lane)
        for alerts in (True, False):
            while self.outbox.deliver(alerts=alerts):
                pass

    def get(self, path: str, token: str = API_TOKEN) -> TestResponse:
        return self.client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})

    def items(self, path: str) -> list[dict[str, Any]]:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return cast("list[dict[str, Any]]", answer.get_json()["items"])


@pytest.fixture
def agency(services: Services, clock: Clock) -> Agency:
    return Agency(services, clock)


@pytest.fixture
def told(agency: Agency) -> Iterator[Agency]:
    """A report, a repeat of it, one from a stranger, and one on the hotline; what it shows fits its schema."""
    agency.text("+22790000101", "RPZ ASM 647 H590 F32")
    agency.text("+22790000101", "RPZ ASM 647 H590 F32")
    agency.text("+22790000199", "SOS AGZ")
    agency.text("+22790000150", "aidez moi", demo.HOTLINE)
    yield agency
    document = agency.get("/openapi.json").get_json()
    for name, path in document["paths"].items():
        page = path["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        checker = OAS31Validator({**page, "components": document["components"]})
        checker.validate(agency.get(name).get_json())


def test_the_document_is_valid_and_needs_no_token(agency: Agency) -> None:
    answer = agency.client.get("/api/v1/openapi.json")
    document = answer.get_json()
    validate(document)
    assert set(document["paths"]) == {f"/{name}" for name in RESOURCES}
    assert document["servers"] == [{"url": "http://127.0.0.1:8080/api/v1"}]


@pytest.mark.parametrize("name", RESOURCES)
@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {API_TOKEN}", f"Bearer {API_TOKEN}x", "Bearer é"],
)
def test_without_a_token_nothing_is_told(agency: Agency, name: str, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = agency.client.get(f"/api/v1/{name}", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert set(answer.get_json()) == {"error"}


def test_the_demos_own_token_counts_in_the_demo_only(web: Web, tmp_path: Path) -> None:
    from gateway.web.api.tokens import Tokens

    (tmp_path / "demo-api-token").write_text("demo-token\n")
    settings = Settings.read(data_dir=tmp_path, demo=True)
    assert Tokens(settings).holder("Bearer demo-token") == "demo"
    assert Tokens(settings.model_copy(update={"demo": False})).holder("Bearer demo-token") is None
    assert Tokens(settings).holder(f"Bearer {API_TOKEN}") is None


def test_a_report_is_shown_with_all_that_was_read(told: Agency) -> None:
    report, repeat, stranger, hotline = told.items("/reports")
    assert (report["code"], report["severity"], report["line"]) == ("RPZ", 1, "agents")
    assert report["place"]["code"] == "ASM"
    assert report["people"]["total"] == 647
    assert report["reporter"]["name"] == "Agent Assamaka"
    assert report["received_at"] == "2026-11-21T13:00:00.000Z"
    assert (report["drill"], report["repeat_of"]) == (False, None)
    assert repeat["repeat_of"] == report["id"]
    assert (stranger["reporter"], stranger["verified"]) == (None, False)
    assert (hotline["line"], hotline["reporter"]) == ("hotline", None)


def test_a_text_about_an_earlier_report_names_it(agency: Agency) -> None:
    for words in ("FLX ASM 83", "CORR 38 pas 83", "PLUS 2 bb", "ANNU"):
        agency.text("+22790000101", words)
    report, *later = agency.items("/reports")
    assert report["about"] is None
    assert [item["about"] for item in later] == [report["id"]] * 3


def test_messages_go_both_ways_in_order(told: Agency) -> None:
    both, incoming, outgoing = (
        told.items(path) for path in ("/messages", "/messages?direction=in", "/messages?direction=out")
    )
    assert [item["provider_id"] for item in incoming] == ["p-1", "p-2", "p-3", "p-4"]
    assert {item["state"] for item in incoming} == {"read"}
    assert {item["purpose"] for item in outgoing} >= {"alert", "receipt"}
    assert sorted(item["id"] for item in incoming + outgoing) == [item["id"] for item in both]
    assert all(item["received_at"] is None and item["created_at"] for item in outgoing)
    assert all(item["due_at"] >= item["created_at"] and item["held_since"] is None for item in outgoing)
    assert all(item["due_at"] is None for item in incoming)


def test_an_alert_shows_who_took_it(told: Agency) -> None:
    first = told.items("/alerts")[0]
    assert (first["state"], first["severity"], first["acknowledged_by"]) == ("open", 1, None)
    assert told.items("/reports")[0]["id"] in first["report_ids"]
    with told.services.engine.connect() as connection:
        code = connection.execute(
            sa.text("SELECT code FROM alert_codes ORDER BY alert_id LIMIT 1")
        ).scalar_one()
    told.text("+22790000901", f"{code:04}")
    taken = told.items("/alerts")[0]
    assert (taken["state"], taken["acknowledged_by"]["name"]) == ("acknowledged", "Officier Un")


def test_an_incident_shows_its_reports_and_who_has_it(told: Agency) -> None:
    event, stranger, caller = told.items("/incidents")
    reports = told.items("/reports")
    assert (event["kind"], event["state"], event["severity"]) == ("movement", "open", 1)
    assert (event["reports"], event["people"], event["taken_by"]) == (2, 647, None)
    assert event["report_ids"] == [report["id"] for report in reports if report["incident_id"] == event["id"]]
    (alert,) = (one for one in told.items("/alerts") if one["incident_id"] == event["id"])
    assert event["alert_ids"] == [alert["id"]]
    assert stranger["id"] != event["id"]
    assert caller["kind"] is None


def test_an_alert_shows_its_answers_and_its_notes_to_a_token_that_may_see_them(told: Agency) -> None:
    with told.services.engine.connect() as connection:
        code = connection.execute(
            sa.text("SELECT code FROM alert_codes ORDER BY alert_id LIMIT 1")
        ).scalar_one()
    told.text("+22790000901", f"{code} 5, chez le forgeron")
    shown = told.items("/alerts")[0]
    assert (shown["outcome"], shown["due_at"]) == ("safe", None)
    times = [bool(shown[name]) for name in ("seen_at", "taken_at", "on_site_at", "safe_at")]
    assert times == [True, True, False, True]
    (answer,) = shown["answers"]
    assert (answer["officer"]["name"], answer["answer"], answer["note"]) == ("Officier Un", "safe", None)
    (answer,) = told.get("/alerts", token=NOTES_TOKEN).get_json()["items"][0]["answers"]
    assert answer["note"] == "chez le forgeron"


def test_neither_numbers_nor_texts_are_shown(told: Agency) -> None:
    for name in RESOURCES:
        shown = told.get(f"/{name}").text
        for secret in ("2279000", "2278000", "90000", "H590", "aidez"):
            assert secret not in shown


def pages(agency: Agency, path: str, limit: int) -> Iterator[list[str]]:
    path += f"{'&' if '?' in path else '?'}limit={limit}"
    following: str | None = path
    while following:
        page = agency.get(following).get_json()
        yield [item["id"] for item in page["items"]]
        following = f"{path}&after={page['next']}" if page["next"] else None


def test_pages_join_without_gap_or_overlap(told: Agency) -> None:
    for path in ("/messages", "/messages?direction=in", "/reports"):
        whole = [item["id"] for item in told.items(path)]
        assert whole == sorted(whole)
        for limit in (1, 2, 3, 4):
            found = list(pages(told, path, limit))
            assert all(1 <= len(page) <= limit for page in found)
            assert [id_ for page in found for id_ in page] == whole


def test_since_cuts_by_time(told: Agency) -> None:
    assert told.items("/messages?since=2020-01-01T00:00:00Z") == told.items("/messages")
    assert told.items("/messages?since=2099-01-01") == []
    assert told.get("/messages?since=2099-01-01").get_json()["next"] is None


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("since=yesterday", "since"),
        ("after=x", "after"),
        ("limit=501", "limit"),
        ("direction=up", "direction"),
        ("colour=red", "There is no such parameter"),
    ],
)
def test_a_wrong_parameter_is_named(agency: Agency, query: str, name: str) -> None:
    answer = agency.get(f"/messages?{query}")
    assert answer.status_code == 400
    assert answer.get_json()["error"].startswith(name)


def test_unknown_paths_and_methods_answer_in_json(agency: Agency) -> None:
    assert agency.get("/cases").status_code == 404
    assert agency.get("/cases").get_json()["error"]
    headers = {"Authorization": f"Bearer {API_TOKEN}"}
    assert agency.client.post("/api/v1/reports", headers=headers).status_code == 405


def test_a_restart_of_the_database_goes_unnoticed(told: Agency, engine: sa.Engine) -> None:
    told.items("/reports")
    killer = sa.text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND usename = current_user AND datname = current_database()"
    )
    with engine.connect() as connection:
        connection.execute(killer)
    engine.dispose()
    assert len(told.items("/reports")) == 4


def test_a_database_that_is_away_is_said_so(tmp_path: Path) -> None:
    web = web_over_fakes(tmp_path)
    answer = web.client.get("/api/v1/reports", headers={"Authorization": f"Bearer {API_TOKEN}"})
    assert answer.status_code == 503
    assert answer.get_json() == {"error": "The database is away; messages are still taken."}
