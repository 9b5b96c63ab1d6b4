"""Remittance advices as CSV: a line for each document, with the amount that is paid of it and what is kept back."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from encours.kernel.errors import DomainError
from encours.kernel.money import parse_amount
from invoice_svc.advices.reading import AdviceUnreadable, ReadAs, StatedAdvice, unreadable
from invoice_svc.bank.fields import reference_of
from invoice_svc.domain.remittance.commands import StatedDeduction, StatedItem
from invoice_svc.domain.remittance.decide import MAX_ITEMS
from invoice_svc.imports.formats.amounts import NumberStyle

COLUMNS = ("number", "amount", "deduction", "deduction_code", "deduction_text")
_REQUIRED = ("number", "amount")
_MAX_TEXT = 200


def read(text: str, read_as: ReadAs) -> StatedAdvice:
    """Return the advice of a table. Raises :class:`AdviceUnreadable`."""
    reader = csv.reader(
        io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=read_as.delimiter, strict=True
    )
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as fault:
        raise unreadable(f"Line {reader.line_num}", f"{fault}.") from None
    if not rows:
        raise AdviceUnreadable("The table is empty.")
    header = [cell.strip().lower() for cell in rows[0][1]]
    _check_header(header)
    if len(rows) > MAX_ITEMS + 1:
        raise AdviceUnreadable(
            f"An advice names {MAX_ITEMS} documents at most; the table has {len(rows) - 1}."
        )
    lines = _TableLines(read_as)
    items = []
    for line_no, row in rows[1:]:
        if len(row) > len(header):
            raise unreadable(f"Line {line_no}", f"there are {len(row)} cells under {len(header)} columns.")
        cells = {name: cell.strip() for name, cell in zip(header, row, strict=False)}
        items.append(lines.item(cells, f"Line {line_no}"))
    return StatedAdvice("csv", tuple(items))


def _check_header(header: list[str]) -> None:
    missing = [name for name in _REQUIRED if name not in header]
    unknown = [name for name in header if name not in COLUMNS]
    if missing or unknown or len(set(header)) < len(header):
        raise unreadable(
            "Line 1",
            f"the columns are {', '.join(COLUMNS)}, of which {' and '.join(_REQUIRED)} are required, each once; "
            f"found {', '.join(header)[:200]}.",
        )


class _TableLines:
    """Reads the lines of one table."""

    def __init__(self, read_as: ReadAs) -> None:
        self._currency = read_as.currency
        self._style = NumberStyle(read_as.decimal, grouped=True, given=True)

    def item(self, cells: Mapping[str, str], where: str) -> StatedItem:
        """Return the document of a line. Raises :class:`AdviceUnreadable`."""
        number = cells.get("number", "")
        if not number or len(number) > _MAX_TEXT or not number.isprintable():
            raise unreadable(where, "there is no number.")
        return StatedItem(
            self._amount(cells.get("amount", ""), where),
            written=number,
            deductions=self._deductions(cells, where),
        )

    def _deductions(self, cells: Mapping[str, str], where: str) -> tuple[StatedDeduction, ...]:
        written = cells.get("deduction", "")
        code, text = (reference_of(cells.get(name)) for name in COLUMNS[3:])
        if not written:
            if code or text:
                raise unreadable(where, "there is a reason of a deduction, but no amount.")
            return ()
        amount = self._amount(written, where)
        if amount <= 0:
            raise unreadable(where, "a deduction is above 0.")
        return (StatedDeduction(amount, code, text),)

    def _amount(self, written: str, where: str) -> int:
        plain = self._style.plain(written.replace("\u2212", "-"), self._currency)
        try:
            return parse_amount((plain or "").lstrip("+"), self._currency)
        except DomainError:
            raise unreadable(where, f"{written[:40]!r} is not an amount in {self._currency}.") from None
