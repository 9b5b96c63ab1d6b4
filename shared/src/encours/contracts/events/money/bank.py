"""Bank accounts of the creditor, their statements and the lines of these. Appended by invoice-svc.

Streams: the account, the statement, the line. Amounts are minor units of the account's currency. None of these events
moves money: a line that pays a debt is booked as a payment, in the stream of the payment.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal

from encours.contracts.base import Event, Upcaster, Value

StatementFormat = Literal["camt", "mt940", "cfonb120", "ofx", "csv"]
StatementKind = Literal["statement", "intraday", "advice"]
"""A statement (camt.053, MT940 …) books; an intraday report (camt.052, MT942) and an advice (camt.054) announce what
a statement books later."""
Encoding = Literal["utf-8", "cp1252", "iso8859-1", "iso8859-15"]


class CsvMap(Value, frozen=True, kw_only=True):
    """Names of the columns in a bank's CSV files, and their notation. One amount, or credits and debits apart."""

    delimiter: str
    decimal: Literal["point", "comma"]
    encoding: Encoding
    date_format: str
    """In the notation of strptime."""
    booked_on: str
    value_on: str | None
    amount: str | None
    credit: str | None
    debit: str | None
    balance: str | None
    """Balance after each line."""
    reference: str | None
    party: str | None
    party_account: str | None
    text: tuple[str, ...]
    """Columns that together are the remittance text."""


class CsvMapSet(Event, frozen=True, kw_only=True):
    """CSV files of the account are read by this map from now on."""

    TYPE: ClassVar[str] = "bank_account.csv_map_set"
    account_id: str
    iban: str
    currency: str
    csv_map: CsvMap


class CoveredDay(Value, frozen=True, kw_only=True):
    """Lines that a statement added to a day of an account, and their sums in and out, both 0 or above."""

    on: date
    lines: int
    credit_minor: int
    debit_minor: int


class StatementTaken(Event, frozen=True, kw_only=True):
    """A statement was added to what is known of the account."""

    TYPE: ClassVar[str] = "bank_account.statement_taken"
    account_id: str
    iban: str
    currency: str
    statement_id: str
    format: StatementFormat
    reference: str | None
    sequence: str | None
    opening_minor: int | None
    closing_minor: int | None
    closing_on: date | None
    days: tuple[CoveredDay, ...]


class BankStatementImported(Event, frozen=True, kw_only=True):
    """A bank's statement was imported, with the lines that were not known yet."""

    TYPE: ClassVar[str] = "bank_statement.imported"
    statement_id: str
    account_id: str
    iban: str
    currency: str
    format: StatementFormat
    kind: StatementKind
    reference: str | None
    """Identification by the bank (camt ``Id``, MT940 field 20)."""
    sequence: str | None
    opening_minor: int | None
    opening_on: date | None
    closing_minor: int | None
    closing_on: date | None
    available_minor: int | None
    available_on: date | None
    from_on: date | None
    until_on: date | None
    """First and last day on which a line was booked."""
    line_count: int
    known_count: int
    """Lines that an earlier statement had."""
    credit_minor: int
    debit_minor: int
    """Sums of the booked lines, both 0 or above."""
    remarks: tuple[str, ...]
    """Faults of the bank that leave the amounts certain."""
    file_name: str
    file_sha256: str
    file_part: int
    """Place of the statement in the file, from 1."""


class BankLineRecorded(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A line of a statement; or one that an intraday report or an advice announces."""

    TYPE: ClassVar[str] = "bank_line.recorded"
    line_id: str
    statement_id: str
    account_id: str
    iban: str
    currency: str
    amount_minor: int
    """Above 0 for money in."""
    booked_on: date
    value_on: date | None
    is_announced: bool
    """A statement is still to book it."""
    is_reversal: bool
    """The bank takes an earlier line back."""
    bank_reference: str | None
    end_to_end_id: str | None
    mandate_id: str | None
    creditor_reference: str | None
    other_references: tuple[str, ...]
    party_name: str | None
    party_account: str | None
    party_bic: str | None
    remittance_text: str | None
    bank_code: str | None
    """The bank's code of the transaction, such as ``PMNT-RCDT-ESCT``."""
    return_code: str | None
    """Reason of a return, such as ``AC04`` (ISO 20022 external code set)."""
    ordered_minor: int | None
    ordered_currency: str | None
    """Amount that was ordered, where it was in another currency."""
    charges_minor: int | None
    batch: str | None
    """Reference of the batch entry that the line is a part of."""
    place: int = 1
    """Place among lines of the day that nothing else tells apart, from 1."""
    credited_account: str | None = None
    """Account to which the payer sent the money, if the bank states another one than that of the statement."""


MatchRule = Literal[
    "structured_reference",
    "invoice_number",
    "number_in_part",
    "number_unclear",
    "advice",
    "only_combination",
    "amount_equal",
    "bank_charge",
    "part_payment",
    "tolerance",
    "credit_netted",
    "amount_differs",
    "payer_account",
    "virtual_iban",
    "payer_name",
    "payer_group",
    "payer_differs",
    "payment_reference",
    "instrument_number",
    "bank_reference",
    "end_to_end_id",
    "mandate",
    "amount_part",
    "refused",
    "person",
]
"""Reasons for or against a match.

``number_in_part``: the text has a part of the number. ``number_unclear``: it has a number that fits no invoice of the
payer. ``advice``: the debtor announced the payment. ``only_combination``: no other of the payer's open invoices
explain the amount. ``bank_charge``: the rest is what banks kept. ``part_payment``: the debtor calls it one.
``tolerance``: what is missing of the last invoice is small enough to be closed, for the reason in the evidence.
``credit_netted``: what is missing is credit of the payer. ``virtual_iban``: the money was sent to an account that is
assigned to the payer. ``payer_group``: another company of the debtor's group paid. ``refused``: the booking was
certain, and a rule refused it, with these words. ``person`` is a decision by hand.
"""


class MatchReason(Value, frozen=True, kw_only=True):
    """One reason of a match, the points that it gives or takes, and the words or figures that it was read from."""

    rule: MatchRule
    points: int
    evidence: str | None


class ProposedShare(Value, frozen=True, kw_only=True):
    """Part of a line for an invoice."""

    invoice_id: str
    invoice_number: str
    amount_minor: int
    evidence: str | None
    """Words or figures that name the invoice."""


class NettedCredit(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Credit of the payer that is used with a line, of the payment that holds it."""

    payment_id: str
    amount_minor: int
    allocation_ids: tuple[str, ...] = ()
    """Allocations of the credit, once the line is booked."""


class LineProposal(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Invoices that a line may pay together. ``customer_id`` is the payer."""

    customer_id: str
    shares: tuple[ProposedShare, ...]
    advice_id: str | None
    """Advice that announced the payment."""
    score: int
    """Sum of the points of the reasons."""
    reasons: tuple[MatchReason, ...]
    credits: tuple[NettedCredit, ...] = ()
    """Credit that the payer has taken off without an advice; the shares include it."""


def _with_shares(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the proposals of version 1, of one invoice each, as sets of one share."""
    proposals = []
    for each in fields["proposals"]:
        share = {name: each[name] for name in ("invoice_id", "invoice_number", "amount_minor")}
        share["evidence"] = each["reasons"][0]["evidence"] if each["reasons"] else None
        kept = {name: each[name] for name in ("customer_id", "score", "reasons")}
        proposals.append(kept | {"shares": [share], "advice_id": None})
    return fields | {"proposals": proposals}


class BankLineProposed(Event, frozen=True, kw_only=True):
    """Sets of invoices that the line may pay, the best first, where a person has to decide."""

    TYPE: ClassVar[str] = "bank_line.proposed"
    VERSION: ClassVar[int] = 2
    UPCASTERS: ClassVar[dict[int, Upcaster]] = {1: _with_shares}
    line_id: str
    account_id: str
    proposals: tuple[LineProposal, ...]


class BankLineBooked(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The line is a payment: one that is recorded with it, or one that was recorded before."""

    TYPE: ClassVar[str] = "bank_line.booked"
    line_id: str
    account_id: str
    payment_id: str
    customer_id: str | None
    currency: str
    amount_minor: int
    party_account: str | None
    """Account of the payer, as the bank states it."""
    is_new_payment: bool
    """The payment was recorded with the line."""
    score: int
    reasons: tuple[MatchReason, ...]
    credits: tuple[NettedCredit, ...] = ()
    """Credit of the payer that was allocated with the payment."""


class ReturnProposal(Value, frozen=True, kw_only=True):
    """A payment that a line may take back, the best first."""

    payment_id: str
    customer_id: str | None
    received_on: date
    amount_minor: int
    """Amount that goes back."""
    score: int
    """Sum of the points of the reasons."""
    reasons: tuple[MatchReason, ...]


class BankLineReturnProposed(Event, frozen=True, kw_only=True):
    """Payments that the line may take back, where a person has to decide."""

    TYPE: ClassVar[str] = "bank_line.return_proposed"
    line_id: str
    account_id: str
    proposals: tuple[ReturnProposal, ...]


class BankLineReturnBooked(Event, frozen=True, kw_only=True):
    """The line takes a payment back, or a part: a reversal that is recorded with it, or one recorded before."""

    TYPE: ClassVar[str] = "bank_line.return_booked"
    line_id: str
    account_id: str
    payment_id: str
    reversal_id: str
    customer_id: str | None
    currency: str
    amount_minor: int
    """Amount of the reversal, above 0."""
    return_code: str | None
    charges_minor: int | None
    """Charges of the bank for the return."""
    is_new_reversal: bool
    """The reversal was recorded with the line."""
    score: int
    reasons: tuple[MatchReason, ...]


class BankLineIgnored(Event, frozen=True, kw_only=True):
    """The line is no payment of a customer."""

    TYPE: ClassVar[str] = "bank_line.ignored"
    line_id: str
    account_id: str
    cause: str


class BankLineReopened(Event, frozen=True, kw_only=True):
    """The decision on the line is withdrawn."""

    TYPE: ClassVar[str] = "bank_line.reopened"
    line_id: str
    account_id: str
    payment_id: str | None
    """Payment that the line was, if it was booked as one; it was reversed if it had been recorded with the line."""
    cause: str


class VirtualIbanAssigned(Event, frozen=True, kw_only=True):
    """Money that is sent to a virtual IBAN comes from the holder, on the days of the assignment.

    An assignment of the same holder and first day replaces the earlier one. Assignments never overlap.
    """

    TYPE: ClassVar[str] = "virtual_iban.assigned"
    virtual_iban_id: str
    iban: str
    holder_id: str
    """Customer who pays to the account."""
    valid_from: date
    valid_until: date | None
    """First day that is no longer part of the assignment; ``valid_from`` itself withdraws it."""
