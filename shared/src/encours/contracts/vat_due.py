"""Event that makes the VAT of an invoice due to the State (CGI 269-2).

VAT on goods is due on delivery, on services on receipt unless the seller has opted for debits, and on a deposit on
receipt, of goods too since 2023.
"""

from __future__ import annotations

from typing import Literal

from encours.contracts.common import Particulars, Purpose

VAT_ON_RECEIPTS = "FR"
"""Country whose creditors owe VAT on services, and on deposits, by receipt (CGI 269-2 a bis and c)."""
VatDue = Literal["receipt", "issue", "delivery"]


def vat_due(purpose: Purpose, particulars: Particulars | None) -> VatDue | None:
    """Return the event that makes the VAT due; ``None`` if the nature is mixed or not known."""
    if purpose == "deposit":
        return "receipt"
    match particulars.nature if particulars else None:
        case "goods":
            return "delivery"
        case "services":
            return "issue" if particulars and particulars.vat_on_debits else "receipt"
        case _:
            return None
