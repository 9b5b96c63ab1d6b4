"""Cash of a month as it was on a day, or known at an instant, folded from the streams of its customers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from dunning_svc.read_models.cases.past import MemoryRows, folded, streams_of
from dunning_svc.read_models.cases.rows.promises import PromiseRow, SettledPart
from dunning_svc.read_models.cases.rows.receivables import DebtPlanRow, ItemRow
from dunning_svc.read_models.collectors.expected import (
    AmountLeft,
    OpenPromise,
    StandingPlan,
    Sums,
    expected_cash,
)
from dunning_svc.read_models.collectors.targets import MonthCash, last_day_of
from encours.contracts import Recorded
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
        streams = await streams_of(view.conn, view.schema, part, together=False)
        events = await ledger.read_streams(name, streams, upto=time.position)
        # Folding takes seconds in all: other requests are answered meanwhile.
        found = await asyncio.to_thread(_folded, events, month, time.as_of, view.granted, set(part))
        received.update(found.received)
        expected.update(found.expected)
    return MonthCash(dict(received), dict(expected))


def _folded(
    events: Mapping[str, Sequence[Recorded]], month: date, day: date, granted: Granted, customer_ids: set[str]
) -> MonthCash:
    return cash_in(folded(events, day), month, day, granted, customer_ids)


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
    every = rows.all(ItemRow)
    items = [row for row in every if granted is None or row.entity_id in granted]
    for item in items:
        for entry in item.funds:
            on, minor, *_ = entry.split(" ")
            if month <= date.fromisoformat(on) <= min(last, day):
                received[item.customer_id, item.currency] += int(minor)
    expected = expected_cash(
        [
            _promise(row, every)
            for row in rows.all(PromiseRow)
            if row.status == "open" and (granted is None or row.entity_id in granted)
        ],
        [
            StandingPlan.of(row)
            for row in rows.all(DebtPlanRow)
            if row.in_force and (granted is None or row.entity_id in granted)
        ],
        [_left(row) for row in items if row.open_minor > 0],
        max(month, day),
        last,
    )
    return MonthCash(_own(received, customer_ids), _own(expected, customer_ids))


def _own(sums: Sums, customer_ids: set[str] | None) -> Sums:
    """Return the sums of the customers: others that are folded with them are counted with their own page."""
    return {key: minor for key, minor in sums.items() if customer_ids is None or key[0] in customer_ids}


def _left(row: ItemRow) -> AmountLeft:
    return AmountLeft(
        row.invoice_id,
        row.customer_id,
        row.currency,
        row.due_on,
        row.open_minor,
        row.disputed_minor,
        row.in_hand_minor,
        row.planned_minor,
    )


def _promise(row: PromiseRow, items: list[ItemRow]) -> OpenPromise:
    """Return a promise with what payments since then have not covered of it."""
    named = (item for item in items if item.invoice_id in row.invoice_ids)
    parts = [SettledPart.of(entry) for item in named for entry in item.settled_parts]
    paid = sum(
        part.amount_minor for part in parts if part.position >= row.position and part.payment_id is not None
    )
    return OpenPromise(
        row.customer_id,
        row.currency,
        row.invoice_ids,
        row.promised_on,
        row.position,
        row.amount_minor - paid,
    )
