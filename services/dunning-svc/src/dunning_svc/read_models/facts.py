"""How facts of other services move items, accounts and customers."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from dunning_svc.read_models.rows import (
    AccountRow,
    CustomerRow,
    EntityRow,
    ItemRow,
    PaymentRow,
    Rows,
    found,
    scheduled,
    with_word,
)
from encours.contracts import Recorded, customer, dunning, entity, invoice, payment
from encours.contracts.common import Address
from encours.kernel.ids import with_prefix

InvoiceFact = (
    invoice.InvoiceCredited
    | invoice.PaymentApplied
    | invoice.PaymentUnapplied
    | invoice.ShareDisputed
    | invoice.ShareUndisputed
)
AccountFact = (
    payment.PaymentReceived
    | payment.PaymentIdentified
    | payment.PaymentAllocated
    | payment.PaymentReleased
    | payment.PaymentReversed
)


def entity_changed(data: entity.EntityRegistered | entity.EntityAmended, rows: Rows) -> None:
    if isinstance(data, entity.EntityRegistered):
        zone = data.time_zone
    else:
        zone = found(rows, EntityRow, data.entity_id).time_zone
    rows.put(
        EntityRow(
            entity_id=data.entity_id,
            name=data.name,
            time_zone=zone,
            address=_lines(data.address),
            iban=data.iban,
            siren=data.siren,
        )
    )


def _lines(address: Address | None) -> str | None:
    if address is None:
        return None
    town = f"{address.postal_code} {address.city}".strip()
    return "\n".join(line for line in (*address.lines, town, address.country) if line)


def customer_changed(
    e: Recorded,
    data: customer.CustomerRegistered | customer.CustomerAmended | dunning.HoldPlaced,
    rows: Rows,
) -> None:
    match data:
        case customer.CustomerRegistered():
            held: tuple[date | None, str | None, int] = (None, None, 0)
            entity_id = data.entity_id
        case customer.CustomerAmended():
            old = found(rows, CustomerRow, data.customer_id)
            held = (old.hold_until, old.hold_cause, old.hold_position)
            entity_id = old.entity_id
        case dunning.HoldPlaced():
            old = found(rows, CustomerRow, data.customer_id)
            rows.put(replace(old, hold_until=data.until, hold_cause=data.cause, hold_position=e.position))
            return
    rows.put(
        CustomerRow(
            customer_id=data.customer_id,
            entity_id=entity_id,
            name=data.name,
            language=data.language,
            email=data.email,
            phone=data.phone,
            address=_lines(data.address),
            hold_until=held[0],
            hold_cause=held[1],
            hold_position=held[2],
            position=e.position,
        )
    )


def invoice_issued(e: Recorded, data: invoice.InvoiceIssued, rows: Rows) -> None:
    creditor = rows.get(EntityRow, e.entity)
    zone = ZoneInfo(creditor.time_zone if creditor is not None else "UTC")
    row = ItemRow(
        invoice_id=data.invoice_id,
        customer_id=data.customer_id,
        entity_id=e.entity,
        currency=data.currency,
        number=data.number,
        issued_on=data.issued_on,
        due_on=data.due_on,
        total_minor=data.total_minor,
        open_minor=data.total_minor,
        disputed_minor=0,
        entered_on=e.recorded_at.astimezone(zone).date(),
        done="",
        suppressed="",
        next_step_on=None,
        version=e.version,
        events=str(e.position),
    )
    rows.put(scheduled(row))


def invoice_changed(e: Recorded, data: InvoiceFact, rows: Rows) -> None:
    row = found(rows, ItemRow, data.invoice_id)
    opened, disputed = change_of(data)
    row = replace(
        row,
        open_minor=row.open_minor + opened,
        disputed_minor=row.disputed_minor + disputed,
        version=e.version,
        events=with_word(row.events, e.position),
    )
    rows.put(scheduled(row))


def change_of(data: InvoiceFact) -> tuple[int, int]:
    """What the fact adds to the open and to the disputed amount of its invoice."""
    match data:
        case invoice.InvoiceCredited():
            return -data.total_minor, 0
        case invoice.PaymentApplied():
            return -data.amount_minor, 0
        case invoice.PaymentUnapplied():
            return data.amount_minor, 0
        case invoice.ShareDisputed():
            return 0, data.amount_minor
        case invoice.ShareUndisputed():
            return 0, -data.amount_minor


def account_moved(e: Recorded, data: AccountFact, rows: Rows) -> None:
    if data.customer_id is None:
        return
    match data:
        case payment.PaymentReceived() | payment.PaymentIdentified():
            change = data.amount_minor
            rows.put(PaymentRow(payment_id=data.payment_id, customer_id=data.customer_id))
        case payment.PaymentAllocated():
            change = -sum(part.amount_minor for part in data.allocations)
        case payment.PaymentReleased():
            change = sum(part.amount_minor for part in data.allocations)
        case payment.PaymentReversed():
            change = -data.amount_minor
    row = rows.get(AccountRow, data.customer_id, e.entity, data.currency)
    before = row.unapplied_minor if row is not None else 0
    since = row.events if row is not None else ""
    rows.put(
        AccountRow(
            customer_id=data.customer_id,
            entity_id=e.entity,
            currency=data.currency,
            unapplied_minor=before + change,
            events=with_word(since, e.position) if before + change else "",
        )
    )


def hold_stream(customer_id: str) -> str:
    """A customer's holds are a stream of this service: the customer's own belongs to invoice-svc."""
    return with_prefix(customer_id, "hld")
