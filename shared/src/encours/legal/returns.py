"""Reason codes of returned payments, read from ``returns.toml``: consequence, and limit of the debtor's claim."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files

from encours.contracts.events.money.payment import ReturnConsequence
from encours.kernel.terms import months_after
from encours.legal.dated import in_force


@dataclass(frozen=True, slots=True)
class ReturnReason:
    """A reason code from a day on. The debtor's claim is limited in weeks or months after the debit, if it is one."""

    code: str
    valid_from: date
    consequence: ReturnConsequence
    may_retry: bool
    en: str
    fr: str
    source: str
    claim_weeks: int | None = None
    claim_months: int | None = None

    def claim_until(self, debited_on: date) -> date | None:
        """Return the last day of the debtor's claim; ``None`` if the reason is none, or the law sets no limit."""
        if self.claim_weeks is not None:
            return debited_on + timedelta(weeks=self.claim_weeks)
        return months_after(debited_on, self.claim_months) if self.claim_months is not None else None


def return_reason(code: str | None, on: date) -> ReturnReason | None:
    """Return the meaning of a bank's reason code on a day; ``None`` for a code that the table does not have."""
    return in_force(_reasons().get((code or "").strip().upper(), ()), on)


@cache
def _reasons() -> dict[str, tuple[ReturnReason, ...]]:
    text = files("encours.legal").joinpath("returns.toml").read_text(encoding="utf-8")
    found: dict[str, tuple[ReturnReason, ...]] = {}
    for row in sorted(tomllib.loads(text)["reason"], key=lambda row: (row["code"], row["from"])):
        reason = ReturnReason(valid_from=row.pop("from"), **row)
        found[reason.code] = (*found.get(reason.code, ()), reason)
    return found
