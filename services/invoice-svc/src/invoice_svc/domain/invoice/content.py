"""Content that an invoice must have before it gets a number: all that is missing at once, by the seller's country.

Which mentions are required, from when and by which law is data (``domain/legal/content.csv``); this module finds them
in the draft, the entity and the customer. Amounts, dates and terms follow from the draft itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from encours.contracts.common import Exemption, Particulars, VatCategory
from encours.contracts.events.parties.customer import Paper
from encours.kernel.errors import FieldError, Invalid
from invoice_svc.domain.customer.state import Customer
from invoice_svc.domain.entity.state import Entity
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.legal.content import required_mentions, usual_exemption

WITHOUT_MENTIONS: frozenset[VatCategory] = frozenset({"S", "Z"})
WITH_VAT_IDS: frozenset[VatCategory] = frozenset({"AE", "K", "G"})
WITH_BUYERS_VAT_ID: frozenset[VatCategory] = frozenset({"AE", "K"})


class Document(Struct, frozen=True, gc=False):
    """A draft with its parties and its VAT categories."""

    invoice: Invoice
    entity: Entity
    customer: Customer
    categories: frozenset[VatCategory]

    @property
    def of_entity(self) -> str:
        """Return the request that completes the seller."""
        return f"PATCH /v1/entities/{self.entity.entity_id}"

    @property
    def of_customer(self) -> str:
        """Return the request that completes the buyer."""
        return f"PATCH /v1/customers/{self.customer.customer_id}"


Find = Callable[[Document], FieldError | None]


def missing_content(
    invoice: Invoice, entity: Entity, customer: Customer, issued_on: date
) -> tuple[FieldError, ...]:
    """Return all missing content, each with what to add; empty if the draft can be issued."""
    categories = frozenset(share.category for share in invoice.vat)
    document = Document(invoice, entity, customer, categories)
    finds = _finds(entity.country, issued_on, categories <= WITHOUT_MENTIONS)
    faults = [fault for find in finds if (fault := find(document)) is not None]
    return (*faults, *_papers(document), *_body(invoice))


@lru_cache(maxsize=1_024)
def _finds(country: str, day: date, usual_categories: bool) -> tuple[Find, ...]:
    """Return how each required mention is found missing; those of VAT categories only where one needs any."""
    required = required_mentions(country, day)
    known = _OF_PARTIES if usual_categories else _OF_PARTIES | _OF_CATEGORIES
    return tuple(find for mention, find in known.items() if mention in required)


def _papers(document: Document) -> Iterator[FieldError]:
    """Yield the papers that the customer requires and the draft does not name."""
    if not document.customer.required_papers:
        return
    invoice = document.invoice
    cited = {delivery.reference for delivery in invoice.deliveries}
    named = {
        "order_number": bool(invoice.reference) or (bool(cited) and None not in cited),
        "delivery_note": bool(invoice.deliveries),
        "contract": bool(invoice.particulars.contract),
    }
    for paper in document.customer.required_papers:
        if not named[paper]:
            yield FieldError(_PAPERS[paper][0], f"the customer requires {_PAPERS[paper][1]}")


_PAPERS: Mapping[Paper, tuple[str, str]] = {
    "order_number": ("/reference", "its order number (reference)"),
    "delivery_note": ("/deliveries", "a delivery note (bill deliveries with POST /v1/invoices:group)"),
    "contract": ("/contract", "the number of the contract (contract)"),
}


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


def _seller_legal_form(document: Document) -> FieldError | None:
    if not document.entity.legal_form:
        return FieldError(
            "/entity/legal_form",
            "the seller's legal form, and a company's capital and RCS, are missing "
            f"({document.of_entity} with legal_form)",
        )
    return None


def _seller_siren(document: Document) -> FieldError | None:
    if not document.entity.siren:
        return FieldError("/entity/siren", f"the seller's SIREN is missing ({document.of_entity} with siren)")
    return None


def _seller_address(document: Document) -> FieldError | None:
    if document.entity.address is None:
        return FieldError(
            "/entity/address", f"the seller's address is missing ({document.of_entity} with address)"
        )
    return None


def _seller_vat_id_if_charged(document: Document) -> FieldError | None:
    if document.invoice.vat_minor and not document.entity.vat_id:
        return FieldError(
            "/entity/vat_id",
            f"VAT is charged without the seller's VAT id ({document.of_entity} with vat_id)",
        )
    return None


def _seller_vat_id_of_category(document: Document) -> FieldError | None:
    if (found := document.categories & WITH_VAT_IDS) and not document.entity.vat_id:
        return FieldError(
            "/entity/vat_id",
            f"VAT category {min(found)} needs the seller's VAT id ({document.of_entity} with vat_id)",
        )
    return None


def _buyer_name(document: Document) -> FieldError | None:
    if not document.customer.name.strip():
        return FieldError("/customer/name", f"the customer's name is missing ({document.of_customer})")
    return None


def _buyer_address(document: Document) -> FieldError | None:
    if document.customer.address is None:
        return FieldError(
            "/customer/address", f"the customer's address is missing ({document.of_customer} with address)"
        )
    return None


def _buyer_vat_id_of_category(document: Document) -> FieldError | None:
    if (found := document.categories & WITH_BUYERS_VAT_ID) and not document.customer.vat_id:
        return FieldError(
            "/customer/vat_id",
            f"VAT category {min(found)} needs the customer's VAT id ({document.of_customer} with vat_id)",
        )
    return None


def _nature(document: Document) -> FieldError | None:
    if document.invoice.particulars.nature is None:
        return FieldError("/nature", "the nature of the operation is missing: goods, services or mixed")
    return None


def _exemption_reason(document: Document) -> FieldError | None:
    given = {each.category for each in document.invoice.particulars.exemptions if each.text or each.code}
    if "E" in document.categories and "E" not in given:
        return FieldError(
            "/exemptions", "the reason of the exemption is missing (exemptions with category E)"
        )
    return None


def _delivery_of_intra_community_supply(document: Document) -> FieldError | None:
    place = document.invoice.particulars.delivery_address or document.customer.address
    if "K" in document.categories and place is None:
        return FieldError(
            "/delivery/address",
            "an intra-Community supply needs the country to which the goods go (delivery with address)",
        )
    return None


def _outside_scope_alone(document: Document) -> FieldError | None:
    if "O" in document.categories and len(document.categories) > 1:
        return FieldError(
            "/lines", "amounts outside the scope of VAT (category O) need an invoice of their own"
        )
    return None


_OF_PARTIES: dict[str, Find] = {
    "seller_legal_form": _seller_legal_form,
    "seller_siren": _seller_siren,
    "seller_address": _seller_address,
    "seller_vat_id_if_charged": _seller_vat_id_if_charged,
    "buyer_name": _buyer_name,
    "buyer_address": _buyer_address,
    "nature": _nature,
}
_OF_CATEGORIES: dict[str, Find] = {
    "seller_vat_id_of_category": _seller_vat_id_of_category,
    "buyer_vat_id_of_category": _buyer_vat_id_of_category,
    "exemption_reason": _exemption_reason,
    "delivery_of_intra_community_supply": _delivery_of_intra_community_supply,
    "outside_scope_alone": _outside_scope_alone,
}
MENTIONS = _OF_PARTIES.keys() | _OF_CATEGORIES.keys()
"""Each mention that the tables may name."""


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
