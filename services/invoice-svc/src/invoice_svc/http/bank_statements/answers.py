"""Answers of /v1/bank-statements and /v1/bank-lines."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from encours.contracts.events.money.bank import (
    LineProposal,
    MatchReason,
    MatchRule,
    ProposedShare,
    ReturnProposal,
    StatementFormat,
    StatementKind,
)
from encours.http.answers import Answer, Json
from encours.http.models import MoneyModel, money_json
from encours.http.paging import Listing
from encours.http.queries import AsOf
from invoice_svc.domain.bank_account.state import OwnAccount
from invoice_svc.domain.bank_line.state import BankLine, LineStatus
from invoice_svc.domain.bank_statement.state import BankStatement
from invoice_svc.http.common import iso
from invoice_svc.use_cases.folds import BANK_ACCOUNT, BANK_LINE, BANK_STATEMENT
from invoice_svc.use_cases.money.payments import Settled


class BankBalanceOut(BaseModel):
    """Balance at the end of a day."""

    amount: MoneyModel
    on: date

    @classmethod
    def of(cls, minor: int | None, on: date | None, currency: str) -> Json | None:
        """Show a balance; None if the bank gives none."""
        if minor is None or on is None:
            return None
        return {"amount": money_json(minor, currency), "on": iso(on)}


class BankFileOut(BaseModel):
    """File that a statement stood in, and its place in it, from 1."""

    name: str
    sha256: str
    part: int


class BankStatementOut(AsOf):
    """A statement of a bank."""

    id: str
    entity_id: str
    iban: str
    currency: str
    format: StatementFormat
    kind: StatementKind = Field(
        description="`intraday` reports and `advice` announce what a `statement` books later."
    )
    reference: str | None
    sequence: str | None
    opening: BankBalanceOut | None
    closing: BankBalanceOut | None
    available: BankBalanceOut | None
    booked_from: date | None
    booked_until: date | None
    lines: int
    known_lines: int = Field(description="Lines that an earlier statement had: they were not recorded again.")
    credit: MoneyModel
    debit: MoneyModel
    remarks: list[str] = Field(description="Faults of the bank that leave the amounts certain.")
    file: BankFileOut
    version: int

    @classmethod
    def of(cls, state: BankStatement, version: int, as_of: date) -> Json:
        """Show a statement."""
        event = state.imported
        assert event is not None, "a statement has its event"
        currency = event.currency
        return {
            "id": event.statement_id,
            "entity_id": state.entity_id,
            "iban": event.iban,
            "currency": currency,
            "format": event.format,
            "kind": event.kind,
            "reference": event.reference,
            "sequence": event.sequence,
            "opening": BankBalanceOut.of(event.opening_minor, event.opening_on, currency),
            "closing": BankBalanceOut.of(event.closing_minor, event.closing_on, currency),
            "available": BankBalanceOut.of(event.available_minor, event.available_on, currency),
            "booked_from": iso(event.from_on),
            "booked_until": iso(event.until_on),
            "lines": event.line_count,
            "known_lines": event.known_count,
            "credit": money_json(event.credit_minor, currency),
            "debit": money_json(event.debit_minor, currency),
            "remarks": list(event.remarks),
            "file": {"name": event.file_name, "sha256": event.file_sha256, "part": event.file_part},
            "version": version,
        }


class ImportedStatementOut(BaseModel):
    """Statement of an uploaded file: its id, and how many of its lines were new."""

    id: str
    new_lines: int
    known_lines: int
    statement: BankStatementOut


class BankFileTakenOut(AsOf):
    """The statements of an uploaded file, in its order."""

    statements: list[ImportedStatementOut]
    new_lines: int
    known_lines: int


class BankReferencesOut(BaseModel):
    """References of a line, each null where the bank gives none."""

    bank: str | None
    end_to_end: str | None
    mandate: str | None
    creditor: str | None = Field(description="Structured reference, such as one of ISO 11649 (RF).")
    others: list[str]


class BankPartyOut(BaseModel):
    """The other side of a line, as far as the bank names it."""

    name: str | None
    account: str | None
    bic: str | None


class MatchReasonOut(BaseModel):
    """Reason for or against a match, with the words or figures that it was read from."""

    rule: MatchRule
    points: int
    evidence: str | None

    @classmethod
    def of(cls, reason: MatchReason) -> Json:
        """Show a reason."""
        return {"rule": reason.rule, "points": reason.points, "evidence": reason.evidence}


class ProposedShareOut(BaseModel):
    """Part of a line for an invoice, with the words or figures that name it."""

    invoice_id: str
    invoice_number: str
    amount: MoneyModel
    evidence: str | None

    @classmethod
    def of(cls, share: ProposedShare, currency: str) -> Json:
        """Show a share."""
        return {
            "invoice_id": share.invoice_id,
            "invoice_number": share.invoice_number,
            "amount": money_json(share.amount_minor, currency),
            "evidence": share.evidence,
        }


class NettedCreditOut(BaseModel):
    """Credit of the payer that is used with a line, by the payment that holds it."""

    payment_id: str
    amount: MoneyModel


class LineProposalOut(BaseModel):
    """Invoices that a line may pay together."""

    proposal: int = Field(description="Number for `POST /v1/bank-lines/{id}/match`, the best first.")
    customer_id: str = Field(description="The payer.")
    shares: list[ProposedShareOut]
    credits: list[NettedCreditOut] = Field(description="Credit that was taken off; the shares include it.")
    advice_id: str | None = Field(description="Remittance advice that announced the payment.")
    score: int
    reasons: list[MatchReasonOut]

    @classmethod
    def of(cls, place: int, proposal: LineProposal, currency: str) -> Json:
        """Show a proposal."""
        return {
            "proposal": place,
            "customer_id": proposal.customer_id,
            "shares": [ProposedShareOut.of(each, currency) for each in proposal.shares],
            "credits": [
                {"payment_id": each.payment_id, "amount": money_json(each.amount_minor, currency)}
                for each in proposal.credits
            ],
            "advice_id": proposal.advice_id,
            "score": proposal.score,
            "reasons": [MatchReasonOut.of(each) for each in proposal.reasons],
        }


class ReturnProposalOut(BaseModel):
    """A payment that a line may take back."""

    proposal: int = Field(description="Number for `POST /v1/bank-lines/{id}/match`, the best first.")
    customer_id: str | None
    payment_id: str
    received_on: date
    amount: MoneyModel
    score: int
    reasons: list[MatchReasonOut]

    @classmethod
    def of(cls, place: int, proposal: ReturnProposal, currency: str) -> Json:
        """Show a proposal."""
        return {
            "proposal": place,
            "customer_id": proposal.customer_id,
            "payment_id": proposal.payment_id,
            "received_on": iso(proposal.received_on),
            "amount": money_json(proposal.amount_minor, currency),
            "score": proposal.score,
            "reasons": [MatchReasonOut.of(each) for each in proposal.reasons],
        }


class LineProposalsOut(AsOf):
    """Sets of invoices that a line may pay, or payments that it may take back, where a person has to decide."""

    line_id: str
    status: LineStatus
    proposals: list[LineProposalOut]
    returns: list[ReturnProposalOut] = Field(description="Payments that money out may take back.")
    version: int

    @classmethod
    def of(cls, state: BankLine, version: int, as_of: date) -> Json:
        """Show the proposals of a line."""
        event = state.stated
        assert event is not None, "a line has its first event"
        return {
            "line_id": event.line_id,
            "status": state.status,
            "proposals": [
                LineProposalOut.of(place, each, event.currency)
                for place, each in enumerate(state.proposals, 1)
            ],
            "returns": [
                ReturnProposalOut.of(place, each, event.currency)
                for place, each in enumerate(state.return_proposals, 1)
            ],
            "version": version,
        }


class BankLineOut(AsOf):
    """A line of a statement; the amount is below 0 for money out."""

    id: str
    entity_id: str
    statement_id: str
    iban: str
    status: LineStatus
    direction: Literal["in", "out"]
    amount: MoneyModel
    booked_on: date
    value_on: date | None
    reversal: bool = Field(description="The bank takes an earlier line back.")
    references: BankReferencesOut
    party: BankPartyOut
    credited_account: str | None = Field(
        description="Account to which the money was sent, if another than `iban`: a virtual IBAN names its payer."
    )
    text: str | None
    bank_code: str | None
    return_code: str | None = Field(description="Reason of a return, such as AC04.")
    ordered: MoneyModel | None = Field(description="Amount that was ordered, if in another currency.")
    charges: MoneyModel | None
    batch: str | None = Field(description="Reference of the batch entry that the line is a part of.")
    payment_id: str | None = Field(
        description="The payment that the line is booked as, or that it took back."
    )
    reversal_id: str | None = Field(description="The reversal of the payment, where the line took it back.")
    ignored: str | None = Field(description="Reason for which the line is ignored.")
    score: int | None = Field(description="Sum of the points of the reasons for which the line was booked.")
    reasons: list[MatchReasonOut]
    version: int

    @classmethod
    def of(cls, state: BankLine, version: int, as_of: date) -> Json:
        """Show a line."""
        event = state.stated
        assert event is not None, "a line has its first event"
        decided = state.booked or state.returned
        ordered = None
        if event.ordered_minor is not None and event.ordered_currency is not None:
            ordered = money_json(event.ordered_minor, event.ordered_currency)
        return {
            "id": event.line_id,
            "entity_id": state.entity_id,
            "statement_id": event.statement_id,
            "iban": event.iban,
            "status": state.status,
            "direction": "in" if event.amount_minor > 0 else "out",
            "amount": money_json(event.amount_minor, event.currency),
            "booked_on": iso(event.booked_on),
            "value_on": iso(event.value_on),
            "reversal": event.is_reversal,
            "references": {
                "bank": event.bank_reference,
                "end_to_end": event.end_to_end_id,
                "mandate": event.mandate_id,
                "creditor": event.creditor_reference,
                "others": list(event.other_references),
            },
            "party": {"name": event.party_name, "account": event.party_account, "bic": event.party_bic},
            "credited_account": event.credited_account,
            "text": event.remittance_text,
            "bank_code": event.bank_code,
            "return_code": event.return_code,
            "ordered": ordered,
            "charges": None
            if event.charges_minor is None
            else money_json(event.charges_minor, event.currency),
            "batch": event.batch,
            "payment_id": decided.payment_id if decided else None,
            "reversal_id": state.returned.reversal_id if state.returned else None,
            "ignored": state.ignored_cause,
            "score": decided.score if decided else None,
            "reasons": [MatchReasonOut.of(each) for each in decided.reasons] if decided else [],
            "version": version,
        }


class CsvMapOut(BaseModel):
    """The map by which an account's CSV files are read."""

    iban: str
    currency: str
    delimiter: str
    decimal: Literal["point", "comma"]
    date_format: str
    columns: dict[str, str | list[str] | None]
    version: int

    @classmethod
    def of(cls, state: OwnAccount, version: int, as_of: date) -> Json:
        """Show the map of an account."""
        csv_map = state.csv_map
        assert csv_map is not None, "the map was set"
        single = (
            "booked_on", "value_on", "amount", "credit", "debit", "balance", "reference", "party", "party_account",
        )  # fmt: skip
        columns: Json = {name: getattr(csv_map, name) for name in single}
        return {
            "iban": state.iban,
            "currency": state.currency,
            "delimiter": csv_map.delimiter,
            "decimal": csv_map.decimal,
            "date_format": csv_map.date_format,
            "columns": columns | {"text": list(csv_map.text)},
            "version": version,
        }


class MatchedLineOut(BankLineOut):
    """A line that was booked; `note` is the reason if cash is unapplied that could have been allocated."""

    note: str | None = None


class BankStatementListing(AsOf, Listing[BankStatementOut]):
    """A page of bank statements."""


class BankLineListing(AsOf, Listing[BankLineOut]):
    """A page of bank lines."""


def _with_note(body: Json, result: Settled) -> Json:
    return body | {"note": result.note}


BANK_STATEMENT_ANSWER = Answer(BANK_STATEMENT, BankStatementOut.of)
BANK_LINE_ANSWER = Answer(BANK_LINE, BankLineOut.of)
PROPOSALS_ANSWER = Answer(BANK_LINE, LineProposalsOut.of)
MATCHED_ANSWER = Answer(BANK_LINE, BankLineOut.of, result=Settled, tell=_with_note)
CSV_MAP_ANSWER = Answer(BANK_ACCOUNT, CsvMapOut.of)
