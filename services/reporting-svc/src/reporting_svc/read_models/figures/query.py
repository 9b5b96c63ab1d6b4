"""Figures that can be published, measured at any position of the ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from encours.contracts.events.figure import TurnoverPlanSet
from encours.kernel.errors import Invalid
from encours.ledger import Ledger
from encours.reading.merges import survivors_at
from encours.reading.moment import WAIT_S, FuturePosition, PositionNotReached, TimeTravel, View
from encours.reading.read_db import ReadDb
from encours.reading.where import ViewWhere
from reporting_svc.domain.figure import FigureQuestion, MeasuredFigure, values_of
from reporting_svc.domain.measures import definitions
from reporting_svc.domain.measures.published import MEASURES, PartSource
from reporting_svc.domain.turnover_plan import PlanVersion, in_force
from reporting_svc.read_models.aged_balance.insured import with_insured
from reporting_svc.read_models.aged_balance.query import aged
from reporting_svc.read_models.figures.sources import OF_SHARES, SOURCES, Source, SourcedParts
from reporting_svc.read_models.forecast.making import ForecastInMaking
from reporting_svc.read_models.parked import parked_streams
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.query import check
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.tie_out.query import require_aged_tied, require_tied
from reporting_svc.read_models.tie_out.shares import require_shares_tied

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class LatestFigures:
    """Query for a figure as the ledger's head gives it; it waits for the read model. ``forecast``: source of one."""

    db: ReadDb
    ledger: Ledger
    granted: Sequence[str] | None
    forecast: Source = SOURCES["forecast"]

    async def of(self, ledger: str, asked: FigureQuestion, position: int | None) -> MeasuredFigure:
        """Return the figure.

        Raises :class:`PositionNotReached` where the read model is behind the ledger, and :class:`FuturePosition`.
        """
        asked = await with_plan(self.ledger, ledger, asked)
        while True:
            try:
                return await self._measured(ledger, asked, position)
            except ForecastInMaking as other:
                await other.ended.wait()

    async def _measured(self, ledger: str, asked: FigureQuestion, position: int | None) -> MeasuredFigure:
        async with self.view(ledger, asked.as_of, position) as view:
            await check(view, Scope(entity_id=asked.entity_id, customer_id=asked.customer_id))
            asked = _in_plan_currency(asked, view.time.position)
            found, _ = await measured_with(view, asked, sources={**SOURCES, "forecast": self.forecast})
            parked = await parked_streams(view.conn, Receivables.name, ledger)
            return replace(found, incomplete=bool(parked))

    async def defined_fields(self, ledger: str, entity_id: str, today: date) -> set[str]:
        """Return the columns of the custom fields that an entity has defined, or that any in the caller's grant has."""
        async with self.view(ledger, today, None) as view:
            where = ViewWhere(view, entity="entity").equal("entity", entity_id or None)
            rows = await view.conn.fetch(
                f"select distinct object, code from {view.schema}.defined_field where {where.sql}",
                *where.arguments,
            )
        prefixes = {"customer": "field", "invoice": "invoice_field"}
        return {f"{prefixes[row['object']]}:{row['code']}" for row in rows}

    @asynccontextmanager
    async def view(self, ledger: str, as_of: date, position: int | None) -> AsyncIterator[View]:
        """Open the receivables as the ledger's head, or a position before it, gives them."""
        head = (await self.ledger.head(ledger)).position
        if position is not None and position > head:
            raise FuturePosition("position", head)
        wanted = head if position is None else position
        if not await self.db.wait_for(Receivables.name, ledger, wanted, timeout=WAIT_S):
            raise PositionNotReached(Receivables.name, wanted)
        async with self.db.snapshot(Receivables.name, ledger) as moment:
            if position is None:
                time = TimeTravel(as_of, moment.position, None, is_now=True)
            else:
                time = TimeTravel.known_at_position(as_of, position)
            granted = None if self.granted is None else tuple(self.granted)
            yield View(moment.conn, moment.schema, time, granted, moment.incomplete)


async def with_plan(events: Ledger, ledger: str, asked: FigureQuestion) -> FigureQuestion:
    """Return the question with the versions of its plan. Raises 422 for one that is none of the entity."""
    if asked.parameters.turnover_plan_id is None:
        return asked
    found = await events.read_stream(ledger, asked.parameters.turnover_plan_id)
    if not found or found[0].entity != asked.entity_id:
        raise Invalid(
            f"{asked.parameters.turnover_plan_id} is no plan of {asked.entity_id}.", "/turnover_plan_id"
        )
    versions = []
    for event in found:
        plan = event.data
        assert isinstance(plan, TurnoverPlanSet)
        versions.append(PlanVersion(event.position, event.effective_on, plan))
    return replace(asked, plan_versions=tuple(versions))


def _in_plan_currency(asked: FigureQuestion, position: int) -> FigureQuestion:
    """Return the question in the currency of its plan. Raises 422 for another one, and for no plan on that day."""
    if asked.parameters.turnover_plan_id is None:
        return asked
    plan = in_force(asked.plan_versions, asked.as_of, position)
    if plan is None:
        raise Invalid(f"The plan was not set yet on {asked.as_of}.", "/as_of")
    if asked.currency not in (None, plan.currency):
        raise Invalid(f"The plan is in {plan.currency}.", "/currency")
    return replace(asked, currency=plan.currency)


def at(view: View, asked: FigureQuestion, position: int) -> View:
    """Return the read model as the events up to a position show it, on the day of a figure."""
    return replace(view, time=TimeTravel.known_at_position(asked.as_of, position))


async def measured(view: View, asked: FigureQuestion, scope: Scope | None = None) -> MeasuredFigure:
    """Return the figure at the moment of the view, for all that it covers or for a part of that.

    Raises :class:`SeveralCurrencies`, and :class:`FiguresDoNotTie`: what does not tie out is not published.
    """
    return (await measured_with(view, asked, scope))[0]


async def measured_with(
    view: View,
    asked: FigureQuestion,
    scope: Scope | None = None,
    *,
    sources: Mapping[PartSource, Source] = SOURCES,
) -> tuple[MeasuredFigure, SourcedParts]:
    """Return the figure as :func:`measured`, with what it was made of by its source."""
    if scope is None:
        scope = await scope_of(view, asked)
    if MEASURES[asked.figure].source == "insured":
        scope = await with_insured(view, scope)
    measure, bands = MEASURES[asked.figure], asked.banded
    basis = "issued_on" if asked.by_issue_date else "due_on"
    found = await aged(view, scope, bands=bands, basis=basis)  # type: ignore[arg-type]
    found.one_currency()
    (tied,) = await require_aged_tied(view, scope, found, bands)
    if measure.source in OF_SHARES:
        await require_shares_tied(view, scope, found)
    total = tied.figures
    scope = scope.within(total.currency)
    sourced = await sources[measure.source](view, scope, total, asked)
    for own in sourced.sums:
        await require_tied(view, scope, total, own)
    parts = sourced.parts.named(measure.parts)
    definition = definitions.AGED_BY_ISSUE_DATE if asked.by_issue_date else measure.definition
    figure = MeasuredFigure(
        definition=definition.id,
        currency=total.currency,
        position=view.time.position,
        parts=parts,
        values=values_of(asked, parts) if sourced.values is None else sourced.values,
        account_minor=total.ledger,
        incomplete=view.incomplete,
    )
    return figure, sourced


async def scope_of(view: View, asked: FigureQuestion) -> Scope:
    """Return the receivables that a figure covers at the moment of the view."""
    return Scope(
        entity_id=asked.entity_id,
        customer_id=asked.customer_id,
        currency=asked.currency,
        segment=asked.parameters.segment,
        salesperson=asked.parameters.salesperson,
        merged=await survivors_at(view),
    )
