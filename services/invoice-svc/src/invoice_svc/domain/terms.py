"""Contract conditions as a request proposes them (C. com. L441-10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from encours.contracts.common import Terms
from encours.kernel.money import Money
from encours.kernel.terms import DueKind
from invoice_svc.domain.legal import late_payment_law
from invoice_svc.domain.refusals import require_currency


@dataclass(frozen=True, slots=True)
class ProposedTerms:
    """Conditions; with ``indemnity`` ``None`` their flat recovery fee is that of the law."""

    due_kind: DueKind
    days: int
    penalty_rate_bps: int | None
    indemnity: Money | None

    def settled(self, currency: str, day: date, pointer: str) -> Terms:
        """Return the terms with the fee in minor units of the currency; the law is that in force on ``day``.

        Raises ``currency-mismatch`` (422) for a fee in another currency; ``pointer`` is that of the terms in the body.
        """
        if self.indemnity is None:
            fee = late_payment_law().default_terms(day, currency).indemnity_minor
        else:
            require_currency(self.indemnity.currency, currency, f"{pointer}/indemnity")
            fee = self.indemnity.amount_minor
        return Terms(
            due_kind=self.due_kind,
            days=self.days,
            penalty_rate_bps=self.penalty_rate_bps,
            indemnity_minor=fee,
        )


def settled(terms: Terms | ProposedTerms, currency: str, day: date, pointer: str) -> Terms:
    """Return :meth:`ProposedTerms.settled` of proposed terms, and settled terms unchanged."""
    return terms.settled(currency, day, pointer) if isinstance(terms, ProposedTerms) else terms
