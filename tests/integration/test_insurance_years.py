"""Ten years of two insurance contracts in a row, by the service's own work of each day, on a real ledger.

The usual run works those days on which anything is due by a count of its own, and the days around them;
``DEEP=1`` works every day. The decisions are then taken again, and altered copies of them are found.
"""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from msgspec.structs import replace

from encours.contracts import Event, Recorded
from encours.contracts.common import Instalment
from encours.contracts.events.calendar import STREAM, DayOpened
from encours.contracts.events.insurance import (
    CoverGranted,
    CoverResumed,
    CoverStopped,
    InsuranceDeadlineAlerted,
    InsuranceDeadlineMet,
    InsuranceDeadlineMissed,
)
from encours.contracts.events.money.plan import InvoiceRescheduled
from encours.contracts.events.parties.customer import CustomerRegistered
from encours.contracts.events.parties.entity import EntityRegistered
from encours.kernel.ids import derived_id, derived_uuid
from encours.ledger import Ledger
from encours.ledger.command import Result, derived
from encours.ledger.execute import execute
from encours.projection.rebuild import rebuild
from encours.reading.read_db import ReadDb
from encours.testing.events import applied, event, issued, received
from encours.testing.history import recorded
from encours.testing.http import HttpScenario, http_scenario
from encours.testing.servers import Installation
from risk_svc.app import create_app
from risk_svc.domain.insurance.contract import contract_of
from risk_svc.domain.insurance.cover import CancelCover, GrantCover, ReduceCover
from risk_svc.domain.insurance.deadline import MeetDeadline
from risk_svc.domain.reperform import DecisionAgain
from risk_svc.models import MODELS
from risk_svc.read_models.credit.model import Credit
from risk_svc.read_models.insurance.deadline_query import OpenDeadlines
from risk_svc.use_cases import insurance
from risk_svc.use_cases.decisions.archive import CreditArchive
from risk_svc.use_cases.insurance_days import InsuranceDays
from tests.integration.naive_deadlines import (
    AWAY,
    CHANGE,
    CONTRACTS,
    CUSTOMERS,
    CUT,
    DAY,
    ENTITY,
    FIRST,
    LAST,
    NAMED,
    PAID,
    SALES,
    SEASON,
    SMALL,
    Due,
    awaited,
    stopped,
    ten_before,
)
from tests.integration.store import following


@dataclass
class Firm:
    """The firm's ledger, its read model, and a clerk who acts on each alert within a week."""

    made: HttpScenario
    ledger: Ledger
    db: ReadDb
    follow: Callable[[], Awaitable[None]]
    draw: random.Random = field(default_factory=lambda: random.Random(3))
    acts_on: dict[date, list[InsuranceDeadlineAlerted]] = field(default_factory=dict)
    wanted: set[date] = field(default_factory=set)
    seen: int = 0

    async def live(self) -> None:
        """Let the years pass."""
        reaction, late = InsuranceDays(self.ledger, self.db), list[date]()
        for day in (FIRST + n * DAY for n in range((LAST - FIRST).days + 1)):
            changed = await self._happen(day)
            if not ("DEEP" in os.environ or changed or day in self.wanted):
                continue
            if AWAY[0] <= day < AWAY[1]:
                late.append(day)
                continue
            for opened in (*late, day):
                await self.follow()
                note = recorded(
                    DayOpened(day=opened, late=opened < day), ledger=self.made.name, stream=STREAM,
                    event_id=derived_uuid("opened", str(opened)), effective_on=opened,
                )  # fmt: skip
                await reaction.open_day(note, day)
            late.clear()
            await self._act(day)
        await self.follow()

    async def _happen(self, day: date) -> bool:
        events: list[Event] = []
        for sale in SALES:
            who = {"customer_id": sale.customer}
            bill = {"invoice_id": sale.invoice, "issued_on": sale.issued_on, "due_on": sale.due_on}
            if day == sale.issued_on:
                events.append(replace(issued(100_00, **bill, **who), number=f"F{sale.number}"))
            if day == sale.told_on and sale.agreed_on is not None:
                parts = (Instalment(due_on=sale.agreed_on, amount_minor=100_00),)
                events.append(event(InvoiceRescheduled, invoice_id=sale.invoice, instalments=parts, **who))
            if day == sale.paid_on:
                paid = {"payment_id": derived_id("pay", f"insured {sale.number}"), "received_on": day}
                events += [
                    received(100_00, **paid, **who), applied(100_00, invoice_id=sale.invoice, **paid, **who)
                ]  # fmt: skip
        if events:
            await self.made.given(*events, entity=ENTITY, on=day)
        cover = derived_id("cov", "insured cut")
        if day == date(2026, 5, 4):
            await self.does(day, insurance.change_cover, ReduceCover(cover, 40_00, "EUR", None))
        if day == date(2027, 1, 4):
            ends = CancelCover(cover, date(2027, 3, 1), 30, by_insurer=True)
            await self.does(day, insurance.change_cover, ends)
        return bool(events)

    async def _act(self, day: date) -> None:
        """Plan what the new alerts ask for, and do what was planned for the day."""
        for e in await self.ledger.read_types(
            self.made.name, [InsuranceDeadlineAlerted.TYPE], self.seen, 1_000
        ):
            self.seen = e.position
            assert isinstance(e.data, InsuranceDeadlineAlerted)
            if e.data.kind != "stop_of_cover":
                acts = min(day + timedelta(days=self.draw.randrange(8)), LAST)
                self.acts_on.setdefault(acts, []).append(e.data)
                self.wanted.add(acts)
        for alerted in self.acts_on.pop(day, []):
            if alerted.kind == "cover_expiry" and alerted.customer_id == SEASON:
                await self.covered(day, SEASON, "ALPHA", alerted.last_day + DAY, "temporary")
            elif alerted.invoice_id is None or PAID[alerted.invoice_id] > day:
                await self._meet(day, alerted)
                if alerted.kind == "hand_over":
                    last = day + 150 * DAY
                    self.wanted |= {ten_before(last, "FR"), ten_before(last, "TARGET"), last + DAY}

    async def _meet(self, day: date, alerted: InsuranceDeadlineAlerted) -> None:
        await self.follow()
        met = MeetDeadline(alerted.deadline_id, None, "Told", None)
        await self.does(day, insurance.meet_deadline, met, OpenDeadlines(self.db, self.ledger))

    async def covered(
        self, day: date, customer: str, code: str, first: date, term: Any, amount: int = 500_00
    ) -> None:
        """The insurer grants a cover, of a year if it is temporary."""
        name = "insured cut" if customer == CUT else f"{customer} {first}"
        until = first + 365 * DAY if term == "temporary" else None
        buyer: Any = "unnamed" if customer == SMALL else "named"
        granted = GrantCover(
            derived_id("cov", name), customer, code, buyer, term, amount, "EUR", first, until
        )  # fmt: skip
        await self.does(day, insurance.grant_cover, granted)
        if until is not None:
            self.wanted |= {ten_before(until, "FR"), until + DAY}

    async def does(
        self, day: date, use_case: Callable[..., Awaitable[Result]], command: Any, *more: Any
    ) -> None:
        """Run a command of the clerk."""
        key = derived_uuid("clerk", str(day), type(command).__name__, str(command))
        meta = derived(self.made.name, key, actor="key:clerk", today=day)
        await execute(self.ledger, meta, use_case, command, *more)


@asynccontextmanager
async def firm(installation: Installation) -> AsyncIterator[Firm]:
    url, store = installation.ledger_url("risk"), installation.store_url("risk")
    async with http_scenario(installation, "risk", create_app) as made:
        known = (event(CustomerRegistered, customer_id=each, entity_id=ENTITY) for each in CUSTOMERS)
        start = event(EntityRegistered, entity_id=ENTITY), *known, *CONTRACTS.values()
        await made.given(*start, entity=ENTITY, on=FIRST)
        await rebuild(ledger_dsn=url, store_dsn=store, service="risk-svc", model=Credit(), ledger=made.name)
        ledger = await Ledger.open(url)
        db = await ReadDb.open(store, ledger=ledger, models=MODELS)
        try:
            async with following(ledger, store, made.name, Credit()) as follow:
                yield Firm(made, ledger, db, follow)
        finally:
            await db.close()
            await ledger.close()


def _alerts_are_those_of_the_count(events: list[Recorded], due: list[Due]) -> None:
    """Each deadline of the count is alerted on its day, and no other one; ends of covers and indemnities are apart."""
    found: dict[tuple[str, str, str, date], date] = {}
    apart: dict[str, list[Recorded]] = {"cover_expiry": [], "indemnity": []}
    for e in events:
        if isinstance(e.data, InsuranceDeadlineAlerted):
            subject = e.data.invoice_id or e.data.period or ""
            calendar = "FR" if e.data.contract_code == "ALPHA" else "TARGET"
            assert e.effective_on <= ten_before(e.data.last_day, calendar)
            if e.data.kind in apart:
                apart[e.data.kind].append(e)
                continue
            key = e.data.contract_code, e.data.kind, subject, e.data.last_day
            assert key not in found, "alerted twice"
            found[key] = e.effective_on
    assert found == {(each.code, each.kind, each.subject, each.last_day): each.alert_on for each in due}
    granted = [e.data for e in events if isinstance(e.data, CoverGranted)]
    ends = {each.valid_until for each in granted if each.valid_until and each.valid_until < CHANGE - DAY}
    assert {_deadline(e).last_day for e in apart["cover_expiry"]} == ends | {date(2027, 2, 28)}
    handed = {
        e.data.invoice_id: e.data.met_on
        for e in events
        if isinstance(e.data, InsuranceDeadlineMet) and e.data.kind == "hand_over"
    }
    waited = {invoice: on + 150 * DAY for invoice, on in handed.items()}
    paid = {_deadline(e).invoice_id: _deadline(e).last_day for e in apart["indemnity"]}
    assert paid == {
        invoice: last
        for invoice, last in waited.items()
        if invoice and min(ten_before(last, "FR"), ten_before(last, "TARGET")) < PAID[invoice]
    }
    assert len(paid) > 2


def _deadline(e: Recorded) -> InsuranceDeadlineAlerted:
    assert isinstance(e.data, InsuranceDeadlineAlerted)
    return e.data


def _stops_are_those_of_the_count(events: list[Recorded]) -> None:
    """On each day of the ten years a cover is stopped if, by the count, a debt of its buyer stops it."""
    counted = 0
    for e in events:
        if not isinstance(e.data, CoverGranted):
            continue
        cover, terms = e.data, CONTRACTS[e.data.insurance_contract_id].conditions
        last = cover.valid_until or CONTRACTS[cover.insurance_contract_id].valid_until or LAST
        if cover.customer_id == CUT:
            last = date(2027, 3, 30)
        steps = [
            (each.effective_on, isinstance(each.data, CoverStopped))
            for each in events
            if each.stream == e.stream and isinstance(each.data, CoverStopped | CoverResumed)
        ]
        day = cover.valid_from
        while day <= min(last, CHANGE - DAY if cover.contract_code == "ALPHA" else LAST):
            reached = [is_stop for on, is_stop in steps if on <= day]
            wanted = stopped(cover.customer_id, day, terms.stop_days)
            assert (bool(reached) and reached[-1]) == wanted, (cover, day)
            counted, day = counted + wanted, day + DAY
    assert counted > 300


async def _altered_copies_are_found(archive: CreditArchive, events: list[Recorded]) -> None:
    changes: list[tuple[type[Event], str, Callable[[Any], Any]]] = [
        (InsuranceDeadlineAlerted, "last_day", lambda data: data.last_day + DAY),
        (InsuranceDeadlineAlerted, "amount_minor", lambda data: 1),
        (CoverStopped, "days_past_due", lambda data: data.days_past_due + 1),
        (CoverStopped, "invoice_id", lambda data: "inv_other"),
    ]
    for kind, name, value in changes:
        e = next(e for e in events if isinstance(e.data, kind) and getattr(e.data, name) is not None)
        copy = replace(e, data=replace(e.data, **{name: value(e.data)}))
        again = await _again(archive, events, copy)
        assert [each.field for each in again.differences] == [name]
    resumed = next(e for e in events if isinstance(e.data, CoverResumed))
    later = await _again(archive, events, replace(resumed, effective_on=resumed.effective_on + DAY))
    assert later.problem is not None
    assert later.problem.startswith("The debts give ")
    alerted = next(e for e in events if isinstance(e.data, InsuranceDeadlineAlerted))
    passed = event(
        InsuranceDeadlineMissed, deadline_id=alerted.stream, insurance_contract_id=contract_of("ALPHA"),
        seen_position=_deadline(alerted).seen_position,
    )  # fmt: skip
    never = await _again(archive, events, replace(alerted, data=passed))
    assert never.problem == "The contract has no such deadline on the day."


async def _again(archive: CreditArchive, events: list[Recorded], copy: Recorded) -> DecisionAgain:
    before = [e for e in events if e.stream == copy.stream and e.position < copy.position]
    (found,) = await archive.reperform([*before, copy], {copy.position})
    return found.again


async def test_in_ten_years_of_two_contracts_no_deadline_is_missed_and_each_decision_is_taken_again(
    module_installation: Installation,
) -> None:
    due = awaited()
    async with firm(module_installation) as lives:
        for each in due:
            lives.wanted |= {each.alert_on - DAY, each.alert_on, each.last_day + DAY}
        for sale in SALES:
            lives.wanted |= {sale.paid_on, *(sale.due_on + (days + 1) * DAY for days in (45, 60))}
        lives.wanted |= {CHANGE, AWAY[1], ten_before(date(2027, 2, 28), "FR")}
        await lives.covered(FIRST, NAMED, "ALPHA", FIRST, "permanent")
        await lives.covered(FIRST, SMALL, "ALPHA", FIRST, "permanent", 200_00)
        await lives.covered(FIRST, SEASON, "ALPHA", FIRST, "temporary")
        await lives.covered(FIRST, CUT, "ALPHA", FIRST, "permanent")
        for customer in (NAMED, SMALL):
            await lives.covered(FIRST, customer, "BETA", CHANGE, "permanent", 200_00)
        await lives.live()
        events = await lives.ledger.read(lives.made.name, 0, 10_000)
        period = {"from": str(FIRST), "to": str(LAST)}
        answer = await lives.made.http.post("/v1/decisions/reperform", json=period)
        async with lives.db.snapshot("credit", lives.made.name) as (conn, schema, _):
            await _altered_copies_are_found(
                CreditArchive(lives.ledger, lives.made.name, conn, schema), events
            )
    assert [e for e in events if isinstance(e.data, InsuranceDeadlineMissed)] == []
    _alerts_are_those_of_the_count(events, due)
    _stops_are_those_of_the_count(events)
    again = answer.json()
    steps = [e.data for e in events if isinstance(e.data, CoverStopped | CoverResumed)]
    alerts = [e for e in events if isinstance(e.data, InsuranceDeadlineAlerted)]
    assert again["by_kind"] == {"cover_stop": len(steps), "deadline": len(alerts)}
    assert again["mismatches"] == []
    assert any(each.judged_on for each in steps), "a stop was found days after it"
