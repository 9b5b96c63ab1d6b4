"""Open amount of penalty documents: a part of what is outstanding that no turnover stands behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from encours.reading.where import Arguments
from reporting_svc.read_models.receivables.conversion import ReportConversion
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
    args = Arguments()
    if await is_now(view):
        parts = parts_now(args, view, scope)
    else:
        parts = await parts_then(args, view, scope, apart=True)
    rows = await view.conn.fetch(
        f"""select entity, currency, sum(open_minor)::bigint as open_minor,
                   coalesce(sum(open_minor) filter (where due_on >= {args.add(view.time.as_of)}::date), 0)::bigint
                       as not_due_minor
            from ({parts}) p where is_penalty group by entity, currency""",
        *args,
    )

    def total(column: str) -> int:
        if conversion is None:
            return sum(row[column] for row in rows)
        return sum(conversion.converted(row["entity"], row["currency"], row[column]) for row in rows)

    return OpenPenalties(total("open_minor"), total("not_due_minor"))
