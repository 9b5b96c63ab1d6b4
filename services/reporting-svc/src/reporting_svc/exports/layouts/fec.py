"""FEC [fichier des écritures comptables]: LPF art. A47 A-1 VI to XII, a flat file with tabulations, in UTF-8."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from reporting_svc.exports.layouts.text import amounts, compact, plain
from reporting_svc.exports.line import ExportLine

COLUMNS = (
    "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum", "CompAuxLib",
    "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate", "Montantdevise",
    "Idevise",
)  # fmt: skip


def _field(text: str) -> str:
    """Return the text without the separators of fields and records (A47 A-1 VI); accounts that differ still do."""
    return plain(text).replace("|", "¦")


def file_name(siren: str | None, closing_on: date) -> str:
    """Return ``SirenFECAAAAMMJJ.txt`` (A47 A-1 IX); zeros for an entity without a SIREN."""
    return f"{siren or '0' * 9}FEC{compact(closing_on)}.txt"


class FecLayout:
    """Eighteen columns, the first line with their names (A47 A-1 VII 1° and 4°)."""

    def __init__(self, currency: str) -> None:
        self._amount = amounts(currency)
        self._foreign = {currency: self._amount}

    def head(self) -> bytes:
        """Return the names of the columns."""
        return ("\t".join(COLUMNS) + "\r\n").encode()

    def body(self, lines: Iterable[ExportLine]) -> bytes:
        """Return lines of the file."""
        amount, zero, number, written = self._amount, self._amount(0), 0, []
        begin = day = end = ""
        for line in lines:
            if line.number != number:  # of all lines of an entry the same
                number, day = line.number, compact(line.booked_on)
                begin = f"{line.journal}\t{line.journal_label}\t{number}\t{day}\t"
                end = f"\t{compact(line.validated_on)}\t"
            # The lines of an opening entry are of several documents.
            middle = f"\t{_field(line.piece)}\t{day}\t{_field(line.label)}\t"
            foreign = "" if line.currency is None else self._in_currency(line.currency)(line.foreign_minor)
            written.append(
                f"{begin}{line.account}\t{line.account_label}\t{_field(line.auxiliary)}\t{_field(line.auxiliary_label)}"
                f"{middle}{amount(line.debit_minor) if line.debit_minor else zero}\t"
                f"{amount(line.credit_minor) if line.credit_minor else zero}\t{line.letter}\t"
                f"{compact(line.lettered_on) if line.lettered_on else ''}{end}{foreign}\t{line.currency or ''}\r\n"
            )
        return "".join(written).encode()

    def _in_currency(self, currency: str) -> Callable[[int], str]:
        if currency not in self._foreign:
            self._foreign[currency] = amounts(currency)
        return self._foreign[currency]
