"""Refusals that several aggregates share."""

from __future__ import annotations

from encours.kernel.errors import FieldError, Invalid, Refusal


class CurrencyMismatch(Refusal):
    """The amount is in another currency than the document (422)."""

    code = "currency-mismatch"
    title = "Currency mismatch"
    status = 422
    remedy = "Use the currency of the invoice, the payment or the entity."


class DateInFuture(Invalid):
    """The business date is after the ledger's date (422)."""

    code = "date-in-future"
    title = "Date is in the future"
    remedy = "Use today in the ledger's time zone, or an earlier date."


class CustomerOfOtherEntity(Refusal):
    """The customer belongs to another entity than the document (422)."""

    code = "customer-of-other-entity"
    title = "Customer belongs to another entity"
    status = 422
    remedy = "Use a customer of the entity."


def require_currency(named: str | None, currency: str, pointer: str) -> None:
    """Raise :class:`CurrencyMismatch` unless an amount of the body is in that currency or has none.

    ``pointer`` is the JSON pointer of the amount in the body.
    """
    if named in (None, currency):
        return
    raise CurrencyMismatch(
        f"The amount is in {named}; use {currency}.",
        errors=(FieldError(f"{pointer}/currency", f"Write {currency}."),),
    )
