"""CFONB 120: the French statement of account [relevé de compte] in records of 120 columns (CFONB brochure, July 2004).

01 is the old balance, 04 an operation, 05 a complement of it, 07 the new balance. The last digit of an amount is
overpunched: ``{`` and ``A`` to ``I`` are 0 to 9 of a credit, ``}`` and ``J`` to ``R`` of a debit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from encours.kernel.money import exponent
from invoice_svc.bank.faults import BankFileInvalid
from invoice_svc.bank.fields import amount_of, currency_of, day_of, reference_of, text_of
from invoice_svc.domain.bank_statement.content import (
    BookBalance,
    Party,
    References,
    StatedContent,
    StatedLine,
)

LENGTH = 120
_CODES = ("01", "04", "05", "07")
_CREDIT = {sign: digit for digit, sign in enumerate("{ABCDEFGHI")}
_DEBIT = {sign: digit for digit, sign in enumerate("}JKLMNOPQR")}
_TEXTS = ("LIB", "LCC", "LC2", "LCS")
"""Qualifiers of the payer's text, in order."""


def looks_like(text: str) -> bool:
    """Return True for a text whose first record has the code and the columns of the format."""
    first = text.lstrip("\r\n")[:LENGTH].split("\n", 1)[0].rstrip("\r")
    return re.match(r"0[1457][0-9A-Z]{5}.{4}[0-9A-Z]{5}[A-Z]{3}[0-9]", first) is not None


def read(text: str) -> list[StatedContent]:
    """Return the statements of a file. Raises :class:`BankFileInvalid`."""
    statements: list[_CfonbStatement] = []
    for record in _records(text):
        if record.code == "01":
            if statements and statements[-1].new is None:
                raise BankFileInvalid(f"{record.where}: the statement before it has no new balance (07).")
            statements.append(_CfonbStatement(record))
        elif not statements:
            raise BankFileInvalid(f"{record.where}: it stands before the first old balance (01).")
        else:
            statements[-1].take(record)
    if not statements:
        raise BankFileInvalid("The file has no old balance (01).")
    return [each.content() for each in statements]


@dataclass(frozen=True, slots=True)
class _Record:
    text: str
    line_no: int

    @property
    def code(self) -> str:
        return self.text[:2]

    @property
    def where(self) -> str:
        return f"Line {self.line_no}, record {self.code}"

    @property
    def account(self) -> str:
        """Bank, branch and account number: the IBAN of a French account without its first four and last two signs."""
        return (self.text[2:7] + self.text[11:16] + self.text[21:32]).replace(" ", "0")

    def columns(self, first: int, last: int) -> str:
        """Return columns, counted from 1 as the brochure does."""
        return self.text[first - 1 : last]

    def day(self, first: int) -> date:
        """Return the day of DDMMYY. Raises :class:`BankFileInvalid`."""
        written = self.columns(first, first + 5)
        found = re.fullmatch(r"(\d\d)(\d\d)(\d\d)", written, re.ASCII)
        day = day_of(2000 + int(found[3]), int(found[2]), int(found[1])) if found else None
        if day is None:
            raise BankFileInvalid(f"{self.where}: {written!r} in column {first} is not a date (DDMMYY).")
        return day

    def amount_minor(self, currency: str) -> int:
        """Return the amount of columns 91 to 104. Raises :class:`BankFileInvalid`."""
        written = self.columns(91, 104)
        decimals = self.columns(20, 20)
        if not decimals.isdigit() or int(decimals) != exponent(currency):
            raise BankFileInvalid(f"{self.where}: {decimals!r} is not the number of decimals of {currency}.")
        last = written[-1:]
        sign = 1 if last in _CREDIT else -1
        digit = _CREDIT.get(last, _DEBIT.get(last))
        if digit is None or not re.fullmatch(r"[0-9]{13}", written[:-1].replace(" ", "0"), re.ASCII):
            raise BankFileInvalid(f"{self.where}: {written!r} is not an amount with a signed last digit.")
        minor = int(written[:-1].replace(" ", "0") + str(digit))
        whole = f"{minor:0{int(decimals) + 1}d}"
        cut = len(whole) - int(decimals)
        return sign * amount_of(f"{whole[:cut]}.{whole[cut:]}", currency, self.where)


def _records(text: str) -> Iterator[_Record]:
    lines = re.split(r"\r\n|\r|\n", text)
    if len(lines) == 1 and len(text) > LENGTH:
        lines = [text[at : at + LENGTH] for at in range(0, len(text), LENGTH)]
    for line_no, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if len(line.rstrip()) > LENGTH:
            raise BankFileInvalid(f"Line {line_no}: it has {len(line.rstrip())} columns instead of {LENGTH}.")
        record = _Record(line[:LENGTH].ljust(LENGTH), line_no)
        if record.code not in _CODES:
            raise BankFileInvalid(f"Line {line_no}: {record.code!r} is not a record code (01, 04, 05, 07).")
        yield record


@dataclass(slots=True)
class _CfonbStatement:
    """One statement while it is read."""

    old: _Record
    operations: list[tuple[_Record, list[_Record]]] = field(default_factory=list)
    new: _Record | None = None

    def take(self, record: _Record) -> None:
        """Take the next record after the old balance."""
        if self.new is not None:
            raise BankFileInvalid(f"{record.where}: it follows the new balance (07).")
        if record.account != self.old.account:
            raise BankFileInvalid(
                f"{record.where}: account {record.account} in a statement of {self.old.account}."
            )
        if record.columns(17, 19) != self.old.columns(17, 19):
            raise BankFileInvalid(
                f"{record.where}: currency {record.columns(17, 19)!r} in a statement in {self.old.columns(17, 19)!r}."
            )
        if record.code == "04":
            self.operations.append((record, []))
        elif record.code == "07":
            self.new = record
        elif not self.operations:
            raise BankFileInvalid(f"{record.where}: it stands before the first operation (04).")
        else:
            self.operations[-1][1].append(record)

    def content(self) -> StatedContent:
        """Return its content."""
        if self.new is None:
            raise BankFileInvalid(f"{self.old.where}: the statement has no new balance (07).")
        currency = currency_of(self.old.columns(17, 19), self.old.where)
        return StatedContent(
            format="cfonb120",
            kind="statement",
            account=self.old.account,
            currency=currency,
            opening=BookBalance(self.old.amount_minor(currency), self.old.day(35)),
            closing=BookBalance(self.new.amount_minor(currency), self.new.day(35)),
            lines=tuple(_line(record, more, currency) for record, more in self.operations),
        )


def _line(record: _Record, complements: list[_Record], currency: str) -> StatedLine:
    said: dict[str, str] = {}
    for each in complements:
        name = each.columns(46, 48).strip()
        said[name] = said.get(name, "") + each.columns(49, 118).rstrip() + " "
    amount_minor = record.amount_minor(currency)
    incoming = amount_minor > 0
    label = record.columns(49, 79)
    remitted = text_of(*(said.get(name) for name in _TEXTS))
    entry_no = record.columns(82, 88).strip("0 ")
    references = (record.columns(105, 120), said.get("REF"), entry_no)
    value = record.columns(43, 48).strip()
    return StatedLine(
        booked_on=record.day(35),
        value_on=record.day(43) if value.strip("0") else None,
        amount_minor=amount_minor,
        references=References(
            bank=next((found for text in references if (found := reference_of(text))), None),
            end_to_end=_first(said, "RCN"),
            mandate=_first(said, "RUM"),
        ),
        party=Party(
            name=text_of(said.get("NPY" if incoming else "NBE")),
            account=_first(said, "CPY" if incoming else "CBE"),
        ),
        text=text_of(label, remitted),
        bank_code=reference_of(record.columns(33, 34)),
        return_code=reference_of(record.columns(41, 42)),
    )


def _first(said: Mapping[str, str], name: str) -> str | None:
    """Return the first of the two fields of 35 columns that a complement has."""
    return reference_of(said.get(name, "")[:35])
