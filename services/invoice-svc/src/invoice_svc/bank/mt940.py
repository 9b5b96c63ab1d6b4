"""MT940 and MT942 of SWIFT, with the deviations of banks: blocks, blank lines, pages, IBAN or account numbers.

A day that does not exist is never put right: the file is refused, or the value date is left out with a remark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from encours.kernel.money import format_amount
from invoice_svc.bank.faults import BankFileInvalid
from invoice_svc.bank.fields import account_of, amount_of, currency_of, day_of, reference_of, text_of
from invoice_svc.bank.mt940_details import Details, details_of
from invoice_svc.domain.bank_statement.content import (
    BookBalance,
    Party,
    References,
    StatedContent,
    StatedLine,
)

_TAG = re.compile(r":(\d\d[A-Z]?|NS):(.*)", re.DOTALL)
_BLOCKS = re.compile(r"^(?:\{[1-35]:[^{}]*(?:\{[^{}]*\}[^{}]*)*\})*\{4:")
_BALANCE = re.compile(r"([CD])(\d{6})([A-Z]{3})(\d{1,15},\d{0,3})", re.ASCII)
_LINE = re.compile(
    r"(?P<value>\d{6})(?P<entry>\d{4}|\s{4})?(?P<mark>RC|RD|C|D)[A-Z]?(?P<amount>\d{1,15},\d{0,3})"
    r"(?P<code>[A-Z][A-Z0-9 ]{3})(?P<customer>.*?)(?://(?P<bank>.*))?",
    re.ASCII,
)
_TOTAL = re.compile(r"(\d{1,5})([A-Z]{3})(\d{1,15},\d{0,3})", re.ASCII)
_FRAME = " \t\x00\x01\x03"
"""Blanks, and the signs that frame a message on the line."""
_HALF_YEAR = timedelta(days=182)
_RETURN = "RTI"
"""SWIFT's code of a returned item, after the letter of the kind."""


def looks_like(text: str) -> bool:
    """Return True for a text with the fields that every statement begins with."""
    return re.search(r"^(?:\{[^\n]*)?:20:", text, re.MULTILINE) is not None


def read(text: str) -> list[StatedContent]:
    """Return the statements of a file. Raises :class:`BankFileInvalid`."""
    statements: list[_SwiftStatement] = []
    for tag in _tags(text):
        if tag.name == "20":
            statements.append(_SwiftStatement(len(statements) + 1))
        elif not statements:
            raise BankFileInvalid(f"Line {tag.line_no}: :{tag.name}: stands before the first :20:.")
        statements[-1].take(tag)
    if not statements:
        raise BankFileInvalid("The file has no statement: there is no field :20:.")
    return [each.content() for each in statements]


@dataclass(slots=True)
class _Tag:
    name: str
    lines: list[str]
    line_no: int

    @property
    def where(self) -> str:
        return f"Line {self.line_no}, field :{self.name}:"


def _tags(text: str) -> Iterator[_Tag]:
    """Yield the fields with the lines that continue them; lines outside of statements are left out."""
    open_tag: _Tag | None = None
    for line_no, raw in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        line = _BLOCKS.sub("", raw)
        found = _TAG.fullmatch(line)
        if found or line.strip(_FRAME) == "-" or line.startswith(("-}", "{1:")):
            if open_tag is not None:
                yield open_tag
            open_tag = _Tag(found.group(1), [found.group(2)], line_no) if found else None
        elif open_tag is not None:
            open_tag.lines.append(line)
    if open_tag is not None:
        yield open_tag


@dataclass(slots=True)
class _SwiftStatement:
    """One statement or page while it is read."""

    no: int
    fields: dict[str, _Tag] = field(default_factory=dict)
    entries: list[tuple[_Tag, list[_Tag]]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    closed: bool = False

    def take(self, tag: _Tag) -> None:
        """Take the next field."""
        if tag.name == "61":
            if self.closed:
                raise BankFileInvalid(f"{tag.where}: it follows the closing balance.")
            self.entries.append((tag, []))
        elif tag.name in ("86", "NS"):
            if self.entries and not self.closed:
                self.entries[-1][1].append(tag)
        elif tag.name not in ("64", "65"):
            name = tag.name[:2] if tag.name[:2] in ("28", "60", "62", "34") else tag.name
            if name in self.fields and name not in ("34", "13"):
                raise BankFileInvalid(f"{tag.where}: statement {self.no} has it already.")
            self.fields[name] = tag
            self.closed = self.closed or name == "62"
        elif tag.name == "64":
            self.fields["64"] = tag

    def content(self) -> StatedContent:
        """Return its content."""
        opening, closing, available = (self._balance(name) for name in ("60", "62", "64"))
        currency = self._currency(opening, closing, available)
        lines = tuple(self._line(tag, said, currency) for tag, said in self.entries)
        intraday = opening is None and any(name in self.fields for name in ("13", "13D", "34", "90C", "90D"))
        for name, sign in (("90C", 1), ("90D", -1)):
            if name in self.fields:
                self._compare(self.fields[name], [x for x in lines if x.amount_minor * sign > 0], currency)
        return StatedContent(
            format="mt940",
            kind="intraday" if intraday else "statement",
            account=self._text("25") or "",
            currency=currency,
            reference=reference_of(self._text("20")),
            sequence=reference_of(self._text("28")),
            opening=opening and opening[0],
            closing=closing and closing[0],
            available=available and available[0],
            lines=lines,
            remarks=tuple(self.remarks),
        )

    def _text(self, name: str) -> str | None:
        return text_of(*self.fields[name].lines) if name in self.fields else None

    def _balance(self, name: str) -> tuple[BookBalance, str] | None:
        if name not in self.fields:
            return None
        tag = self.fields[name]
        found = _BALANCE.fullmatch("".join(tag.lines).strip())
        if found is None:
            raise BankFileInvalid(f"{tag.where}: {tag.lines[0][:40]!r} is not a balance.")
        mark, day, currency, amount = found.groups()
        on = _day(day)
        if on is None:
            raise BankFileInvalid(f"{tag.where}: {day} is not a date.")
        return BookBalance((1 if mark == "C" else -1) * amount_of(amount, currency, tag.where), on), currency

    def _currency(self, *balances: tuple[BookBalance, str] | None) -> str:
        found = {each[1] for each in balances if each is not None}
        if not found:
            for name in ("34", "90C", "90D"):
                if name in self.fields and (code := re.search(r"[A-Z]{3}", self.fields[name].lines[0])):
                    found.add(code.group())
        if len(found) != 1:
            named = f"names the currencies {', '.join(sorted(found))}" if found else "names no currency"
            raise BankFileInvalid(f"Statement {self.no} {named}.")
        return currency_of(found.pop(), f"Statement {self.no}")

    def _line(self, tag: _Tag, said: Sequence[_Tag], currency: str) -> StatedLine:
        first, *more = [line for line in tag.lines if line.strip()] or [""]
        found = _LINE.fullmatch(first.rstrip())
        if found is None:
            raise BankFileInvalid(f"{tag.where}: {first[:60]!r} is not a statement line.")
        booked_on, value_on = self._days(tag, found["value"], (found["entry"] or "").strip())
        sign = 1 if found["mark"] in ("C", "RD") else -1
        details = _said(said, incoming=sign > 0)
        code = found["code"].strip()
        others = (details.creditor_id, found["customer"])
        return StatedLine(
            booked_on=booked_on,
            value_on=value_on,
            amount_minor=sign * amount_of(found["amount"], currency, tag.where),
            is_reversal=found["mark"] in ("RC", "RD"),
            references=References(
                bank=reference_of(found["bank"]),
                end_to_end=reference_of(details.end_to_end),
                mandate=reference_of(details.mandate),
                others=tuple(each for text in others if (each := reference_of(text))),
            ),
            party=Party(text_of(details.name), reference_of(details.account), reference_of(details.bic)),
            credited=account_of(details.credited),
            text=text_of(details.text or " ".join(more)),
            bank_code=reference_of(f"{code}-{details.code}" if details.code else code),
            return_code=reference_of(details.return_code or (code if code.endswith(_RETURN) else None)),
        )

    def _days(self, tag: _Tag, value: str, entry: str) -> tuple[date, date | None]:
        """Return the day of booking (the value date if none is given) and the value date."""
        value_on = _day(value)
        if not entry:
            if value_on is None:
                raise BankFileInvalid(f"{tag.where}: {value} is not a date.")
            return value_on, value_on
        year, month, day = 2000 + int(value[:2]), int(entry[:2]), int(entry[2:])
        near = value_on or date(year, min(max(int(value[2:4]), 1), 12), 28)
        candidates = [found for y in (year - 1, year, year + 1) if (found := day_of(y, month, day))]
        booked_on = min(candidates, key=lambda each: abs(each - near), default=None)
        if booked_on is None or abs(booked_on - near) > _HALF_YEAR * 2:
            raise BankFileInvalid(f"{tag.where}: {entry} is not a day of entry (MMDD).")
        if value_on is None:
            self.remarks.append(f"{tag.where}: the value date {value} does not exist; there is none.")
        return booked_on, value_on

    def _compare(self, tag: _Tag, lines: Sequence[StatedLine], currency: str) -> None:
        """Check the number and the sum that the bank states. Raises :class:`BankFileInvalid`."""
        found = _TOTAL.fullmatch("".join(tag.lines).strip())
        if found is None or found.group(2) != currency:
            raise BankFileInvalid(f"{tag.where}: {tag.lines[0][:40]!r} is not a total in {currency}.")
        count, minor = len(lines), sum(abs(each.amount_minor) for each in lines)
        if (int(found.group(1)), amount_of(found.group(3), currency, tag.where)) != (count, minor):
            has = f"{count} lines of {format_amount(minor, currency)}"
            raise BankFileInvalid(f"{tag.where}: the bank counts {found.group()}, the statement has {has}.")


def _said(tags: Sequence[_Tag], *, incoming: bool) -> Details:
    """Return what fields :86: and :NS: say of a line: the first that names a party or a text, all texts together."""
    parts = [details_of(tag.lines, incoming=incoming) for tag in tags if tag.name == "86"]
    if not parts:
        return Details(text=text_of(*(line for tag in tags for line in tag.lines)))
    return replace(parts[0], text=text_of(*(each.text for each in parts)))


def _day(text: str) -> date | None:
    """Return the day of YYMMDD; None if it does not exist."""
    return day_of(2000 + int(text[:2]), int(text[2:4]), int(text[4:]))
