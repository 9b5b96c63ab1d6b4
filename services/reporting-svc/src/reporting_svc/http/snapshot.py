"""Beginning of every report: the scope, checked; its aged sums; the snapshot that both were read in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from encours.http.queries import Query
from encours.kernel.bands import STANDARD, Bands
from encours.reading.merges import survivors_at
from encours.reading.moment import View
from encours.reading.pages import Page
from reporting_svc.http.scope import Asked, AskedInCurrency
from reporting_svc.read_models.aged_balance.insured import with_insured
from reporting_svc.read_models.aged_balance.query import KEY_AND_CURRENCY, Aged, Figures, aged
from reporting_svc.read_models.parked import parked_streams
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.conversion import (
    ReportConversion,
    Unrealised,
    conversion_to,
    unrealised,
)
from reporting_svc.read_models.receivables.groups import group_of, require_defined, with_collectors
from reporting_svc.read_models.receivables.query import check
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.receivables.subtotals import Basis
from reporting_svc.read_models.tie_out.query import (
    OwnSum,
    TiedFigures,
    require_aged_tied,
    require_rows_tied,
    require_tied,
)
from reporting_svc.read_models.tie_out.shares import require_shares_tied


@dataclass(frozen=True, slots=True, kw_only=True)
class AgedSnapshot:
    """Receivables at one moment, aged; their sums stand side by side where there are several currencies."""

    view: View
    scope: Scope
    aged: Aged
    parked: list[str]
    tied: tuple[TiedFigures, ...]
    """The sums of ``aged``, or nothing of a currency where it has none."""
    conversion: ReportConversion | None = None
    unrealised: Unrealised | None = None

    async def require_shares_tied(self) -> None:
        """Raise a 503 problem unless the parts of the bands, such as disputed ones, are what other rows add up to.

        Converted parts are rounded one by one, and not checked.
        """
        if self.conversion is None:
            await require_shares_tied(self.view, self.scope, self.aged)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivablesSnapshot(AgedSnapshot):
    """Receivables in one currency: that of ``scope``, or of the ``conversion``. ``total`` are their aged sums."""

    total: Figures

    async def require_tied(self, of: str, minor: int, expected_minor: int | None = None) -> TiedFigures:
        """Raise a 503 problem unless what a report added up by itself is as expected, or the outstanding amount; minor
        units. ``of``: a plural.
        """
        expected = self.total.outstanding if expected_minor is None else expected_minor
        return await require_tied(self.view, self.scope, self.total, OwnSum(of, minor, expected))

    async def require_each_tied(self, owns: Iterable[OwnSum]) -> None:
        """Raise a 503 problem unless each of some sums that a report added up by itself is as expected."""
        for own in owns:
            await require_tied(self.view, self.scope, self.total, own)

    async def require_movements_tied(self, of: str, minor: int) -> TiedFigures:
        """Raise a 503 problem unless what movements add up to is the outstanding amount; minor units.

        Converted movements are rounded one by one: of these, the snapshot has tied out the balances in each currency.
        """
        return self.tied_total if self.conversion else await self.require_tied(of, minor)

    @property
    def tied_total(self) -> TiedFigures:
        """Aged sums as the snapshot has tied them out."""
        return self.tied[0]


@asynccontextmanager
async def aged_snapshot(
    q: Query,
    asked: Asked,
    *,
    bands: Bands = STANDARD,
    basis: Basis = "due_on",
    page: Page | None = None,
    by: str | None = None,
    insured: bool = False,
    report_currency: str | None = None,
) -> AsyncIterator[AgedSnapshot]:
    """Open the receivables that were asked about, in one read-only transaction. ``by``: group of the report.
    ``insured``: it shows what is insured.

    Raises 403 and 404 problems for books that are not the caller's or do not exist, 422 for a rate that is missing,
    503 where the sums do not tie out.
    """
    scope = asked.scope(q)
    async with q.view(Receivables.name) as view:
        await check(view, scope)
        await require_defined(view, None if by is None else group_of(by))
        scope = await with_collectors(view, replace(scope, merged=await survivors_at(view)), by)
        scope = await with_insured(view, scope) if insured else scope
        conversion = await conversion_to(view, scope, report_currency) if report_currency else None
        found = await aged(view, scope, bands=bands, basis=basis, page=page, conversion=conversion)
        if page is not None and len(found.sums) > 1:
            # Customers have a row in each currency. No index has this order, so one currency does without it.
            found = await aged(view, scope, bands=bands, basis=basis, page=page, key=KEY_AND_CURRENCY)
        await require_rows_tied(view, scope, map(found.figures, found.rows))
        tied = await require_aged_tied(view, scope, found, bands, report_currency)
        parked = await parked_streams(view.conn, Receivables.name, q.caller.ledger)
        difference = None if conversion is None else await unrealised(view, scope, conversion)
        yield AgedSnapshot(
            view=view,
            scope=scope,
            aged=found,
            parked=parked,
            tied=tied,
            conversion=conversion,
            unrealised=difference,
        )


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
    """Open them as :func:`aged_snapshot`, in one currency. Raises a 422 problem for several."""
    wanted = asked.report_currency if isinstance(asked, AskedInCurrency) else None
    opened = aged_snapshot(
        q, asked, bands=bands, basis=basis, page=page, by=by, insured=insured, report_currency=wanted
    )
    async with opened as books:
        yield in_one_currency(books)


def in_one_currency(books: AgedSnapshot) -> ReceivablesSnapshot:
    """Return the receivables with their sum. Raises a 422 problem for several currencies."""
    total = books.aged.one_currency() or books.tied[0].figures
    return ReceivablesSnapshot(
        view=books.view,
        scope=books.scope if books.conversion else books.scope.within(total.currency),
        aged=books.aged,
        parked=books.parked,
        tied=books.tied,
        conversion=books.conversion,
        unrealised=books.unrealised,
        total=total,
    )
