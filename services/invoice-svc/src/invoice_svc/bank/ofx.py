"""OFX 1 (SGML) and OFX 2 (XML): statements of bank accounts and of cards.

A reader of our own: the kept library for the format, ofxtools, is under GPL-3.0-only. OFX gives no opening balance.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from invoice_svc.bank.faults import BankFileInvalid, XmlWithDeclarations
from invoice_svc.bank.fields import amount_of, currency_of, day_of, reference_of, text_of
from invoice_svc.domain.bank_statement.content import (
    BookBalance,
    Party,
    References,
    StatedContent,
    StatedLine,
)

_TOKEN = re.compile(r"<(/?)([A-Z][A-Z0-9._]{0,39})\s*/?>([^<]*)", re.IGNORECASE)
_STATEMENTS = ("STMTRS", "CCSTMTRS")
_AGGREGATES = frozenset(
    {
        *_STATEMENTS, "OFX", "STATUS", "SONRS", "BANKACCTFROM", "CCACCTFROM", "BANKACCTTO", "CCACCTTO", "BANKTRANLIST",
        "STMTTRN", "PAYEE", "LEDGERBAL", "AVAILBAL", "BALLIST", "BAL", "CURRENCY", "ORIGCURRENCY", "STMTTRNRS",
        "CCSTMTTRNRS", "BANKMSGSRSV1", "CREDITCARDMSGSRSV1", "SIGNONMSGSRSV1", "FI",
    }
)  # fmt: skip
"""Elements with elements inside: their end tags are required in SGML too."""
_AMOUNT = re.compile(r"([+-]?)(\d{1,15}(?:[.,]\d{0,6})?|[.,]\d{1,6})", re.ASCII)
_MAX_DEPTH = 40


def looks_like(text: str) -> bool:
    """Return True for a text with the header or the root of OFX."""
    return re.search(r"OFXHEADER|<OFX>", text[:4096]) is not None


def read(text: str) -> list[StatedContent]:
    """Return the statements of a file. Raises refusals of :mod:`invoice_svc.bank.faults`."""
    if re.search(r"<!\s*(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|\[)", text, re.IGNORECASE):
        raise XmlWithDeclarations("The file declares a document type (<!DOCTYPE …>) or entities.")
    root = _tree(text)
    for status in _all(root, "STATUS"):
        if status.values.get("SEVERITY", "").upper() == "ERROR":
            said = text_of(status.values.get("MESSAGE")) or "without a message"
            raise BankFileInvalid(
                f"The bank answered with error {status.values.get('CODE', '')[:10]}: {said[:200]}"
            )
    found = [each for name in _STATEMENTS for each in _all(root, name)]
    if not found:
        raise BankFileInvalid("The file has no statement of a bank account or a card (STMTRS, CCSTMTRS).")
    return [_statement(each, f"Statement {n}") for n, each in enumerate(found, 1)]


@dataclass(slots=True)
class _Aggregate:
    name: str
    values: dict[str, str] = field(default_factory=dict)
    inner: list[_Aggregate] = field(default_factory=list)

    def first(self, *names: str) -> _Aggregate:
        """Return the first aggregate of these names inside; an empty one if there is none."""
        return next((each for each in self.inner if each.name in names), _Aggregate(""))


def _tree(text: str) -> _Aggregate:
    root = _Aggregate("")
    open_ones = [root]
    for closing, written, value in _TOKEN.findall(text):
        name = written.upper()
        if closing:
            if name in (each.name for each in open_ones):
                while open_ones.pop().name != name:
                    pass
        elif name in _AGGREGATES:
            if len(open_ones) > _MAX_DEPTH:
                raise BankFileInvalid(f"More than {_MAX_DEPTH} elements are nested: end tags are missing.")
            aggregate = _Aggregate(name)
            open_ones[-1].inner.append(aggregate)
            open_ones.append(aggregate)
        else:
            open_ones[-1].values.setdefault(name, html.unescape(value).strip())
    missing = [each.name for each in open_ones if each.name in ("STMTTRN", "BANKTRANLIST", *_STATEMENTS)]
    if missing:
        raise BankFileInvalid(f"The file ends inside of {missing[-1]}.")
    return root


def _all(root: _Aggregate, name: str) -> Iterator[_Aggregate]:
    if root.name == name:
        yield root
    for each in root.inner:
        yield from _all(each, name)


def _statement(element: _Aggregate, where: str) -> StatedContent:
    currency = currency_of(element.values.get("CURDEF"), where)
    account = element.first("BANKACCTFROM", "CCACCTFROM").values
    listed = element.first("BANKTRANLIST")
    transactions = [each for each in listed.inner if each.name == "STMTTRN"]
    available = element.first("AVAILBAL")
    remarks: list[str] = []
    balance = _balance(available, currency, f"{where}, AVAILBAL", remarks)
    return StatedContent(
        format="ofx",
        kind="statement",
        account="/".join(part for name in ("BANKID", "BRANCHID", "ACCTID") if (part := account.get(name))),
        currency=currency,
        closing=_balance(element.first("LEDGERBAL"), currency, f"{where}, LEDGERBAL", remarks),
        available=balance,
        lines=tuple(
            _line(each, currency, f"{where}, transaction {n}") for n, each in enumerate(transactions, 1)
        ),
        remarks=tuple(remarks),
    )


def _balance(element: _Aggregate, currency: str, where: str, remarks: list[str]) -> BookBalance | None:
    if not element.name:
        return None
    amount, on = element.values.get("BALAMT", ""), element.values.get("DTASOF", "")
    if not amount or not on:
        remarks.append(f"{where}: there is no {'amount' if not amount else 'date'}; there is no balance.")
        return None
    return BookBalance(_signed(amount, currency, where), _day(on, where))


def _line(element: _Aggregate, currency: str, where: str) -> StatedLine:
    values = element.values
    for required in ("TRNAMT", "DTPOSTED"):
        if not values.get(required):
            raise BankFileInvalid(f"{where}: there is no {required}.")
    foreign = element.first("CURRENCY").values.get("CURSYM", currency)
    if foreign != currency:
        raise BankFileInvalid(f"{where}: the amount is in {foreign[:10]}, the account in {currency}.")
    payee = element.first("PAYEE").values.get("NAME")
    name = text_of(values.get("NAME") or payee)
    other = element.first("BANKACCTTO", "CCACCTTO").values
    return StatedLine(
        booked_on=_day(values["DTPOSTED"], where),
        value_on=_day(values["DTAVAIL"], where) if values.get("DTAVAIL") else None,
        amount_minor=_signed(values["TRNAMT"], currency, where),
        references=References(
            bank=reference_of(values.get("FITID")),
            others=tuple(
                found for key in ("REFNUM", "CHECKNUM", "SRVRTID") if (found := reference_of(values.get(key)))
            ),
        ),
        party=Party(name=name, account=reference_of(other.get("ACCTID"))),
        text=text_of(values.get("MEMO")) or name,
        bank_code=reference_of(values.get("TRNTYPE")),
    )


def _signed(text: str, currency: str, where: str) -> int:
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise BankFileInvalid(f"{where}: {text[:40]!r} is not an amount.")
    digits = found[2] if found[2][0].isdigit() else f"0{found[2]}"
    return (-1 if found[1] == "-" else 1) * amount_of(digits, currency, where)


def _day(text: str, where: str) -> date:
    """Return the day of ``YYYYMMDD…`` as the bank writes it, in the zone that it writes."""
    found = re.match(r"(\d{4})(\d{2})(\d{2})(?:\d{6}|\D|$)", text.strip(), re.ASCII)
    day = day_of(*map(int, found.groups())) if found else None
    if day is None:
        raise BankFileInvalid(f"{where}: {text[:40]!r} is not a date.")
    return day
