"""Import files of accounting software, in fixed columns.

Characters that their code page lacks become ``?``; accounts with such characters are refused.

The columns are those that public code writes and checks, not those of a manual of the vendors: PNM of Sage 100, TRA of
Cegid (``***S5``, records of 222 characters), ASCII of Quadra (records ``M``). Try them on a test company of the
software first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from encours.kernel.money import exponent
from reporting_svc.domain.journal.chart import is_account_number
from reporting_svc.exports.layouts.text import (
    ENCODING,
    account,
    amounts,
    day_first,
    day_first_long,
    end,
    left,
    plain,
    right,
)
from reporting_svc.exports.line import ExportLine, TextLayout

CENTS = 2
"""Decimals of a currency with cents."""


_DOCUMENTS = {"VE": "FC", "BQ": "RC", "CA": "RC"}
"""Kinds of documents by journal: invoices and receipts; any other is ``OD``."""


def _side(line: ExportLine) -> tuple[str, int]:
    """Return ``D`` or ``C``, and the amount; minor units."""
    return ("D", line.debit_minor) if line.debit_minor else ("C", line.credit_minor)


def _encoded(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode(ENCODING, errors="replace")


class SageLayout:
    """Sage 100, PNM: the name of the company, then records of 138 characters."""

    def __init__(self, currency: str, company: str) -> None:
        self._amount, self._company = amounts(currency), company

    def head(self) -> bytes:
        """Return the name of the company."""
        return _encoded([left(plain(self._company), 30).rstrip()])

    def body(self, lines: Iterable[ExportLine]) -> bytes:
        """Return records of the file."""
        return _encoded(map(self._record, lines))

    def _record(self, line: ExportLine) -> str:
        kind, (side, minor) = _DOCUMENTS.get(line.journal, "OD"), _side(line)
        auxiliary, label = plain(line.auxiliary), left(plain(line.label), 25)
        return (
            f"{left(line.journal, 3)}{day_first(line.booked_on)}{kind}{account(line.account, 13)}"
            f"{'X' if auxiliary else ' '}{account(auxiliary, 13)}{end(plain(line.piece), 13)}{label}"
            f"S{' ' * 6}{side}{right(self._amount(minor), 20)}N{' ' * 33}"
        )


class CegidLayout:
    """Cegid, TRA: a record that begins with ``***S5``, then records of 222 characters."""

    def __init__(self, currency: str) -> None:
        self._amount, self._currency = amounts(currency), currency

    def head(self) -> bytes:
        """Return the record that names the contents: journals of a client."""
        return _encoded([left("***S5CLIJRLSTD", 222)])

    def body(self, lines: Iterable[ExportLine]) -> bytes:
        """Return records of the file."""
        return _encoded(map(self._record, lines))

    def _record(self, line: ExportLine) -> str:
        kind, (side, minor) = _DOCUMENTS.get(line.journal, "OD"), _side(line)
        auxiliary, label = plain(line.auxiliary), left(plain(line.label), 35)
        return (
            f"{left(line.journal, 3)}{day_first_long(line.booked_on)}{kind}{account(line.account, 17)}"
            f"{'X' if auxiliary else ' '}{account(auxiliary, 17)}{end(plain(line.piece), 35)}{label}"
            f"{' ' * 3}{' ' * 8}{side}{right(self._amount(minor), 20)}N{line.number % 10**8:08d}"
            f"{self._currency}{right('1,00000000', 10)}E--{' ' * 20}{' ' * 20}{' ' * 3}{' ' * 2}{' ' * 2}"
        )


class QuadraLayout:
    """Quadra, ASCII: records ``M`` of 158 characters; amounts in cents with a sign."""

    def __init__(self, currency: str) -> None:
        """Take the currency of the books. Raises ``ValueError`` for one without cents."""
        if exponent(currency) != CENTS:
            raise ValueError(
                f"Quadra takes amounts in cents, which {currency} does not have: ask for the layout csv."
            )
        self._currency = currency

    def head(self) -> bytes:
        """Return nothing: the file has no first record."""
        return b""

    def body(self, lines: Iterable[ExportLine]) -> bytes:
        """Return records of the file."""
        return _encoded(map(self._record, lines))

    def _record(self, line: ExportLine) -> str:
        side, minor = _side(line)
        number = account(self._own(plain(line.auxiliary), line.account), 8)
        label, piece = plain(line.label), plain(line.piece)
        amount = right(str(minor), 12).replace(" ", "0")
        return (
            f"M{number}{left(line.journal, 2)}000{day_first(line.booked_on)} {left(label, 20)}{side}"
            f"+{amount}{' ' * 8}{' ' * 6}{' ' * 2}{' ' * 3}{end(piece, 5)}{' ' * 10}{' ' * 10}"
            f"{end(piece, 8)}{self._currency}{left(line.journal, 3)}{' ' * 3}{left(label, 30)}{' ' * 2}"
            f"{end(piece, 10)}"
        )

    def _own(self, auxiliary: str, general: str) -> str:
        """Return the customer's account, or 411 without one: Quadra has one account number per line.

        Raises ``ValueError`` for one that is an account of the general ledger, on which the line would be booked.
        """
        if is_account_number(auxiliary) and (auxiliary == general or not auxiliary.startswith("411")):
            raise ValueError(
                f"The code {auxiliary} of a customer is an account of the general ledger in this layout: ask for "
                "sage, cegid or csv, which have a column for each."
            )
        return auxiliary or general


TEXT_LAYOUTS: dict[str, Callable[[str, str], TextLayout]] = {
    "sage": SageLayout,
    "cegid": lambda currency, _: CegidLayout(currency),
    "quadra": lambda currency, _: QuadraLayout(currency),
}
