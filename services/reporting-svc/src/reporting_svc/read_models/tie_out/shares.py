"""Parts of the bands that add up to no balance, each added up a second time from other rows.

*Disputed*, *conceded* and *on a plan*: the balances beside the open items, whichever of the two the sums are read from.
*Promised* and *placed*: what is open by the movements of the invoices, not by their items. *Insured*: the parts as they
were counted, before they were bounded by the open items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from encours.reading.where import Arguments
from reporting_svc.read_models.receivables.named import named_sql
from reporting_svc.read_models.receivables.rows import WITH_PARTS
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere
from reporting_svc.read_models.receivables.sums import planned_sql, share_sql
from reporting_svc.read_models.tie_out.query import OwnSum, TiedFigures, require_tied

if TYPE_CHECKING:
    from encours.reading.moment import View
    from reporting_svc.read_models.aged_balance.query import Aged, AgedGroup, Figures

_OF_ITEMS = f"""
    select i.currency, sum({share_sql("i.open_minor", "i.disputed_minor")})::bigint as disputed,
           sum({share_sql("i.open_minor", "i.conceded_minor")})::bigint as conceded,
           sum({planned_sql("i.open_minor", "i.disputed_minor", "i.planned_minor")})::bigint as on_plan
    from {{schema}}.item i where {{where}} and ({WITH_PARTS}) group by i.currency"""
_OF_BALANCES = """
    select i.currency, sum(i.disputed_minor)::bigint as disputed, sum(i.conceded_minor)::bigint as conceded,
           sum(i.planned_minor)::bigint as on_plan
    from {schema}.balance i where {where} group by i.currency"""
_SUMMED = {
    "disputed": "disputed amounts",
    "conceded": "conceded amounts",
    "on_plan": "amounts on payment plans",
    "promised": "promised amounts",
    "placed": "placed amounts",
    "insured": "insured amounts",
}
"""Parts, as a refusal names them."""


async def require_shares_tied(view: View, scope: Scope, found: Aged) -> None:
    """Raise :class:`FiguresDoNotTie` for the first part that other rows do not add up to. The sums are not converted.

    Sums of the past are made of movements alone. Insured parts are counted for all customers or for one.
    """
    sums: dict[str, dict[str, int]] = {}
    if found.source != "movement":
        sums = await _beside(view, scope, found)
    for total in found.sums:
        own = sums.get(total.currency, {})
        if scope.insured is not None and scope.is_of_all_or_one:
            own["insured"] = scope.insured.within(view.granted, scope.entity_id, total.currency)
        for name, minor in own.items():
            await require_tied(view, scope, total, OwnSum(_SUMMED[name], minor, getattr(total, name)))


async def require_groups_tied(
    view: View, scope: Scope, groups: Sequence[AgedGroup], total: Figures
) -> TiedFigures:
    """Raise :class:`FiguresDoNotTie` unless the groups in the currency of a total add up to it and to its parts."""
    own = [each.figures for each in groups if each.figures.currency == total.currency]
    for name, of in (_SUMMED | {"outstanding": "groups"}).items():
        summed = OwnSum(of, sum(getattr(each, name) for each in own), getattr(total, name))
        tied = await require_tied(view, scope, total, summed)
    return tied


async def _beside(view: View, scope: Scope, found: Aged) -> dict[str, dict[str, int]]:
    """Return the parts of "now" by currency and name, minor units; 0 where other rows have nothing."""
    where, args = ScopeWhere(view, scope, "i"), Arguments()
    template = _OF_ITEMS if found.source == "balance" else _OF_BALANCES
    contested = await view.conn.fetch(template.format(schema=view.schema, where=where.sql), *where.arguments)
    named = await view.conn.fetch(
        f"""select n.currency, sum(n.promised)::bigint as promised, sum(n.placed)::bigint as placed
            from ({await named_sql(args, view, replace(scope, insured=None), now=False)}) n group by n.currency""",
        *args,
    )
    names = "disputed", "conceded", "on_plan", "promised", "placed"
    sums = {total.currency: dict.fromkeys(names, 0) for total in found.sums}
    for row in (*contested, *named):
        sums.setdefault(row["currency"], {}).update(list(row.items())[1:])
    return sums
