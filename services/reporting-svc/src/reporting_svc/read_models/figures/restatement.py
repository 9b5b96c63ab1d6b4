"""Restatement of a published figure: what moved it since, event by event, to the minor unit and the invoice."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TYPE_CHECKING

from reporting_svc.domain.figure import FigureQuestion, MeasuredFigure
from reporting_svc.domain.measures.published import FigureParts
from reporting_svc.read_models.figures.forecast import PublishedForecast, expected_parts
from reporting_svc.read_models.figures.query import at, measured, measured_with, scope_of
from reporting_svc.read_models.figures.touching import ANYONE, touched, touched_customers
from reporting_svc.read_models.receivables.scope import Scope

if TYPE_CHECKING:
    from encours.reading.moment import View

MOST_EVENTS = 200
"""Events of an answer, each measured before and after; debtors of a forecast, and events of each."""


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
    """Of a forecast: debtors that events touched, the largest change first."""
    other_debtors: FigureParts = field(default_factory=FigureParts)
    """Changes of the debtors that are not shown."""
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


async def restated_forecast(view: View, asked: FigureQuestion, published: int) -> Restatement:
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
    difference = now.parts.less(then.parts)
    every, further = (
        reduce(FigureParts.plus, (each.changes for each in part), FigureParts())
        for part in (moved, moved[MOST_EVENTS:])
    )
    return Restatement(
        then, now, (), FigureParts(), None, tuple(moved[:MOST_EVENTS]), further, difference.less(every)
    )


def _moved_debtors(
    before: PublishedForecast, after: PublishedForecast, positions: Mapping[str, Collection[int]]
) -> list[MovedDebtor]:
    """Return the debtors of which another amount is expected, the largest change first."""
    found = []
    for debtor, touching in positions.items():
        records = after.merged.records(debtor)
        expected = [expected_parts(each.of_debtor(records)) for each in (before, after)]
        changes = expected[1].less(expected[0])
        if not changes.is_zero:
            found.append(MovedDebtor(debtor, changes, tuple(sorted(touching)[-MOST_EVENTS:])))
    return sorted(found, key=lambda each: (-abs(each.changes.amounts.get("expected", 0)), each.debtor))


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
