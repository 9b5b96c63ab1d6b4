"""Parts of the figures that can be published, each with the sums that tie them to the customers' account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from encours.contracts.events.figure import FigureValue
from reporting_svc.domain.figure import FigureQuestion
from reporting_svc.domain.forecast.made import MadeForecast
from reporting_svc.domain.measures.collection import ONE_DAY, Receivable, amounts_of
from reporting_svc.domain.measures.delays import Cohort
from reporting_svc.domain.measures.published import FigureParts, PartSource
from reporting_svc.domain.measures.reminders import ReminderYield, yields
from reporting_svc.domain.turnover_plan import in_force, of_entity
from reporting_svc.read_models.aged_balance.penalties import open_penalties
from reporting_svc.read_models.aged_balance.query import Figures
from reporting_svc.read_models.collection.query import NOTHING, collection_since
from reporting_svc.read_models.collection.standing import receivables
from reporting_svc.read_models.dashboard.query import broken_promises, due_promises
from reporting_svc.read_models.delays.figures import delay_figures
from reporting_svc.read_models.dso.query import billed_months, billed_since
from reporting_svc.read_models.figures.forecast import (
    PublishedForecast,
    expected_parts,
    published_forecast,
    range_values,
)
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.reminders.query import reminders_paid
from reporting_svc.read_models.tie_out.query import OwnSum
from reporting_svc.read_models.turnover.plans import compared, totals_of
from reporting_svc.read_models.turnover.products import ProductTurnover, by_product
from reporting_svc.read_models.turnover.products import total as total_of
from reporting_svc.read_models.turnover.query import CHANGES, added, by_period, opening

if TYPE_CHECKING:
    from encours.reading.moment import View


@dataclass(frozen=True, slots=True)
class SourcedParts:
    """Parts of a figure, and what they add up to beside the amounts that it must be.

    ``values``: those that do not follow from the parts. ``forecast``: what a cash forecast was made by just now.
    """

    parts: FigureParts
    sums: Sequence[OwnSum]
    values: tuple[FigureValue, ...] | None = None
    forecast: PublishedForecast | None = None


Source = Callable[["View", Scope, Figures, FigureQuestion], Awaitable[SourcedParts]]


async def _bands(_view: View, _scope: Scope, total: Figures, asked: FigureQuestion) -> SourcedParts:
    names = asked.banded.names
    bands = dict(zip(names, total.bands, strict=True))
    amounts = bands | {
        "disputed": total.disputed,
        "conceded": total.conceded,
        "on_plan": total.on_plan,
        "unapplied": total.unapplied,
        "overdue": total.overdue,
        "outstanding": total.outstanding,
    }
    return _of_bands(total, FigureParts(amounts))


async def _old(_view: View, _scope: Scope, total: Figures, _asked: FigureQuestion) -> SourcedParts:
    return _of_bands(total, FigureParts({"past_90": total.past_90, "open": sum(total.bands)}))


async def _turnover(view: View, scope: Scope, total: Figures, asked: FigureQuestion) -> SourcedParts:
    first = asked.begins
    found = added(first, await by_period(view, scope, "month", first))
    amounts = {
        "billed": found.billed,
        "credited": found.credited,
        "collected": found.collected,
        "reversed": found.reversed,
        "other": found.other,
    }
    after = await opening(view, scope, first) + found.change
    own = OwnSum(CHANGES, after, total.outstanding)
    return SourcedParts(FigureParts(amounts), (own,))


async def _standing(view: View, scope: Scope, total: Figures, asked: FigureQuestion) -> SourcedParts:
    found, own = await _receivable(view, scope, total)
    since = view.time.as_of - timedelta(days=asked.turnover_days) + ONE_DAY
    amounts = {
        "receivables": found.outstanding_minor,
        "open": found.open_minor,
        "not_due": found.not_due_minor,
        "overdue": found.overdue_minor,
        "turnover": await billed_since(view, scope, since, None),
    }
    return SourcedParts(FigureParts(amounts), (own,))


async def _months(view: View, scope: Scope, total: Figures, _asked: FigureQuestion) -> SourcedParts:
    found, own = await _receivable(view, scope, total)
    turnover = sorted((await billed_months(view, scope, 1)).months.items())
    amounts = {"receivables": found.outstanding_minor} | {f"{month:%Y-%m}": m for month, m in turnover}
    return SourcedParts(FigureParts(amounts), (own,))


async def _receivable(view: View, scope: Scope, total: Figures) -> tuple[Receivable, OwnSum]:
    found = (await receivables(view, scope, view.time.as_of, None)).get(None, NOTHING)
    return found, await _closed(view, scope, total, found)


async def _closed(view: View, scope: Scope, total: Figures, closing: Receivable) -> OwnSum:
    penalties = await open_penalties(view, scope, None)
    own = closing.outstanding_minor + penalties.open_minor
    return OwnSum("closing balance and the open penalties", own, total.outstanding)


async def _collection(view: View, scope: Scope, total: Figures, asked: FigureQuestion) -> SourcedParts:
    found = await collection_since(view, scope, asked.begins, asked.turnover_days)
    own = await _closed(view, scope, total, found.closing)
    return SourcedParts(FigureParts(amounts_of(found)), (own,))


async def _cohort(view: View, scope: Scope, total: Figures, asked: FigureQuestion) -> SourcedParts:
    month = asked.begins.replace(day=1)
    figures = await delay_figures(view, scope, month, "month")
    cohort = next((each for each in figures.months().cohorts if each.month == month), Cohort(month))
    amounts = {
        "billed": cohort.billed_minor,
        "recovered": cohort.recovered_minor,
        "old": cohort.old_minor,
        "at_risk": cohort.at_risk_minor,
    }
    own = OwnSum("parts", figures.parts_minor, total.outstanding)
    return SourcedParts(FigureParts(amounts), (own,))


async def _delays(view: View, scope: Scope, total: Figures, asked: FigureQuestion) -> SourcedParts:
    figures = await delay_figures(view, scope, asked.begins, "month")
    numbers, amounts = dict[str, int](), dict[str, int]()
    for days, (number, minor) in sorted(figures.total.settled.items()):
        numbers[str(days)], amounts[str(days)] = number, minor
    own = OwnSum("parts", figures.parts_minor, total.outstanding)
    return SourcedParts(FigureParts(amounts, numbers), (own,))


async def _named(_view: View, _scope: Scope, total: Figures, _asked: FigureQuestion) -> SourcedParts:
    amounts = {"promised": total.promised, "placed": total.placed}
    return _of_bands(total, FigureParts(amounts | {"open": sum(total.bands)}))


async def _insured(_view: View, _scope: Scope, total: Figures, _asked: FigureQuestion) -> SourcedParts:
    return _of_bands(total, FigureParts({"insured": total.insured, "open": sum(total.bands)}))


def _of_bands(total: Figures, parts: FigureParts) -> SourcedParts:
    """Return parts that add up to no balance, with the bands of the same receivables."""
    own = OwnSum("bands less unapplied cash", sum(total.bands) - total.unapplied, total.ledger)
    return SourcedParts(parts, (own,))


async def _due_promises(view: View, scope: Scope, total: Figures, _asked: FigureQuestion) -> SourcedParts:
    found = await due_promises(view, scope, None)
    return _of_bands(total, FigureParts({"promised": found.amount_minor}, {"promises": found.number}))


async def _broken_promises(view: View, scope: Scope, total: Figures, _asked: FigureQuestion) -> SourcedParts:
    found = await broken_promises(view, scope, None)
    amounts = {"promised": found.amount_minor, "missing": found.missing_minor}
    return _of_bands(total, FigureParts(amounts, {"promises": found.number}))


async def _products(view: View, scope: Scope, total: Figures, asked: FigureQuestion) -> SourcedParts:
    first = asked.begins
    periods = await by_period(view, scope, "month", first)
    products = await by_product(view, scope, "month", first, periods)
    summed = {product: total_of(first, rows) for product, rows in products.rows.items()}
    if asked.parameters.product is None:
        parts = {_named_product(product): found.net for product, found in summed.items() if found.net}
    else:
        found = summed.get(asked.parameters.product, ProductTurnover(first))
        parts = {
            "billed": found.billed_net,
            "credited": found.credited_net,
            "costed": found.costed,
            "cost": found.cost,
        }
    after = await opening(view, scope, first) + sum(each.change for each in periods)
    own = OwnSum(CHANGES, after, total.outstanding)
    return SourcedParts(FigureParts(parts), (own, *products.sums))


def _named_product(product: str | None) -> str:
    """Return the name of the turnover of a product, which no product's code is."""
    return "no_product" if product is None else f"product:{product}"


async def _plan(view: View, scope: Scope, total: Figures, asked: FigureQuestion) -> SourcedParts:
    plan = in_force(asked.plan_versions, view.time.as_of, view.time.position)
    if plan is None:
        return _of_bands(total, FigureParts({"billed": 0, "collected": 0}))
    found = await compared(view, scope, of_entity(plan))
    billed_planned, billed, collected_planned, collected = totals_of(found.months)
    amounts = {"billed": billed, "collected": collected}
    if billed_planned is not None:
        amounts["billed_planned"] = billed_planned
    if collected_planned is not None:
        amounts["collected_planned"] = collected_planned
    if found.balance_minor is None:
        return _of_bands(total, FigureParts(amounts))
    own = OwnSum(CHANGES, found.balance_minor, total.outstanding)
    return SourcedParts(FigureParts(amounts), (own, *found.sums))


async def _reminders(view: View, scope: Scope, total: Figures, asked: FigureQuestion) -> SourcedParts:
    paid = await reminders_paid(view, scope, asked.begins)
    wanted = [
        each
        for each in paid.reminders
        if asked.parameters.step in (None, each.step) and asked.parameters.channel in (None, each.channel)
    ]
    found = yields(wanted, paid.funds, view.time.as_of, lambda _: ()).get((), ReminderYield())
    amounts, quantities = {"asked": found.asked_minor}, {"requested": found.requested} | found.traces
    for window in found.windows:
        amounts[f"asked_{window.days}"] = window.asked_minor
        amounts[f"paid_{window.days}"] = window.paid_minor
        quantities[f"messages_{window.days}"] = window.messages
    return _of_bands(total, FigureParts(amounts, quantities))


async def _forecast(view: View, scope: Scope, total: Figures, asked: FigureQuestion) -> SourcedParts:
    found = await published_forecast(view, scope, asked)
    return of_forecast(total, found.made, found)


def of_forecast(
    total: Figures, made: MadeForecast, forecast: PublishedForecast | None = None
) -> SourcedParts:
    """Return the parts and the values of a forecast."""
    own = OwnSum("parts of the forecast", made.outstanding_minor, total.outstanding)
    return SourcedParts(expected_parts(made.cash), (own,), range_values(made), forecast)


SOURCES: Mapping[PartSource, Source] = {
    "bands": _bands,
    "old": _old,
    "turnover": _turnover,
    "standing": _standing,
    "months": _months,
    "collection": _collection,
    "cohort": _cohort,
    "delays": _delays,
    "named": _named,
    "insured": _insured,
    "promises_due": _due_promises,
    "promises_broken": _broken_promises,
    "products": _products,
    "plan": _plan,
    "reminders": _reminders,
    "forecast": _forecast,
}
OF_SHARES: frozenset[PartSource] = frozenset({"bands", "named", "insured"})
"""Sources of parts of the bands that add up to no balance."""
