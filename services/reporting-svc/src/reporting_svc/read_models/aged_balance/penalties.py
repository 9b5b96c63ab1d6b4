"""Open amount of penalty documents: a part of what is outstanding that no turnover stands behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from encours.reading.where import Arguments
from reporting_svc.read_models.receivables.conversion import ReportConversion
from reporting_svc.read_models.receivables.groups import GroupBy, grouping
from reporting_svc.read_models.receivables.parts import parts_now, parts_then
from reporting_svc.read_models.receivables.query import is_now
from reporting_svc.read_models.receivables.scope import Scope

if TYPE_CHECKING:
    from encours.reading.moment import View


@dataclass(frozen=True, slots=True)
class OpenPenalties:
    """Open amount of penalty documents in minor units, and the part of it that is not past due."""

    open_minor: int
    not_due_minor: int

    @property
    def late_minor(self) -> int:
        """Part that is past due."""
        return self.open_minor - self.not_due_minor


async def open_penalties(view: View, scope: Scope, conversion: ReportConversion | None) -> OpenPenalties:
    """Return the sums at the dates of the question, in the currency of the scope or of the conversion."""
    return (await penalties_by_group(view, scope, None, conversion)).get(None, OpenPenalties(0, 0))


async def penalties_by_group(
    view: View, scope: Scope, by: GroupBy | None, conversion: ReportConversion | None
) -> dict[str | None, OpenPenalties]:
    """Return the sums of each group of customers. A conversion rounds each entity's sum in a currency once."""
    args = Arguments()
    if await is_now(view):
        parts = parts_now(args, view, scope)
    else:
        parts = await parts_then(args, view, scope, apart=True)
    group, day = grouping(args, view, scope, by, "p"), f"{args.add(view.time.as_of)}::date"
    rows = await view.conn.fetch(
        f"""select {group.value} as value, p.entity, p.currency, sum(p.open_minor)::bigint as open_minor,
                   coalesce(sum(p.open_minor) filter (where p.due_on >= {day}), 0)::bigint as not_due_minor
            from ({parts}) p {group.join} where p.is_penalty group by 1, 2, 3""",
        *args,
    )
    found: dict[str | None, OpenPenalties] = {}
    for value, entity, currency, *sums in rows:
        if conversion is not None:
            sums = [conversion.converted(entity, currency, minor) for minor in sums]
        before = found.get(value, OpenPenalties(0, 0))
        found[value] = OpenPenalties(before.open_minor + sums[0], before.not_due_minor + sums[1])
    return found
