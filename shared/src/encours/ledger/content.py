"""Content of an archive: every payload is what its type says, amounts agree with each other, numbers with their series.

An archive's digest shows that a file arrived as it was written; whoever changes it can make the digest again. What
does not fit together is found here. An archive that was changed throughout, so that it fits, is not: only a digest or
a signature kept elsewhere shows that.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from encours.contracts import NewerVersion, UnknownType
from encours.contracts.books import movements
from encours.contracts.events.aside import EventSetAside
from encours.contracts.events.invoice import (
    InvoiceAmended,
    InvoiceCredited,
    InvoiceDrafted,
    InvoiceIssued,
    PaymentApplied,
    PaymentUnapplied,
)
from encours.contracts.events.money.payment import CreditNoteIssued, PaymentAllocated, PaymentReleased
from encours.ledger.stored import StoredEvent

_LAST_DIGITS = re.compile(r"(\d+)\D*$")
_NUMBERED: dict[type, str] = {
    InvoiceIssued: "invoice",
    InvoiceCredited: "credit note",
    CreditNoteIssued: "credit note",
}
_Stating = InvoiceDrafted | InvoiceAmended | InvoiceIssued | InvoiceCredited | CreditNoteIssued


@dataclass(frozen=True, slots=True)
class LastNumber:
    """A series at its end, as the archive has it."""

    entity: str
    code: str
    year: int
    last_number: int


class ContentInvalid(Exception):
    """Events of an archive contradict each other; the message names the first."""


@dataclass(slots=True)
class ContentCheck:
    """Reads the events of a ledger in order of position; :meth:`finish` once all were read."""

    _position: int = 0
    _command: UUID | None = None
    _balances: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    _moved: set[tuple[str, str]] = field(default_factory=set)
    _drafts: dict[str, tuple[str, int]] = field(default_factory=dict)
    _mirrors: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    _unreadable: dict[int, str] = field(default_factory=dict)
    """Faults of payloads that no operator has set aside so far, by position."""
    _numbers: set[tuple[str, str, str]] = field(default_factory=set)
    _taken: dict[tuple[str, str], set[int]] = field(default_factory=lambda: defaultdict(set))
    """Running numbers that were taken over, by entity and the text before them."""
    _last: dict[tuple[str, str, int], tuple[int, date]] = field(default_factory=dict)

    def read(self, event: StoredEvent) -> None:
        """Raises :class:`ContentInvalid`: for what could not be read rather than for what follows from it."""
        try:
            self._read(event)
        except ContentInvalid:
            self._check_readable()
            raise

    def _read(self, event: StoredEvent) -> None:
        if event.command_id != self._command:
            self._end_command()
        self._command, self._position = event.command_id, event.position
        for wrong in self._wrong(event):
            raise ContentInvalid(f"position {event.position} ({event.type} of {event.stream}): {wrong}")

    def finish(self, series: Iterable[LastNumber]) -> None:
        """Compare what is only complete at the end. Raises :class:`ContentInvalid`."""
        self._end_command()
        self._check_readable()
        if unequal := sorted(name for name, amount in self._mirrors.items() if amount):
            raise ContentInvalid(
                f"allocation {unequal[0][0]}: payment and invoice do not say the same amount"
            )
        stated = {(row.entity, row.code, row.year): row.last_number for row in series}
        found = {key: number for key, (number, _) in self._last.items()}
        if unequal_series := sorted(stated.items() ^ found.items()):
            entity, code, year = unequal_series[0][0]
            raise ContentInvalid(
                f"series {code} {year} of {entity}: its last number is not that of its documents"
            )

    def _check_readable(self) -> None:
        if self._unreadable:
            raise ContentInvalid(self._unreadable[min(self._unreadable)])

    def _wrong(self, event: StoredEvent) -> Iterator[str]:
        try:
            data: Any = event.recorded().data
        except (UnknownType, NewerVersion) as unknown:
            yield f"{unknown}: a newer program wrote it"
            return
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._unreadable[event.position] = (
                f"position {event.position} ({event.type} of {event.stream}): "
                f"its payload is not what its type says ({error})"
            )
            return
        if isinstance(data, EventSetAside):
            self._unreadable.pop(data.position, None)
        if (owner := getattr(data, f"{event.type.partition('.')[0]}_id", event.stream)) != event.stream:
            yield f"its payload is of {owner}"
        if isinstance(data, _Stating):
            yield from _sums(data)
        yield from self._of_draft(data)
        yield from self._number(event, data)
        self._mirror(data)
        self._books(event)

    def _of_draft(self, data: Any) -> Iterator[str]:
        match data:
            case InvoiceDrafted() | InvoiceAmended():
                self._drafts[data.invoice_id] = (data.customer_id, data.total_minor)
            case InvoiceIssued():
                draft = self._drafts.pop(data.invoice_id, None)
                total_minor = data.total_minor + sum(n.total_minor for n in data.deposits)
                if draft is not None and draft != (data.customer_id, total_minor):
                    yield "customer or total are not those of its draft"
            case _:
                pass

    def _number(self, event: StoredEvent, data: Any) -> Iterator[str]:
        document = _NUMBERED.get(type(data))
        if document is None:
            return
        if (event.entity, document, data.number) in self._numbers:
            yield f"number {data.number} is given twice"
        self._numbers.add((event.entity, document, data.number))
        digits = _LAST_DIGITS.search(data.number)
        number, prefix = (int(digits.group(1)), data.number[: digits.start()]) if digits else (0, data.number)
        taken = self._taken[event.entity, prefix]
        if data.series is None:
            taken.add(number)
            return
        key = (event.entity, data.series, data.issued_on.year)
        last = self._last.get(key)
        if last is not None and not _follows(number, last[0], taken):
            yield f"number {data.number} does not follow {last[0]}"
        if last is not None and data.issued_on < last[1]:
            yield f"number {data.number} is dated before the one before it"
        self._last[key] = number, data.issued_on

    def _mirror(self, data: Any) -> None:
        match data:
            case PaymentAllocated() | PaymentReleased():
                sign = 1 if isinstance(data, PaymentAllocated) else -1
                for part in data.allocations:
                    self._mirrors[part.allocation_id, "used"] += sign * part.amount_minor
                    self._mirrors[part.allocation_id, "settled"] += sign * part.settled_minor
            case PaymentApplied() | PaymentUnapplied():
                sign = -1 if isinstance(data, PaymentApplied) else 1
                used = data.amount_minor if data.paid is None else data.paid.amount_minor
                self._mirrors[data.allocation_id, "used"] += sign * used
                self._mirrors[data.allocation_id, "settled"] += sign * data.amount_minor
            case _:
                pass

    def _books(self, event: StoredEvent) -> None:
        for movement in movements(event.recorded()):
            for name, of, minor in (
                ("open amount of invoice", movement.invoice_id, movement.item_minor),
                ("amount in dispute of invoice", movement.invoice_id, movement.contested_minor),
                ("unapplied amount of payment", movement.payment_id, movement.cash_minor),
            ):
                if of is not None and minor:
                    self._balances[name, of] += minor
                    self._moved.add((name, of))

    def _end_command(self) -> None:
        """Balances between the events of one command may be below zero, after it they may not."""
        below = sorted(balance for balance in self._moved if self._balances[balance] < 0)
        self._moved.clear()
        if below:
            raise ContentInvalid(
                f"position {self._position}: {' '.join(below[0])} is {self._balances[below[0]]}, below zero"
            )


def _follows(number: int, last: int, taken: set[int]) -> bool:
    """Return True for the next number of a series, or the next above those of another system."""
    if not last < number <= last + 1 + len(taken):
        return False
    return taken.issuperset(range(last + 1, number))


def _sums(data: _Stating) -> Iterator[str]:
    if data.net_minor is None or data.vat_minor is None:
        if data.net_minor is not data.vat_minor or data.vat:
            yield "net and VAT are known only in part"
        return
    if data.net_minor + data.vat_minor != data.total_minor:
        yield "net and VAT do not add up to the total"
    shares = data.vat
    if shares and (sum(s.net_minor for s in shares), sum(s.vat_minor for s in shares)) != (
        data.net_minor,
        data.vat_minor,
    ):
        yield "the amounts per VAT rate do not add up to net and VAT"
    if (
        isinstance(data, InvoiceDrafted | InvoiceAmended)
        and sum(n.net_minor for n in data.lines) + sum(n.signed_minor for n in data.adjustments)
        != data.net_minor
    ):
        yield "lines, discounts and charges do not add up to the net amount"
