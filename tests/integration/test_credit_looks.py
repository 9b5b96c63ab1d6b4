"""Looks of the background tasks of risk-svc at a ledger: orders that end, grades after an activation, policies.

Decisions by policies are taken again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from msgspec.structs import replace

from encours.contracts import Event
from encours.contracts.events.credit_hold import CreditHoldPlaced, CreditHoldReleased, PayerBadgeGiven
from encours.contracts.events.credit_policy import CreditPolicySet, HoldRules, OrderRules
from encours.contracts.events.dunning.reminders import ReminderRequested
from encours.contracts.events.parties.customer import CustomerRegistered
from encours.contracts.events.parties.entity import EntityRegistered
from encours.contracts.events.reservation import ReservationDecided, ReservationExpired
from encours.contracts.events.risk_terms import RiskTermsProposed, RiskTermsRule, RiskTermsWithdrawn
from encours.contracts.events.sales.order import OrderClosed, OrderDelivered, OrderPlaced
from encours.contracts.events.score import STREAM, ScoreGraded, ScoreModelActivated
from encours.kernel.ids import derived_id
from encours.ledger import Ledger, LedgerInfo
from encours.ledger.errors import LedgerUnavailable
from encours.ledger.model import Append, Appended, Clock
from encours.projection.control import install_control
from encours.projection.rebuild import rebuild
from encours.reading.read_db import ReadDb
from encours.testing.events import event, issued, received
from encours.testing.http import http_scenario
from encours.testing.servers import Installation
from risk_svc.app import create_app
from risk_svc.domain.badge import badge_of
from risk_svc.domain.policy import policy_of
from risk_svc.domain.terms.proposals import terms_of
from risk_svc.models import MODELS
from risk_svc.read_models.credit.model import Credit
from risk_svc.use_cases.decisions.archive import CreditArchive
from risk_svc.use_cases.freeing import FreeOrders
from risk_svc.use_cases.grading import GradePayers
from risk_svc.use_cases.policy_holds import PolicyHolds
from risk_svc.use_cases.policy_looks import FollowPolicies

LAST = date(2026, 6, 30)
ZONES = {"Asia/Tokyo": 9, "Europe/Paris": 2, "America/Los_Angeles": -7}
"""Hours ahead of UTC on that day."""
GRADED = derived_id("ent", "graded")
OWING = [derived_id("cus", "graded", n) for n in range(4)]
"""Customers with three invoices past due, which nobody has paid."""
ACTIVATED = event(ScoreModelActivated, score_models_id=STREAM, version="default-1", replaces="default-1")
Seen = tuple[str, Ledger, ReadDb, Callable[..., Awaitable[None]]]


def live(info: LedgerInfo) -> Callable[..., Awaitable[LedgerInfo]]:
    """Return the ledger as a live one."""

    async def found(_name: str, *, fresh: bool = False) -> LedgerInfo:
        return replace(info, kind="live")

    return found


@asynccontextmanager
async def ledger_of(installation: Installation, *entities: tuple[str, list[Event]]) -> AsyncIterator[Seen]:
    """A ledger with these events by entity, its read model, and the work that makes it again."""
    url, store = installation.ledger_url("risk"), installation.store_url("risk")
    async with http_scenario(installation, "risk", create_app) as made:
        for entity, events in entities:
            await made.given(*events, entity=entity, on=LAST)

        async def project(*later: Event, on: date = LAST) -> None:
            if later:
                await made.given(*later, entity=GRADED, on=on)
            conn = await asyncpg.connect(store)
            await install_control(conn)
            # A model that is there is built again up to its own position alone.
            await conn.execute("delete from encours.checkpoint where ledger = $1", made.name)
            await conn.close()
            await rebuild(
                ledger_dsn=url, store_dsn=store, service="risk-svc", model=Credit(), ledger=made.name
            )

        await project()
        ledger = await Ledger.open(url)
        db = await ReadDb.open(store, ledger=ledger, models=MODELS)
        try:
            yield made.name, ledger, db, project
        finally:
            await db.close()
            await ledger.close()


async def test_an_order_ends_as_the_day_of_its_entity_begins(
    module_installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[str, list[Event]]] = []
    for zone in ZONES:
        entity, customer = derived_id("ent", zone), derived_id("cus", zone)
        order = event(
            ReservationDecided, reservation_id=derived_id("rsv", zone), customer_id=customer,
            order_ref=zone, amount_minor=5_00, expires_on=LAST, decision="accept", attempt=1,
        )  # fmt: skip
        registered = event(EntityRegistered, entity_id=entity, time_zone=zone)
        known = event(CustomerRegistered, customer_id=customer, entity_id=entity)
        given.append((entity, [registered, known, order]))
    now = datetime(2026, 6, 30, 12, tzinfo=UTC)

    async def clock(_name: str) -> Clock:
        return Clock(now, now.astimezone(ZoneInfo("Europe/Paris")).date())

    ended: dict[str, date] = {}
    async with ledger_of(module_installation, *given) as (name, ledger, db, _):
        # Only a sandbox takes events of the past; on the wall clock days begin as in a live ledger.
        monkeypatch.setattr(ledger, "info", live(await ledger.info(name)))
        monkeypatch.setattr(ledger, "clock", clock)
        free = FreeOrders(ledger, db)
        for zone, hours in ZONES.items():
            midnight = datetime(2026, 7, 1, tzinfo=UTC) - timedelta(hours=hours)
            for now in (midnight - timedelta(seconds=1), midnight):
                await free.look(name)
                streams = await ledger.read_streams(name, [derived_id("rsv", each) for each in ZONES])
                found = [
                    e for events in streams.values() for e in events if isinstance(e.data, ReservationExpired)
                ]
                begun = {derived_id("rsv", zone)} if now == midnight else set()
                assert {e.stream for e in found} - ended.keys() == begun
                ended |= {e.stream: e.effective_on for e in found}
    assert set(ended.values()) == {LAST + timedelta(days=1)}


def owing(customer: str) -> list[Event]:
    bills = (
        replace(
            issued(100_00, invoice_id=derived_id("inv", f"{customer} {n}"), customer_id=customer),
            number=f"{customer[-6:]}-{n}",
            issued_on=date(2026, 1, 5),
            due_on=date(2026, 2, 4),
        )
        for n in range(3)
    )
    return [event(CustomerRegistered, customer_id=customer, entity_id=GRADED), *bills]


async def grades(name: str, ledger: Ledger) -> dict[str, int]:
    """Number of grades of each customer who has any."""
    found = await ledger.read_types(name, [ScoreGraded.TYPE], 0, 100)
    return Counter(e.data.customer_id for e in found if isinstance(e.data, ScoreGraded))


async def test_the_first_look_grades_after_an_activation_that_came_before_it_and_once(
    module_installation: Installation,
) -> None:
    given = [event(EntityRegistered, entity_id=GRADED), *owing(OWING[0])]
    async with ledger_of(module_installation, (GRADED, given)) as (name, ledger, db, _):
        await GradePayers(ledger, db).look(name)
        assert await grades(name, ledger) == {}, "no model is in use"
    async with ledger_of(module_installation, (GRADED, [*given, ACTIVATED])) as (name, ledger, db, project):
        await GradePayers(ledger, db).look(name)
        await GradePayers(ledger, db).look(name)
        await project()
        await GradePayers(ledger, db).look(name)
        assert await grades(name, ledger) == {OWING[0]: 1}, "a worker that starts again grades nobody twice"


async def test_a_worker_that_starts_goes_on_where_one_was_killed(
    module_installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [
        event(EntityRegistered, entity_id=GRADED),
        *(each for customer in OWING for each in owing(customer)),
    ]
    async with ledger_of(module_installation, (GRADED, [*given, ACTIVATED])) as (name, ledger, db, project):
        with monkeypatch.context() as killed:
            append, left = ledger.append, iter(range(2))

            async def dies(one: Append) -> Appended:
                if next(left, None) is None:
                    raise LedgerUnavailable("the process was killed")
                return await append(one)

            killed.setattr(ledger, "append", dies)
            with pytest.raises(LedgerUnavailable):
                await GradePayers(ledger, db).look(name)
        assert len(await grades(name, ledger)) == 2
        await project()  # the worker that starts sees the grades that were stored
        worker = GradePayers(ledger, db)
        await worker.look(name)
        assert await grades(name, ledger) == dict.fromkeys(OWING, 1)

        # Money that moves while no worker runs is seen as the next one starts, of its customer alone.
        paid = received(300_00, payment_id=derived_id("pay", "late"), customer_id=OWING[1])
        await project(paid, on=date(2026, 2, 10))
        await GradePayers(ledger, db).look(name)
        assert await grades(name, ledger) == dict.fromkeys(OWING, 1) | {OWING[1]: 2}


async def test_a_step_of_today_holds_at_once_and_terms_follow_grade_and_exposure(
    module_installation: Installation,
) -> None:
    entity, customer = GRADED, derived_id("cus", "policy")
    late = replace(
        issued(900_00, invoice_id=derived_id("inv", "policy"), customer_id=customer),
        number="F1",
        issued_on=date(2026, 1, 5),
        due_on=date(2026, 2, 4),
    )
    rule = RiskTermsRule(
        kind="guarantee", grades=("D", "E"), share_bps=5_000, above_minor=500_00, currency="EUR"
    )
    policy = event(
        CreditPolicySet, credit_policy_id=policy_of(entity), entity_id=entity, version=1, terms_rules=(rule,),
        holds=HoldRules(dunning_steps=("J+30",), badge_days_past_due=30),
    )  # fmt: skip
    given = [
        event(EntityRegistered, entity_id=entity),
        event(CustomerRegistered, customer_id=customer, entity_id=entity),
        late,
        ACTIVATED,
        policy,
    ]

    def reminder(step: str) -> ReminderRequested:
        reminder_id = derived_id("rem", step)
        return event(
            ReminderRequested, reminder_id=reminder_id, customer_id=customer, step=step, day=LAST, debtors=(),
        )  # fmt: skip

    async with ledger_of(module_installation, (entity, given)) as (name, ledger, db, project):
        follow = FollowPolicies(ledger, db)

        async def happened() -> list[type[Event]]:
            kinds = {
                CreditHoldPlaced.TYPE, CreditHoldReleased.TYPE, RiskTermsProposed.TYPE, RiskTermsWithdrawn.TYPE
            }  # fmt: skip
            return [type(e.data) for e in await ledger.read_types(name, kinds, 0, 100)]

        await GradePayers(ledger, db).look(name)
        await project(reminder("J+10"))
        await follow.look(name)
        (proposed,) = (e.data for e in await ledger.read_stream(name, terms_of(customer)))
        assert isinstance(proposed, RiskTermsProposed)
        assert (proposed.amount_minor, proposed.basis and proposed.basis.unsecured_minor) == (450_00, 900_00)
        await project(reminder("J+30"))
        await follow.look(name)
        await follow.look(name)
        assert await happened() == [RiskTermsProposed, CreditHoldPlaced]
        paid = received(600_00, payment_id=derived_id("pay", "policy"), customer_id=customer)
        await project(paid)
        await follow.look(name)
        assert await happened() == [RiskTermsProposed, CreditHoldPlaced, RiskTermsWithdrawn]
        await FollowPolicies(ledger, db).look(name)
        assert len(await happened()) == 3, "a worker that starts again proposes nothing twice"
        await _opened_days_hold_by_what_they_saw(name, ledger, db, project, customer)


async def _opened_days_hold_by_what_they_saw(
    name: str, ledger: Ledger, db: ReadDb, project: Callable[..., Awaitable[None]], customer: str
) -> None:
    """Give a badge as a day opens, end the hold once all is paid, and take both again with the hold of the step."""
    reactions, seen = PolicyHolds(ledger, db), list[int]()
    for paid in ([], [received(300_00, payment_id=derived_id("pay", "rest"), customer_id=customer)]):
        await project(*paid)
        async with db.snapshot("credit", name) as (_, _, position):
            seen.append(position)
        (last,) = await ledger.read(name, position - 1, 1)
        await reactions.open_day(last, LAST)
    await project()
    streams = [await ledger.read_stream(name, stream) for stream in (badge_of(customer), terms_of(customer))]
    kinds = {CreditHoldPlaced.TYPE, CreditHoldReleased.TYPE}
    streams.append(await ledger.read_types(name, kinds, 0, 10))
    async with db.snapshot("credit", name) as (conn, schema, _):
        archive = CreditArchive(ledger, name, conn, schema)
        again = [each for stream in streams for each in await archive.reperform(stream)]
    kept = {type(each.event.data): each.event.data for each in again}
    badge, placed, ended = kept[PayerBadgeGiven], kept[CreditHoldPlaced], kept[CreditHoldReleased]
    assert isinstance(badge, PayerBadgeGiven)
    assert isinstance(placed, CreditHoldPlaced)
    assert isinstance(ended, CreditHoldReleased)
    assert [badge.seen_position, ended.seen_position] == seen
    assert placed.seen_position is not None
    assert placed.seen_position < next(
        e.position for e in streams[-1] if isinstance(e.data, CreditHoldPlaced)
    )
    assert (badge.policy_version, ended.policy_version) == (1, 1)
    withdrawn = kept[RiskTermsWithdrawn]
    assert isinstance(withdrawn, RiskTermsWithdrawn)
    assert withdrawn.policy_version == 1
    assert [each.again.differences for each in again] == [[]] * 5


async def test_open_orders_of_before_the_policy_are_decided_once_it_asks_for_reservations(
    module_installation: Installation,
) -> None:
    entity, customer = derived_id("ent", "gate"), derived_id("cus", "gate")
    placed, ended = derived_id("ord", "open"), derived_id("ord", "ended")
    fields: dict[str, Any] = {"customer_id": customer, "currency": "EUR", "net_minor": 100_00}
    before = [
        event(EntityRegistered, entity_id=entity),
        event(CustomerRegistered, customer_id=customer, entity_id=entity),
        event(OrderPlaced, **fields, order_id=placed, total_minor=120_00),
        event(OrderDelivered, **fields | {"net_minor": 40_00}, order_id=placed, delivery_id="dlv_1"),
        event(OrderPlaced, **fields, order_id=ended, total_minor=120_00),
        event(OrderClosed, order_id=ended, customer_id=customer),
    ]
    asked = event(
        CreditPolicySet, credit_policy_id=policy_of(entity), entity_id=entity, version=1,
        orders=OrderRules(need_reservation=True),
    )  # fmt: skip

    async def decided(given: list[Event]) -> list[tuple[str, int]]:
        async with ledger_of(module_installation, (entity, given)) as (name, ledger, db, project):
            for _ in range(2):
                await FreeOrders(ledger, db).look(name)
                await project()
            found = await ledger.read_types(name, [ReservationDecided.TYPE], 0, 10)
        return [
            (e.data.order_ref, e.data.amount_minor) for e in found if isinstance(e.data, ReservationDecided)
        ]

    assert await decided(before) == []
    assert await decided([*before, asked]) == [(placed, 72_00)]
