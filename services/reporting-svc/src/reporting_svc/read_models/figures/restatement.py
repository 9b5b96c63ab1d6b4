"""Restatement of a published figure: what moved it since, event by event, to the minor unit and the invoice."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TYPE_CHECKING, Any

from reporting_svc.domain.figure import FigureQuestion, MeasuredFigure
from reporting_svc.domain.measures.published import FigureParts
from reporting_svc.read_models.figures.forecast import PublishedForecast, expected_parts
from reporting_svc.read_models.figures.query import at, measured, measured_with, scope_of
from reporting_svc.read_models.figures.touching import ANYONE, touched, touched_customers
from reporting_svc.read_models.receivables.scope import Scope

if TYPE_CHECKING:
    from encours.reading.moment import View
    from encours.reading.pages import Page

MOST_EVENTS = 200
"""Events of an answer, each measured before and after; debtors of a forecast on a page, and events of each."""
BY_CHANGE = ("rank", "debtor")
"""Order of the debtors of a forecast: the largest change first."""


@dataclass(frozen=True, slots=True)
class MovedFigure:
    """Change of a figure by the event at a position; parts that did not change are left out."""

    position: int
    changes: FigureParts


@dataclass(frozen=True, slots=True)
class MovedDebtor:
    """Change of the cash that is expected of a debtor, and the latest events that touched it."""

    debtor: str
    changes: FigureParts
    positions: tuple[int, ...]

    @property
    def row(self) -> Mapping[str, Any]:
        """Columns of :data:`BY_CHANGE`, and the debtor itself."""
        return {
            "rank": -abs(self.changes.amounts.get("expected", 0)),
            "debtor": self.debtor,
            "moved": self,
        }


@dataclass(frozen=True, slots=True)
class Restatement:
    """A figure at its own position and at another, and the events that moved it between them.

    ``further`` are the changes by events behind the last one that is shown.
    """

    then: MeasuredFigure
    now: MeasuredFigure
    moved: tuple[MovedFigure, ...]
    further: FigureParts
    last_position: int | None
    """Position to go on behind; ``None`` if no event is left."""
    debtors: tuple[MovedDebtor, ...] = ()
    """Of a forecast: a page of the debtors that events touched, the largest change first."""
    next_cursor: str | None = None
    other_debtors: FigureParts = field(default_factory=FigureParts)
    """Changes of the debtors behind the page."""
    common: FigureParts = field(default_factory=FigureParts)
    """Rest: what the others, whom no event touched, are expected to pay more or less, as how all pay has changed."""


async def restated(view: View, asked: FigureQuestion, published: int, after: int) -> Restatement:
    """Return what moved a figure from its position to that of the view, by events behind the position ``after``.

    Figures add up over customers, so an event is measured with the customers that it touches alone.
    """
    until = view.time.position
    then = await measured(at(view, asked, published), asked)
    known = at(view, asked, until)
    now = await measured(known, asked)
    found = await touched(known, asked, max(published, after), MOST_EVENTS + 1)
    shown = dict(list(found.items())[:MOST_EVENTS])
    moved = [
        MovedFigure(position, changes)
        for position, customers in shown.items()
        if not (changes := await _changes(view, asked, position, customers)).is_zero
    ]
    if len(found) <= MOST_EVENTS:
        return Restatement(then, now, tuple(moved), FigureParts(), None)
    last = max(shown)
    reached = await measured(at(view, asked, last), asked)
    return Restatement(then, now, tuple(moved), now.parts.less(reached.parts), last)


async def restated_forecast(view: View, asked: FigureQuestion, published: int, page: Page) -> Restatement:
    """Return what moved a cash forecast: the debtors that events touched, each whole, and the rest.

    How a debtor is expected to pay follows from its own debts and from those of all, so that the cash expected of it
    may change without an event of its own. The changes of all debtors and the rest add up to the difference.
    """
    known = at(view, asked, view.time.position)
    then, before = await measured_with(at(view, asked, published), asked)
    now, after = await measured_with(known, asked)
    assert before.forecast is not None
    assert after.forecast is not None
    survivors = after.forecast.merged
    positions = defaultdict[str, set[int]](set)
    for customer, latest in (await touched_customers(known, asked, published, MOST_EVENTS)).items():
        positions[survivors.of(customer)].update(latest)
    moved = await asyncio.to_thread(_moved_debtors, before.forecast, after.forecast, positions)
    rows = page.of_rows([each.row for each in moved])
    shown = rows[: page.limit]
    more = len(rows) > page.limit
    behind = [each for each in moved if more and page.key(each.row) > page.key(shown[-1])]
    return Restatement(
        then=then,
        now=now,
        moved=(),
        further=FigureParts(),
        last_position=None,
        debtors=tuple(row["moved"] for row in shown),
        next_cursor=page.cursor(shown[-1]) if more else None,
        other_debtors=_summed(behind),
        common=now.parts.less(then.parts).less(_summed(moved)),
    )


def _summed(debtors: Iterable[MovedDebtor]) -> FigureParts:
    return reduce(FigureParts.plus, (each.changes for each in debtors), FigureParts())


def _moved_debtors(
    before: PublishedForecast, after: PublishedForecast, positions: Mapping[str, Collection[int]]
) -> list[MovedDebtor]:
    """Return the debtors of which another amount is expected."""
    found = []
    for debtor, touching in positions.items():
        records = after.merged.records(debtor)
        expected = [expected_parts(each.of_debtor(records)) for each in (before, after)]
        changes = expected[1].less(expected[0])
        if not changes.is_zero:
            found.append(MovedDebtor(debtor, changes, tuple(sorted(touching)[-MOST_EVENTS:])))
    return found


async def _changes(
    view: View, asked: FigureQuestion, position: int, customers: frozenset[str]
) -> FigureParts:
    before, after = at(view, asked, position - 1), at(view, asked, position)
    found = FigureParts()
    for part in await _parts(after, asked, customers):
        was = await measured(before, asked, part)
        became = await measured(after, asked, part)
        found = found.plus(became.parts.less(was.parts))
    return found


async def _parts(view: View, asked: FigureQuestion, customers: frozenset[str]) -> list[Scope | None]:
    """Return the scopes to measure: the customers, or all where the event is about a payer not yet identified.

    The figure of one customer is measured whole, as a merge changes its records; so is a merge, which changes the
    segment and the salesperson of several.
    """
    if asked.customer_id is not None or ANYONE in customers:
        return [None]
    scope = await scope_of(view, asked)
    debtors = sorted({scope.merged.of(customer) for customer in customers})
    return [replace(scope, customer_id=debtor) for debtor in debtors]
