"""Scheduled reports and exports on real servers: one mail for a due moment, whatever happens in between."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from asyncpg import QueryCanceledError

from encours.kernel.bands import STANDARD
from encours.kernel.ids import uuid7
from encours.mail.attempts import Attempts
from encours.mail.mime import message_id
from encours.postgres.connection import STORE_SETTINGS, close_pool, connect, open_pool
from encours.reading.moment import View
from encours.testing.servers import Installation
from reporting_svc.domain.report.document import ReportPlan
from reporting_svc.read_models.aged_balance.query import Figures
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.tie_out.query import OwnSum, require_tied
from reporting_svc.reports import mails
from reporting_svc.reports.overdue import overdue_schedules
from reporting_svc.reports.run import ReportRun, run_report
from tests.integration.report_yard import ENTITY, RECIPIENTS, yard


async def test_two_workers_send_one_mail_to_each_address_for_a_due_moment(
    module_installation: Installation,
) -> None:
    async with yard(module_installation) as place:
        schedule = await place.scheduled()
        workers = [await place.scheduler(), await place.scheduler()]
        await place.serve(*workers)
        assert place.mailbox.mails == [], "nothing is due yet"
        place.now += timedelta(days=3)
        await place.serve(*workers)
        await place.serve(*workers)
        assert sorted(mail["To"] for mail in place.mailbox.mails) == RECIPIENTS
        shown = await place.get(f"/v1/schedules/{schedule}")
        assert (shown["runs"], shown["missed"], shown["state"]) == (1, 2, "active")
        expected = (await place.get("/v1/expected-work"))["data"]
        assert [(each["kind"], each["schedule_id"], each["count"]) for each in expected] == [
            ("schedule_missed", schedule, 2)
        ]
        later = place.now + timedelta(days=2)
        overdue = partial(overdue_schedules, place.ledger, place.name, [schedule], now=later)
        assert [(each.kind, each.count) for each in await overdue(None)] == [("schedule_not_run", 2)]
        assert await overdue(()) == []
        assert sorted(mail["Message-ID"].strip() for mail in place.mailbox.mails) == sorted(
            message_id(place.name, key) for key in shown["last_run"]["mail_ids"]
        )
        assert await place.statuses(schedule) == dict.fromkeys(RECIPIENTS, "sent")
        (attached,) = place.mailbox.mails[0].iter_attachments()
        assert attached.get_content_type() == "text/csv"
        assert "FAC-1,120.00,EUR" in attached.get_content().replace("\r\n", "\n")

        place.now += timedelta(days=1)
        await place.serve(*workers)
        assert len(place.mailbox.mails) == 4, "the next moment"
        answer = await place.http.delete(f"/v1/schedules/{schedule}")
        assert answer.json()["state"] == "ended"
        place.now += timedelta(days=1)
        await place.serve(*workers)
        assert len(place.mailbox.mails) == 4


async def test_a_process_killed_before_it_hears_back_leaves_the_mail_unconfirmed(
    module_installation: Installation,
) -> None:
    async with yard(module_installation) as place:
        schedule = await place.scheduled()
        place.now += timedelta(days=1)
        first = await place.scheduler()
        await place.caught_up()
        first._mails.carriers.rest("email", "so that this worker decides and sends nothing")
        await first.serve_once(await place.ledger.info(place.name))
        await place.caught_up()
        (ran,) = [(await place.get(f"/v1/schedules/{schedule}"))["last_run"]]
        pool = await open_pool(
            place.installation.store_url("reporting"), "killed", size=1, settings=STORE_SETTINGS
        )
        killed = ran["mail_ids"][0]
        await Attempts(pool, uuid7()).claim(place.name, [(killed, message_id(place.name, killed))])
        await close_pool(pool)
        await place.serve(await place.scheduler())
        assert sorted((await place.statuses(schedule)).values()) == ["sent", "unconfirmed"]
        assert len(place.mailbox.mails) == 1


async def test_reports_that_cannot_be_made_hold_up_no_other(
    module_installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def made(view: View, plan: ReportPlan, entity_id: str | None) -> ReportRun:
        if plan.document.columns == ("due_on",):
            raise QueryCanceledError("too slow")
        if plan.document.columns == ("total",):
            own = OwnSum("open items", 1, 0)
            await require_tied(view, Scope(), Figures.none("EUR", STANDARD), own)
        return await run_report(view, plan, entity_id)

    monkeypatch.setattr(mails, "run_report", made)
    async with yard(module_installation) as place:
        before = (await place.ledger.head(place.name)).position
        slow = await place.scheduled(columns=["due_on"])
        untied = await place.scheduled(columns=["total"])
        past = await place.scheduled(columns=["number"], known_at=str(before))
        future = await place.scheduled(columns=["number"], known_at=str(before + 1000))
        last = await place.scheduled()
        place.now += timedelta(days=1)
        await place.serve(await place.scheduler())
        assert set((await place.statuses(slow)).values()) == {"requested"}
        assert set((await place.statuses(untied)).values()) == {"requested"}
        assert set((await place.statuses(past)).values()) == {"sent"}, "known before the report was saved"
        assert set((await place.statuses(last)).values()) == {"sent"}
        stopped = await place.get(f"/v1/schedules/{future}")
        assert (stopped["state"], stopped["runs"]) == ("stopped", 0)
        assert "beyond the ledger's end" in stopped["stopped_because"]


async def test_a_schedule_whose_owner_lost_access_stops_with_the_reason(
    module_installation: Installation,
) -> None:
    async with yard(module_installation) as place:
        schedule = await place.scheduled()
        export = {"kind": "fec", "entity_id": ENTITY, "period": "last_month"}
        rule = {"frequency": "monthly", "hour": 5, "business_day": 3}
        fec = export | {"accounts": {"sales": "706000"}}
        made = await place.post("/v1/schedules", {"name": "FEC", "rule": rule, "export": fec})
        assert made["export"]["accounts"] == fec["accounts"]
        options = {"bands": "30,90", "by": "issue_date", "segment": "A", "salesperson": "ann", "collector": "bob",
                   "group_by": "segment"}  # fmt: skip
        aged = export | {"kind": "aged_balance", "layout": "xlsx"} | options
        scheduled = await place.post("/v1/schedules", {"name": "Aged", "rule": rule, "export": aged})
        assert scheduled["export"]["report"] == options
        await place.caught_up()
        unknown = aged | {"group_by": "field:unknown"}
        for wrong, pointer in (
            (export | {"accounts": {"sales": "9X"}}, "accounts/sales"),
            (unknown, "group_by"),
        ):
            body = {"name": "Wrong", "rule": rule, "export": wrong}
            refused = await place.http.post("/v1/schedules", json=body)
            found = refused.status_code, refused.json()["errors"][0]["pointer"]
            assert found == (422, f"/export/{pointer}"), refused.text
        workers = [await place.scheduler(), await place.scheduler()]
        place.now += timedelta(days=40)
        await place.serve(*workers)
        exports = {each["kind"]: each for each in (await place.get("/v1/exports"))["data"]}
        assert exports.keys() == {"fec", "aged_balance"}
        assert exports["fec"]["first_on"].endswith("-01")
        assert exports["aged_balance"]["report"] == options
        last = (await place.get(f"/v1/schedules/{made['id']}"))["last_run"]
        assert last["export_id"] == exports["fec"]["id"]
        sent = len(place.mailbox.mails)

        conn = await connect(module_installation.admin_url(), "test")
        await conn.execute("update ledger.api_key set scopes = '{metrics:read}' where id = $1", place.key.id)
        place.now += timedelta(days=1)
        await place.serve(*workers)
        await conn.execute("update ledger.api_key set scopes = '{*}' where id = $1", place.key.id)
        await conn.close()
        shown = await place.get(f"/v1/schedules/{schedule}")
        assert (shown["state"], len(place.mailbox.mails)) == ("stopped", sent)
        assert "no longer has the scope reports:read" in shown["stopped_because"]
