"""Scheduled reports and exports on real servers: one mail for a due moment, whatever happens in between."""

from __future__ import annotations

import asyncio
import email
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from asyncpg import QueryCanceledError

from encours.contracts import Event
from encours.contracts.events.parties.customer import CustomerRegistered
from encours.contracts.events.parties.entity import EntityRegistered
from encours.embedded.process import free_port
from encours.http.access.keys import NewKey, fetch_from
from encours.kernel.bands import STANDARD
from encours.kernel.ids import derived_id, uuid7
from encours.ledger import Ledger
from encours.ledger.model import Append, NewEvent
from encours.mail.attempts import Attempts
from encours.mail.door import MailDoor
from encours.mail.mime import message_id
from encours.mail.senders import Senders
from encours.mail.smtp import Mailer
from encours.postgres.connection import STORE_SETTINGS, close_pool, connect, open_pool
from encours.postgres.leases import Leases
from encours.reading.moment import View
from encours.reading.read_db import ReadDb
from encours.service.worker import Worker
from encours.testing.events import event, issued
from encours.testing.http import client_of, grant, settings_of
from encours.testing.servers import Installation
from encours.transport.client import NatsConnection
from reporting_svc.app import create_app
from reporting_svc.domain.report.document import ReportPlan
from reporting_svc.exports.store import ExportStore
from reporting_svc.models import MODELS, NAME
from reporting_svc.read_models.aged_balance.query import Figures
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.tie_out.query import OwnSum, require_tied
from reporting_svc.reports import mails
from reporting_svc.reports.mails import ReportMailDispatcher
from reporting_svc.reports.overdue import overdue_schedules
from reporting_svc.reports.run import ReportRun, run_report
from reporting_svc.reports.scheduler import ReportScheduler

ENTITY, CUSTOMER, INVOICE = derived_id("ent", "s"), derived_id("cus", "s"), derived_id("inv", "s")
PRESENT = ("/v1/exports", "/v1/expected-work")
RECIPIENTS = ["first@firm.example", "second@firm.example"]


class Mailbox:
    """Deliveries that the receiver has taken."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        return "250 2.0.0 kept"


@dataclass
class Yard:
    """A live ledger with its API and followed read models, and schedulers whose clock the test moves."""

    installation: Installation
    name: str
    key: NewKey
    http: httpx.AsyncClient
    ledger: Ledger
    db: ReadDb
    port: int
    stack: AsyncExitStack
    mailbox: Mailbox = field(default_factory=Mailbox)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    schedulers: list[ReportScheduler] = field(default_factory=list)

    async def add(self, stream: str, data: Event) -> None:
        """Append an event as the installing user."""
        today = await self.ledger.today(self.name)
        event_ = NewEvent(stream, 1, data, ENTITY, today, uuid7())
        await self.ledger.append(
            Append(ledger=self.name, command_id=uuid7(), fingerprint=b"test", events=(event_,), actor="test")
        )

    async def scheduler(self, owner: UUID | None = None) -> ReportScheduler:
        """A scheduler as one worker has it."""
        pool = await open_pool(
            self.installation.store_url("reporting"), "test", size=2, settings=STORE_SETTINGS
        )
        self.stack.push_async_callback(close_pool, pool)
        keys = await open_pool(self.installation.ledger_url("reporting"), "test keys", size=1)
        self.stack.push_async_callback(close_pool, keys)
        grants = fetch_from(keys)
        door = MailDoor(Mailer(f"smtp://127.0.0.1:{self.port}"), Senders("encours@firm.example"))
        sender = ReportMailDispatcher(self.ledger, self.db, Attempts(pool, owner or uuid7()), door, grants)
        await sender.prepare()
        store = ExportStore(pool)
        await store.prepare()
        leases = Leases(self.installation.store_url("reporting"), "test lease")
        made = ReportScheduler(self.ledger, self.db, store, sender, grants, leases, clock=lambda: self.now)
        self.stack.push_async_callback(made.close)
        self.schedulers.append(made)
        return made

    async def caught_up(self) -> None:
        """Wait until both read models hold what the ledger holds."""
        head = (await self.ledger.head(self.name)).position
        for model in ("receivables", "reports"):
            assert await self.db.wait_for(model, self.name, head, timeout=60)

    async def serve(self, *schedulers: ReportScheduler) -> None:
        """Let schedulers look three times, at the same time: decide, send, record."""
        for _ in range(3):
            await self.caught_up()
            info = await self.ledger.info(self.name)
            await asyncio.gather(*(each.serve_once(info) for each in schedulers))
        await self.caught_up()

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.http.post(path, json=body)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def get(self, path: str) -> dict[str, Any]:
        """GET as on the day that the schedulers' clock shows, or an answer that has no past."""
        day = (self.now + timedelta(days=1)).date().isoformat()
        answer = await self.http.get(path, params={} if path in PRESENT else {"as_of": day})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def scheduled(self, **fields: Any) -> str:
        """A report of the open items, sent daily at an hour that is far away. ``fields``: of its document."""
        document = {"source": "open_items", "columns": ["number", "outstanding"]} | fields
        report = await self.post("/v1/reports", {"name": "Unpaid", "entity_id": ENTITY, "document": document})
        mail = {"report_id": report["id"], "format": "csv", "recipients": RECIPIENTS}
        body = {
            "name": "Daily",
            "rule": {"frequency": "daily", "hour": (self.now.hour + 12) % 24},
            "mail": mail,
        }
        made = await self.post("/v1/schedules", body)
        identifier: str = made["id"]
        return identifier

    async def statuses(self, schedule: str) -> dict[str, str]:
        found = (await self.get(f"/v1/schedules/{schedule}/mails"))["data"]
        return {each["to"]: each["status"] for each in found}


@asynccontextmanager
async def yard(installation: Installation) -> AsyncIterator[Yard]:
    name = f"sched-{uuid7().hex[-10:]}"
    key = await grant(installation, ledger=name)
    settings = settings_of(installation, "reporting")
    async with AsyncExitStack() as stack:
        ledger = await Ledger.open(installation.admin_url())
        stack.push_async_callback(ledger.close)
        following = await Ledger.open(installation.ledger_url("reporting"))
        stack.push_async_callback(following.close)
        nats = NatsConnection(installation.nats_url("reporting"), "test worker")
        stack.push_async_callback(nats.close)
        worker = Worker(settings, following, nats, NAME, MODELS)
        running = asyncio.create_task(worker.run())

        async def stop() -> None:
            worker.stop()
            await asyncio.wait_for(running, 20)

        stack.push_async_callback(stop)
        db = await ReadDb.open(installation.store_url("reporting"), ledger=ledger, models=MODELS)
        stack.push_async_callback(db.close)
        http = await stack.enter_async_context(client_of(create_app(settings), key))
        opened = Yard(installation, name, key, http, ledger, db, free_port(), stack)
        receiver = Controller(opened.mailbox, hostname="127.0.0.1", port=opened.port)
        receiver.start()
        stack.callback(receiver.stop)
        entity = event(
            EntityRegistered, entity_id=ENTITY, country="FR", currency="EUR", time_zone="Europe/Paris"
        )
        await opened.add(ENTITY, entity)
        await opened.add(CUSTOMER, event(CustomerRegistered, customer_id=CUSTOMER, name="Garage"))
        await opened.add(INVOICE, issued(12_000, invoice_id=INVOICE, customer_id=CUSTOMER, number="FAC-1"))
        yield opened


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
