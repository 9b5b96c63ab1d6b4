"""Rules of a placement.

An invoice is with one partner on a day, so that no payment counts for two. Something of it has to be open and
undisputed, and it has to have had a formal notice, unless the installation does not ask for one or the command states a
reason: the notice puts the debtor in default (C. civ. 1344), and partners and courts ask for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from dunning_svc.domain.placement.commands import (
    PlaceableDebtor,
    PlaceableInvoice,
    PlaceInvoices,
    RecallInvoices,
)
from dunning_svc.domain.placement.state import Placement
from encours.contracts.books import contested_of
from encours.contracts.events.dunning.placements import InvoicesPlaced, InvoicesRecalled, PlacedInvoice
from encours.contracts.events.dunning.reminders import TaskCompleted
from encours.kernel.errors import FieldError, Refusal
from encours.kernel.ids import derived_id

HANDED_OVER = "placed"
"""Outcome of tasks of the ladder whose invoices were handed over."""


class NotPlaceable(Refusal):
    """Some of the invoices cannot be handed over together (409)."""

    code = "invoices-not-placeable"
    title = "Invoices cannot be handed over"
    remedy = "Leave out the invoices in `errors`, or place them apart."


class NoticeMissing(Refusal):
    """Some of the invoices had no formal notice (409)."""

    code = "formal-notice-missing"
    title = "Invoice has had no formal notice"
    remedy = "Wait for the formal notice, or state in `without_notice` why it is not needed."


class OutsidePlacement(Refusal):
    """The day, or an invoice, does not fit the placement (422)."""

    code = "outside-placement"
    title = "Not part of the placement"
    status = 422
    remedy = "Use a day from the hand-over to today, and invoices that are with the partner."


def place(
    known: PlaceableDebtor, cmd: PlaceInvoices, today: date, *, notice_required: bool
) -> InvoicesPlaced:
    """Hand invoices over. Raises :class:`NotPlaceable`, :class:`NoticeMissing` or :class:`OutsidePlacement`."""
    on = cmd.handed_over_on or today
    if on > today:
        raise OutsidePlacement(f"{on} is in the future; today is {today}.", "/handed_over_on")
    wrong = [
        FieldError(f"/invoice_ids/{n}", detail)
        for n, each in enumerate(cmd.invoice_ids)
        for detail in _against(known, known.invoices.get(each), each, cmd, on)
    ]
    if wrong:
        raise NotPlaceable(wrong[0].detail, errors=tuple(wrong))
    invoices = [(each, known.invoices[each]) for each in dict.fromkeys(cmd.invoice_ids)]
    missing = [each.number for _, each in invoices if each.notice_on is None]
    if missing and notice_required and not cmd.without_notice:
        raise NoticeMissing(f"No formal notice lists {', '.join(missing)}.")
    currency = invoices[0][1].currency
    if cmd.fee_currency not in (None, currency):
        raise OutsidePlacement(f"The invoices are in {currency}.", "/fee/fixed/currency")
    return InvoicesPlaced(
        placement_id=derived_id("plc", known.customer_id, known.placements),
        customer_id=known.customer_id,
        partner=cmd.partner,
        fee=cmd.fee,
        currency=currency,
        invoices=tuple(
            PlacedInvoice(
                invoice_id=name,
                number=each.number,
                due_on=each.due_on,
                open_minor=each.open_minor,
                disputed_minor=contested_of(each.open_minor, each.disputed_minor),
                notice_on=each.notice_on,
            )
            for name, each in invoices
        ),
        amount_minor=sum(_claimable(each) for _, each in invoices),
        handed_over_on=on,
        without_notice=cmd.without_notice if missing else None,
    )


def _against(
    known: PlaceableDebtor, invoice: PlaceableInvoice | None, name: str, cmd: PlaceInvoices, on: date
) -> Iterator[str]:
    """Yield the reason against an invoice, if there is one."""
    first = next((known.invoices[each] for each in cmd.invoice_ids if each in known.invoices), None)
    if invoice is None or first is None:
        yield f"{name} is no issued invoice of the customer."
    elif invoice.placement_id is not None:
        yield f"{invoice.number} is placed already: {invoice.placement_id}."
    elif invoice.title_id is not None:
        yield f"A title is being obtained for {invoice.number}: {invoice.title_id}. End the procedure first."
    elif _claimable(invoice) <= 0:
        yield f"Nothing of {invoice.number} is open and undisputed."
    elif (invoice.entity_id, invoice.currency) != (first.entity_id, first.currency):
        yield f"{invoice.number} is of another creditor or in another currency than {first.number}."
    elif on < invoice.issued_on:
        yield f"{invoice.number} was issued on {invoice.issued_on}, after the hand-over."
    elif invoice.recalled_on is not None and on <= invoice.recalled_on:
        # Payments of the day of the recall count for the partner that it was recalled from.
        yield f"{invoice.number} was with another partner until {invoice.recalled_on}: hand it over later."


def _claimable(invoice: PlaceableInvoice) -> int:
    return invoice.open_minor - contested_of(invoice.open_minor, invoice.disputed_minor)


def tasks_to_close(known: PlaceableDebtor, placed: Sequence[str]) -> list[TaskCompleted]:
    """Return the completion of open tasks of the ladder all of whose invoices are placed now."""
    gone = {*placed, *(name for name, each in known.invoices.items() if each.placement_id)}
    return [
        TaskCompleted(task_id=task_id, customer_id=known.customer_id, outcome=HANDED_OVER, text=None)
        for task_id, invoice_ids in known.open_tasks
        if gone.issuperset(invoice_ids)
    ]


def recall(state: Placement, cmd: RecallInvoices, today: date) -> list[InvoicesRecalled]:
    """Take invoices back; no event if they all were. Raises :class:`OutsidePlacement`."""
    assert state.made is not None
    on = cmd.recalled_on or today
    if not state.made.handed_over_on <= on <= today:
        raise OutsidePlacement(f"{on} is not between the hand-over and today.", "/recalled_on")
    known = {each.invoice_id for each in state.made.invoices}
    for n, each in enumerate(cmd.invoice_ids):
        if each not in known:
            raise OutsidePlacement(f"{each} was not handed over.", f"/invoice_ids/{n}")
    placed = state.placed_ids
    named = cmd.invoice_ids or placed
    back = tuple(each for each in placed if each in named)
    if not back:
        return []
    return [
        InvoicesRecalled(
            placement_id=state.made.placement_id,
            customer_id=state.made.customer_id,
            invoice_ids=back,
            recalled_on=on,
            cause=cmd.cause,
            ended=len(back) == len(placed),
        )
    ]
