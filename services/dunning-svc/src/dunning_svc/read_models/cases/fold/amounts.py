"""Amounts of items and accounts, from the movements of the books alone."""

from __future__ import annotations

from msgspec.structs import replace

from dunning_svc.domain.placement.account import is_news
from dunning_svc.read_models.cases.fold.items import due_again, recorded_on
from dunning_svc.read_models.cases.fold.promises import with_settled
from dunning_svc.read_models.cases.fold.punctuality import with_funds
from dunning_svc.read_models.cases.rows.access import Rows, existing, with_position
from dunning_svc.read_models.cases.rows.receivables import AccountRow, DebtorPaymentRow, DebtPlanRow, ItemRow
from encours.contracts import Recorded
from encours.contracts.books import PAYER_UNKNOWN, Movement, movements
from encours.contracts.events import payment
from encours.contracts.events.money.plan import (
    InvoiceRescheduled,
    PlanAgreed,
    PlanBroken,
    PlanCancelled,
    PlanKept,
    PlanRescheduled,
    PlanResumed,
)
from encours.contracts.instalments import ranges_of

PaymentMirrored = payment.PaymentAllocated | payment.PaymentReleased
"""Events without movements, whose amounts are in events of the invoices; decisions list them as input."""


def move(e: Recorded, rows: Rows) -> None:
    """Post every movement of the event. Raises ``LookupError`` for an item that does not exist.

    Cash is posted first: by business date, a payment may precede the invoice that it settles.
    """
    entries = movements(e)
    for entry in entries:
        if entry.cash_minor and entry.customer_id != PAYER_UNKNOWN:
            _move_cash(e, entry, rows)
    for entry in entries:
        if entry.invoice_id is not None:
            _move_item(e, entry, entry.invoice_id, rows)


def _move_cash(e: Recorded, entry: Movement, rows: Rows) -> None:
    account = account_of(rows, entry.customer_id, entry.entity, entry.currency)
    if entry.invoice_id is None:
        account = with_input(account, e)
        if entry.payment_id is not None:
            rows.put(DebtorPaymentRow(payment_id=entry.payment_id, customer_id=entry.customer_id))
    rows.put(replace(account, unapplied_minor=account.unapplied_minor + entry.cash_minor))


def _move_item(e: Recorded, entry: Movement, invoice_id: str, rows: Rows) -> None:
    item = existing(rows, ItemRow, invoice_id)
    item = replace(
        item,
        open_minor=item.open_minor + entry.item_minor,
        disputed_minor=item.disputed_minor + entry.contested_minor,
        planned_minor=item.planned_minor + entry.planned_minor,
        in_hand_minor=item.in_hand_minor + entry.in_hand_minor,
        settled_minor=item.settled_minor + entry.settled_minor,
        version=e.version if e.stream == invoice_id else item.version,
        events=with_position(item.events, e.position),
        moved_on=recorded_on(e, rows),
        placed_news=e.position if item.placement_id and is_news(entry) else item.placed_news,
    )
    rows.put(due_again(with_funds(with_settled(item, e, entry), entry, e.position)))


def rescheduled(e: Recorded, data: InvoiceRescheduled, rows: Rows) -> None:
    """Store the instalments of an invoice."""
    item = existing(rows, ItemRow, data.invoice_id)
    found = [f"{due_on} {upto}" for due_on, upto in ranges_of(data.instalments)]
    events_ = with_position(item.events, e.position)
    rows.put(due_again(replace(item, instalments=found, version=e.version, events=events_)))


def plan_changed(e: Recorded, data: PlanAgreed | PlanRescheduled, rows: Rows) -> None:
    """Store the instalments of a payment plan. Its invoices say what is left of it."""
    found = [f"{due_on} {upto}" for due_on, upto in ranges_of(data.instalments)]
    if isinstance(data, PlanRescheduled):
        rows.put(replace(existing(rows, DebtPlanRow, data.plan_id), instalments=found))
        return
    made = DebtPlanRow(
        plan_id=data.plan_id,
        customer_id=data.customer_id,
        entity_id=e.entity,
        currency=data.currency,
        invoice_ids=[each.invoice_id for each in data.invoices],
        instalments=found,
    )
    rows.put(made)


def plan_turned(data: PlanBroken | PlanKept | PlanCancelled | PlanResumed, rows: Rows) -> None:
    """Store that a payment plan is no longer in force, or is again."""
    plan = existing(rows, DebtPlanRow, data.plan_id)
    rows.put(replace(plan, in_force=isinstance(data, PlanResumed)))


def payment_mirrored(e: Recorded, data: PaymentMirrored, rows: Rows) -> None:
    """Add the event to the input of decisions."""
    rows.put(with_input(account_of(rows, data.customer_id, e.entity, data.currency), e))


def account_of(rows: Rows, customer_id: str, entity_id: str, currency: str) -> AccountRow:
    """Return the account; an empty one before its first event."""
    found = rows.get(AccountRow, customer_id, entity_id, currency)
    if found is not None:
        return found
    return AccountRow(
        customer_id=customer_id,
        entity_id=entity_id,
        currency=currency,
        unapplied_minor=0,
        events="",
        command_id="",
        decided_on=None,
    )


def with_input(account: AccountRow, e: Recorded) -> AccountRow:
    """Add the event to those since the account's balance was last zero.

    Within one command the balance may be zero in between (released, reversed, and only then unapplied). So an
    account at zero begins a new list with the next command only.
    """
    command = e.command_id.hex
    begins = account.unapplied_minor == 0 and account.command_id != command
    return replace(
        account, events=with_position("" if begins else account.events, e.position), command_id=command
    )
