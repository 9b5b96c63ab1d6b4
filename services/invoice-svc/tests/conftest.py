"""A ledger in memory: the use cases run on it through the real session, with no I/O and in microseconds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from encours.contracts import Recorded
from encours.contracts.common import Address
from encours.contracts.entity import EntityRegistered
from encours.kernel.errors import DomainError
from encours.ledger.command import CommandMeta, Result
from encours.ledger.errors import IssueDateBeforeLast, VersionConflict
from encours.ledger.execute import Done, execute
from encours.ledger.model import Append, Appended, Head, NumberStep, StoredCommand
from encours.ledger.states import Folder, StateCache
from invoice_svc.domain.customer.commands import RegisterCustomer
from invoice_svc.domain.dispute.commands import OpenDispute
from invoice_svc.domain.entity.commands import RegisterEntity
from invoice_svc.domain.invoice.amounts import LineInput
from invoice_svc.domain.invoice.commands import (
    Content,
    CreditInvoice,
    DraftInvoice,
)
from invoice_svc.domain.payment import commands as pay
from invoice_svc.use_cases import customers, entities, invoices

TODAY = date(2026, 6, 30)


class _Info:
    epoch = 1


class MemoryLedger:
    """What `execute` asks of a ledger, with its promises: versions checked, numbers gapless, commands once."""

    def __init__(self) -> None:
        self.states = StateCache()
        self.events: list[Recorded] = []
        self.commands: dict[UUID, StoredCommand] = {}
        self._series: dict[tuple[str, str, int], tuple[int, date]] = {}

    async def info(self, name: str) -> _Info:
        return _Info()

    async def head(self, ledger: str) -> Head:
        return Head(len(self.events), 1, None)

    async def read_stream(
        self, ledger: str, stream: str, *, after_version: int = 0, upto: int | None = None
    ) -> list[Recorded]:
        last = len(self.events) if upto is None else upto
        return [e for e in self.events[:last] if e.stream == stream and e.version > after_version]

    async def read_raw(self, ledger: str, after: int, limit: int) -> list[dict[str, Any]]:
        return [
            {"recorded_at": e.recorded_at, "stream": e.stream} for e in self.events[after : after + limit]
        ]

    async def find_command(self, ledger: str, command_id: UUID) -> StoredCommand | None:
        return self.commands.get(command_id)

    async def append(self, append: Append) -> Appended:
        if (known := self.commands.get(append.command_id)) is not None:
            return self._appended(known.first_position, known.last_position, known.answer, replayed=True)
        self._check_versions(append)
        first = len(self.events) + 1
        rows = [self._row(append, position, event) for position, event in enumerate(append.events, first)]
        self.events += rows
        self.commands[append.command_id] = StoredCommand(
            append.command_id, append.fingerprint, first, len(self.events), append.answer
        )
        return self._appended(first, len(self.events), append.answer, replayed=False)

    async def zone_of(self, ledger: str, entity: str) -> str | None:
        registered = (e.data for e in self.events if isinstance(e.data, EntityRegistered))
        return next((each.time_zone for each in registered if each.entity_id == entity), None)

    async def has_given_numbers(self, ledger: str, entity: str, code: str, year: int) -> bool:
        return (entity, code, year) in self._series

    def version(self, stream: str) -> int:
        return sum(e.stream == stream for e in self.events)

    def _check_versions(self, append: Append) -> None:
        heads = {guard.stream: guard.version for guard in append.guards}
        for event in append.events:
            heads.setdefault(event.stream, event.version - 1)
        for stream, version in heads.items():
            if self.version(stream) != version:
                raise VersionConflict(stream)

    def _row(self, append: Append, position: int, event: Any) -> Recorded:
        data = (
            event.data
            if event.number is None
            else replace(event.data, number=self._number(event.number, event.effective_on))
        )
        return Recorded(
            ledger=append.ledger, position=position, stream=event.stream, version=event.version, type=data.TYPE,
            schema_version=1, entity=event.entity, event_id=event.event_id, effective_on=event.effective_on,
            recorded_at=datetime(2026, 6, 30, tzinfo=UTC), actor=append.actor, command_id=append.command_id, data=data,
        )  # fmt: skip

    def _number(self, step: NumberStep, on: date) -> str:
        last, last_on = self._series.get((step.entity, step.code, step.year), (step.first - 1, date.min))
        if on < last_on:
            raise IssueDateBeforeLast(step.code)
        self._series[step.entity, step.code, step.year] = (last + 1, on)
        return f"{step.prefix}{last + 1:0{step.width}d}"

    def _appended(self, first: int, last: int, answer: bytes, *, replayed: bool) -> Appended:
        numbers = tuple(getattr(e.data, "number", None) for e in self.events[first - 1 : last])
        return Appended(
            first, last, datetime(2026, 6, 30, tzinfo=UTC), numbers, answer, replayed, len(self.events)
        )


class Books:
    """A firm's books in a story: ``do`` runs a use case, ``state`` folds a stream."""

    def __init__(self) -> None:
        self.ledger = MemoryLedger()
        self.meta = CommandMeta(ledger="main", command_id=uuid4(), fingerprint=b"", actor="test", today=TODAY)

    def do(
        self,
        work: Callable[..., Awaitable[Result | None]],
        *arguments: Any,
        key: UUID | None = None,
        today: date = TODAY,
        **more: Any,
    ) -> Done:
        meta = replace(self.meta, command_id=key or uuid4(), today=today, **more)

        running = execute(self.ledger, meta, work, *arguments)  # type: ignore[arg-type]
        try:
            running.send(None)
        except StopIteration as finished:
            done: Done = finished.value
            return done
        raise AssertionError("a ledger in memory has nothing to wait for")

    def state(self, folder: Folder[Any], stream: str) -> Any:
        return folder.fold(self.stream(stream))

    def stream(self, stream: str) -> list[Recorded]:
        return [e for e in self.ledger.events if e.stream == stream]

    def kinds(self, since: int = 0) -> list[str]:
        return [e.type for e in self.ledger.events[since:]]


@pytest.fixture
def books() -> Books:
    """An empty firm."""
    return Books()


@pytest.fixture(scope="session")
def new_books() -> Callable[[], Books]:
    """As many empty firms as a property test needs."""
    return Books


FORM = "SAS, capital 10 000 EUR, RCS Paris"
ADDRESS = Address(lines=("1 rue de la Paix",), postal_code="75002", city="Paris", country="FR")


def day(number: int, month: int = 6) -> date:
    return date(2026, month, number)


def at_once(draft: DraftInvoice, on: date) -> DraftInvoice:
    return replace(draft, issue=True, issued_on=on)


def entity(name: str = "ent_1", **changes: Any) -> RegisterEntity:
    values: dict[str, Any] = {
        "name": "Lumière SAS", "country": "FR", "currency": "EUR", "time_zone": "Europe/Paris",
        "legal_form": FORM,
        "siren": "552100554", "vat_id": "FR96552100554", "address": ADDRESS,
    }  # fmt: skip
    return RegisterEntity(entity_id=name, **(values | changes))


def customer(name: str = "cus_1", entity_id: str = "ent_1", **changes: Any) -> RegisterCustomer:
    values: dict[str, Any] = {"name": "Dupont", "country": "FR", "address": ADDRESS}
    return RegisterCustomer(customer_id=name, entity_id=entity_id, **(values | changes))


def draft(name: str = "inv_1", amount: str = "100.00", vat: str = "20", **changes: Any) -> DraftInvoice:
    content = Content(
        supply_on=day(1), lines=(LineInput("work", "1", amount, vat),), terms=changes.pop("terms", None)
    )
    values: dict[str, Any] = {
        "entity_id": "ent_1",
        "customer_id": "cus_1",
        "series": "FAC",
        "content": content,
    }
    return DraftInvoice(invoice_id=name, **(values | changes))


def receipt(
    name: str = "pay_1", amount: int = 12_000, on: date = TODAY, **changes: Any
) -> pay.ReceivePayment:
    values: dict[str, Any] = {
        "entity_id": "ent_1", "customer_id": "cus_1", "received_on": on, "amount_minor": amount, "currency": "EUR",
        "method": "transfer",
    }  # fmt: skip
    return pay.ReceivePayment(payment_id=name, **(values | changes))


def credit(amount: int | None = None, on: date = TODAY, name: str = "cre_1") -> CreditInvoice:
    return CreditInvoice("inv_1", name, on, amount, "returned")


def dispute(amount: int | None = None, name: str = "dis_1") -> OpenDispute:
    return OpenDispute(name, "inv_1", "quality", amount, "broken", None, day(10))


def refused(code: str) -> Any:
    class Refusal:
        def __enter__(self) -> None:
            self.raises = pytest.raises(DomainError)
            self.info = self.raises.__enter__()

        def __exit__(self, *error: Any) -> Any:
            swallowed = self.raises.__exit__(*error)
            assert self.info.value.code == code
            assert self.info.value.detail
            return swallowed

    return Refusal()


@pytest.fixture(scope="session")
def make() -> Any:
    """Commands of the firm's story, as they usually are: ``make.draft("inv_2", amount="50.00")``."""
    return SimpleNamespace(
        at_once=at_once,
        entity=entity,
        customer=customer,
        draft=draft,
        receipt=receipt,
        credit=credit,
        dispute=dispute,
        refused=refused,
    )


@pytest.fixture
def firm(books: Any) -> Any:
    """A firm with one customer."""
    books.do(entities.register, entity())
    books.do(customers.register, customer())
    return books


@pytest.fixture
def issued(firm: Any) -> Any:
    """... that was invoiced 120.00 on 1 June, due on 1 July."""
    firm.do(invoices.draft, at_once(draft(), day(1)))
    return firm
