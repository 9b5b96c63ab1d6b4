"""dunning-svc alone with real servers: a ledger that the test writes, a worker, a mailbox that counts."""

from __future__ import annotations

import asyncio
import email
import os
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Literal

from dunning_svc.domain.policy.written import document_of
from encours.contracts import Event, Recorded
from encours.contracts.common import Address
from encours.contracts.events import calendar
from encours.contracts.events.dunning.alerts import AlertKind, AlertRecipient, AlertRuleSet
from encours.contracts.events.dunning.policy import PolicyActivated, PolicyCreated
from encours.contracts.events.dunning.reminders import HoldPlaced, RunCompleted
from encours.contracts.events.parties.customer import CustomerAmended, CustomerRegistered
from encours.contracts.events.parties.entity import EntityRegistered
from encours.embedded.process import free_port
from encours.kernel.ids import derived_id, new_id, uuid7, with_prefix
from encours.ledger import Ledger
from encours.ledger.model import Append, NewEvent
from encours.postgres.leases import Leases
from encours.service.calendar import LEASE
from encours.testing.events import allocated, allocation, applied, event, issued, received
from encours.testing.forks import Fork
from encours.testing.servers import Installation, announcing_ledger
from encours.testing.waiting import HANG_S, wait_until

START = date(2026, 1, 5)
ADDRESS = Address(lines=("3 quai des Brumes",), postal_code="76600", city="Le Havre", country="FR")


@dataclass
class Dunning:
    """One sandbox ledger (or a live one) with its worker."""

    installation: Installation
    ledger: Ledger
    folder: Path
    name: str = "box"
    smtp: str = ""
    today: date = START
    entity: str = field(default_factory=lambda: new_id("ent"))
    versions: dict[str, int] = field(default_factory=dict)
    children: list[Fork] = field(default_factory=list)

    def start(self, *arguments: str, **extra: str) -> Fork:
        """A process of dunning-svc."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("ENCOURS_")}
        environment |= self.installation.environment("dunning") | {
            "ENCOURS_SMTP_URL": self.smtp,
            "ENCOURS_VAR_DIR": str(self.folder),
        }
        log = self.folder / f"{arguments[0]}.log"
        child = Fork("dunning_svc", *arguments, env=environment | extra, stdout=log)
        self.children.append(child)
        return child

    def start_mailbox(self) -> Fork:
        """The embedded mailbox on the port of ``smtp``."""
        port = self.smtp.rpartition(":")[2]
        options = ("--folder", str(self.folder / "mail"), "--port", port)
        child = Fork("encours.embedded.mailbox", *options, env=os.environ)
        self.children.append(child)
        wait_until(lambda: _answers(int(port)), "mailbox")
        return child

    def start_gateway(self, port: int, secret: str) -> Fork:
        """The embedded gateway."""
        options = ("--folder", str(self.folder / "gateway"), "--port", str(port))
        environment = os.environ | {"ENCOURS_GATEWAY_SECRET": secret}
        child = Fork("encours.embedded.gateway", *options, env=environment)
        self.children.append(child)
        wait_until(lambda: _answers(port), "gateway")
        return child

    def mails(self) -> list[EmailMessage]:
        """What has arrived."""
        found = []
        for path in sorted((self.folder / "mail").glob("*.eml")):
            message = email.message_from_bytes(path.read_bytes(), policy=default)
            assert isinstance(message, EmailMessage)
            found.append(message)
        return found

    def arrived(self) -> int:
        """How many mails there are, without reading them."""
        return sum(1 for _ in (self.folder / "mail").glob("*.eml"))

    def letters(self) -> list[Path]:
        """What was written."""
        return sorted((self.folder / "letters" / self.name).glob("*.pdf"))

    def new(self, stream: str, data: Event) -> NewEvent:
        """The next event of a stream."""
        self.versions[stream] = self.versions.get(stream, 0) + 1
        return NewEvent(stream, self.versions[stream], data, self.entity, self.today, uuid7())

    async def add(self, *events: NewEvent) -> int:
        """Append as the installing user; the last position."""
        done = await self.ledger.append(
            Append(
                ledger=self.name,
                command_id=uuid7(),
                fingerprint=b"test",
                events=events,
                actor="test",
                clock_at=datetime(self.today.year, self.today.month, self.today.day, 9, tzinfo=UTC)
                if self.name == "box"
                else None,
            )
        )
        return done.last_position

    async def creditor(self) -> None:
        """A creditor in Paris."""
        await self.add(
            self.new(
                self.entity,
                event(EntityRegistered, entity_id=self.entity, name="Atelier Lumière SAS"),
            )
        )

    async def customers(self, *mailboxes: str | None, address: Address = ADDRESS) -> list[str]:
        """Customers with these e-mail addresses, and a postal one."""
        ids = [new_id("cus") for _ in mailboxes]
        await self.add(
            *(
                self.new(
                    identifier,
                    event(
                        CustomerRegistered,
                        customer_id=identifier,
                        entity_id=self.entity,
                        name="Garage Dupont",
                        email=mailbox,
                        address=address,
                    ),
                )
                for identifier, mailbox in zip(ids, mailboxes, strict=True)
            )
        )
        return ids

    async def invoices(
        self, customers: Sequence[str], *, due_in: int = 10, amount: int = 12_000
    ) -> list[str]:
        """One invoice for each of these customers."""
        ids = [new_id("inv") for _ in customers]
        await self.add(
            *(
                self.new(
                    identifier,
                    issued(
                        amount,
                        invoice_id=identifier,
                        customer_id=debtor,
                        number=f"FAC-{identifier[-8:]}",
                        issued_on=self.today,
                        supply_on=self.today,
                        due_on=self.today + timedelta(days=due_in),
                    ),
                )
                for identifier, debtor in zip(ids, customers, strict=True)
            )
        )
        return ids

    async def pay(self, invoice_id: str, debtor: str, amount: int) -> None:
        """A payment that settles an invoice."""
        pay, alo = new_id("pay"), new_id("alo")
        paid: dict[str, Any] = {"payment_id": pay, "customer_id": debtor}
        settled: dict[str, Any] = {"invoice_id": invoice_id, "allocation_id": alo}
        await self.add(
            self.new(pay, received(amount, received_on=self.today, **paid)),
            self.new(pay, allocated(allocation(amount, **settled), **paid)),
            self.new(invoice_id, applied(amount, received_on=self.today, **paid, **settled)),
        )

    async def activate(self, document: Mapping[str, Any]) -> None:
        """Put a policy in force."""
        pol = new_id("pol")
        await self.add(
            self.new(pol, PolicyCreated(policy_id=pol, document=document_of(document), shipped_as=None)),
            self.new(pol, PolicyActivated(policy_id=pol, version=1, backtest_id=None, cause="test")),
        )

    async def receive(self, debtor: str, amount: int) -> None:
        """Money of a customer that no invoice has taken yet."""
        pay = new_id("pay")
        await self.add(
            self.new(pay, received(amount, payment_id=pay, customer_id=debtor, received_on=self.today))
        )

    async def hold(self, debtor: str, days: int) -> None:
        """Let dunning of a customer rest."""
        until = self.today + timedelta(days=days)
        placed = self.new(
            with_prefix(debtor, "hld"), HoldPlaced(customer_id=debtor, until=until, cause="test")
        )
        await self.add(placed)

    async def write_to(self, debtor: str, mailbox: str | None) -> None:
        """Give a customer another e-mail address, or none."""
        await self.add(
            self.new(
                debtor,
                event(
                    CustomerAmended, customer_id=debtor, name="Garage Dupont", email=mailbox, address=ADDRESS
                ),
            )
        )

    async def open_day(self, *, late: bool = False) -> None:
        """The next day begins."""
        self.today += timedelta(days=1)
        await self.add(self.new(calendar.STREAM, calendar.DayOpened(day=self.today, late=late)))

    async def completed(self) -> RunCompleted:
        """The run of today, once it is closed."""
        stream = f"dunning-{self.today}"
        deadline = time.monotonic() + HANG_S
        while time.monotonic() < deadline:
            if found := await self.ledger.read_stream(self.name, stream):
                assert isinstance(found[0].data, RunCompleted)
                return found[0].data
            await asyncio.sleep(0.002)
        raise TimeoutError(f"the run of {self.today} is not closed: {self.tail('worker')}")

    async def live(self, days: int) -> RunCompleted:
        """Open that many days, each waiting for its run; the last run."""
        run = None
        for _ in range(days):
            await self.open_day()
            run = await self.completed()
        assert run is not None
        return run

    async def concluded(self, reminders: Sequence[str]) -> dict[str, str]:
        """The type of each reminder's outcome, once all have one."""
        deadline = time.monotonic() + HANG_S
        while time.monotonic() < deadline:
            streams = await self.ledger.read_streams(self.name, list(reminders))
            if all(len(streams[each]) > 1 for each in reminders):
                return {each: streams[each][1].type for each in reminders}
            await asyncio.sleep(0.02)
        raise TimeoutError(f"reminders without an outcome: {self.tail('worker')}")

    async def one(self, type_name: str) -> Any:
        """The one event of a type, once it is there."""
        deadline = time.monotonic() + HANG_S
        while time.monotonic() < deadline:
            if found := await self.events(type_name):
                (only,) = found
                return only.data
            await asyncio.sleep(0.01)
        raise TimeoutError(f"there is no {type_name}: {self.tail('worker')}")

    async def events(self, family: str) -> list[Recorded]:
        """Events whose type begins so."""
        head = await self.ledger.head(self.name)
        return [e for e in await self.ledger.read(self.name, 0, head.position) if e.type.startswith(family)]

    def tail(self, process: str) -> str:
        """The end of a process's log."""
        return (self.folder / f"{process}.log").read_text()[-3000:]

    def told(self, event: str) -> int:
        """How often the worker's log says it."""
        return (self.folder / "worker.log").read_text().count(f'"{event}"')


def alert_rule(code: str, kind: AlertKind, days: int, address: str) -> AlertRuleSet:
    """A rule that tells an address."""
    return AlertRuleSet(
        rule_id=derived_id("alr", code), rule_code=code, kind=kind, days=days, until_days=None, minimums=(),
        recipients=(AlertRecipient(kind="address", target=address),), language="en", active=True,
    )  # fmt: skip


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@asynccontextmanager
async def dunning(
    installation: Installation,
    folder: Path,
    *,
    kind: str = "sandbox",
    smtp: str | None = None,
    holds: Literal["creditor", "nothing", "no ledger"] = "creditor",
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Dunning]:
    """A ledger with a creditor, a mailbox and a worker with these settings."""
    async with AsyncExitStack() as stack:
        # It opens days that have not come, in a live ledger too, which no service may.
        ledger = await stack.enter_async_context(
            announcing_ledger(installation.admin_url(), installation.nats_url())
        )
        world = Dunning(installation, ledger, folder, name="box" if kind == "sandbox" else "real")
        world.smtp = smtp or f"smtp://127.0.0.1:{free_port()}"
        # The test opens the days itself: it holds the lease that the worker would take in a live ledger.
        calendar_lease = Leases(installation.ledger_url("invoice"), "test calendar")
        stack.push_async_callback(calendar_lease.close)
        assert await calendar_lease.acquire(LEASE, world.name) is not None
        # In a thread: a server of the test, such as a mailbox, has to answer while they end.
        stack.push_async_callback(asyncio.to_thread, _end, world.children)
        if holds != "no ledger":
            await ledger.create_ledger(
                world.name,
                "sandbox" if kind == "sandbox" else "live",
                "Europe/Paris",
                clock_at=datetime(START.year, START.month, START.day, 6, tzinfo=UTC)
                if kind == "sandbox"
                else None,
            )
        if smtp is None:
            world.start_mailbox()
        world.start("worker", **(settings or {}))
        if holds == "creditor":
            await world.creditor()
        yield world


def _end(children: Sequence[Fork]) -> None:
    for child in children:
        child.terminate()
    for child in children:
        try:
            child.wait(15)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
