"""Lines of the other system's list of open items, NDJSON or CSV. Nothing is guessed; a faulty line refuses the list."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import msgspec

from encours.kernel.errors import FieldError
from invoice_svc.domain.payment.indication import digits_of, number_key
from invoice_svc.imports import values
from invoice_svc.imports.formats.amounts import NumberStyle
from invoice_svc.imports.formats.verdict import Fault
from invoice_svc.sync.refusals import SyncListInvalid

MAX_LINES = 1_000_000
MAX_FAULTS = 100
COLUMNS = ("number", "currency", "outstanding", "total", "due_on", "cancelled")
_REQUIRED = ("number", "outstanding")
_decode = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, slots=True)
class ListedItem:
    """Open item as the other system has it, in minor units; ``cancelled``: there the invoice is cancelled."""

    n: int
    number: str
    currency: str
    open_minor: int
    total_minor: int | None
    due_on: date | None
    cancelled: bool

    def record(self, check_id: str) -> tuple[Any, ...]:
        """Return the row of the table of lines."""
        key = number_key(self.number) or self.number
        return (
            check_id, self.n, self.number, key, digits_of(self.number), self.currency, self.open_minor,
            self.total_minor, self.due_on, self.cancelled,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ListForm:
    """Form of a list. ``currency`` is that of lines that give none."""

    format: Literal["csv", "ndjson"]
    currency: str
    delimiter: str = ","
    decimal: Literal["point", "comma"] = "point"
    date_format: str | None = None


async def read_list(lines: AsyncIterator[bytes], form: ListForm) -> AsyncIterator[ListedItem]:
    """Read a list line by line. Raises :class:`SyncListInvalid` with the first 100 faults."""
    reader, faults, n = _ListReader(form), [], 0
    async for raw in lines:
        n += 1
        try:
            item = reader.item(n, raw)
        except Fault as fault:
            faults.append(FieldError(f"/{n}/{fault.column or ''}".rstrip("/"), fault.detail))
            if len(faults) == MAX_FAULTS:
                break
            continue
        if item is not None and not faults:
            yield item
        if n > MAX_LINES + 1:
            raise SyncListInvalid(
                f"A list may have {MAX_LINES:,} lines; check the rest as a list of its own entity."
            )
    if faults:
        raise SyncListInvalid(
            "The list has lines that cannot be read; nothing was compared.", errors=tuple(faults)
        )
    if reader.items == 0:
        raise SyncListInvalid("The list has no lines. If nothing is open there, send totals of 0.00 as JSON.")


class _ListReader:
    """Reads one line after another; the first of a CSV list is its header."""

    def __init__(self, form: ListForm) -> None:
        self._form = form
        self._style = NumberStyle(form.decimal, grouped=True, given=True)
        self._header: list[str] | None = None
        self.items = 0

    def item(self, n: int, raw: bytes) -> ListedItem | None:
        """Return the item of a line; None for a header and an empty line. Raises :class:`Fault`."""
        if n == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if not raw.strip():
            return None
        if self._form.format == "ndjson":
            fields = self._object(raw)
        elif self._header is None:
            self._header = self._names(raw)
            return None
        else:
            fields = self._fields(raw, self._header)
        self.items += 1
        return self._read(n, fields)

    def _object(self, raw: bytes) -> Mapping[str, str]:
        try:
            found = _decode(raw)
        except msgspec.MsgspecError as error:
            raise Fault("invalid-value", f"Write one JSON object a line: {error}.") from None
        unknown = found.keys() - set(COLUMNS)
        if unknown:
            raise Fault("unknown-field", f"Use only {', '.join(COLUMNS)}.", min(unknown)[:40])
        fields = {}
        for name, value in found.items():
            if name == "cancelled" and isinstance(value, bool):
                value = "true" if value else "false"
            if value is not None and not isinstance(value, str):
                raise Fault("invalid-value", f'Write {name} as a text, such as "240.00".', name)
            fields[name] = value or ""
        return fields

    def _names(self, raw: bytes) -> list[str]:
        names = [name.strip().lower() for name in self._split(raw)]
        wrong = [name for name in names if name not in COLUMNS] or [
            name for name in _REQUIRED if name not in names
        ]
        if wrong or len(set(names)) != len(names):
            raise Fault(
                "invalid-header",
                f"The header has to name {' and '.join(_REQUIRED)}, may name {', '.join(COLUMNS)}, each once, and "
                f"nothing else; see delimiter=, which is {self._form.delimiter!r}.",
            )
        return names

    def _fields(self, raw: bytes, header: list[str]) -> Mapping[str, str]:
        parts = self._split(raw)
        if len(parts) != len(header):
            raise Fault("invalid-value", f"The line has {len(parts)} columns, the header {len(header)}.")
        return dict(zip(header, parts, strict=True))

    def _split(self, raw: bytes) -> list[str]:
        try:
            return next(csv.reader([raw.decode()], delimiter=self._form.delimiter, strict=True))
        except UnicodeDecodeError:
            raise Fault("invalid-value", "Save the list as UTF-8.") from None
        except csv.Error as error:
            raise Fault("invalid-value", f"The line cannot be read as CSV: {error}.") from None

    def _read(self, n: int, fields: Mapping[str, str]) -> ListedItem:
        code = values.currency(fields.get("currency", "").strip() or self._form.currency, "currency")
        open_minor, _ = values.amount(
            fields.get("outstanding", ""), code, "outstanding", self._style, signed=True
        )
        total, due_on = fields.get("total", "").strip(), fields.get("due_on", "").strip()
        return ListedItem(
            n=n,
            number=values.text(fields.get("number", ""), "number", limit=60),
            currency=code,
            open_minor=open_minor,
            total_minor=values.amount(total, code, "total", self._style, signed=True)[0] if total else None,
            due_on=values.day(due_on, self._form.date_format, "due_on") if due_on else None,
            cancelled=values.yes_or_no(fields.get("cancelled", ""), "cancelled"),
        )
