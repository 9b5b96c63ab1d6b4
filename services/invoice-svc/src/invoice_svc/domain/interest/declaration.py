"""Claims of a creditor in insolvency proceedings of its debtor, those before the judgment and those after it.

A claim is declared with the amount owed on the day of the judgment, due or not (C. com. L622-25): what funds of
earlier days left of it, whatever was paid since, and contested amounts too. Interest and fees are those that no penalty
document claims; such a document is a claim of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from encours.contracts.insolvency import Insolvency, arose_on
from encours.contracts.settlement import Settlement
from encours.kernel.errors import NotFound
from encours.kernel.money import div_half_up
from invoice_svc.domain.interest.account import InterestAccount
from invoice_svc.domain.invoice.state import Invoice

ClaimPart = Literal["before", "after"]
_ONE_DAY = timedelta(days=1)


class InsolvencyNotFound(NotFound):
    """The customer has no insolvency proceedings on the day (404)."""

    code = "insolvency-not-found"
    title = "No insolvency proceedings"
    remedy = "Record them: POST /v1/customers/{id}/insolvency."


@dataclass(frozen=True, slots=True)
class DeclaredClaim:
    """An invoice as a claim, in minor units of its currency. ``vat_minor`` is contained in the principal."""

    state: Invoice
    part: ClaimPart
    arose_on: date
    principal_minor: int
    vat_minor: int | None
    interest_minor: int
    indemnity_minor: int

    @property
    def total_minor(self) -> int:
        """Principal, interest and fee."""
        return self.principal_minor + self.interest_minor + self.indemnity_minor


def declared(
    proceedings: Insolvency, state: Invoice, settlement: Settlement, account: InterestAccount, on: date
) -> DeclaredClaim | None:
    """Return the claim of an invoice; ``None`` if nothing was owed at the judgment, or later claims are paid by a day.

    The VAT of the principal is that of the invoice in proportion; ``None`` if that is not known.
    """
    arose = arose_on(state.supply_on, state.penalises)
    before = arose < proceedings.opened_on
    principal = settlement.uncovered_before(proceedings.opened_on if before else on + _ONE_DAY)
    due = account.to_claim
    if principal + due.total_minor <= 0:
        return None
    vat = state.vat_minor
    return DeclaredClaim(
        state,
        "before" if before else "after",
        arose,
        principal,
        None if vat is None else div_half_up(principal * vat, max(1, state.total_minor)),
        due.interest_minor,
        due.indemnity_minor,
    )


def proceedings_to_declare_in(known: list[Insolvency], customer_id: str) -> Insolvency:
    """Return the last proceedings opened that are not void. Raises :class:`InsolvencyNotFound` if there are none."""
    found = [each for each in known if not each.void]
    if not found:
        raise InsolvencyNotFound(customer_id)
    return max(found, key=lambda each: (each.opened_on, each.position))
