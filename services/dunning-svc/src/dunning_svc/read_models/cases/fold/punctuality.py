"""Days on which invoices were paid, and counts of those paid in time, by the month in which they fell due.

An invoice is paid on the day from which the funds allocated to it were available and cover all that was owed. A credit
note reduces what was owed and pays nothing; an invoice of which a part is written off is not paid. Unapplied cash
counts with its allocation, by the day of its receipt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from msgspec.structs import replace

from dunning_svc.domain.policy.choice import MonthDue
from dunning_svc.read_models.cases.composition import Group
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from encours.contracts.books import CREDIT_NOTES, Movement
from encours.projection.read_model import Conn

_LOSSES = frozenset({"written_off", "write_off_reversed", "unrecoverable", "recovered"})
"""Kinds of entries that close, or open again, an amount that nobody paid."""

_NO_PAYMENT = _LOSSES.union(CREDIT_NOTES, ("conceded",))
"""Kinds of entries after which an invoice may be settled although its debtor has not just paid."""


def with_funds(item: ItemRow, entry: Movement, position: int) -> ItemRow:
    """Return the item with the funds of an entry of the event at a position, after its amounts were posted."""
    funds = item.funds
    lost_minor = item.lost_minor
    if entry.kind == "applied":
        funds = [*funds, f"{entry.available_on} {-entry.item_minor} {entry.payment_id}"]
    elif entry.kind == "unapplied":
        funds = _without(funds, entry.payment_id or "", entry.item_minor)
    elif entry.kind in _LOSSES:
        lost_minor -= entry.item_minor
    paid_on = None
    if item.open_minor <= 0 and lost_minor <= 0 and funds:
        paid_on = date.fromisoformat(max(each.partition(" ")[0] for each in funds))
    disputed_on = item.disputed_on
    if disputed_on is None and entry.contested_minor > 0:
        disputed_on = entry.effective_on
    return replace(
        item,
        funds=funds,
        lost_minor=lost_minor,
        paid_on=paid_on,
        settled_at=_settled_at(item, entry, paid_on, position),
        disputed_on=disputed_on,
    )


def _settled_at(item: ItemRow, entry: Movement, paid_on: date | None, position: int) -> int:
    """Return the position of the settlement by payments; ``item`` is not settled again yet."""
    if paid_on is None:
        return 0
    if item.paid_on is not None or entry.kind in _NO_PAYMENT:
        return item.settled_at
    return position


def _without(funds: Sequence[str], payment_id: str, minor: int) -> list[str]:
    """Return the funds less an amount of a payment, its last allocations first."""
    kept: list[str] = []
    for entry in reversed(funds):
        day, amount, payment = entry.split(" ")
        taken = min(minor, int(amount)) if payment == payment_id else 0
        minor -= taken
        if int(amount) > taken:
            kept.append(f"{day} {int(amount) - taken} {payment}")
    return kept[::-1]


def months_of(items: Iterable[ItemRow]) -> tuple[MonthDue, ...]:
    """Return the counts of some items; those of which nothing was ever owed are left out."""
    found: dict[date, list[int]] = {}
    for item in items:
        if item.open_minor + item.settled_minor > 0:
            month = found.setdefault(item.due_on.replace(day=1), [0, 0])
            month[0] += 1
            month[1] += item.paid_on is not None and item.paid_on <= item.due_on
    return tuple(MonthDue(day, *found[day]) for day in sorted(found))


def year_before(day: date) -> date:
    """Return the first day of the twelve calendar months before that of a day, a month more for the zones behind."""
    first = (day.replace(day=1) - timedelta(days=1)).replace(day=1)
    return first.replace(year=first.year - 1)


async def months_due(
    conn: Conn, schema: str, customer_ids: Sequence[str], since: date
) -> Mapping[Group, tuple[MonthDue, ...]]:
    """Return the counts of each group of these customers, of invoices due from a day on."""
    rows = await conn.fetch(
        f"""select customer_id, entity_id, currency, date_trunc('month', due_on)::date, count(*),
                   count(*) filter (where paid_on <= due_on)
              from {schema}.item
             where customer_id = any($1) and due_on >= $2 and open_minor + settled_minor > 0
             group by 1, 2, 3, 4 order by 4""",
        list(customer_ids),
        since,
    )
    found: dict[Group, tuple[MonthDue, ...]] = {}
    for row in rows:
        group = (row[0], row[1], row[2])
        found[group] = (*found.get(group, ()), MonthDue(row[3], row[4], row[5]))
    return found


def joined_months(months: Iterable[Sequence[MonthDue]]) -> tuple[MonthDue, ...]:
    """Return the sums of several counts by month."""
    found: dict[date, MonthDue] = {}
    for each in (month for counts in months for month in counts):
        known = found.get(each.first_day, MonthDue(each.first_day, 0, 0))
        found[each.first_day] = MonthDue(
            each.first_day, known.invoices + each.invoices, known.in_time + each.in_time
        )
    return tuple(found[day] for day in sorted(found))
