"""Refusals that several aggregates share."""

from __future__ import annotations

from encours.kernel.errors import FieldError, Invalid, Refusal


class CurrencyMismatch(Refusal):
    """An amount in another currency than the document's (422)."""

    code = "currency-mismatch"
    title = "Currency mismatch"
    status = 422
    remedy = "Use the currency of the invoice, the payment or the entity."


class DateInFuture(Invalid):
    """A business date after the ledger's today (422)."""

    code = "date-in-future"
    title = "Date is in the future"
    remedy = "Use today in the ledger's time zone, or an earlier date."


class CustomerOfOtherEntity(Refusal):
    """The customer belongs to another entity than the document (422)."""

    code = "customer-of-other-entity"
    title = "Customer belongs to another entity"
    status = 422
    remedy = "Name a customer of the entity."


def require_currency(named: str | None, currency: str, pointer: str) -> None:
    """Raise :class:`CurrencyMismatch` unless an amount of the body is in that currency, or names none.

    ``pointer`` is where the body has the amount.
    """
    if named in (None, currency):
        return
    raise CurrencyMismatch(
        f"The amount is in {named}, but this is kept in {currency}.",
        errors=(FieldError(f"{pointer}/currency", f"Write {currency}."),),
    )
