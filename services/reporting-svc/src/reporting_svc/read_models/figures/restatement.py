"""Restatement of a published figure: what moved it since, event by event, to the minor unit and the invoice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reporting_svc.domain.figure import FigureQuestion, MeasuredFigure
from reporting_svc.domain.measures.published import FigureParts
from reporting_svc.read_models.figures.query import at, measured, scope_of
from reporting_svc.read_models.figures.touching import NOBODY, touched
from reporting_svc.read_models.receivables.scope import Scope

if TYPE_CHECKING:
    from encours.reading.moment import View

MOST_EVENTS = 200
"""Events of an answer; each is measured before and after."""


@dataclass(frozen=True, slots=True)
class MovedFigure:
    """Change of a figure by the event at a position; parts that did not change are left out."""

    position: int
    changes: FigureParts


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
    if asked.customer_id is not None or NOBODY in customers:
        return [None]
    scope = await scope_of(view, asked)
    debtors = sorted({scope.merged.of(customer) for customer in customers})
    return [replace(scope, customer_id=debtor) for debtor in debtors]
