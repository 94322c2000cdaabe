"""`vigie migrate`: what it did, in a line."""

import sqlalchemy as sa

from gateway.bootstrap import METADATA
from gateway.storage import schema
from tests.commands.conftest import Run


def test_it_says_what_it_did_and_nothing_else(run: Run, empty: sa.Engine) -> None:
    here = {"VIGIE_DATABASE_URL": empty.url.render_as_string(hide_password=False)}
    revisions = schema.revisions()
    said = [run("migrate", **here) for _ in range(2)]
    schema.downgrade(empty, METADATA, revisions[-2])
    said.append(run("migrate", **here))
    assert {(ran.status, ran.err) for ran in said} == {(0, "")}
    assert [ran.out for ran in said] == [
        f"The database's schema was brought up to date in {len(revisions)} steps.\n",
        "The database's schema was up to date already.\n",
        "The database's schema was brought up to date in 1 step.\n",
    ]
