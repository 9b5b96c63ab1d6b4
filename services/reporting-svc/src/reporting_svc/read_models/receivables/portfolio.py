"""Country, segment, salesperson and tags of customers: those of the day of a question, as known at its moment.

The row of the customer has those in force last. It answers wherever they were in force and known already, so that an
answer about today reads nothing else; only customers amended since then are looked up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from encours.contracts import Recorded
from encours.contracts.events.parties.customer import CustomerAmended, CustomerRegistered
from encours.projection.rows import Row
from encours.reading.merges import merged_sql

if TYPE_CHECKING:
    from encours.contracts.parties import Survivors
    from encours.reading.moment import View
    from encours.reading.where import Arguments


ATTRIBUTES = ("country", "segment", "salesperson", "tags")
"""Columns whose values have a first day."""


class PortfolioRow(Row, kw_only=True):
    """Country, segment, salesperson and tags of a customer from a day on, as an event states them; never changed
    again.
    """

    TABLE: ClassVar[str] = "portfolio"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "position")
    customer_id: str
    position: int
    valid_from: date
    """The first day of all for a registration: invoices that were taken over may be older than it."""
    country: str
    segment: str | None
    salesperson: str | None
    tags: list[str]

    @classmethod
    def of(cls, e: Recorded, data: CustomerRegistered | CustomerAmended) -> PortfolioRow:
        """Return the row of an event."""
        return cls(
            customer_id=data.customer_id,
            position=e.position,
            valid_from=date.min if isinstance(data, CustomerRegistered) else e.effective_on,
            country=data.country,
            segment=data.segment,
            salesperson=data.salesperson,
            tags=list(data.tags),
        )


@dataclass(frozen=True, slots=True)
class PortfolioSql:
    """SQL of all customers, ``customer_id`` in ``source``, with their attributes on the day; null if not known yet."""

    source: str
    customer_id: str
    is_current: str
    """Condition that the row of the customer has the attributes of the day."""
    found: str
    """Rest of a statement for the row in force, of a customer whose own row is of another day."""

    def value(self, column: str) -> str:
        """SQL: an attribute on the day."""
        return f"case when {self.is_current} then c.{column} else {self._then(column)} end"

    def equal(self, column: str, wanted: str) -> str:
        """SQL: true if an attribute on the day is ``wanted``."""
        # Of a case the planner would expect one row in 200, whatever it knows of the column.
        current = self.is_current
        return f"({current} and c.{column} = {wanted} or not ({current}) and {self._then(column)} = {wanted})"

    def _then(self, column: str) -> str:
        return f"(select p.{column} {self.found})"


def portfolio_sql(
    args: Arguments, view: View, merged: Survivors | None = None, on: date | None = None
) -> PortfolioSql:
    """Return the SQL for the dates of the question, or another business day.

    A customer that is ``merged`` has what its survivor has.
    """
    day = f"{args.add(on or view.time.as_of)}::date"
    current, known = f"c.portfolio_from <= {day}", f"p.valid_from <= {day}"
    if not view.time.is_now:
        position = f"{args.add(view.time.position)}::bigint"
        current += f" and c.portfolio_position <= {position}"
        known += f" and p.position <= {position}"
    source, customer_id = f"{view.schema}.customer c", "c.customer_id"
    if merged is not None and merged.merged:
        source = f"""{view.schema}.customer d
            left join {merged_sql(merged, args)} m on m.customer_id = d.customer_id
            join {source} on c.customer_id = coalesce(m.survivor_id, d.customer_id)"""
        customer_id = "d.customer_id"
    found = f"""from {view.schema}.portfolio p where p.customer_id = c.customer_id and {known}
                order by p.valid_from desc, p.position desc limit 1"""
    return PortfolioSql(source, customer_id, current, found)
