"""Conditions of documents that state none: those agreed with the customer, else those of the law."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from msgspec.structs import replace

from encours.contracts.common import Terms
from encours.legal.packs import law_of
from invoice_svc.domain.customer.state import Customer, terms_on
from invoice_svc.domain.entity.state import Entity


def usual_terms(customer: Customer, entity: Entity, day: date, currency: str) -> Terms:
    """Return the terms agreed with the customer, their flat fee in the entity's currency only."""
    agreed = terms_on(customer, day)
    if agreed is not None and currency == entity.currency:
        return agreed
    by_law = _terms_by_law(entity.country, day, currency)
    if agreed is None:
        return by_law
    return replace(agreed, indemnity_minor=by_law.indemnity_minor, fee_by_law=by_law.fee_by_law)


def billed_terms(customer: Customer, entity: Entity, day: date, currency: str) -> Terms:
    """Return the usual terms of an invoice: a deposit is one of orders."""
    usual = usual_terms(customer, entity, day, currency)
    return usual if usual.deposit_bps is None else replace(usual, deposit_bps=None)


@lru_cache(maxsize=1_024)
def _terms_by_law(country: str, day: date, currency: str) -> Terms:
    """Return the terms without an agreement, kept: most invoices of a batch have the same."""
    law = law_of(country)
    return replace(law.default_terms(day, currency), fee_by_law=law.fee_depends_on_size(day, currency))
