"""Content that an invoice must have before it gets a number (CGI ann. II 242 nonies A; C. com. L441-9).

Amounts, dates and terms follow from the draft itself; this module checks the rest. French law requires the seller's
legal form and capital (C. com. R123-238) and the customer's address, so they are required of French sellers only.
"""

from __future__ import annotations

from encours.kernel.errors import FieldError
from invoice_svc.domain.customer.state import Customer
from invoice_svc.domain.entity.state import Entity
from invoice_svc.domain.invoice.state import Invoice


def missing_content(state: Invoice, entity: Entity, customer: Customer) -> tuple[FieldError, ...]:
    """Return all missing content, each with what to add; empty if the draft can be issued."""
    return (*_seller(state, entity), *_buyer(entity, customer), *_body(state))


def _seller(state: Invoice, entity: Entity) -> list[FieldError]:
    if entity.country != "FR":
        return []
    faults = []
    where = f"PATCH /v1/entities/{entity.entity_id}"
    if not entity.legal_form:
        faults.append(
            FieldError(
                "/entity/legal_form",
                f"the seller's legal form, and a company's capital and RCS, are missing ({where} with legal_form)",
            )
        )
    if not entity.siren:
        faults.append(FieldError("/entity/siren", f"the seller's SIREN is missing ({where} with siren)"))
    if entity.address is None:
        faults.append(
            FieldError("/entity/address", f"the seller's address is missing ({where} with address)")
        )
    if state.vat_minor and not entity.vat_id:
        faults.append(
            FieldError("/entity/vat_id", f"VAT is charged without the seller's VAT id ({where} with vat_id)")
        )
    return faults


def _buyer(entity: Entity, customer: Customer) -> list[FieldError]:
    faults = []
    where = f"PATCH /v1/customers/{customer.customer_id}"
    if not customer.name.strip():
        faults.append(FieldError("/customer/name", f"the customer's name is missing ({where})"))
    if entity.country == "FR" and customer.address is None:
        faults.append(
            FieldError("/customer/address", f"the customer's address is missing ({where} with address)")
        )
    return faults


def _body(state: Invoice) -> list[FieldError]:
    faults = []
    if not state.lines:
        faults.append(FieldError("/lines", "the invoice has no lines"))
    for i, line in enumerate(state.lines):
        if not line.description.strip():
            faults.append(FieldError(f"/lines/{i}/description", f"line {i + 1} has no description"))
        if line.quantity == "0":
            faults.append(FieldError(f"/lines/{i}/quantity", f"line {i + 1} has no quantity"))
    if state.lines and (state.total_minor < 0 or (state.total_minor == 0 and state.vat_minor)):
        faults.append(FieldError("/lines", "the total is below 0, or 0 with VAT (use a credit note)"))
    return faults
