"""Content of a statement as a bank's file states it, in one form for all formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from encours.contracts.events.money.bank import StatementFormat, StatementKind


@dataclass(frozen=True, slots=True)
class BookBalance:
    """Balance of an account at the end of a day; below 0 if the account is overdrawn."""

    amount_minor: int
    on: date


@dataclass(frozen=True, slots=True)
class Party:
    """The other side of a line, as far as the bank names it. The account is an IBAN or a number of another form."""

    name: str | None = None
    account: str | None = None
    bic: str | None = None


@dataclass(frozen=True, slots=True)
class References:
    """References of a line, each ``None`` where the bank gives none."""

    bank: str | None = None
    """The account servicer's own (camt ``AcctSvcrRef``, else ``NtryRef``; MT940 after ``//``; OFX ``FITID``)."""
    end_to_end: str | None = None
    mandate: str | None = None
    creditor: str | None = None
    """Structured reference of the creditor (ISO 11649 or national)."""
    others: tuple[str, ...] = ()
    """Identifiers of instruction, transaction, batch and clearing, and the UETR."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedLine:
    """A transaction on the account, or what an intraday report or an advice announces."""

    booked_on: date
    value_on: date | None = None
    amount_minor: int
    """Above 0 for money in."""
    is_booked: bool = True
    """False for a pending entry and for one of information alone: neither is part of the balance."""
    is_reversal: bool = False
    """The bank takes an earlier line back."""
    references: References = References()
    party: Party = Party()
    credited: str | None = None
    """Account to which the money was sent, where the file states it; that of the statement, or a virtual IBAN."""
    text: str | None = None
    bank_code: str | None = None
    """The bank's code of the transaction, such as ``PMNT-RCDT-ESCT``, ``NTRF`` or ``05``."""
    return_code: str | None = None
    """Reason of a return, a reject or a refund, such as ``AC04``."""
    original_minor: int | None = None
    original_currency: str | None = None
    """Amount that was ordered, where it was in another currency."""
    charges_minor: int | None = None
    """Charges that the bank kept, in the account's currency."""
    batch: str | None = None
    """Reference of the batch entry that this transaction is a part of."""


@dataclass(frozen=True, kw_only=True)
class StatedContent:
    """A statement of one account in one currency."""

    format: StatementFormat
    kind: StatementKind
    account: str
    """The account as the file writes it: an IBAN, a number with or without a bank code; empty if it names none."""
    currency: str
    reference: str | None = None
    sequence: str | None = None
    opening: BookBalance | None = None
    closing: BookBalance | None = None
    available: BookBalance | None = None
    lines: tuple[StatedLine, ...] = ()
    remarks: tuple[str, ...] = ()
    """Faults of the bank that leave the amounts certain."""

    @property
    def booked_minor(self) -> int:
        """Sum of the booked lines."""
        return sum(line.amount_minor for line in self.lines if line.is_booked)

    @cached_property
    def days(self) -> Mapping[date, tuple[StatedLine, ...]]:
        """Booked lines of a statement by day of booking."""
        found: dict[date, list[StatedLine]] = {}
        for line in self.lines:
            if line.is_booked:
                found.setdefault(line.booked_on, []).append(line)
        return {day: tuple(lines) for day, lines in sorted(found.items())}
