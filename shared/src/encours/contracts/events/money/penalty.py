"""Interest and recovery fees of an invoice that was paid late: claimed by a penalty document, or waived.

The document itself is an invoice of purpose ``penalty``. Stream: the invoice paid late. Appended by invoice-svc.
Amounts are in minor units of the invoice's currency; none moves money.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.contracts.base import Event


class PenaltiesClaimed(Event, frozen=True, kw_only=True):
    """A penalty document claims interest up to a day, and the fee, which is claimed once."""

    TYPE: ClassVar[str] = "invoice.penalties_claimed"
    invoice_id: str
    customer_id: str
    currency: str
    document_id: str
    """Id of the penalty document, an invoice of its own."""
    first_day: date
    last_day: date
    """Days whose interest it claims; the first is after the last where it corrects days that were claimed before."""
    interest_minor: int
    indemnity_minor: int


class PenaltyClaimCancelled(Event, frozen=True, kw_only=True):
    """The penalty document was credited as a whole: what it claimed can be claimed or waived again."""

    TYPE: ClassVar[str] = "invoice.penalty_claim_cancelled"
    invoice_id: str
    customer_id: str
    currency: str
    document_id: str
    last_day: date
    interest_minor: int
    indemnity_minor: int
    cause: str


class PenaltiesWaived(Event, frozen=True, kw_only=True):
    """The creditor gives up interest or the fee that no document claims yet; the principal is owed as before."""

    TYPE: ClassVar[str] = "invoice.penalties_waived"
    invoice_id: str
    customer_id: str
    currency: str
    waiver_id: str
    last_day: date
    """Day up to which the interest had accrued that was waived."""
    interest_minor: int
    indemnity_minor: int
    cause: str


class PenaltyWaiverReversed(Event, frozen=True, kw_only=True):
    """A waiver no longer stands: the creditor may claim its amounts again."""

    TYPE: ClassVar[str] = "invoice.penalty_waiver_reversed"
    invoice_id: str
    customer_id: str
    currency: str
    waiver_id: str
    interest_minor: int
    indemnity_minor: int
    cause: str
