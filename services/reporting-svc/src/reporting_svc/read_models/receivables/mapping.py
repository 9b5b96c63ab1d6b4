"""Rows that events make, each from the event alone."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from encours.contracts import Recorded
from encours.contracts.books import CREDITED, INVOICED, Movement
from encours.contracts.events.figure import FigurePublished
from encours.contracts.events.invoice import InvoiceIssued
from encours.contracts.events.money.plan import InvoiceRescheduled
from encours.contracts.events.parties.customer import CustomerAmended, CustomerRegistered, FieldsSet
from encours.contracts.events.parties.field import FieldDefined, InvoiceFieldsSet
from encours.contracts.instalments import ranges_of
from encours.contracts.vat_due import vat_due
from reporting_svc.read_models.receivables.portfolio import PortfolioRow
from reporting_svc.read_models.receivables.rows import (
    DefinedField,
    FieldsRow,
    Item,
    ItemInstalment,
    MovementRow,
    ReportedCustomer,
    ReportedFigure,
    ReportedInvoiceFields,
)

DayKey = tuple[str, str, date, str, bool, bool]


def customer_row(
    e: Recorded, data: CustomerRegistered | CustomerAmended, known: ReportedCustomer | None
) -> ReportedCustomer:
    """Return the customer after an event; ``known`` as it was before it."""
    external_ref, own = data.external_ref, PortfolioRow.of(e, data)
    if isinstance(data, CustomerAmended):
        external_ref = data.ref_after(known.external_ref if known else None)
    if known is not None and known.portfolio_from > own.valid_from:
        return replace(known, name=data.name, name_key=data.name.casefold(), external_ref=external_ref)
    return ReportedCustomer(
        customer_id=data.customer_id,
        entity=e.entity,
        name=data.name,
        name_key=data.name.casefold(),
        external_ref=external_ref,
        country=own.country,
        segment=own.segment,
        salesperson=own.salesperson,
        tags=own.tags,
        portfolio_from=own.valid_from,
        portfolio_position=own.position,
    )


def fields_row(
    e: Recorded, data: FieldsSet | InvoiceFieldsSet | FieldDefined
) -> FieldsRow | ReportedInvoiceFields | DefinedField:
    """Return the custom fields that an event sets for a customer or an invoice, or the one that it defines."""
    if isinstance(data, FieldDefined):
        return DefinedField.of(e, data)
    codes, values = [each.field_code for each in data.fields], [each.value for each in data.fields]
    if isinstance(data, InvoiceFieldsSet):
        return ReportedInvoiceFields(
            invoice_id=data.invoice_id,
            position=e.position,
            effective_on=e.effective_on,
            field_codes=codes,
            field_values=values,
        )
    return FieldsRow(
        customer_id=data.customer_id,
        position=e.position,
        effective_on=e.effective_on,
        field_codes=codes,
        field_values=values,
    )


def issued_item(entity: str, issued: InvoiceIssued) -> Item:
    """The invoice without its amounts, which its movements bring."""
    return Item(
        invoice_id=issued.invoice_id,
        number=issued.number,
        entity=entity,
        customer_id=issued.customer_id,
        currency=issued.currency,
        issued_on=issued.issued_on,
        due_on=issued.due_on,
        total_minor=issued.total_minor,
        open_minor=0,
        disputed_minor=0,
        conceded_minor=0,
        planned_minor=0,
        settled_minor=0,
        schedule=None,
        salesperson=issued.salesperson,
        is_penalty=issued.purpose == "penalty",
        vat_on_receipt=vat_due(issued.purpose, issued.particulars) == "receipt",
    )


def movement_row(position: int, line: int, movement: Movement) -> MovementRow:
    """Return the row of an entry; ``line`` counts those of the event from 0."""
    return MovementRow(
        position=position,
        line=line,
        item_minor=movement.item_minor,
        contested_minor=movement.contested_minor,
        conceded_minor=movement.conceded_minor,
        planned_minor=movement.planned_minor,
        cash_minor=movement.cash_minor,
        account_minor=movement.account_minor,
        net_minor=movement.net_minor,
        effective_on=movement.effective_on,
        entity=movement.entity,
        customer_id=movement.customer_id,
        invoice_id=movement.invoice_id,
        payment_id=movement.payment_id,
        currency=movement.currency,
        kind=movement.kind,
        available_on=movement.available_on,
    )


def instalment_rows(e: Recorded, agreed: InvoiceRescheduled) -> list[ItemInstalment]:
    """Return the instalments that an event agrees."""
    return [
        ItemInstalment(
            invoice_id=agreed.invoice_id,
            position=e.position,
            due_on=due_on,
            effective_on=e.effective_on,
            upto_minor=upto,
        )
        for due_on, upto in ranges_of(agreed.instalments)
    ]


def day_key(movement: Movement) -> DayKey:
    """Return the key of the sums by day that a movement belongs to."""
    return (
        movement.entity,
        movement.currency,
        movement.effective_on,
        movement.kind,
        movement.net_minor != 0 or movement.kind in (*INVOICED, *CREDITED),
        movement.account_minor > 0,
    )


def figure_row(e: Recorded, data: FigurePublished) -> ReportedFigure:
    """Return the figure that an event publishes."""
    return ReportedFigure(
        figure_id=data.figure_id,
        position=e.position,
        effective_on=e.effective_on,
        entity=e.entity,
        customer_id=data.customer_id,
        figure=data.figure,
        figure_as_of=data.scope.as_of,
    )
