"""Content that an invoice must have before it gets a number: all that is missing at once, by the seller's country.

Which mentions are required, from when and by which law is data (``domain/legal/content.csv``); this module finds them
in the draft, the entity and the customer. Amounts, dates and terms follow from the draft itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from encours.contracts.common import Exemption, Particulars, VatCategory
from encours.kernel.errors import FieldError, Invalid
from invoice_svc.domain.customer.state import Customer
from invoice_svc.domain.entity.state import Entity
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.legal.content import required_mentions, usual_exemption

WITH_VAT_IDS: frozenset[VatCategory] = frozenset({"AE", "K", "G"})
WITH_BUYERS_VAT_ID: frozenset[VatCategory] = frozenset({"AE", "K"})


class Document(Struct, frozen=True):
    """A draft with its parties, on its day of issue."""

    invoice: Invoice
    entity: Entity
    customer: Customer
    issued_on: date

    @property
    def categories(self) -> set[VatCategory]:
        """Return the VAT categories of its amounts."""
        return {share.category for share in self.invoice.vat}

    @property
    def of_entity(self) -> str:
        """Return the request that completes the seller."""
        return f"PATCH /v1/entities/{self.entity.entity_id}"

    @property
    def of_customer(self) -> str:
        """Return the request that completes the buyer."""
        return f"PATCH /v1/customers/{self.customer.customer_id}"


Finding = Iterator[FieldError]


def missing_content(document: Document) -> tuple[FieldError, ...]:
    """Return all missing content, each with what to add; empty if the draft can be issued."""
    required = required_mentions(document.entity.country, document.issued_on)
    faults = [fault for mention, find in _MENTIONS.items() if mention in required for fault in find(document)]
    return (*faults, *_body(document.invoice))


def stated(particulars: Particulars) -> Particulars | None:
    """Return particulars as events keep them; ``None`` if nothing is stated. EN 16931 BR-29: a period has an order."""
    first, last = particulars.supply_from, particulars.supply_until
    if first and last and last < first:
        raise Invalid(f"The period ends before {first}, on which it begins.", "/supply_until")
    return None if particulars == Particulars() else particulars


def with_usual_exemptions(state: Invoice, country: str, issued_on: date) -> Particulars:
    """Return the particulars with the reason of each category that always has the same one."""
    given = {each.category for each in state.particulars.exemptions}
    usual = [
        reason
        for category in sorted({share.category for share in state.vat} - given)
        if (reason := usual_exemption(country, category, issued_on)) is not None
    ]
    if not usual:
        return state.particulars
    kept: tuple[Exemption, ...] = state.particulars.exemptions
    return replace(state.particulars, exemptions=(*kept, *usual))


def _seller_legal_form(document: Document) -> Finding:
    if not document.entity.legal_form:
        yield FieldError(
            "/entity/legal_form",
            "the seller's legal form, and a company's capital and RCS, are missing "
            f"({document.of_entity} with legal_form)",
        )


def _seller_siren(document: Document) -> Finding:
    if not document.entity.siren:
        yield FieldError("/entity/siren", f"the seller's SIREN is missing ({document.of_entity} with siren)")


def _seller_address(document: Document) -> Finding:
    if document.entity.address is None:
        yield FieldError(
            "/entity/address", f"the seller's address is missing ({document.of_entity} with address)"
        )


def _seller_vat_id_if_charged(document: Document) -> Finding:
    if document.invoice.vat_minor and not document.entity.vat_id:
        yield FieldError(
            "/entity/vat_id",
            f"VAT is charged without the seller's VAT id ({document.of_entity} with vat_id)",
        )


def _seller_vat_id_of_category(document: Document) -> Finding:
    if (found := document.categories & WITH_VAT_IDS) and not document.entity.vat_id:
        yield FieldError(
            "/entity/vat_id",
            f"VAT category {min(found)} needs the seller's VAT id ({document.of_entity} with vat_id)",
        )


def _buyer_name(document: Document) -> Finding:
    if not document.customer.name.strip():
        yield FieldError("/customer/name", f"the customer's name is missing ({document.of_customer})")


def _buyer_address(document: Document) -> Finding:
    if document.customer.address is None:
        yield FieldError(
            "/customer/address", f"the customer's address is missing ({document.of_customer} with address)"
        )


def _buyer_vat_id_of_category(document: Document) -> Finding:
    if (found := document.categories & WITH_BUYERS_VAT_ID) and not document.customer.vat_id:
        yield FieldError(
            "/customer/vat_id",
            f"VAT category {min(found)} needs the customer's VAT id ({document.of_customer} with vat_id)",
        )


def _nature(document: Document) -> Finding:
    if document.invoice.particulars.nature is None:
        yield FieldError("/nature", "the nature of the operation is missing: goods, services or mixed")


def _exemption_reason(document: Document) -> Finding:
    given = {each.category for each in document.invoice.particulars.exemptions if each.text or each.code}
    for category in sorted(document.categories & {"E"} - given):
        yield FieldError(
            "/exemptions", f"the reason of the exemption is missing (exemptions with category {category})"
        )


def _delivery_of_intra_community_supply(document: Document) -> Finding:
    place = document.invoice.particulars.delivery_address or document.customer.address
    if "K" in document.categories and place is None:
        yield FieldError(
            "/delivery/address",
            "an intra-Community supply needs the country to which the goods go (delivery with address)",
        )


def _outside_scope_alone(document: Document) -> Finding:
    if "O" in document.categories and len(document.categories) > 1:
        yield FieldError(
            "/lines", "amounts outside the scope of VAT (category O) need an invoice of their own"
        )


_MENTIONS: dict[str, Callable[[Document], Finding]] = {
    "seller_legal_form": _seller_legal_form,
    "seller_siren": _seller_siren,
    "seller_address": _seller_address,
    "seller_vat_id_if_charged": _seller_vat_id_if_charged,
    "seller_vat_id_of_category": _seller_vat_id_of_category,
    "buyer_name": _buyer_name,
    "buyer_address": _buyer_address,
    "buyer_vat_id_of_category": _buyer_vat_id_of_category,
    "nature": _nature,
    "exemption_reason": _exemption_reason,
    "delivery_of_intra_community_supply": _delivery_of_intra_community_supply,
    "outside_scope_alone": _outside_scope_alone,
}
"""Each mention that the tables may name, and how it is found missing."""


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
