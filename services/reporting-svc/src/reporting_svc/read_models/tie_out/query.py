"""Tie-out of the aged sums: for one moment, and for each day of a period.

Three sums are reached independently: bands less unapplied cash, open items less unapplied cash, and the balance of the
customers' account. So is the sum that a report adds up by itself, and each row of customers has the three by itself.
Where they disagree, no figure is answered, written to a file or mailed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from encours.kernel.bands import STANDARD, Bands
from encours.kernel.errors import Refusal
from encours.kernel.money import format_amount
from encours.reading.merges import survivors_at
from encours.reading.where import Arguments
from reporting_svc.domain.measures.collection import ONE_DAY
from reporting_svc.read_models.aged_balance.query import Aged, CurrencyPart, Figures, aged
from reporting_svc.read_models.receivables.query import currency_of
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere
from reporting_svc.read_models.tie_out.accounts import Balances, account_balances

if TYPE_CHECKING:
    from encours.reading.moment import View

MOVEMENTS = "movements of the accounts"


@dataclass(frozen=True, slots=True)
class OwnSum:
    """Sum that a report added up by itself, and the amount that it must be; minor units. ``of``: a plural."""

    of: str
    minor: int
    expected_minor: int


class FiguresDoNotTie(Refusal):
    """Bands, open items and account disagree, or a report's own sum with them (503): the read model is damaged."""

    code = "figures-do-not-tie"
    title = "Figures do not tie out"
    status = 503
    remedy = "Run encours rebuild reporting receivables, which names what differs, then repeat the request."

    def __init__(self, day: date, figures: Figures, position: int, own: OwnSum | None = None) -> None:
        currency = figures.currency
        of = f" of {figures.customer_id or figures.entity}" if figures.entity else ""
        disagreeing = f"the bands, the open items and the customers' account{of} disagree"
        sums = {
            "buckets": figures.outstanding,
            "open_items": figures.open_items - figures.unapplied,
            "ledger": figures.ledger,
        }
        if own is not None:
            sums |= {"own": own.minor, "expected": own.expected_minor}
            found, expected = (format_amount(minor, currency) for minor in (own.minor, own.expected_minor))
            disagreeing = f"the {own.of} add up to {found} instead of {expected}"
        super().__init__(
            f"On {day} {disagreeing}, in {currency}, from position {position} on.",
            extra={"first_position": position, "currency": currency, "sums_minor": sums},
        )


@dataclass(frozen=True, slots=True)
class DayTieOut:
    """Sums of a day in one currency, minor units; ``first_position`` that disagrees, ``None`` if they are equal."""

    day: date
    currency: str
    buckets_minor: int
    open_items_minor: int
    ledger_minor: int
    first_position: int | None


@dataclass(frozen=True, slots=True)
class TiedFigures:
    """Aged sums that agree, with what a report added up by itself.

    Made by :func:`require_tied` alone, so that no answer shows a tie-out that was not checked.
    """

    figures: Figures


async def require_tied(view: View, scope: Scope, figures: Figures, own: OwnSum | None) -> TiedFigures:
    """Raise :class:`FiguresDoNotTie` unless the sums agree, and that of the report itself is as expected.

    ``own`` is ``None`` where nothing else is added up.
    """
    if not figures.tied:
        own = None
    elif own is None or own.minor == own.expected_minor:
        return TiedFigures(figures)
    position = await first_disagreement(view, scope.within(figures.currency))
    raise FiguresDoNotTie(view.time.as_of, figures, position, own)


async def require_aged_tied(
    view: View, scope: Scope, found: Aged, bands: Bands, report_currency: str | None = None
) -> tuple[TiedFigures, ...]:
    """Return the sums of each currency, or nothing of one where there are none. Raises :class:`FiguresDoNotTie` unless
    each agrees with the movements of the accounts.

    Of sums in ``report_currency`` that is checked in each currency that was converted. Sums of the past, and those of
    some customers, agree in themselves (:func:`account_balances`).
    """
    balances = await account_balances(view, scope, found.source)
    sums = found.sums or (Figures.none(report_currency or await currency_of(view, scope), bands),)
    if report_currency is not None:
        if balances is not None:
            await _require_parts_tied(view, scope, found.parts, balances)
        converted = sum(part.converted_minor for part in found.parts)
        (total,) = sums
        own = OwnSum("parts by currency", converted, total.outstanding)
        return (await require_tied(view, scope, total, own),)
    if balances is None:
        return tuple([await require_tied(view, scope, total, None) for total in sums])
    minors = Counter[str]()
    for (_, currency), minor in balances.items():
        minors[currency] += minor
    missing = minors.keys() - {total.currency for total in sums}
    every = (*sums, *(Figures.none(currency, bands) for currency in sorted(missing)))
    tied = [
        await require_tied(view, scope, each, OwnSum(MOVEMENTS, minors[each.currency], each.outstanding))
        for each in every
    ]
    return tuple(tied[: len(sums)])


async def require_rows_tied(view: View, scope: Scope, rows: Iterable[Figures]) -> None:
    """Raise :class:`FiguresDoNotTie` for the first row, of a customer or of a group, of which the sums disagree."""
    for row in rows:
        if not row.tied:
            own = replace(
                scope,
                entity_id=row.entity or scope.entity_id,
                customer_id=row.customer_id or scope.customer_id,
            )
            raise FiguresDoNotTie(view.time.as_of, row, await first_disagreement(view, own))


async def _require_parts_tied(
    view: View, scope: Scope, found: Sequence[CurrencyPart], balances: Balances
) -> None:
    parts = {(part.entity, part.currency): part.outstanding_minor for part in found}
    for entity, currency in sorted(parts.keys() | balances.keys()):
        minor = parts.get((entity, currency), 0)
        nothing = Figures.none(currency, STANDARD)
        sums = replace(nothing, bands=(minor, *nothing.bands[1:]), open_items=minor, ledger=minor)
        own = OwnSum(MOVEMENTS, balances[entity, currency], minor)
        await require_tied(view, replace(scope, entity_id=entity), sums, own)


async def first_disagreement(view: View, scope: Scope) -> int:
    """Return the first position from which on the movements disagree by the day of the question.

    The view's own position if they agree: then the rows of "now", or sums by day, are not the sum of them.
    """
    args = Arguments()
    off = ScopeWhere(view, scope, "m", args, packed=True).counted()
    found: int | None = await view.conn.fetchval(
        f"""
        select min(position) from (
            select m.position,
                   sum(sum(m.item_minor - m.cash_minor - m.account_minor)) over (order by m.position) as off,
                   bool_or(m.item_minor <> 0 and i.invoice_id is null) as lost
            from {view.schema}.movement m left join {view.schema}.item i on i.invoice_id = m.invoice_id
            where {off.sql} group by m.position
        ) summed where off <> 0 or lost
        """,
        *args,
    )
    return view.time.position if found is None else found


async def tie_out_days(view: View, scope: Scope, first: date, last: date) -> AsyncIterator[DayTieOut]:
    """Iterate over the days of a period, by what was known at the position of the view, and their currencies."""
    day = first
    while day <= last:
        then = replace(view, time=replace(view.time, as_of=day))
        asked = replace(scope, merged=await survivors_at(then))
        for figures in (await aged(then, asked)).sums:
            position = (
                None if figures.tied else await first_disagreement(then, asked.within(figures.currency))
            )
            yield DayTieOut(
                day,
                figures.currency,
                figures.outstanding,
                figures.open_items - figures.unapplied,
                figures.ledger,
                position,
            )
        day += ONE_DAY
