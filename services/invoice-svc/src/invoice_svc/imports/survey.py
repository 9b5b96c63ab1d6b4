"""Survey of a CSV file before its lines are imported: its format, and the invoices that have several lines.

The request may give parts of the format; the others are detected. A file that can be read in two ways is refused as a
whole, because all its lines have the same format.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import BinaryIO, Literal

import msgspec

from invoice_svc.imports.csv_lines import CsvHeader, read_header
from invoice_svc.imports.formats.amounts import Decimal, Evidence, NumberStyle, evidence
from invoice_svc.imports.formats.encoding import ENCODINGS, EncodingFinder
from invoice_svc.imports.formats.records import Csv, Record, fitted, read_records, split_fields
from invoice_svc.imports.formats.refusals import UnclearFormat
from invoice_svc.imports.formats.verdict import Fault
from invoice_svc.imports.refusals import EmptyFile, InvalidColumnMap, InvalidHeader, LineWithoutInvoice

Group = Literal["lines", "none"]
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
_DELIMITER_NAMES = {sign: name for name, sign in DELIMITERS.items()}
_SEP_LINE = re.compile(r'"?sep=(.)"?', re.ASCII)
_PIECE_BYTES = 1024 * 1024
_COMPARED_RECORDS = 100
_AMOUNTS = ("amount", "net", "vat")


class FormatOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Parts of a CSV file's format that the request gives; None is detected."""

    column_map: dict[str, str] = {}
    delimiter: str | None = None
    decimal: Decimal | None = None
    encoding: str | None = None
    group: Group | None = None
    currency: str = "EUR"


class FileFormat(msgspec.Struct, frozen=True, kw_only=True):
    """Format of a file. ``decimal`` and ``thousands`` are None if no amount contains them."""

    encoding: str
    delimiter: str
    line_end: Literal["lf", "cr"]
    decimal: Decimal | None
    thousands: str | None
    given: tuple[str, ...] = ()

    @property
    def delimiter_name(self) -> str:
        """Name of the delimiter, or its character."""
        return _DELIMITER_NAMES.get(self.delimiter, self.delimiter)

    @property
    def style(self) -> NumberStyle:
        """Style of the amounts."""
        return NumberStyle(self.decimal or "point", grouped=True, given="decimal" in self.given)


@dataclass(frozen=True, slots=True)
class Survey:
    """The format of a file, its header, where its lines begin, and numbers of lines of invoices that have several."""

    format: FileFormat
    header: CsvHeader
    offset: int
    line: int
    several: Mapping[int, int] = field(default_factory=dict)
    """By the hash of the invoice number."""

    @property
    def form(self) -> Csv:
        """The format as the reader of records takes it."""
        return _form(self.format, len(self.header.columns))


def survey(source: BinaryIO, given: FormatOptions, *, limit_bytes: int | None = None) -> Survey:
    """Read the file, or its beginning. Raises a refusal for a file that cannot be read in one way only."""
    encoding, line_end = _signs(source, given, limit_bytes)
    found = FileFormat(
        encoding=encoding, delimiter=",", line_end=line_end, decimal=given.decimal, thousands=None,
        given=tuple(name for name in ("encoding", "delimiter", "decimal") if getattr(given, name) is not None),
    )  # fmt: skip
    found, header, head = _delimited(source, found, given)
    width = len(header.columns)
    amounts, numbers = _Amounts(given), _Numbers()
    for record in read_records(source, offset=head.end_offset, line=head.next_line, form=_form(found, width)):
        if limit_bytes is not None and record.end_offset > limit_bytes:
            break
        fields = _fields(record, found.delimiter, width)
        number = None if fields is None else fields[header.indexes["invoice_number"]].strip()
        if given.group == "lines" and not number:
            raise LineWithoutInvoice(
                f"Line {record.line} has no invoice number that can be read: with group=lines it may belong to any "
                "invoice."
            )
        if fields is not None and number is not None:
            numbers.see(number)
            amounts.see(record.line, fields, header)
    decimal, thousands = amounts.result()
    found = msgspec.structs.replace(found, decimal=decimal, thousands=thousands)
    return Survey(found, header, head.end_offset, head.next_line, numbers.several())


def _signs(
    source: BinaryIO, given: FormatOptions, limit_bytes: int | None
) -> tuple[str, Literal["lf", "cr"]]:
    """Return encoding and line ends of the file."""
    finder, feeds, returns, seen = EncodingFinder(), False, False, 0
    source.seek(0)
    while (limit_bytes is None or seen < limit_bytes) and (piece := source.read(_PIECE_BYTES)):
        finder.see(piece)
        feeds, returns = feeds or b"\n" in piece, returns or b"\r" in piece
        seen += len(piece)
    encoding = given.encoding or finder.encoding(complete=not source.read(1))
    return encoding, "cr" if returns and not feeds else "lf"


def _form(found: FileFormat, columns: int | None = None) -> Csv:
    return Csv(
        found.delimiter, columns, ENCODINGS[found.encoding], b"\r" if found.line_end == "cr" else b"\n"
    )


def _delimited(
    source: BinaryIO, found: FileFormat, given: FormatOptions
) -> tuple[FileFormat, CsvHeader, Record]:
    """Return the format with its delimiter, the header and its record."""
    first = next(read_records(source, form=_form(found)), None)
    if first is None:
        raise EmptyFile("The file has no lines.")
    told, start = given.delimiter, (0, 1)
    if isinstance(first.text, str) and (line := _SEP_LINE.fullmatch(first.text.strip())):
        start = (first.end_offset, first.next_line)
        if told not in {None, line.group(1)}:
            raise UnclearFormat(
                f"The file's first line is sep={line.group(1)}, the request names another delimiter: "
                "omit one of them.", "delimiter",
            )  # fmt: skip
        told = line.group(1)
    fitting, refusal = _fitting(source, found, given, start, [told] if told else list(DELIMITERS.values()))
    if len(fitting) > 1:
        fitting = [one for one in fitting if _is_even(source, *one)]
    if len(fitting) == 1:
        return fitting[0]
    if told is not None and not fitting:
        others, _ = _fitting(source, found, given, start, [d for d in DELIMITERS.values() if d != told])
        if len(others) == 1:
            raise UnclearFormat(
                f"The header has the mapped columns if the delimiter is {others[0][0].delimiter_name}, "
                f"not {_DELIMITER_NAMES.get(told, told)}; use that one, or omit the parameter.", "delimiter",
            )  # fmt: skip
    raise refusal or UnclearFormat(
        f"Several delimiters fit the header and the lines; use one of {', '.join(DELIMITERS)}.", "delimiter"
    )


_Fitting = tuple[FileFormat, CsvHeader, Record]


def _fitting(
    source: BinaryIO, found: FileFormat, given: FormatOptions, start: tuple[int, int], delimiters: list[str]
) -> tuple[list[_Fitting], InvalidHeader | InvalidColumnMap | None]:
    """Return the delimiters under which the header has the columns, and the refusal of the one with most columns."""
    fitting: list[_Fitting] = []
    refusals: list[tuple[int, InvalidHeader | InvalidColumnMap]] = []
    for delimiter in delimiters:
        one = msgspec.structs.replace(found, delimiter=delimiter)
        head = next(read_records(source, offset=start[0], line=start[1], form=_form(one)), None)
        if head is None:
            raise EmptyFile("The file has no lines.")
        try:
            if isinstance(head.text, Fault):
                raise InvalidHeader(f"The header line cannot be read. {head.text.detail}")
            fitting.append((one, read_header(head.text, given.column_map, delimiter), head))
        except (InvalidHeader, InvalidColumnMap) as refusal:
            columns = head.text.count(delimiter) if isinstance(head.text, str) else 0
            refusals.append((columns, refusal))
    most = max(refusals, key=lambda one: one[0])[1] if refusals and not fitting else None
    return fitting, most


def _is_even(source: BinaryIO, found: FileFormat, header: CsvHeader, head: Record) -> bool:
    """Return True if the next records have the columns of the header."""
    width = len(header.columns)
    records = read_records(source, offset=head.end_offset, line=head.next_line, form=_form(found, width))
    return all(_fields(record, found.delimiter, width) for record in islice(records, _COMPARED_RECORDS))


def _fields(record: Record, delimiter: str, width: int) -> list[str] | None:
    if isinstance(record.text, Fault):
        return None
    try:
        return fitted(split_fields(record.text, delimiter), width)
    except Fault:
        return None


class _Numbers:
    """Collects the hashes of invoice numbers, 8 bytes each, in parts that can be sorted one after another."""

    def __init__(self) -> None:
        self._parts = [array("q") for _ in range(256)]

    def see(self, number: str) -> None:
        """Count the invoice number of one line."""
        self._parts[(found := hash(number)) % 256].append(found)

    def several(self) -> dict[int, int]:
        """Return the hashes that occur several times, with their counts."""
        found: dict[int, int] = {}
        for part in self._parts:
            counts = ((number, sum(1 for _ in same)) for number, same in groupby(sorted(part)))
            found.update({number: count for number, count in counts if count > 1})
        return found


class _Amounts:
    """Detection of the decimal sign and thousands separator from the amounts of a file."""

    def __init__(self, given: FormatOptions) -> None:
        self._given = given
        self._decimals: dict[Decimal, str] = {}
        self._either: dict[Decimal, str] = {}
        self._thousands: dict[str, str] = {}
        self._ambiguous: str | None = None

    def see(self, line: int, fields: list[str], header: CsvHeader) -> None:
        """Examine the amounts of one line."""
        at = header.indexes.get("currency")
        code = (fields[at].strip() if at is not None else "") or self._given.currency
        for target in _AMOUNTS:
            index = header.indexes.get(target)
            if index is not None and fields[index]:
                self._note(evidence(fields[index], code), f"line {line} has {fields[index].strip()[:40]!r}")

    def _note(self, shown: Evidence, where: str) -> None:
        if shown.decimal is not None:
            self._decimals.setdefault(shown.decimal, where)
        if shown.either is not None:
            self._either.setdefault(shown.either, where)
        if shown.thousands is not None:
            self._thousands.setdefault(shown.thousands, where)
        if shown.ambiguous and self._ambiguous is None:
            self._ambiguous = where

    def result(self) -> tuple[Decimal | None, str | None]:
        """Return decimal sign and thousands separator. Raises :class:`UnclearFormat` if several are possible."""
        thousands = ", ".join(name for name in sorted(self._thousands)) or None
        if self._given.decimal is not None:
            return self._given.decimal, thousands
        if self._ambiguous is not None:
            raise _unclear(f"Amounts may be thousands or decimals: {self._ambiguous}")
        if len(self._decimals) > 1:
            raise _unclear(f"Amounts are written in two ways: {' and '.join(self._decimals.values())}")
        if not self._decimals and self._either:
            raise _unclear(f"Amounts may be thousands or decimals: {next(iter(self._either.values()))}")
        return next(iter(self._decimals), None), thousands


def _unclear(why: str) -> UnclearFormat:
    return UnclearFormat(f"{why}. Give the decimal sign: decimal=point or decimal=comma.", "decimal")


def lines_of_number(several: Mapping[int, int], number: str) -> int:
    """Return the number of lines that an invoice has in the file, by :attr:`Survey.several`."""
    return several.get(hash(number), 1)
