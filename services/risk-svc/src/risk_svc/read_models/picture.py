"""A customer's credit file as of a date, as known at a position: what checks, exposure and score are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from encours.contracts.risk import ExposureSeen
from encours.projection.read_model import Conn
from risk_svc.domain.check import Limit
from risk_svc.domain.exposure import Item, exposure


@dataclass(frozen=True, slots=True)
class Picture:
    """One customer. Items of every currency; drafts and unapplied cash per currency, minor units."""

    customer_id: str
    entity: str
    name: str
    items: tuple[tuple[str, Item], ...]
    drafts: dict[str, int]
    unapplied: dict[str, int]
    limit: Limit | None

    @property
    def currencies(self) -> list[str]:
        """Every currency with an open component; the one with most open items first."""
        count: dict[str, int] = {}
        for currency, item in self.items:
            count[currency] = count.get(currency, 0) + (1 if item.open_minor else 0)
        for currency in (*self.drafts, *self.unapplied):
            count.setdefault(currency, 0)
        return sorted(count, key=lambda code: (-count[code], code))

    def exposure(self, currency: str, day: date) -> ExposureSeen:
        """Exposure in one currency."""
        return exposure(
            (item for code, item in self.items if code == currency),
            drafts_minor=self.drafts.get(currency, 0),
            unapplied_minor=self.unapplied.get(currency, 0),
            day=day,
        )

    def all_items(self) -> list[Item]:
        """Items of every currency, for the score."""
        return [item for _, item in self.items]


_CUSTOMERS = (
    "select customer_id, entity, name from {s}.customer where customer_id = any($1) and from_position <= $2"
)
_ITEMS = """
select i.customer_id, i.invoice_id, i.number, i.currency, i.issued_on, i.due_on, i.total_minor,
       coalesce(sum(m.amount_minor) filter (where m.component = 'open'), 0)::bigint as open_minor,
       coalesce(sum(m.amount_minor) filter (where m.component = 'disputed'), 0)::bigint as disputed_minor,
       max(m.effective_on) filter (where m.component = 'open') as moved_on
from {s}.movement m join {s}.invoice i on i.invoice_id = m.invoice_id
where m.customer_id = any($1) and m.position <= $2 and m.effective_on <= $3
  and m.component in ('open', 'disputed') and i.issued_position <= $2
group by i.customer_id, i.invoice_id
order by i.due_on, i.invoice_id
"""
_SUMS = """
select customer_id, currency, component, sum(amount_minor)::bigint as amount_minor
from {s}.movement
where customer_id = any($1) and position <= $2 and effective_on <= $3 and component in ('draft', 'unapplied')
group by customer_id, currency, component having sum(amount_minor) <> 0
"""
_LIMITS = """
select distinct on (customer_id) customer_id, limit_id, approved_minor, currency, approved_max_days, valid_until
from {s}.limit_request
where customer_id = any($1) and state = 'approved' and decided_position <= $2 and decided_on <= $3
order by customer_id, decided_position desc
"""


async def pictures(
    conn: Conn, schema: str, customers: Sequence[str], *, as_of: date, position: int
) -> dict[str, Picture]:
    """Pictures of those customers that were known at the position; the others are missing from the answer.

    A limit that has expired is in the picture: that it has expired is for the check to say.
    """
    arguments = (list(customers), position, as_of)
    found = {row["customer_id"]: row for row in await conn.fetch(_CUSTOMERS.format(s=schema), *arguments[:2])}
    items: dict[str, list[tuple[str, Item]]] = {customer: [] for customer in found}
    for row in await conn.fetch(_ITEMS.format(s=schema), *arguments):
        if row["customer_id"] in items:
            items[row["customer_id"]].append((row["currency"], _item(row)))
    sums: dict[tuple[str, str], dict[str, int]] = {}
    for row in await conn.fetch(_SUMS.format(s=schema), *arguments):
        sums.setdefault((row["customer_id"], row["component"]), {})[row["currency"]] = row["amount_minor"]
    limits = {
        row["customer_id"]: _limit(row) for row in await conn.fetch(_LIMITS.format(s=schema), *arguments)
    }
    return {
        customer: Picture(
            customer_id=customer,
            entity=row["entity"],
            name=row["name"],
            items=tuple(items[customer]),
            drafts=sums.get((customer, "draft"), {}),
            unapplied=sums.get((customer, "unapplied"), {}),
            limit=limits.get(customer),
        )
        for customer, row in found.items()
    }


def _item(row: asyncpg.Record) -> Item:
    return Item(
        invoice_id=row["invoice_id"],
        number=row["number"],
        issued_on=row["issued_on"],
        due_on=row["due_on"],
        total_minor=row["total_minor"],
        open_minor=row["open_minor"],
        disputed_minor=row["disputed_minor"],
        # The last movement of an item that is closed is the one that closed it.
        settled_on=row["moved_on"] if row["open_minor"] == 0 else None,
    )


def _limit(row: asyncpg.Record) -> Limit:
    return Limit(
        limit_id=row["limit_id"],
        amount_minor=row["approved_minor"],
        currency=row["currency"],
        max_days_past_due=row["approved_max_days"],
        valid_until=row["valid_until"],
    )
