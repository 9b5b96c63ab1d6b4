"""Tie-out of the aged sums: for one moment, and for each day of a period.

Three sums are reached independently: bands less unapplied cash, open items less unapplied cash, and the balance of the
customers' account. So is the sum that a report adds up by itself. Where they disagree, no figure is answered, written
to a file or mailed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from encours.kernel.errors import Refusal
from encours.kernel.money import format_amount
from encours.reading.merges import survivors_at
from encours.reading.where import Arguments
from reporting_svc.domain.measures.collection import ONE_DAY
from reporting_svc.read_models.aged_balance.query import AgedGroup, Figures, aged
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere

if TYPE_CHECKING:
    from encours.reading.moment import View


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
        disagreeing = "the bands, the open items and the customers' account disagree"
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

    ``own`` is ``None`` for a report that shows the bands themselves.
    """
    if not figures.tied:
        own = None
    elif own is None or own.minor == own.expected_minor:
        return TiedFigures(figures)
    position = await first_disagreement(view, scope.within(figures.currency))
    raise FiguresDoNotTie(view.time.as_of, figures, position, own)


def groups_sum(groups: Sequence[AgedGroup], total: Figures) -> OwnSum:
    """Return the sum of the groups in the currency of a total."""
    own = sum(each.figures.outstanding for each in groups if each.figures.currency == total.currency)
    return OwnSum("groups", own, total.outstanding)


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
