"""CSV files of banks, read by a map of their columns that is kept for the account."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from encours.contracts.events.money.bank import CsvMap
from invoice_svc.bank.faults import BankFileInvalid
from invoice_svc.bank.fields import amount_of, reference_of, text_of
from invoice_svc.domain.bank_statement.content import (
    BookBalance,
    Party,
    References,
    StatedContent,
    StatedLine,
)
from invoice_svc.imports.formats.amounts import NumberStyle


def read(text: str, csv_map: CsvMap, currency: str, account: str) -> StatedContent:
    """Return the statement of a CSV file. Raises :class:`BankFileInvalid`.

    The columns of the map have to be in the header, which is the first line that has all of them.
    """
    rows = _rows(text, csv_map.delimiter)
    wanted = _columns(csv_map)
    start = next(
        (n for n, (_, row) in enumerate(rows) if set(wanted) <= {cell.strip() for cell in row}), None
    )
    if start is None:
        raise BankFileInvalid(f"No line has all columns of the map: {', '.join(wanted)}.")
    names = [cell.strip() for cell in rows[start][1]]
    repeated = [name for name in wanted if names.count(name) > 1]
    if repeated:
        raise BankFileInvalid(f"The column {repeated[0]!r} is in the header twice.")
    reader = _Reader(csv_map, currency)
    lines = [
        reader.line(dict(zip(names, row, strict=False)), f"Line {line_no}")
        for line_no, row in rows[start + 1 :]
        if any(cell.strip() for cell in row)
    ]
    opening, closing = reader.ends(lines)
    return StatedContent(
        format="csv",
        kind="statement",
        account=account,
        currency=currency,
        opening=opening,
        closing=closing,
        lines=tuple(lines),
    )


def _rows(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found: list[tuple[int, list[str]]] = []
    try:
        for row in reader:
            found.append((reader.line_num, row))
    except csv.Error as fault:
        raise BankFileInvalid(f"Line {reader.line_num}: {fault}.") from None
    return found


def _columns(csv_map: CsvMap) -> Sequence[str]:
    single = (
        csv_map.booked_on, csv_map.value_on, csv_map.amount, csv_map.credit, csv_map.debit, csv_map.balance,
        csv_map.reference, csv_map.party, csv_map.party_account,
    )  # fmt: skip
    return list(dict.fromkeys([name for name in single if name is not None] + list(csv_map.text)))


class _Reader:
    """Reads the lines of one file and remembers the balance after each."""

    def __init__(self, csv_map: CsvMap, currency: str) -> None:
        self._map = csv_map
        self._currency = currency
        self._style = NumberStyle(csv_map.decimal, grouped=True, given=True)
        self._balances: list[int] = []

    def line(self, row: Mapping[str, Any], where: str) -> StatedLine:
        """Return a line. Raises :class:`BankFileInvalid`."""
        names = self._map

        def cell(name: str | None) -> str:
            return str(row.get(name) or "").strip() if name else ""

        if names.amount is not None:
            amount_minor = self._signed(cell(names.amount), where)
        else:
            credit, debit = cell(names.credit), cell(names.debit)
            if bool(credit) == bool(debit):
                raise BankFileInvalid(f"{where}: either {names.credit} or {names.debit} has to be filled.")
            amount_minor = self._signed(credit, where) if credit else -abs(self._signed(debit, where))
        if names.balance is not None:
            self._balances.append(self._signed(cell(names.balance), where))
        return StatedLine(
            booked_on=self._day(cell(names.booked_on), where),
            value_on=self._day(cell(names.value_on), where) if cell(names.value_on) else None,
            amount_minor=amount_minor,
            references=References(bank=reference_of(cell(names.reference))),
            party=Party(text_of(cell(names.party)), reference_of(cell(names.party_account))),
            text=text_of(*(cell(name) for name in names.text)),
        )

    def ends(self, lines: Sequence[StatedLine]) -> tuple[BookBalance | None, BookBalance | None]:
        """Return opening and closing balance by the column of balances, in a file of either order.

        Raises :class:`BankFileInvalid` where a balance is not the one before it and the line.
        """
        if not self._balances or not lines:
            return None, None
        pairs = list(zip(lines, self._balances, strict=True))
        for ordered in (pairs, pairs[::-1]):
            opening = ordered[0][1] - ordered[0][0].amount_minor
            running, fault = opening, None
            for n, (line, balance) in enumerate(ordered):
                running += line.amount_minor
                if running != balance:
                    fault = n
                    break
            if fault is None:
                return BookBalance(opening, ordered[0][0].booked_on), BookBalance(
                    running, ordered[-1][0].booked_on
                )
        raise BankFileInvalid(
            f"The column {self._map.balance} does not follow from the amounts in either order."
        )

    def _signed(self, text: str, where: str) -> int:
        plain = self._style.plain(text.replace("\u2212", "-"), self._currency)
        if not plain or plain in ("+", "-"):
            raise BankFileInvalid(f"{where}: {text[:40]!r} is not an amount in {self._currency}.")
        digits = plain.lstrip("+-")
        digits = f"0{digits}" if digits.startswith(".") else digits
        return (-1 if plain.startswith("-") else 1) * amount_of(digits, self._currency, where)

    def _day(self, text: str, where: str) -> date:
        try:
            return datetime.strptime(text, self._map.date_format).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            raise BankFileInvalid(
                f"{where}: {text[:40]!r} is not a date ({self._map.date_format})."
            ) from None
