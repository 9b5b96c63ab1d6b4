"""Parts of the figures that can be published, each with the sum that ties them to the customers' account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from encours.kernel.bands import STANDARD
from reporting_svc.domain.figure import FigureQuestion
from reporting_svc.domain.measures.collection import ONE_DAY, Receivable, amounts_of
from reporting_svc.domain.measures.delays import Cohort
from reporting_svc.domain.measures.published import FigureParts, PartSource
from reporting_svc.read_models.aged_balance.penalties import open_penalties
from reporting_svc.read_models.aged_balance.query import Figures
from reporting_svc.read_models.collection.query import NOTHING, collection_since, receivables
from reporting_svc.read_models.delays.figures import delay_figures
from reporting_svc.read_models.dso.query import billed_since, monthly_turnover
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.tie_out.query import OwnSum
from reporting_svc.read_models.turnover.query import added, by_period, opening

if TYPE_CHECKING:
    from encours.reading.moment import View

_PAST_90 = STANDARD.thresholds.index(90)


@dataclass(frozen=True, slots=True)
class SourcedParts:
    """Parts of a figure, and what they add up to beside the amount that it must be."""

    parts: FigureParts
    own: OwnSum


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
    own = OwnSum("bands less unapplied cash", sum(bands.values()) - total.unapplied, total.ledger)
    return SourcedParts(FigureParts(amounts), own)


async def _old(_view: View, _scope: Scope, total: Figures, _asked: FigureQuestion) -> SourcedParts:
    gross = sum(total.bands)
    own = OwnSum("bands less unapplied cash", gross - total.unapplied, total.ledger)
    return SourcedParts(FigureParts({"past_90": sum(total.bands[_PAST_90 + 1 :]), "open": gross}), own)


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
    own = OwnSum("opening balance and the changes of the period", after, total.outstanding)
    return SourcedParts(FigureParts(amounts), own)


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
    return SourcedParts(FigureParts(amounts), own)


async def _months(view: View, scope: Scope, total: Figures, _asked: FigureQuestion) -> SourcedParts:
    found, own = await _receivable(view, scope, total)
    turnover = sorted((await monthly_turnover(view, scope, None)).items())
    amounts = {"receivables": found.outstanding_minor} | {f"{month:%Y-%m}": m for month, m in turnover}
    return SourcedParts(FigureParts(amounts), own)


async def _receivable(view: View, scope: Scope, total: Figures) -> tuple[Receivable, OwnSum]:
    found = (await receivables(view, scope, view.time.as_of, None)).get(None, NOTHING)
    return found, await _closed(view, scope, total, found)


async def _closed(view: View, scope: Scope, total: Figures, closing: Receivable) -> OwnSum:
    penalties = await open_penalties(view, scope, None)
    own = closing.outstanding_minor + penalties.open_minor
    return OwnSum("closing balance and the open penalties", own, total.outstanding)


async def _collection(view: View, scope: Scope, total: Figures, asked: FigureQuestion) -> SourcedParts:
    found = await collection_since(view, scope, asked.begins, asked.turnover_days)
    return SourcedParts(FigureParts(amounts_of(found)), await _closed(view, scope, total, found.closing))


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
    return SourcedParts(FigureParts(amounts), OwnSum("parts", figures.parts_minor, total.outstanding))


async def _delays(view: View, scope: Scope, total: Figures, asked: FigureQuestion) -> SourcedParts:
    figures = await delay_figures(view, scope, asked.begins, "month")
    numbers, amounts = dict[str, int](), dict[str, int]()
    for days, (number, minor) in sorted(figures.total.settled.items()):
        numbers[str(days)], amounts[str(days)] = number, minor
    return SourcedParts(
        FigureParts(amounts, numbers), OwnSum("parts", figures.parts_minor, total.outstanding)
    )


SOURCES: Mapping[PartSource, Source] = {
    "bands": _bands,
    "old": _old,
    "turnover": _turnover,
    "standing": _standing,
    "months": _months,
    "collection": _collection,
    "cohort": _cohort,
    "delays": _delays,
}
