"""Rows of "now" after an event: items, balances and the sums of days, from the movements of the event."""

from __future__ import annotations

from encours.contracts import Recorded
from encours.contracts.books import Movement
from encours.contracts.events.money.plan import InvoiceRescheduled
from encours.contracts.instalments import ranges_of
from encours.projection.row_cache import RowCache
from reporting_svc.read_models.receivables.banding import aging_day, count
from reporting_svc.read_models.receivables.mapping import day_key
from reporting_svc.read_models.receivables.rows import Balance, DaySum, Item


def on_item(movement: Movement) -> bool:
    """Return true if the movement changes an invoice."""
    return movement.invoice_id is not None and bool(
        movement.item_minor or movement.contested_minor or movement.planned_minor
    )


def _known(e: Recorded, invoice_id: str | None, rows: RowCache) -> Item:
    item = rows.get(Item, invoice_id)
    if item is None:
        raise LookupError(f"{e.type} on {invoice_id}, which this ledger never issued")
    return item


def reschedule(e: Recorded, agreed: InvoiceRescheduled, rows: RowCache) -> None:
    """Move what is open to the bands of the new due dates; nothing without any."""
    if not agreed.instalments:
        return
    item = _known(e, agreed.invoice_id, rows)
    balance = rows.get(Balance, item.entity, item.customer_id, item.currency)
    if balance is None:
        raise LookupError(f"no balance of {item.customer_id}, to whom {item.number} was issued")
    day = aging_day(rows)
    count(balance, item, day, -1)
    item.schedule = ",".join(f"{due_on} {upto}" for due_on, upto in ranges_of(agreed.instalments))
    count(balance, item, day, 1)
    rows.put(item)
    rows.put(balance)


def add(e: Recorded, movement: Movement, rows: RowCache) -> None:
    """Add the movement to what is owed now."""
    balance = rows.get(Balance, movement.entity, movement.customer_id, movement.currency) or Balance(
        entity=movement.entity, customer_id=movement.customer_id, currency=movement.currency
    )
    penalty = 0
    if on_item(movement):
        item, day = _known(e, movement.invoice_id, rows), aging_day(rows)
        count(balance, item, day, -1)
        item.open_minor += movement.item_minor
        item.disputed_minor += movement.contested_minor
        item.conceded_minor += movement.conceded_minor
        item.planned_minor += movement.planned_minor
        item.settled_minor += movement.settled_minor
        count(balance, item, day, 1)
        balance.open_minor += movement.item_minor
        penalty = movement.item_minor if item.is_penalty else 0
        rows.put(item)
    balance.unapplied_minor += movement.cash_minor
    balance.account_minor += movement.account_minor
    rows.put(balance)
    if movement.account_minor or movement.net_minor or penalty:
        _add_to_day(movement, penalty, rows)


def _add_to_day(movement: Movement, penalty_minor: int, rows: RowCache) -> None:
    key = day_key(movement)
    entity, currency, effective_on, kind, is_sale, is_debit = key
    day = rows.get(DaySum, *key) or DaySum(
        entity=entity,
        currency=currency,
        effective_on=effective_on,
        kind=kind,
        is_sale=is_sale,
        is_debit=is_debit,
    )
    day.account_minor += movement.account_minor
    day.net_minor += movement.net_minor
    day.penalty_minor += penalty_minor
    rows.put(day)
