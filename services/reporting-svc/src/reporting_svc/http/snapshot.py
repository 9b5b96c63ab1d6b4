"""Beginning of every report: the scope, checked; its aged sums; the snapshot that both were read in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from encours.http.queries import Query
from encours.kernel.bands import STANDARD, Bands
from encours.reading.merges import survivors_at
from encours.reading.moment import View
from encours.reading.pages import Page
from reporting_svc.http.scope import Asked, AskedInCurrency
from reporting_svc.read_models.aged_balance.query import Aged, Figures, aged
from reporting_svc.read_models.parked import parked_streams
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.conversion import (
    ReportConversion,
    Unrealised,
    conversion_to,
    unrealised,
)
from reporting_svc.read_models.receivables.groups import with_collectors
from reporting_svc.read_models.receivables.insured import with_insured
from reporting_svc.read_models.receivables.query import check, currency_of
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.receivables.subtotals import Basis
from reporting_svc.read_models.tie_out.query import require_tied


@dataclass(frozen=True, slots=True)
class ReceivablesSnapshot:
    """Receivables at one moment. ``scope`` is in one currency unless there is a ``conversion`` to one.

    ``total`` are its aged sums.
    """

    view: View
    scope: Scope
    aged: Aged
    total: Figures
    parked: list[str]
    conversion: ReportConversion | None = None
    unrealised: Unrealised | None = None


@asynccontextmanager
async def snapshot(
    q: Query,
    asked: Asked,
    *,
    bands: Bands = STANDARD,
    basis: Basis = "due_on",
    page: Page | None = None,
    by: str | None = None,
    insured: bool = False,
) -> AsyncIterator[ReceivablesSnapshot]:
    """Open the receivables that were asked about, in one read-only transaction. ``by``: group of the report.
    ``insured``: it shows what is insured.

    Raises 403 and 404 problems for books that are not the caller's or do not exist, 422 for several currencies, and for
    a rate that is missing, 503 where the sums do not tie out.
    """
    scope = asked.scope(q)
    wanted = asked.report_currency if isinstance(asked, AskedInCurrency) else None
    async with q.view(Receivables.name) as view:
        await check(view, scope)
        scope = await with_collectors(view, replace(scope, merged=await survivors_at(view)), by)
        scope = await with_insured(view, scope) if insured else scope
        conversion = await conversion_to(view, scope, wanted) if wanted else None
        found = await aged(view, scope, bands=bands, basis=basis, page=page, conversion=conversion)
        total = found.one_currency() or Figures.none(wanted or await currency_of(view, scope), bands)
        await require_tied(view, scope, total)
        parked = await parked_streams(view.conn, Receivables.name, q.caller.ledger)
        if conversion is None:
            yield ReceivablesSnapshot(view, scope.within(total.currency), found, total, parked)
            return
        difference = await unrealised(view, scope, conversion)
        yield ReceivablesSnapshot(view, scope, found, total, parked, conversion, difference)
