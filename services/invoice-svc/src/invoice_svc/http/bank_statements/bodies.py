"""Parameters and bodies of /v1/bank-statements."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path as PathParam
from pydantic import BaseModel, Field, StringConstraints, model_validator
from starlette.requests import Request

from encours.contracts.events.money.bank import CsvMap, Encoding
from encours.http.models import Body, Currency, Id, ShortText
from encours.kernel import texts
from encours.kernel.money import exponent
from invoice_svc.bank.receiving import ReadBankFile
from invoice_svc.domain.bank_account.commands import SetCsvMap
from invoice_svc.domain.bank_line.commands import CorrectLine, MatchLine
from invoice_svc.http.common import CustomerId, EntityId, Iban, PaymentId
from invoice_svc.http.payments.bodies import AllocationBody, instructed
from invoice_svc.imports.formats.dates import checked_date_format

CSV_TYPES = frozenset({"text/csv", "application/csv"})
_BINARY = {"schema": {"type": "string", "format": "binary"}}
UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "application/xml": _BINARY,
            "text/plain": _BINARY,
            "application/x-ofx": _BINARY,
            "application/octet-stream": _BINARY,
            "text/csv": _BINARY,
        },
    }
}
BankStatementId = Annotated[str, Id("bst"), Field(examples=["bst_0195e0a4c1187ebc837d95283b6791e9"])]
BankLineId = Annotated[str, Id("bln"), Field(examples=["bln_0195e0a4c1187ebc837d95283b6791e9"])]
OwnIban = Annotated[Iban, PathParam(description="IBAN of an account of the entity.")]
_Encodings = Literal["utf-8", "windows-1252", "iso-8859-1", "iso-8859-15"]
_ENCODINGS: dict[_Encodings, Encoding] = {
    "utf-8": "utf-8",
    "windows-1252": "cp1252",
    "iso-8859-1": "iso8859-1",
    "iso-8859-15": "iso8859-15",
}
_Column = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=texts.ONE_LINE)]


class BankFileParameters(BaseModel):
    """The entity and the account that a file is of."""

    entity_id: EntityId | None = Field(
        default=None, description="The creditor. If not given: the ledger's only entity."
    )
    account: Iban | None = Field(
        default=None,
        description="IBAN of the account, for a CSV file of an entity with several, or a check of what the file names.",
    )
    currency: Currency | None = Field(
        default=None, description="Currency of a CSV file; that of the entity if not given."
    )
    file_name: Annotated[str, StringConstraints(max_length=200, pattern=texts.ONE_LINE)] = "statement"

    def to_command(self, request: Request) -> ReadBankFile:
        """Return the command."""
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        return ReadBankFile(
            self.entity_id, self.file_name, media_type in CSV_TYPES, self.account, self.currency
        )


class MatchLineBody(Body):
    """Booking of a line; without any of these the bank text tells what is paid, as for a payment."""

    payment_id: PaymentId | None = Field(
        default=None,
        description="A payment of that amount that is recorded already; for money out, the payment that it takes back.",
    )
    proposal: Annotated[int, Field(ge=1, le=3)] | None = None
    customer_id: CustomerId | None = None
    allocations: list[AllocationBody] | None = Field(default=None, max_length=500)

    @model_validator(mode="after")
    def _one_way(self) -> MatchLineBody:
        own = self.customer_id is not None or self.allocations is not None
        if (self.payment_id is not None) + (self.proposal is not None) + own > 1:
            raise ValueError("Name a payment, a proposal, or customer and allocations.")
        return self

    def to_command(self, line_id: str) -> MatchLine:
        """Return the command."""
        shares = instructed(self.allocations)
        return MatchLine(line_id, self.payment_id, self.proposal, self.customer_id, shares)


class CorrectLineBody(MatchLineBody):
    """Reason for which the decision on a line is wrong, and its booking as for `match`."""

    reason: ShortText = Field(examples=["Paid for the other company of the group"])

    def to_correction(self, line_id: str) -> CorrectLine:
        """Return the command."""
        return CorrectLine(self.to_command(line_id), self.reason)


class LineReasonBody(Body):
    """Reason for which a line is ignored, or a decision on it withdrawn."""

    reason: ShortText = Field(examples=["Transfer between our own accounts"])


class CsvMapBody(Body):
    """Names of the columns in an account's CSV files: `amount`, or `credit` and `debit`."""

    currency: Currency = "EUR"
    delimiter: Literal[",", ";", "\t", "|"] = ";"
    decimal: Literal["point", "comma"] = "comma"
    encoding: _Encodings = "utf-8"
    date_format: Annotated[str, StringConstraints(min_length=2, max_length=40)] = Field(
        default="%d/%m/%Y", description="strptime format of the dates."
    )
    booked_on: _Column = Field(examples=["Date opération"])
    value_on: _Column | None = None
    amount: _Column | None = Field(default=None, examples=["Montant"])
    credit: _Column | None = None
    debit: _Column | None = None
    balance: _Column | None = Field(default=None, description="Balance after each line; it is checked.")
    reference: _Column | None = Field(default=None, description="The bank's reference of the line.")
    party: _Column | None = None
    party_account: _Column | None = None
    text: list[_Column] = Field(
        min_length=1, max_length=10, description="Together the remittance text.", examples=[["Libellé"]]
    )

    @model_validator(mode="after")
    def _one_amount(self) -> CsvMapBody:
        both = self.credit is not None and self.debit is not None
        if (self.amount is None) != both or (self.amount is not None and (self.credit or self.debit)):
            raise ValueError("Name either amount, or credit and debit.")
        return self

    def to_command(self, entity_id: str, iban: str) -> SetCsvMap:
        """Return the command. Raises ``unknown-currency`` (422), :class:`Invalid` for a format of dates."""
        exponent(self.currency)
        csv_map = CsvMap(
            delimiter=self.delimiter,
            decimal=self.decimal,
            encoding=_ENCODINGS[self.encoding],
            date_format=checked_date_format(self.date_format, "/date_format"),
            booked_on=self.booked_on,
            value_on=self.value_on,
            amount=self.amount,
            credit=self.credit,
            debit=self.debit,
            balance=self.balance,
            reference=self.reference,
            party=self.party,
            party_account=self.party_account,
            text=tuple(self.text),
        )
        return SetCsvMap(entity_id, iban, self.currency, csv_map)
