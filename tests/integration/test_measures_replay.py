"""Measures, as of any date and known at any moment, are what a naive count over a replay of the events gives.

``DEEP=1``: 2,500 histories, below ten minutes of one core.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from encours.contracts.events.dunning.promises import PromiseBroken
from encours.contracts.events.dunning.reminders import DunnedItem, ReminderRequested, ReminderSent
from encours.contracts.events.figure import TurnoverPlanSet, TurnoverTarget
from encours.ledger.stored import StoredEvent
from encours.reading.merges import survivors_at
from encours.reading.moment import TimeTravel, View
from encours.testing.events import event as sample
from encours.testing.servers import Installation
from reporting_svc.domain.measures.reminders import (
    DEBTOR_GROUPS,
    DebtorNames,
    ReminderGroup,
    value_of,
    yields,
)
from reporting_svc.read_models.aged_balance.query import Figures, aged
from reporting_svc.read_models.collection.query import collection, collection_since
from reporting_svc.read_models.dashboard.query import broken_promises
from reporting_svc.read_models.delays.query import covered_debts, group_names
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.groups import with_collectors
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.reminders.query import reminders_paid
from reporting_svc.read_models.tie_out.query import FiguresDoNotTie, require_tied, tie_out_days
from reporting_svc.read_models.turnover.plans import compared
from tests.integration import naive_delays, naive_owners
from tests.integration.money_acts import merge, penalise, remind
from tests.integration.naive_portfolios import amend, portfolio
from tests.integration.receivable_histories import (
    CUSTOMERS,
    DAY_0,
    credit,
    history,
    issue,
    pay,
    release,
    replay,
    reschedule,
    steps,
    steps_with,
)
from tests.integration.store import Store, project

DEEP = "DEEP" in os.environ
ACCEPTED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@pytest.fixture(scope="module")
def store(module_installation: Installation) -> Iterator[Store]:
    opened = Store(module_installation.store_url("reporting"))
    yield opened
    opened.close()


def view(store: Store, as_of: date, known_to: int | None) -> View:
    time = TimeTravel(as_of, known_to or 0, None, known_to is None)
    return View(store.conn, "live", time, granted=None)


def balances(log: list[StoredEvent], day: date, known_to: int, mine: set[str]) -> tuple[int, int, int]:
    """Outstanding, current and overdue of the customers of a group, in euro."""
    found = [e for (c, of), e in replay(log, day, known_to).items() if of == "EUR" and c in mine]
    outstanding = sum(e.account for e in found)
    return outstanding, min(outstanding, sum(e.bands[0] for e in found)), sum(e.overdue for e in found)


def sold(log: list[StoredEvent], first: date, last: date, known_to: int, mine: set[str]) -> int:
    """Issued less credited in a period, in euro."""
    signs = {"invoice.issued": 1, "invoice.credited": -1}
    found = 0
    for event in log[:known_to]:
        data: Any = event.recorded().data
        if event.type in signs and data.currency == "EUR" and first <= event.effective_on <= last:
            found += signs[event.type] * data.total_minor * (data.customer_id in mine)
    return found


@settings(max_examples=1_000 * DEEP or 8, deadline=None, suppress_health_check=ACCEPTED)
@given(
    acts=steps_with(amend),
    days=st.integers(-10, 150),
    share=st.sampled_from([None, 60, 100]),
    grouped=st.booleans(),
)
def test_the_collection_of_every_month_is_that_of_a_naive_count(
    store: Store, acts: list[tuple[Any, int, int, int]], days: int, share: int | None, grouped: bool
) -> None:
    log = history(acts).log
    store.run(project(store.conn, "live", log, 1000, Receivables()))
    known_to = None if share is None else len(log) * share // 100
    moment = view(store, DAY_0 + timedelta(days=days), known_to)
    first, by = moment.time.as_of - timedelta(days=70), "salesperson" if grouped else None
    head = len(log) if known_to is None else known_to
    scope = Scope(currency="EUR")
    found = store.run(collection(moment, scope, first, by, 90))  # type: ignore[arg-type]
    if by is None:
        assert found[-1] == store.run(collection_since(moment, scope, moment.time.as_of.replace(day=1), 90))
    for row in found:
        mine = {"", *CUSTOMERS}
        if grouped:
            sold_by = {c: portfolio(c, log, moment.time.as_of, head)["salesperson"] for c in mine}
            mine = {c for c in mine if sold_by[c] == row.group}
        opening, _, _ = balances(log, row.first - timedelta(days=1), head, mine)
        closing, current, overdue = balances(log, row.last, head, mine)
        sales = sold(log, row.first, row.last, head, mine)
        due = opening + sales - current
        assert row.effectiveness == (Fraction(100 * (opening + sales - closing), due) if due > 0 else None)
        assert row.closing.overdue_minor == overdue
        assert row.turnover_minor == sold(log, row.last - timedelta(days=89), row.last, head, mine)


@pytest.mark.parametrize(("since", "opening", "sales"), [(0, 1200, 30), (-9, 1000, 230), (-10, 0, 1230)])
def test_the_days_of_a_period_and_of_its_turnover_end_with_that_of_the_question(
    store: Store, since: int, opening: int, sales: int
) -> None:
    log = history([(issue, 0, -10, 1000), (issue, 0, -9, 200), (issue, 0, 0, 30)]).log
    store.run(project(store.conn, "live", log, 1000, Receivables()))
    first = DAY_0 + timedelta(days=since)
    found = store.run(collection_since(view(store, DAY_0, None), Scope(currency="EUR"), first, 10))
    assert (found.opening.outstanding_minor, found.sales_minor) == (opening, sales)
    assert (found.closing.outstanding_minor, found.turnover_minor) == (1230, 230)


@settings(max_examples=1_000 * DEEP or 12, deadline=None, suppress_health_check=ACCEPTED)
@given(acts=steps, days=st.integers(-10, 250), share=st.sampled_from([None, 60, 100]))
def test_invoices_and_their_delays_are_those_of_a_naive_count(
    store: Store, acts: list[tuple[Any, int, int, int]], days: int, share: int | None
) -> None:
    log = history(acts).log
    store.run(project(store.conn, "live", log, 1000, Receivables()))
    known_to = None if share is None else len(log) * share // 100
    moment = view(store, DAY_0 + timedelta(days=days), known_to)
    for currency in ("EUR", "USD"):
        expected = naive_delays.outcomes(
            log, moment.time.as_of, len(log) if known_to is None else known_to, currency
        )
        found = store.run(covered_debts(moment, Scope(currency=currency))).outcomes
        assert expected == sorted(
            (
                (
                    o.customer_id,
                    o.due_on,
                    o.owed_minor,
                    o.uncovered_minor,
                    o.settled_on,
                    o.unpaid_90_minor,
                    o.issued_on,
                )
                for o in found
            ),
            key=repr,
        )


WINDOWS = (7, 15, 30)
TRACES = {
    "reminder.sent": "sent", "reminder.failed": "failed", "reminder.delivered": "delivered",
    "reminder.answered": "answered", "reminder.bounced": "bounced",
}  # fmt: skip
OUTCOMES = {"done": {"sent"}, "promised": {"sent", "answered"}, "no_answer": {"failed"}}
REMINDED = [
    *[issue] * 2, penalise, *[remind] * 4, *[pay] * 3, release, credit, reschedule, amend, naive_owners.employ,
]  # fmt: skip
reminding = st.lists(
    st.tuples(
        st.sampled_from(REMINDED),
        st.integers(0, 1000),
        st.integers(0, 40),
        st.integers(1, 50).map(lambda x: x * 1000),
    ),
    min_size=25,
    max_size=50,
)


def owners(customer: str, log: list[StoredEvent], as_of: date, known_to: int) -> list[str | None]:
    """Segment, salesperson and collector of a customer on a day."""
    had = portfolio(customer, log, as_of, known_to)
    return [had["segment"], had["salesperson"], naive_owners.owner(customer, log, as_of, known_to)]


def reminded(
    log: list[StoredEvent], first: date, as_of: date, known_to: int
) -> dict[tuple[str | None, ...], dict[str, int]]:
    """Outcome of the reminders of each step, channel and owner of the customer, counted one by one."""
    asked: dict[str, Any] = {}
    sent: dict[str, date] = {}
    traces: dict[str, set[str]] = {}
    for event in log[:known_to]:
        data: Any = event.recorded().data
        if event.effective_on > as_of:
            continue
        name: str = getattr(data, "reminder_id", "") or getattr(data, "task_id", "")
        if event.type in ("reminder.requested", "task.opened") and event.effective_on >= first:
            asked[name] = data
        elif event.type == "task.completed":
            traces.setdefault(name, set()).update(OUTCOMES.get(data.outcome, {"suppressed"}))
            if data.outcome in ("done", "promised"):
                sent[name] = event.effective_on
        elif event.type in TRACES and getattr(data, "permanent", True):
            traces.setdefault(name, set()).add(TRACES[event.type])
            if event.type == "reminder.sent":
                sent[name] = event.effective_on
    money = naive_delays.funds(log, as_of, known_to, "EUR")
    owned = {c: owners(c, log, as_of, known_to) for c in CUSTOMERS}
    found: dict[tuple[str | None, ...], dict[str, int]] = {}
    for name, data in asked.items():
        counts = Counter[str]({"requested": 1} | dict.fromkeys(traces.get(name, ()), 1))
        on = sent.get(name)
        amounts = {item.invoice_id: item.asked_minor for item in data.items}
        for days in WINDOWS if on is not None else ():
            assert on is not None
            until = on + timedelta(days=days)
            if until > as_of:
                counts[f"unfollowed {days}"] += sum(amounts.values())
                continue
            counts[f"followed {days}"] += sum(amounts.values())
            for invoice_id, minor in amounts.items():
                others = [
                    sent[each]
                    for each, other in asked.items()
                    if each in sent and sent[each] > on and invoice_id in {i.invoice_id for i in other.items}
                ]
                paid = [(part.available_on, part.amount_minor) for part in money.get(invoice_id, [])]
                before = min([until, *others])
                counts[f"paid {days}"] += min(minor, sum(m for day, m in paid if on < day <= until))
                counts[f"first {days}"] += min(minor, sum(m for day, m in paid if on < day <= before))
        key = data.step, getattr(data, "channel", "phone"), *owned[data.customer_id]
        found[key] = dict(Counter(found.get(key, {})) + counts)
    return found


@settings(max_examples=200 * DEEP or 12, deadline=None, suppress_health_check=ACCEPTED)
@given(
    acts=reminding, days=st.integers(15, 90), back=st.integers(10, 90), share=st.sampled_from([None, 70, 100])
)
def test_the_yield_of_reminders_is_that_of_a_naive_count(
    store: Store, acts: list[tuple[Any, int, int, int]], days: int, back: int, share: int | None
) -> None:
    log = history(acts).log
    store.run(project(store.conn, "live", log, 1000, Receivables()))
    known_to = None if share is None else len(log) * share // 100
    as_of = DAY_0 + timedelta(days=days)
    first = as_of - timedelta(days=back)
    moment = view(store, as_of, known_to)
    scope = store.run(with_collectors(moment, Scope(currency="EUR"), "collector"))
    found = store.run(reminders_paid(moment, scope, first))
    debtors: DebtorNames = {each: store.run(group_names(moment, scope, each)) for each in DEBTOR_GROUPS}
    by: list[ReminderGroup] = ["step", "channel", *DEBTOR_GROUPS]
    sums: dict[Any, dict[str, int]] = {}
    grouped = yields(
        found.reminders, found.funds, as_of, lambda r: tuple(value_of(r, g, debtors) for g in by)
    )
    for key, group in grouped.items():
        counts = {"requested": group.requested, **group.traces}
        for window in group.windows:
            counts[f"unfollowed {window.days}"] = window.unfollowed_minor
            counts[f"followed {window.days}"] = window.asked_minor
            counts[f"paid {window.days}"] = window.paid_minor
            counts[f"first {window.days}"] = window.paid_minor - window.paid_later_minor
        sums[key] = {name: minor for name, minor in counts.items() if minor}
    assert sums == reminded(log, first, as_of, len(log) if known_to is None else known_to)


def test_what_is_paid_of_a_penalty_document_counts_for_the_message_that_asks_for_it(store: Store) -> None:
    log = history([(penalise, 0, 0, 4_000), (remind, 0, 5, 4_000), (pay, 10, 8, 3_000)]).log
    store.run(project(store.conn, "live", log, 1000, Receivables()))
    as_of = DAY_0 + timedelta(days=60)
    found = store.run(reminders_paid(view(store, as_of, None), Scope(currency="EUR"), DAY_0))
    (total,) = yields(found.reminders, found.funds, as_of, lambda _: ()).values()
    assert [(each.asked_minor, each.paid_minor) for each in total.windows] == [(4_000, 3_000)] * 3


@pytest.mark.parametrize(("day", "complete"), [(-1, None), (0, False), (29, False), (30, True)])
def test_targets_of_merged_customers_are_one_target_of_a_month_that_ends(
    store: Store, day: int, complete: bool | None
) -> None:
    log = history([(merge, 0, 0, 0), (issue, 0, 0, 6000), (issue, 1, 0, 1200)]).log
    store.run(project(store.conn, "live", log, 1000, Receivables()))
    moment = view(store, DAY_0 + timedelta(days=day), len(log))
    scope = Scope(currency="EUR", merged=store.run(survivors_at(moment)))
    targets = (
        TurnoverTarget(month=DAY_0, group=CUSTOMERS[0], billed_minor=700),
        TurnoverTarget(month=DAY_0, group=CUSTOMERS[1], billed_minor=50, collected_minor=5),
    )
    plan = sample(TurnoverPlanSet, currency="EUR", by="customer", targets=targets)
    found = [
        (row.group, row.complete, row.billed_planned, row.billed, row.collected_planned)
        for row in store.run(compared(moment, scope, plan)).months
    ]
    assert found == ([] if complete is None else [(CUSTOMERS[0], complete, 750, 6000, 5)])


def test_a_payer_is_reminded_of_the_invoices_of_another_customer(store: Store) -> None:
    books = history([(issue, 0, 0, 4_000)])
    asked = sample(DunnedItem, invoice_id=next(iter(books.open)), asked_minor=4_000)
    given: dict[str, Any] = {"reminder_id": books.id("rem"), "customer_id": CUSTOMERS[1], "channel": "email"}
    for told in (
        sample(ReminderRequested, **given, currency="EUR", items=(asked,)),
        sample(ReminderSent, **given),
    ):
        books.record(given["reminder_id"], told, DAY_0)
    pay(books, 10, DAY_0 + timedelta(days=3), 3_000)
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    as_of, scope = DAY_0 + timedelta(days=60), Scope(currency="EUR", customer_id=CUSTOMERS[1])
    found = store.run(reminders_paid(view(store, as_of, None), scope, DAY_0))
    (total,) = yields(found.reminders, found.funds, as_of, lambda _: ()).values()
    assert [(each.asked_minor, each.paid_minor) for each in total.windows] == [(4_000, 3_000)] * 3


@pytest.mark.parametrize(("days", "number"), [(29, 6), (30, 0)])
def test_the_largest_five_promises_that_were_broken_in_thirty_days_are_named(
    store: Store, days: int, number: int
) -> None:
    books = history([])
    for minor in range(100, 106):
        promise_id = books.id("prm")
        broken = sample(
            PromiseBroken, promise_id=promise_id, customer_id=CUSTOMERS[0], currency="EUR", amount_minor=minor,
            received_minor=2 * minor if minor == 105 else 1,
        )  # fmt: skip
        books.record(promise_id, broken, DAY_0)
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    moment = view(store, DAY_0 + timedelta(days=days), None)
    found = store.run(broken_promises(moment, Scope(currency="EUR"), None))
    listed = [row["amount_minor"] for row in found.largest]
    missing = 99 + 100 + 101 + 102 + 103
    assert (found.number, found.missing_minor) == (number, missing if number else 0)
    assert listed == ([105, 104, 103, 102, 101] if number else [])


@pytest.mark.parametrize(
    ("damage", "known", "first"),
    [
        ("update live.movement set account_minor = account_minor + 1 where position = 7", True, 7),
        ("update live.movement set item_minor = item_minor - 1 where position = 6", True, 6),
        ("delete from live.item where number = 'F-6'", True, 7),
        ("update live.balance set account_minor = account_minor + 1", False, 8),
    ],
)
def test_sums_that_disagree_are_refused_with_the_first_position(
    store: Store, damage: str, known: bool, first: int
) -> None:
    log = history([(issue, 0, 0, 5000), (issue, 0, 0, 3000), (pay, 0, 0, 1000)]).log
    store.run(project(store.conn, "live", log, 1000, Receivables()))
    moment = View(store.conn, "live", TimeTravel(DAY_0, len(log), None, not known), granted=None)

    def asked() -> Figures:
        (total,) = store.run(aged(moment, Scope(currency="EUR"))).sums
        return total

    store.run(require_tied(moment, Scope(), asked(), None))
    store.run(store.conn.execute(damage))
    with pytest.raises(FiguresDoNotTie) as refused:
        store.run(require_tied(moment, Scope(), asked(), None))
    assert refused.value.extra["first_position"] == first


@settings(max_examples=300 * DEEP or 3, deadline=None, suppress_health_check=ACCEPTED)
@given(acts=steps, share=st.integers(20, 100))
def test_each_day_of_a_period_ties_out(
    store: Store, acts: list[tuple[Any, int, int, int]], share: int
) -> None:
    log = history(acts).log
    store.run(project(store.conn, "live", log, 1000, Receivables()))
    moment, last = view(store, DAY_0, max(1, len(log) * share // 100)), DAY_0 + timedelta(days=20)

    async def days() -> list[tuple[date, str, int, int | None]]:
        found = tie_out_days(moment, Scope(), DAY_0, last)
        return [(d.day, d.currency, d.ledger_minor, d.first_position) async for d in found]

    expected = {
        (day, currency): sum(e.account for (_, of), e in known.items() if of == currency)
        for day in (DAY_0 + timedelta(days=n) for n in range(21))
        for known in [replay(log, day, moment.time.position)]
        for currency in ("EUR", "USD")
    }
    found = store.run(days())
    assert all(first is None for *_, first in found)
    assert {(day, currency): minor for day, currency, minor, _ in found if minor} == {
        key: minor for key, minor in expected.items() if minor
    }
