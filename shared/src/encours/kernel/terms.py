"""Due dates from contract terms (Code de commerce L441-10). Calendar days; no business-day shift."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

DueKind = Literal["NET", "DAYS_THEN_EOM", "EOM_THEN_DAYS"]

CEILING_NET_DAYS = 60
CEILING_END_OF_MONTH_DAYS = 45


@dataclass(frozen=True, slots=True)
class DueRule:
    """Rule that leads from the issue date to the due date.

    ``NET``: so many days after. ``DAYS_THEN_EOM``: add the days, then go to the end of that month
    (2026-01-20 + 45 → 2026-03-31). ``EOM_THEN_DAYS``: go to the end of the month of issue, then add the
    days (→ 2026-03-17). The two readings of "45 days end of month"; the contract picks one.
    """

    kind: DueKind
    days: int

    @property
    def ceiling_days(self) -> int:
        """Ceiling of L441-10 I: 60 days from the invoice date, or 45 days end of month."""
        return CEILING_NET_DAYS if self.kind == "NET" else CEILING_END_OF_MONTH_DAYS

    def beyond_ceiling(self) -> bool:
        """Beyond what L441-10 I allows."""
        return self.days > self.ceiling_days


def _end_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def due_date(issued_on: date, rule: DueRule) -> date:
    """The last day on which payment is in time."""
    days = timedelta(days=rule.days)
    match rule.kind:
        case "NET":
            return issued_on + days
        case "DAYS_THEN_EOM":
            return _end_of_month(issued_on + days)
        case "EOM_THEN_DAYS":
            return _end_of_month(issued_on) + days
