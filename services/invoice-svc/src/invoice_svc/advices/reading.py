"""Reads a remittance advice as a debtor sends it: a table, an e-mail, or the remittance of an ISO 20022 message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from encours.contracts.events.money.remittance import AdviceFormat
from encours.kernel.errors import FieldError, Refusal
from invoice_svc.domain.remittance.commands import StatedItem


class AdviceUnreadable(Refusal):
    """The advice cannot be read with certainty (422)."""

    code = "advice-unreadable"
    title = "Remittance advice cannot be read with certainty"
    status = 422
    remedy = "Correct what the detail names, or send the advice as JSON; nothing was recorded."


@dataclass(frozen=True, slots=True)
class ReadAs:
    """Notation of an advice: its currency, and of a table the delimiter and the decimal sign."""

    currency: str
    delimiter: str = ","
    decimal: Literal["point", "comma"] = "point"


@dataclass(frozen=True, slots=True)
class StatedAdvice:
    """Content of an advice as it was read; what it does not state is None."""

    format: AdviceFormat
    items: tuple[StatedItem, ...]
    total_minor: int | None = None
    reference: str | None = None
    payer_name: str | None = None
    payer_account: str | None = None
    expected_on: date | None = None


def unreadable(where: str, why: str) -> AdviceUnreadable:
    """Return the refusal of a place in an advice."""
    return AdviceUnreadable(f"{where}: {why}", errors=(FieldError(f"/{where}", why),))
