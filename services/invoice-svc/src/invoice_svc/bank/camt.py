"""camt.052, camt.053 and camt.054 of ISO 20022, versions 1 to 8 and later ones of the same shape.

A batch entry is opened into its transactions if these add up to the entry; else it stays one line, with a remark.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from xml.etree.ElementTree import Element

from encours.contracts.events.money.bank import StatementKind
from encours.kernel.money import format_amount
from invoice_svc.bank import xml
from invoice_svc.bank.camt_details import (
    charges_of,
    code_of,
    credited_of,
    original_of,
    party_of,
    references_of,
    text_of,
)
from invoice_svc.bank.faults import BankFileInvalid
from invoice_svc.bank.fields import amount_of, currency_of, iso_day, reference_of
from invoice_svc.domain.bank_statement.content import BookBalance, StatedContent, StatedLine

KINDS: dict[str, tuple[str, StatementKind]] = {
    "camt.052": ("Rpt", "intraday"),
    "camt.053": ("Stmt", "statement"),
    "camt.054": ("Ntfctn", "advice"),
}
"""Message: name of the element with a statement, and its kind."""
_MESSAGE = re.compile(r"camt\.05[234](?=\.001\.\d\d)")
# In order of preference: booked at opening, closing of the day before, interim of a page that is not the first.
_OPENING = ("OPBD", "PRCD", "ITBD")
_CLOSING = ("CLBD", "ITBD")


def read(data: bytes) -> list[StatedContent]:
    """Return the statements of a camt message. Raises refusals of :mod:`invoice_svc.bank.faults`."""
    root, tag = xml.parse(data)
    message = _MESSAGE.search(tag)
    if message is None or root.tag != "Document":
        raise BankFileInvalid(f"The root element is {tag[:80]!r}, not the Document of a camt message.")
    element, kind = KINDS[message.group()]
    found = list(root.iter(element))
    if not found:
        raise BankFileInvalid(f"The message has no {element}.")
    return [_CamtStatement(each, kind, f"{element} {n}").content() for n, each in enumerate(found, 1)]


class _CamtStatement:
    """One statement, report or notification while it is read."""

    def __init__(self, element: Element, kind: StatementKind, where: str) -> None:
        self.element = element
        self.kind = kind
        self.where = where
        self.remarks: list[str] = []
        self.entries = xml.children(element, "Ntry")
        self.currency = self._currency()
        self.balances = self._balances()

    def content(self) -> StatedContent:
        """Return its content."""
        lines = [
            line
            for n, entry in enumerate(self.entries, 1)
            for line in self._lines(entry, f"{self.where}, entry {n}")
        ]
        account = xml.child(self.element, "Acct", "Id")
        return StatedContent(
            format="camt",
            kind=self.kind,
            account=next(
                (
                    found
                    for path in (("IBAN",), ("Othr", "Id"), ("PrtryAcct", "Id"), ("BBAN",), ("UPIC",))
                    if (found := xml.text(account, *path))
                ),
                "",
            ),
            currency=self.currency,
            reference=reference_of(xml.text(self.element, "Id")),
            sequence=reference_of(
                xml.text(self.element, "ElctrncSeqNb") or xml.text(self.element, "LglSeqNb")
            ),
            opening=self._balance(_OPENING, last=False),
            closing=self._balance(_CLOSING, last=True),
            available=self._balance(("CLAV",), last=True),
            lines=tuple(lines),
            remarks=tuple(self.remarks),
        )

    def _currency(self) -> str:
        """Return the currency of the account, else that of the first balance or entry."""
        amounts = [xml.child(each, "Amt") for each in [*xml.children(self.element, "Bal"), *self.entries]]
        written = [each.get("Ccy") for each in amounts if each is not None]
        return currency_of(xml.text(self.element, "Acct", "Ccy") or next(iter(written), None), self.where)

    def _balances(self) -> list[tuple[str, Element]]:
        return [
            (xml.text(each, "Tp", "CdOrPrtry", "Cd") or xml.text(each, "Tp", "Cd") or "", each)
            for each in xml.children(self.element, "Bal")
        ]

    def _balance(self, codes: Sequence[str], *, last: bool) -> BookBalance | None:
        for code in codes:
            found = [each for known, each in self.balances if known == code]
            if not found or (code == "ITBD" and self.kind == "intraday"):
                continue
            where = f"{self.where}, balance {code}"
            chosen = found[-1 if last else 0]
            return BookBalance(self._signed(chosen, where), _day(xml.child(chosen, "Dt"), where))
        return None

    def _signed(self, element: Element, where: str) -> int:
        """Return the amount of a balance or an entry, which has to be in the account's currency."""
        amount = xml.child(element, "Amt")
        if amount is None or amount.text is None:
            raise BankFileInvalid(f"{where}: there is no amount.")
        currency = currency_of(amount.get("Ccy"), where)
        if currency != self.currency:
            raise BankFileInvalid(f"{where}: the amount is in {currency}, the account in {self.currency}.")
        return _sign(element, where) * amount_of(amount.text, currency, where)

    def _lines(self, entry: Element, where: str) -> list[StatedLine]:
        amount_minor = self._signed(entry, where)
        details = [tx for group in xml.children(entry, "NtryDtls") for tx in xml.children(group, "TxDtls")]
        details += xml.children(entry, "TxDtls")  # version 1 has no NtryDtls
        booked_on, value_on = self._days(entry, where)
        status = xml.text(entry, "Sts", "Cd") or xml.text(entry, "Sts")
        common = StatedLine(
            booked_on=booked_on,
            value_on=value_on,
            amount_minor=amount_minor,
            is_booked=status == "BOOK",
            is_reversal=xml.text(entry, "RvslInd") in ("true", "1"),
        )
        parts = self._parts(entry, details, amount_minor, where)
        if parts is None:
            return [self._line(common, entry, details, amount_minor, None)]
        batch = reference_of(
            xml.text(entry, "AcctSvcrRef") or xml.text(entry, "NtryDtls", "Btch", "PmtInfId")
        )
        return [
            self._line(common, entry, [tx], part, batch or "batch")
            for tx, part in zip(details, parts, strict=True)
        ]

    def _days(self, entry: Element, where: str) -> tuple[date, date | None]:
        booking, value = xml.child(entry, "BookgDt"), xml.child(entry, "ValDt")
        value_on = None if value is None else _day(value, f"{where}, value date")
        if booking is not None:
            return _day(booking, f"{where}, booking date"), value_on
        if value_on is not None:
            self.remarks.append(f"{where}: there is no booking date; the value date is taken for it.")
            return value_on, value_on
        if self.kind == "statement":
            raise BankFileInvalid(f"{where}: there is neither a booking date nor a value date.")
        self.remarks.append(f"{where}: there is no date; that of the message is taken for it.")
        return iso_day(xml.text(self.element, "CreDtTm"), f"{self.where}, date of creation"), None

    def _parts(
        self, entry: Element, details: Sequence[Element], amount_minor: int, where: str
    ) -> list[int] | None:
        """Return the amounts of the transactions of a batch; None if the entry stays one line."""
        if len(details) < 2:
            counted = xml.text(entry, "NtryDtls", "Btch", "NbOfTxs")
            if counted not in (None, "0", "1"):
                self.remarks.append(
                    f"{where}: the bank counts {str(counted)[:10]} transactions and does not list them; one line."
                )
            return None
        sign = 1 if amount_minor >= 0 else -1
        parts = [self._part(tx, sign, where) for tx in details]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            missing = len(parts) - len(known)
            self.remarks.append(
                f"{where}: {missing} of {len(parts)} transactions have no amount in {self.currency}; one line."
            )
            return None
        if sum(known) != amount_minor:
            asked, given = (format_amount(each, self.currency) for each in (amount_minor, sum(known)))
            self.remarks.append(
                f"{where}: the transactions add up to {given}, the entry is {asked}; one line."
            )
            return None
        return known

    def _part(self, tx: Element, sign: int, where: str) -> int | None:
        """Return the amount of a transaction in the account's currency; None if the bank does not state it."""
        direct = (xml.child(tx, "Amt"), xml.child(tx, "AmtDtls", "TxAmt", "Amt"))
        for amount in direct:
            if amount is not None and amount.text and amount.get("Ccy") == self.currency:
                own = sign if xml.child(tx, "CdtDbtInd") is None else _sign(tx, where)
                return own * amount_of(amount.text, self.currency, where)
        return None

    def _line(
        self,
        common: StatedLine,
        entry: Element,
        details: Sequence[Element],
        amount_minor: int,
        batch: str | None,
    ) -> StatedLine:
        original = original_of(details, self.currency) if len(details) == 1 else None
        returned = [_return_code(tx) for tx in details]
        return StatedLine(
            booked_on=common.booked_on,
            value_on=common.value_on,
            amount_minor=amount_minor,
            is_booked=common.is_booked,
            is_reversal=common.is_reversal,
            references=references_of(entry, details),
            party=party_of(details, incoming=amount_minor > 0),
            credited=credited_of(details, incoming=amount_minor > 0),
            text=text_of(entry, details),
            bank_code=code_of(entry, details),
            return_code=reference_of(next((code for code in returned if code), None)),
            original_minor=None if original is None else original[0],
            original_currency=None if original is None else original[1],
            charges_minor=charges_of(entry, details, self.currency),
            batch=batch,
        )


def _return_code(tx: Element) -> str | None:
    for name in ("Rsn", "RtrRsn"):
        reason = xml.child(tx, "RtrInf", name)
        if code := xml.text(reason, "Cd") or xml.text(reason, "Prtry"):
            return code
    return None


def _sign(element: Element, where: str) -> int:
    direction = xml.text(element, "CdtDbtInd")
    if direction not in ("CRDT", "DBIT"):
        raise BankFileInvalid(f"{where}: {str(direction)[:20]!r} is neither CRDT nor DBIT.")
    return 1 if direction == "CRDT" else -1


def _day(element: Element | None, where: str) -> date:
    return iso_day(xml.text(element, "Dt") or xml.text(element, "DtTm"), where)
