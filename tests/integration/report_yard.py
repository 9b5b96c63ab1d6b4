"""A live ledger with the API of reporting-svc and its read models, and schedulers whose clock the test moves."""

from __future__ import annotations

import asyncio
import email
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import UUID

import httpx
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from encours.contracts import Event
from encours.contracts.events.parties.customer import CustomerRegistered
from encours.contracts.events.parties.entity import EntityRegistered
from encours.embedded.process import free_port
from encours.http.access.keys import NewKey, fetch_from
from encours.kernel.ids import derived_id, uuid7
from encours.ledger import Ledger
from encours.ledger.model import Append, NewEvent
from encours.mail.attempts import Attempts
from encours.mail.door import MailDoor
from encours.mail.senders import Senders
from encours.mail.smtp import Mailer
from encours.postgres.connection import STORE_SETTINGS, close_pool, open_pool
from encours.postgres.leases import Leases
from encours.reading.read_db import ReadDb
from encours.service.worker import Worker
from encours.testing.events import event, issued
from encours.testing.http import client_of, grant, settings_of
from encours.testing.servers import Installation
from encours.transport.client import NatsConnection
from reporting_svc.app import create_app
from reporting_svc.exports.store import ExportStore
from reporting_svc.models import MODELS, NAME
from reporting_svc.reports.mails import ReportMailDispatcher
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
