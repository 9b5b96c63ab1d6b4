"""Cash of a month as it was on a day, or known at an instant, folded from the streams of its customers."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from dunning_svc.read_models.cases.past import MemoryRows, cases_at
from dunning_svc.read_models.cases.rows.promises import PromiseRow, SettledPart
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from dunning_svc.read_models.collectors.targets import MonthCash, last_day_of
from encours.kernel.errors import Refusal
from encours.ledger import Ledger
from encours.reading.moment import Granted, View

CUSTOMERS_MAX = 5_000
"""Most customers that one question folds."""
_AT_ONCE = 200
_MARGIN = timedelta(days=31)
"""Funds may be available some weeks after the event that allocated them."""


class PastCashTooLarge(Refusal):
    """The month concerns more customers than one question folds (422)."""

    code = "past-cash-too-large"
    title = "Past month concerns too many customers"
    status = 422
    remedy = "Leave out as_of and known_at, or ask for a later month."


async def past_cash(ledger: Ledger, view: View, name: str, month: date) -> MonthCash:
    """Return the cash of a month at the dates of the view. Raises :class:`PastCashTooLarge`."""
    ids = await _customers(view, month)
    if len(ids) > CUSTOMERS_MAX:
        raise PastCashTooLarge(f"At most {CUSTOMERS_MAX:,} customers are possible at once.", "/as_of")
    received: Counter[tuple[str, str]] = Counter()
    expected: Counter[tuple[str, str]] = Counter()
    time = view.time
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        # A group may be larger than a part, and each customer's cash is its own.
        rows = await cases_at(
            ledger, view.conn, view.schema, name, part, time.position, time.as_of, together=False
        )
        found = cash_in(rows, month, time.as_of, view.granted, set(part))
        received.update(found.received)
        expected.update(found.expected)
    return MonthCash(dict(received), dict(expected))


async def _customers(view: View, month: date) -> list[str]:
    """Return the customers with an invoice that was open in the month or later, or whose payment counts in it.

    What has happened since the position of the view was unknown then, whatever its day.
    """
    rows = await view.conn.fetch(
        f"""select distinct customer_id from {view.schema}.item
             where issued_on <= $1 and ($4::text[] is null or entity_id = any($4))
               and (open_minor > 0 or moved_on >= $2 or split_part(events, ' ', -1)::bigint > $5)
             order by 1 limit $3""",
        view.time.as_of,
        min(month, view.time.as_of) - _MARGIN,
        CUSTOMERS_MAX + 1,
        view.granted,
        view.time.position,
    )
    return [row[0] for row in rows]


def cash_in(
    rows: MemoryRows, month: date, day: date, granted: Granted = None, customer_ids: set[str] | None = None
) -> MonthCash:
    """Return the cash of a month by the rows of a day; ``customer_ids``: of these alone."""
    last = last_day_of(month)
    received: Counter[tuple[str, str]] = Counter()
    expected: Counter[tuple[str, str]] = Counter()
    items = {
        row.invoice_id: row
        for row in rows.all(ItemRow)
        if (customer_ids is None or row.customer_id in customer_ids)
        and (granted is None or row.entity_id in granted)
    }
    promises = [row for row in rows.all(PromiseRow) if row.status == "open"]
    promised = {invoice_id for row in promises for invoice_id in row.invoice_ids}
    for item in items.values():
        key = item.customer_id, item.currency
        for entry in item.funds:
            on, minor, *_ = entry.split(" ")
            if month <= date.fromisoformat(on) <= min(last, day):
                received[key] += int(minor)
        due = max(month, day) <= item.due_on <= last and item.invoice_id not in promised
        if due and (left := item.open_minor - item.disputed_minor - item.in_hand_minor) > 0:
            expected[key] += left
    for promise in promises:
        own = [items[each] for each in promise.invoice_ids if each in items]
        if own and max(month, day) <= promise.promised_on <= last:
            left = min(promise.amount_minor - _paid(own, promise), sum(max(row.open_minor, 0) for row in own))
            expected[promise.customer_id, promise.currency] += max(left, 0)
    return MonthCash(dict(received), dict(expected))


def _paid(items: list[ItemRow], promise: PromiseRow) -> int:
    """Return what payments since a promise have settled of its invoices."""
    parts = [SettledPart.of(entry) for item in items for entry in item.settled_parts]
    return sum(
        part.amount_minor
        for part in parts
        if part.position >= promise.position and part.payment_id is not None
    )
