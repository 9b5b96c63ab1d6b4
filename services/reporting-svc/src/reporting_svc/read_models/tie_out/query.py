"""Tie-out of the aged sums: for one moment, and for each day of a period.

Three sums are reached independently: bands less unapplied cash, open items less unapplied cash, and the balance of the
customers' account. Where they disagree, no figure is answered.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from encours.kernel.errors import Refusal
from encours.reading.merges import survivors_at
from encours.reading.where import Arguments
from reporting_svc.domain.measures.collection import ONE_DAY
from reporting_svc.read_models.aged_balance.query import Figures, aged
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere

if TYPE_CHECKING:
    from encours.reading.moment import View


class FiguresDoNotTie(Refusal):
    """Bands, open items and account disagree (503): the read model is damaged."""

    code = "figures-do-not-tie"
    title = "Figures do not tie out"
    status = 503
    remedy = "Run encours rebuild reporting receivables, which names what differs, then repeat the request."

    def __init__(self, day: date, figures: Figures, position: int) -> None:
        sums = {
            "buckets": figures.outstanding,
            "open_items": figures.open_items - figures.unapplied,
            "ledger": figures.ledger,
        }
        super().__init__(
            f"On {day} the bands, the open items and the customers' account in {figures.currency} disagree, from "
            f"position {position} on.",
            extra={"first_position": position, "currency": figures.currency, "sums_minor": sums},
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


async def require_tied(view: View, scope: Scope, figures: Figures) -> None:
    """Raise :class:`FiguresDoNotTie` unless the sums agree."""
    if not figures.tied:
        position = await first_disagreement(view, scope.within(figures.currency))
        raise FiguresDoNotTie(view.time.as_of, figures, position)


async def first_disagreement(view: View, scope: Scope) -> int:
    """Return the first position from which on the movements disagree by the day of the question.

    The view's own position if they agree: then the rows of "now" are not the sum of them.
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
