"""Early warnings on a random history of real servers: figures against a recount, and the work of a day under faults."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace

from encours.contracts import Event, Recorded
from encours.contracts.events.calendar import STREAM, DayOpened
from encours.contracts.events.credit_warning import CreditWarningEnded, CreditWarningRaised, WarningRulesSet
from encours.contracts.events.dunning.promises import PromiseBroken, PromiseKept
from encours.contracts.events.parties.customer import CustomerRegistered
from encours.contracts.events.parties.entity import EntityRegistered
from encours.contracts.events.risk import LimitApproved, LimitRequested
from encours.kernel.ids import derived_id, derived_uuid
from encours.ledger import Ledger
from encours.ledger.errors import LedgerUnavailable
from encours.projection.rebuild import rebuild
from encours.reading.read_db import ReadDb
from encours.testing.events import applied, disputed, event, issued, received
from encours.testing.history import recorded
from encours.testing.http import HttpScenario, http_scenario
from encours.testing.servers import Installation
from risk_svc.app import create_app
from risk_svc.domain.warning.episode import rules_of
from risk_svc.domain.warning.rules import SHIPPED, months_before
from risk_svc.models import MODELS
from risk_svc.read_models.credit.model import Credit
from risk_svc.read_models.insurance.query import Moment
from risk_svc.read_models.warnings.query import warned_book, warned_customers
from risk_svc.use_cases.decisions.archive import CreditArchive
from risk_svc.use_cases.warnings.days import STEPS, WarningsOfDay
from tests.integration.store import following

ENTITY = derived_id("ent", "warnings")
CUSTOMERS = [derived_id("cus", str(number)) for number in range(12)]
FIRST, DAYS = date(2026, 1, 5), 200
LAST = FIRST + timedelta(days=DAYS)
LIMIT_MINOR, YEAR = 300_00, timedelta(days=365)


@dataclass
class Told:
    """Notes of a customer's events, as a person would keep them, each with its day and position."""

    issued: dict[str, tuple[date, int, int]] = field(default_factory=dict)
    paid: list[tuple[date, int, str, int]] = field(default_factory=list)
    disputes: list[tuple[date, int, str]] = field(default_factory=list)
    promises: list[tuple[date, int, str, bool]] = field(default_factory=list)


@dataclass
class Story:
    """Events by day, and the notes."""

    days: list[tuple[date, list[Event]]] = field(default_factory=list)
    told: dict[str, Told] = field(default_factory=lambda: {each: Told() for each in CUSTOMERS})
    position: int = 0

    def add(self, *events: Event) -> int:
        """Add events on the last day; return the position of the last."""
        self.days[-1][1].extend(events)
        self.position += len(events)
        return self.position


def story(seed: int) -> Story:
    """Half a year: invoices of 100.00 due in 20 days, paid whole or in two parts, disputed, promised."""
    draw, made = random.Random(seed), Story()
    made.days.append((FIRST, []))
    made.add(event(EntityRegistered, entity_id=ENTITY))
    rules = event(
        WarningRulesSet, warning_rules_id=rules_of(ENTITY), entity_id=ENTITY, version=1, rules=SHIPPED
    )
    made.add(rules)
    for number, customer in enumerate(CUSTOMERS):
        limit: dict[str, Any] = {
            "limit_id": derived_id("lim", customer), "customer_id": customer, "amount_minor": LIMIT_MINOR,
            "currency": "EUR", "max_days_past_due": 30, "valid_until": None,
        }  # fmt: skip
        made.add(event(CustomerRegistered, customer_id=customer, entity_id=ENTITY, name=f"Garage {number}"))
        made.add(event(LimitRequested, **limit), event(LimitApproved, **limit))
    serial = 0
    for day in (FIRST + timedelta(days=n) for n in range(0, DAYS, 2)):
        made.days.append((day, []))
        for customer in draw.sample(CUSTOMERS, 3):
            serial += 1
            _happen(made, draw, customer, day, serial)
    return made


def _happen(made: Story, draw: random.Random, customer: str, day: date, serial: int) -> None:
    told, who = made.told[customer], {"customer_id": customer}
    unpaid = [each for each in told.issued if sum(row[3] for row in told.paid if row[2] == each) < 100_00]
    match draw.randrange(8):
        case 0 | 1 | 2:
            name = derived_id("inv", str(serial))
            sold = replace(issued(100_00, invoice_id=name, **who), number=f"F{serial}")
            at = made.add(replace(sold, issued_on=day, due_on=day + timedelta(days=20)))
            told.issued[name] = day, at, 100_00
        case 3 | 4 | 5 if unpaid:
            name = draw.choice(unpaid)
            rest = 100_00 - sum(row[3] for row in told.paid if row[2] == name)
            amount = rest if rest < 100_00 or draw.random() < 0.6 else 40_00
            payment = {"payment_id": derived_id("pay", str(serial)), "received_on": day}
            got = received(amount, **payment, **who)
            at = made.add(got, applied(amount, invoice_id=name, **payment, **who))
            told.paid.append((day, at, name, amount))
        case 6 if unpaid:
            name = draw.choice(unpaid)
            told.disputes.append((day, made.add(disputed(10_00, invoice_id=name, **who)), name))
        case _:
            promise, broken = derived_id("prm", f"{customer} {serial // 20}"), draw.random() < 0.7
            kind = PromiseBroken if broken else PromiseKept
            at = made.add(event(kind, promise_id=promise, promised_on=day, **who))
            told.promises.append((day, at, promise, broken))


STORY = story(20260105)


@pytest_asyncio.fixture
async def scenario(installation: Installation) -> AsyncIterator[tuple[HttpScenario, Ledger, ReadDb]]:
    async with http_scenario(installation, "risk", create_app) as made:
        for day, events in STORY.days:
            if events:
                await made.given(*events, entity=ENTITY, on=day)
        await rebuild(
            ledger_dsn=installation.ledger_url("risk"),
            store_dsn=installation.store_url("risk"),
            service="risk-svc",
            model=Credit(),
            ledger=made.name,
        )
        ledger = await Ledger.open(installation.ledger_url("risk"))
        db = await ReadDb.open(installation.store_url("risk"), ledger=ledger, models=MODELS)
        try:
            yield made, ledger, db
        finally:
            await db.close()
            await ledger.close()


def counted(told: Told, day: date, upto: int) -> dict[str, Any]:
    """Recount of what a rule sees of a customer."""

    def seen(rows: list[Any]) -> list[Any]:
        return [row for row in rows if row[0] <= day and row[1] <= upto]

    paid: dict[str, Counter[date]] = {}
    for on, _, name, minor in seen(told.paid):
        paid.setdefault(name, Counter())[on] += minor
    known = {name: row for name, row in told.issued.items() if row[0] <= day and row[1] <= upto}
    last = {promise: (broken, at) for _, at, promise, broken in seen(told.promises)}
    return {
        "invoices": {
            name: (
                min(paid[name]) if name in paid else None,
                name in paid and (len(paid[name]) > 1 or sum(paid[name].values()) < 100_00),
                [(on, at) for on, at, disputed_ in seen(told.disputes) if disputed_ == name],
                name in paid and sum(paid[name].values()) == 100_00,
            )
            for name in known
        },
        "broken": sorted(at for broken, at in last.values() if broken),
        "open": sum(100_00 - sum(paid.get(name, Counter()).values()) for name in known),
    }


def used_bps(told: Told, day: date, upto: int) -> int | None:
    """Recount of the use of the limit; money counts from its receipt, the event before the one that applies it."""
    owed = sum(minor for on, at, minor in told.issued.values() if on <= day and at <= upto)
    got = sum(minor for on, at, _, minor in told.paid if on <= day and at - 1 <= upto)
    return (owed - got) * 10_000 // LIMIT_MINOR if day >= FIRST else None


async def test_customers_are_seen_as_counted_by_hand_at_any_dates(
    scenario: tuple[HttpScenario, Ledger, ReadDb],
) -> None:
    made, _, db = scenario
    draw, rising = random.Random(7), list[int]()
    async with db.snapshot("credit", made.name) as (conn, schema, head):
        assert head == STORY.position
        for _ in range(8):
            day, upto = FIRST + timedelta(days=draw.randrange(40, DAYS)), draw.randrange(head // 2, head + 1)
            moment = Moment(conn, schema, day, upto)
            book = await warned_book(moment, ENTITY)
            found = await warned_customers(moment, book, SHIPPED.limit_drift, CUSTOMERS)
            wanted = {each: counted(STORY.told[each], day, upto) for each in CUSTOMERS}
            debtors = [each["open"] for each in wanted.values() if each["open"]]
            for each in found:
                hand = wanted[each.customer_id]
                assert {
                    one.invoice_id: (
                        one.first_money_on,
                        one.in_parts,
                        list(one.disputes),
                        one.outcome is not None and one.outcome.settled is not None,
                    )
                    for one in each.invoices
                } == hand["invoices"]
                assert sorted(one.position for one in each.broken) == hand["broken"]
                shares = [(one.own_minor, one.all_minor, one.debtors) for one in each.shares]
                assert shares == ([(hand["open"], sum(debtors), len(debtors))] if hand["open"] else [])
                told = STORY.told[each.customer_id]
                assert each.usage_bps == tuple(used_bps(told, then, upto) for then in months_before(day, 3))
                rising.append(each.usage_bps[-1] or 0)
        assert max(rising) > min(rising)


class Failing:
    """A ledger whose process dies at an append."""

    def __init__(self, ledger: Ledger, left: int) -> None:
        self._ledger, self._left = ledger, left

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def append(self, append: Any) -> Any:
        if self._left == 0:
            raise LedgerUnavailable("the process was killed")
        self._left -= 1
        return await self._ledger.append(append)


async def test_the_work_of_a_day_under_faults_raises_each_warning_once(
    scenario: tuple[HttpScenario, Ledger, ReadDb], installation: Installation
) -> None:
    made, ledger, db = scenario
    opened = await _opened(made, ledger, LAST)
    with pytest.raises(LedgerUnavailable):
        await WarningsOfDay(Failing(ledger, 2), db).open_day(opened)  # type: ignore[arg-type]  # stands in
    assert len(await _raised(ledger, made.name)) == 2
    for _ in range(2):
        await WarningsOfDay(ledger, db).open_day(opened)
    raised = await _raised(ledger, made.name)
    assert len(raised) > 2
    assert len({(each.customer_id, each.kind, each.episode) for each in raised}) == len(raised)
    assert {each.knowable_on for each in raised} == {LAST}
    wanted = {
        each
        for each, told in STORY.told.items()
        if len([1 for on, _, _, broken in _outcomes(told) if broken and (LAST - on).days < 90]) >= 2
    }
    assert {each.customer_id for each in raised if each.kind == "broken_promises"} == wanted

    # The read model knows no episode yet, and the next day finds the same ones: none is raised again.
    await WarningsOfDay(ledger, db).open_day(replace(opened, event_id=derived_uuid("next")))
    assert len(await _raised(ledger, made.name)) == len(raised)

    # Nor does a day on which none holds any longer, done late as well, miss one of them.
    await WarningsOfDay(ledger, db).open_day(
        replace(opened, event_id=derived_uuid("gone"), data=_day(LAST + YEAR))
    )
    ended = await ledger.read_types(made.name, [CreditWarningEnded.TYPE], STORY.position, 1_000)
    lasting = {each.credit_warning_id for each in raised if each.kind == "broken_promises"}
    assert lasting <= {each.stream for each in ended}
    await _taken_again(made, ledger, db, installation.store_url("risk"))


async def _taken_again(made: HttpScenario, ledger: Ledger, db: ReadDb, url: str) -> None:
    """Take each step of each warning again: equal, and an altered copy is found."""
    async with following(ledger, url, made.name, Credit()) as follow:
        await follow()
    steps = await ledger.read_types(made.name, STEPS, STORY.position, 1_000)
    streams = await ledger.read_streams(made.name, {each.stream for each in steps})
    async with db.snapshot("credit", made.name) as (conn, schema, _):
        archive = CreditArchive(ledger, made.name, conn, schema)
        again = [each for events in streams.values() for each in await archive.reperform(events)]
        assert len(again) == len(steps)
        assert [each.again.differences for each in again if each.again.differences] == []
        kinds = {
            each.again.stored.kind for each in again if isinstance(each.again.stored, CreditWarningRaised)
        }
        assert {"broken_promises", "limit_drift"} <= kinds
        for change in ({"episode": 2}, {"figures": ()}, {"rules_version": 2}, {"invoices": ("inv_other",)}):
            first = next(e for e in steps if isinstance(e.data, CreditWarningRaised) and e.data.figures)
            (altered,) = await archive.reperform([replace(first, data=replace(first.data, **change))])
            assert [each.field for each in altered.again.differences] == list(change)
        begun = next(e for e in steps if isinstance(e.data, CreditWarningRaised))
        assert isinstance(begun.data, CreditWarningRaised)
        data = CreditWarningEnded(
            credit_warning_id=begun.stream,
            customer_id=begun.data.customer_id,
            seen_position=begun.data.seen_position,
        )
        early = replace(begun, data=data, position=begun.position + 1)
        (never,) = await archive.reperform([begun, early], {early.position})
        assert never.again.problem == "The rule holds still."


def _outcomes(told: Told) -> list[tuple[date, int, str, bool]]:
    return list({row[2]: row for row in told.promises}.values())


async def _opened(made: HttpScenario, ledger: Ledger, day: date) -> Recorded:
    head = (await ledger.head(made.name)).position
    return recorded(_day(day), ledger=made.name, position=head, stream=STREAM, effective_on=day)


def _day(day: date) -> DayOpened:
    return DayOpened(day=day, late=False)


async def _raised(ledger: Ledger, name: str) -> list[CreditWarningRaised]:
    found = await ledger.read(name, STORY.position, 1_000)
    return [each.data for each in found if isinstance(each.data, CreditWarningRaised)]
