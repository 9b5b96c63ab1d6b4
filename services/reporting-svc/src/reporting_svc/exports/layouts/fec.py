"""FEC [fichier des écritures comptables]: LPF art. A47 A-1 VI to XII, a flat file with tabulations, in UTF-8."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from reporting_svc.exports.layouts.text import amounts, compact, plain
from reporting_svc.exports.line import ExportLine

COLUMNS = (
    "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum", "CompAuxLib",
    "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate", "Montantdevise",
    "Idevise",
)  # fmt: skip


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
        amount, zero = self._amount, self._amount(0)
        written = []
        for line in lines:
            foreign = ""
            if line.currency is not None:
                if line.currency not in self._foreign:
                    self._foreign[line.currency] = amounts(line.currency)
                foreign = self._foreign[line.currency](line.foreign_minor)
            day = compact(line.booked_on)
            written.append(
                f"{line.journal}\t{line.journal_label}\t{line.number}\t{day}\t{line.account}\t{line.account_label}\t"
                f"{plain(line.auxiliary)}\t{plain(line.auxiliary_label)}\t{plain(line.piece)}\t{day}\t"
                f"{plain(line.label)}\t{amount(line.debit_minor) if line.debit_minor else zero}\t"
                f"{amount(line.credit_minor) if line.credit_minor else zero}\t{line.letter}\t"
                f"{compact(line.lettered_on) if line.lettered_on else ''}\t{compact(line.validated_on)}\t"
                f"{foreign}\t{line.currency or ''}\r\n"
            )
        return "".join(written).encode()
