"""Restatement of a published figure: what moved it since, event by event, to the minor unit and the invoice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from encours.reading.merges import merges
from encours.reading.where import Arguments
from reporting_svc.domain.figure import FigureQuestion, MeasuredFigure
from reporting_svc.domain.measures.published import BY_DEBTOR, MEASURES, FigureParts
from reporting_svc.read_models.figures.query import at, measured, scope_of
from reporting_svc.read_models.receivables.rows import CUSTOMER_ID
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere

if TYPE_CHECKING:
    from encours.reading.moment import View

MOST_EVENTS = 200
"""Events of an answer; each is measured before and after."""
NOBODY = ""
"""Customer of money whose payer is not yet identified."""


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
    now = await measured(at(view, asked, until), asked)
    touched = await _touched(view, asked, max(published, after))
    shown = dict(list(touched.items())[:MOST_EVENTS])
    moved = [
        MovedFigure(position, changes)
        for position, customers in shown.items()
        if not (changes := await _changes(view, asked, position, customers)).is_zero
    ]
    if len(touched) <= MOST_EVENTS:
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


async def _among(args: Arguments, view: View, asked: FigureQuestion) -> str:
    """SQL: true of an event ``e`` of a customer that the figure may have covered at any position.

    All customers that ever took part in a merge may have been one debtor.
    """
    known = await merges(view.conn, view.schema)
    merged = {name for each in known for name in (each.customer_id, each.into_id) if name is not None}
    conditions = ["true"]
    if asked.customer_id is not None:
        own = merged if asked.customer_id in merged else {asked.customer_id}
        conditions.append(f"e.customer_id = any({args.add(sorted(own))}::text[])")
    for column, wanted in (("segment", asked.segment), ("salesperson", asked.salesperson)):
        if wanted is not None:
            had = f"select p.customer_id from {view.schema}.portfolio p where p.{column} = {args.add(wanted)}"
            conditions.append(
                f"(e.customer_id in ({had}) or e.customer_id = any({args.add(sorted(merged))}::text[]))"
            )
    return " and ".join(conditions)


async def _touched(view: View, asked: FigureQuestion, after: int) -> dict[int, frozenset[str]]:
    """Return the positions behind ``after`` of events that may have moved the figure, with their customers, in order.

    One more than an answer shows.
    """
    view = at(view, asked, view.time.position)
    scope = Scope(entity_id=asked.entity_id, currency=asked.currency)
    args = Arguments()
    behind = f"position > {args.add(after)}::bigint"
    moved = ScopeWhere(view, scope, "m", args, packed=True).counted().add(f"m.{behind}")
    agreed = ScopeWhere(view, scope, "i", args).add(f"l.{behind}")
    agreed.add(f"l.effective_on <= {agreed.as_of} and l.position <= {agreed.position}")
    sources = [
        f"""select m.position, {CUSTOMER_ID.sql("m.customer_id")} as customer_id
            from {view.schema}.movement m where {moved.sql}""",
        f"""select l.position, i.customer_id from {view.schema}.item_instalment l
            join {view.schema}.item i on i.invoice_id = l.invoice_id where {agreed.sql}""",
    ]
    known = f"{behind} and position <= {moved.position}"
    by_portfolio = asked.segment is not None or asked.salesperson is not None
    if by_portfolio:
        # An amendment moves what was owed before it; at a registration nothing was.
        sources.append(
            f"""select p.position, p.customer_id from {view.schema}.portfolio p
                where {known} and p.valid_from > {args.add(date.min)} and p.valid_from <= {moved.as_of}"""
        )
    touching = f"select e.* from ({' union all '.join(sources)}) e where {await _among(args, view, asked)}"
    if by_portfolio or asked.customer_id is not None or MEASURES[asked.figure].source in BY_DEBTOR:
        touching += f""" union all select g.position, '{NOBODY}' from {view.schema}.merge g
                         where {known} and g.effective_on <= {moved.as_of}"""
    rows = await view.conn.fetch(
        f"""
        select e.position, array_agg(distinct e.customer_id) as customers
        from ({touching}) e group by e.position order by e.position limit {MOST_EVENTS + 1}
        """,
        *args,
    )
    return {row["position"]: frozenset(row["customers"]) for row in rows}
