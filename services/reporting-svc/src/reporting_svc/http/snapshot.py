"""The part that every report begins with: the scope, checked; its aged sums; the snapshot that both were read in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from encours.http.queries import Query
from encours.projection.read_model import Conn
from encours.reading.moment import View
from encours.reading.pages import Page
from reporting_svc.domain.measures.bands import STANDARD, Bands
from reporting_svc.http.answers import incomplete_json, nothing
from reporting_svc.http.scope import Asked, moment_of
from reporting_svc.read_models.parked import parked_streams
from reporting_svc.read_models.receivables import Receivables, books
from reporting_svc.read_models.receivables.figures import Aged, Basis, Figures, aged
from reporting_svc.read_models.scope import Moment, Scope


@dataclass(frozen=True, slots=True)
class ReceivablesSnapshot:
    """Receivables at one moment. ``scope`` is in one currency; ``total`` are its aged sums."""

    view: View
    scope: Scope
    moment: Moment
    aged: Aged
    total: Figures
    parked: list[str]

    @property
    def conn(self) -> Conn:
        """The connection inside the snapshot."""
        return self.view.conn

    @property
    def schema(self) -> str:
        """Schema of the tables."""
        return self.view.schema

    def end(self) -> dict[str, Any]:
        """End of every answer: parked streams, and what the question was resolved to."""
        return incomplete_json(self.parked) | self.view.time.echo()


@asynccontextmanager
async def snapshot(
    q: Query, asked: Asked, *, bands: Bands = STANDARD, basis: Basis = "due_on", page: Page | None = None
) -> AsyncIterator[ReceivablesSnapshot]:
    """The receivables that were asked about, in one read-only transaction.

    Raises 403 and 404 problems for books that are not the caller's or not there, 422 for several currencies.
    """
    scope = asked.scope(q)
    async with q.view(Receivables.name) as view:
        conn, schema, moment = view.conn, view.schema, moment_of(view)
        await books.check(conn, schema, scope, asked.entity_id)
        found = await aged(conn, schema, scope, moment, bands=bands, basis=basis, page=page)
        total = found.one_currency() or nothing(await books.currency_of(conn, schema, scope), bands)
        parked = await parked_streams(conn, Receivables.name, q.caller.ledger)
        yield ReceivablesSnapshot(view, scope.within(total.currency), moment, found, total, parked)
