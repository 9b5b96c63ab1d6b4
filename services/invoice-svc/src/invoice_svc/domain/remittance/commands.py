"""Commands on a remittance advice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from encours.contracts.events.money.remittance import AdviceFormat
from encours.kernel.ids import derived_id


@dataclass(frozen=True, slots=True)
class StatedDeduction:
    """An amount, above 0, that the debtor keeps back of a document."""

    amount_minor: int
    code: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class StatedItem:
    """A document of an advice by its id or as the debtor writes it, and what is paid of it.

    Below 0 for a credit note that is netted.
    """

    amount_minor: int
    invoice_id: str | None = None
    written: str | None = None
    deductions: tuple[StatedDeduction, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiveAdvice:
    """Record an advice. Without a total it is the sum of the items."""

    entity_id: str
    currency: str
    items: tuple[StatedItem, ...]
    format: AdviceFormat
    content_sha256: str
    customer_id: str | None = None
    payer_name: str | None = None
    payer_account: str | None = None
    reference: str | None = None
    total_minor: int | None = None
    announced_on: date | None = None
    expected_on: date | None = None

    @property
    def advice_id(self) -> str:
        """Id that follows from the debtor's reference and customer, else from the content."""
        known_by = self.reference or f"sha256:{self.content_sha256}"
        return advice_id_of(self.entity_id, self.customer_id, known_by)


def advice_id_of(entity_id: str, customer_id: str | None, reference: str) -> str:
    """Return the id of the advice of a customer, or of an unknown one, with that reference."""
    return derived_id("adv", entity_id, customer_id or "", reference)


@dataclass(frozen=True, slots=True)
class WithdrawAdvice:
    """Withdraw an advice that no payment has joined."""

    advice_id: str
    cause: str


@dataclass(frozen=True, slots=True)
class JoinAdvice:
    """Join a payment to an advice by hand; the payment may be of another amount."""

    advice_id: str
    payment_id: str
