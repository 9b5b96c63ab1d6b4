"""Invoices with several lines in a file (``group=lines``): all lines of an invoice are accepted, or none.

The lines of an invoice are equal except for their amounts, which add up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from encours.kernel.money import MAX_MINOR, format_amount
from invoice_svc.imports.csv_lines import Parsed
from invoice_svc.imports.events import ImportedEvent, ImportedInvoice, ImportedPayment
from invoice_svc.imports.formats.verdict import Fault
from invoice_svc.imports.survey import lines_of_number

SEVERAL_LINES = (
    "Several lines have invoice {number}. Give group=lines if each of them is a part of it, or group=none if each is "
    "a whole invoice and the others repeat it."
)


@dataclass(slots=True)
class _Open:
    lines: list[int] = field(default_factory=list)
    parts: list[Parsed] = field(default_factory=list)
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Grouped:
    """An invoice with the numbers of its lines, or the fault for which all of them are rejected."""

    lines: tuple[int, ...]
    content: Parsed | Fault


@dataclass(slots=True)
class LineGroups:
    """Collection of the lines of invoices that have several; ``several`` is that of the survey."""

    several: Mapping[int, int]
    _open: dict[str, _Open] = field(default_factory=dict)

    def take(self, number: str, line: int, content: Parsed | Fault) -> Grouped | None:
        """Return the invoice if this was the last of its lines, else None."""
        count = lines_of_number(self.several, number)
        if count == 1:
            return Grouped((line,), content)
        found = self._open.setdefault(number, _Open())
        found.lines.append(line)
        if isinstance(content, Fault):
            found.fault = found.fault or Fault(content.code, f"Line {line}: {content.detail}", content.column)
        else:
            found.parts.append(content)
        if len(found.lines) < count:
            return None
        del self._open[number]
        return Grouped(tuple(found.lines), found.fault or _joined(number, found))


def _joined(number: str, found: _Open) -> Parsed | Fault:
    first = found.parts[0]
    for line, part in zip(found.lines, found.parts, strict=True):
        if _without_amounts(part) != _without_amounts(first):
            return Fault(
                "lines-differ",
                f"Lines {found.lines[0]} and {line} of invoice {number} differ in more than their amounts.",
            )
    invoices = [part.events[0] for part in found.parts]
    assert all(isinstance(invoice, ImportedInvoice) for invoice in invoices)
    total, net, vat = (
        _sum([getattr(i, name) for i in invoices]) for name in ("total_minor", "net_minor", "vat_minor")
    )
    whole = invoices[0]
    assert isinstance(whole, ImportedInvoice)
    assert total is not None
    if not 0 < total <= MAX_MINOR:
        text = format_amount(total, whole.currency)
        return Fault("amount-not-positive", f"The lines of invoice {number} add up to {text}.")
    events: list[ImportedEvent] = [replace(whole, total_minor=total, net_minor=net, vat_minor=vat)]
    for event in first.events[1:]:
        if isinstance(event, ImportedPayment):
            event = replace(event, amount_minor=total, allocations=((number, total),))
        events.append(event)
    return Parsed(tuple(events), first.customer, first.note)


def _sum(shares: Sequence[int | None]) -> int | None:
    known = [share for share in shares if share is not None]
    return sum(known) if len(known) == len(shares) else None


def _without_amounts(part: Parsed) -> tuple[object, ...]:
    def bare(event: ImportedEvent) -> ImportedEvent:
        match event:
            case ImportedInvoice():
                has_net = 0 if event.net_minor is not None else None
                return replace(event, total_minor=0, net_minor=has_net, vat_minor=has_net)
            case ImportedPayment():
                return replace(event, amount_minor=0, allocations=())
            case _:
                return event

    return (*(bare(event) for event in part.events), part.customer)
