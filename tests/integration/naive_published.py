"""Parts of published figures that other events than those of money move, counted from the events one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from encours.contracts.events.figure import TurnoverPlanSet, TurnoverTarget
from encours.ledger.stored import StoredEvent
from reporting_svc.domain.figure import FigureQuestion
from reporting_svc.domain.measures.published import FigureParts
from reporting_svc.domain.turnover_plan import PlanVersion
from tests.integration import naive_delays
from tests.integration.product_parts import sold_and_paid
from tests.integration.receivable_histories import DAY_0, Books

PLAN = "tpn_" + "1" * 32
SALES = {"invoice.issued": 1, "invoice.credited": -1}
TRACES = ("sent", "delivered", "read", "answered", "bounced", "failed", "unconfirmed", "suppressed")
OF_TASK = {"done": {"sent"}, "promised": {"sent", "answered"}, "no_answer": {"failed"}}


def set_plan(b: Books, n: int, day: date, amount: int) -> None:
    """A plan of the turnover of some months gets another version, at times of cash alone."""
    first = (DAY_0 + timedelta(days=31 * (n % 4))).replace(day=1)
    months = [first, (first + timedelta(days=31)).replace(day=1)]
    targets = tuple(
        TurnoverTarget(month=m, group=g, billed_minor=amount if n % 3 else None, collected_minor=amount + k)
        for m in months
        for k, g in enumerate(("A", "B"))
    )
    version = b.versions.get(PLAN, 0) + 1
    plan = TurnoverPlanSet(
        turnover_plan_id=PLAN, plan_version=version, code="main", title="Plan", currency="EUR", by="product",
        targets=targets,
    )  # fmt: skip
    b.record(PLAN, plan, day)


def versions(log: list[StoredEvent]) -> tuple[PlanVersion, ...]:
    """Return the versions of the plan."""
    found = [(e.position, e.effective_on, e.recorded().data) for e in log if e.stream == PLAN]
    return tuple(PlanVersion(at, on, plan) for at, on, plan in found if isinstance(plan, TurnoverPlanSet))


def _counting(
    log: list[StoredEvent], asked: FigureQuestion, known_to: int, mine: set[str]
) -> Iterator[tuple[StoredEvent, Any]]:
    """Iterate over the events of the customers that count, with their data."""
    for event in log[:known_to]:
        data: Any = event.recorded().data
        if event.effective_on <= asked.as_of and (getattr(data, "customer_id", None) or "") in mine:
            yield event, data


def _promises(
    log: list[StoredEvent], asked: FigureQuestion, known_to: int, mine: set[str]
) -> Iterator[tuple[StoredEvent, Any]]:
    """Iterate over the last event of each promise."""
    last = {
        e.stream: (e, d) for e, d in _counting(log, asked, known_to, mine) if e.type.startswith("promise.")
    }
    yield from last.values()


def _due(log: list[StoredEvent], asked: FigureQuestion, known_to: int, mine: set[str]) -> FigureParts:
    own = [
        data.amount_minor
        for event, data in _promises(log, asked, known_to, mine)
        if event.type == "promise.made" and data.promised_on == asked.as_of
    ]
    return FigureParts({"promised": sum(own)}, {"promises": len(own)})


def _broken(log: list[StoredEvent], asked: FigureQuestion, known_to: int, mine: set[str]) -> FigureParts:
    own = [
        (data.amount_minor, max(0, data.amount_minor - data.received_minor))
        for event, data in _promises(log, asked, known_to, mine)
        if event.type == "promise.broken" and event.effective_on > asked.as_of - timedelta(days=30)
    ]
    amounts = {"promised": sum(each[0] for each in own), "missing": sum(each[1] for each in own)}
    return FigureParts(amounts, {"promises": len(own)})


def _products(log: list[StoredEvent], asked: FigureQuestion, known_to: int, mine: set[str]) -> FigureParts:
    first = asked.parameters.first_day or asked.as_of
    sums, _ = sold_and_paid(log[:known_to], first, asked.as_of, "EUR", mine)
    if asked.parameters.product is not None:
        billed, credited, costed, cost = sums.get(asked.parameters.product, [0] * 4)
        return FigureParts({"billed": billed, "credited": credited, "costed": costed, "cost": cost})
    net = {f"product:{name}": of[0] - of[1] for name, of in sums.items() if name is not None}
    rest = _net(log, asked, known_to, mine, first) - sum(net.values())
    return FigureParts({name: minor for name, minor in (net | {"no_product": rest}).items() if minor})


def _net(log: list[StoredEvent], asked: FigureQuestion, known_to: int, mine: set[str], first: date) -> int:
    """Return what was invoiced less credited without VAT."""
    return sum(
        SALES[event.type] * (data.net_minor or 0)
        for event, data in _counting(log, asked, known_to, mine)
        if event.type in SALES and data.currency == "EUR" and event.effective_on >= first
        and getattr(data, "purpose", "") != "penalty"
    )  # fmt: skip


def _plan(log: list[StoredEvent], asked: FigureQuestion, known_to: int, mine: set[str]) -> FigureParts:
    known = [e.recorded().data for e, _ in _counting(log, asked, known_to, mine | {""}) if e.stream == PLAN]
    plan: Any = known[-1] if known else None
    begun = [each for each in (plan.targets if plan else ()) if each.month <= asked.as_of]
    done = [each for each in begun if (each.month + timedelta(days=31)).replace(day=1) <= _after(asked.as_of)]
    months = {each.month for each in done}
    found = Counter[str](billed=0, collected=0)
    for event, data in _counting(log, asked, known_to, mine | {""}):
        if event.effective_on.replace(day=1) not in months or getattr(data, "currency", None) != "EUR":
            continue
        if event.type in SALES:
            found["billed"] += SALES[event.type] * (data.net_minor or 0)
        elif event.type in ("payment.received", "payment.reversed"):
            found["collected"] += data.amount_minor * (1 if event.type == "payment.received" else -1)
    for name in ("billed", "collected"):
        targets = [minor for each in done if (minor := getattr(each, f"{name}_minor")) is not None]
        if targets:
            found[f"{name}_planned"] = sum(targets)
    return FigureParts(dict(found))


def _after(day: date) -> date:
    return day + timedelta(days=1)


def _reminders(log: list[StoredEvent], asked: FigureQuestion, known_to: int, mine: set[str]) -> FigureParts:
    requested: dict[str, Any] = {}
    traces: dict[str, set[str]] = {}
    sent: dict[str, date] = {}
    for event, data in _counting(log, asked, known_to, mine):
        kind = event.type.partition(".")[2]
        if event.type in ("reminder.requested", "task.opened"):
            channel = getattr(data, "channel", "phone")
            wanted = asked.parameters.step in (None, data.step) and asked.parameters.channel in (
                None,
                channel,
            )
            if event.effective_on >= (asked.parameters.first_day or asked.as_of) and wanted:
                requested[event.stream] = data
        elif event.type == "task.completed":
            left = OF_TASK.get(data.outcome, {"suppressed"})
            traces.setdefault(event.stream, set()).update(left)
            if "sent" in left:
                sent[event.stream] = event.effective_on
        elif kind in TRACES and getattr(data, "permanent", True):
            traces.setdefault(event.stream, set()).add(kind)
            if kind == "sent":
                sent[event.stream] = event.effective_on
    numbers = Counter[str](dict.fromkeys(("requested", *TRACES), 0))
    amounts = Counter[str](asked=0)
    money = naive_delays.funds(log, asked.as_of, known_to, "EUR")
    for window in (7, 15, 30):
        numbers[f"messages_{window}"] += 0
        amounts.update({f"asked_{window}": 0, f"paid_{window}": 0})
    for name, data in requested.items():
        numbers.update(["requested", *traces.get(name, ())])
        if (on := sent.get(name)) is None:
            continue
        items = {item.invoice_id: item.asked_minor for item in data.items}
        amounts["asked"] += sum(items.values())
        for window in (7, 15, 30):
            last = on + timedelta(days=window)
            if last > asked.as_of:
                continue
            numbers[f"messages_{window}"] += 1
            for invoice_id, minor in items.items():
                paid = sum(f.amount_minor for f in money.get(invoice_id, []) if on < f.available_on <= last)
                amounts[f"asked_{window}"] += minor
                amounts[f"paid_{window}"] += min(minor, paid)
    return FigureParts(dict(amounts), dict(numbers))


OTHERS: Mapping[str, Callable[[list[StoredEvent], FigureQuestion, int, set[str]], FigureParts]] = {
    "promises_due": _due,
    "promises_broken": _broken,
    "products": _products,
    "plan": _plan,
    "reminders": _reminders,
}
"""Parts by the source of the measure."""
