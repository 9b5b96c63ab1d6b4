"""Recording of waiting events in the ledger: customers in parallel, the events of each in order, each exactly once.

The command id follows from the event's key and content. After an interruption the events are submitted again, and
the ledger recognizes those that it has.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Self

import structlog

from encours.kernel.errors import DomainError
from encours.ledger import Ledger, LedgerUnavailable, VersionConflict
from encours.ledger.command import CommandMeta
from encours.ledger.execute import Done, execute
from encours.ledger.model import Clock
from encours.postgres.connection import is_lost
from invoice_svc.domain.customer.ref import registered_with
from invoice_svc.domain.payment.indication import keys_in
from invoice_svc.domain.refusals import DateInFuture
from invoice_svc.imports import ids
from invoice_svc.imports.book import Book
from invoice_svc.imports.commands import EventScope, Work, invoices_of, work_of
from invoice_svc.imports.events import (
    ImportedCustomer,
    ImportedEntity,
    ImportedEvent,
    ImportedInvoice,
    ImportedPayment,
    ImportedRoles,
    from_bytes,
    to_bytes,
)
from invoice_svc.imports.formats.verdict import LineVerdict
from invoice_svc.imports.lookups import Lookups
from invoice_svc.imports.planning import content_of
from invoice_svc.imports.store import Import, ImportStore, WaitingEvent
from invoice_svc.imports.values import language_of
from invoice_svc.use_cases.folds import INVOICE

PAGE_EVENTS = 4_096
IN_FLIGHT = 64
MARK_EVERY = 512
CONFLICT_RETRIES = 5
MAX_REFERENCES = 3
"""A resolution refers to a dispute, the dispute to an invoice, and the invoice to the customer."""
UNAVAILABLE_WAIT_S = 0.5

log = structlog.get_logger("invoice_svc.imports")
Refusal = tuple[WaitingEvent, LineVerdict]


@dataclass(slots=True)
class _Page:
    """Results of one page of events, not yet stored."""

    fed: list[tuple[str, str]] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


class Feeder:
    """Records the events of one ledger. The caller holds the ledger's lease, so only one feeder runs."""

    def __init__(
        self, ledger: Ledger, store: ImportStore, name: str, lookups: Lookups, position: int
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._name = name
        self._lookups = lookups
        self._began_at = position
        self._book = Book(lookups.open_invoices, position)
        self._imports: dict[str, Import] = {}
        self._entities: set[str] = set()
        self._customers: dict[tuple[str, str], str] = {}
        self._registering: dict[tuple[str, str], asyncio.Lock] = {}
        self._descriptions: dict[tuple[str, str], WaitingEvent] = {}
        self._advices: dict[tuple[str, str, int], list[str]] = {}
        self._clock = Clock(datetime.min.replace(tzinfo=UTC), date.min)
        self._live = False
        self._days: dict[str, date] = {}

    @classmethod
    async def begin(cls, ledger: Ledger, store: ImportStore, name: str, lookups: Lookups) -> Self:
        """Return a feeder that reads events up to the ledger's head from the read model, and tracks later ones."""
        return cls(ledger, store, name, lookups, (await ledger.head(name)).position)

    async def feed(self, upto: date) -> int:
        """Record the pending events up to that day and return their number. Idempotent.

        An event that a rule refuses becomes a rejected line; the others continue. Waits while the ledger is
        unavailable; raises if the service's own database is, and the caller starts again.
        """
        count = 0
        while events := await self._store.due(self._name, upto, PAGE_EVENTS):
            await self._feed_page(events)
            count += len(events)
        return count

    async def _feed_page(self, events: Sequence[WaitingEvent]) -> None:
        await self._look_at_the_clock({event.entity_id for event in events})
        await self._know_imports(events)
        page, gate = _Page(), asyncio.Semaphore(IN_FLIGHT)
        first = [event for event in events if event.key == "entity"]
        for event in first:
            await self._feed_event(event, None, page)
        with_refs = await self._customer_refs([event for event in events if event.key != "entity"])
        await self._know_customers(
            {(event.entity_id, ref) for event, own in with_refs for ref in (own, *_named_in(event)) if ref}
        )
        await self._know_advices(events)
        queues: dict[tuple[str, str], list[WaitingEvent]] = {}
        for event, customer_ref in with_refs:
            queues.setdefault(
                (event.entity_id, f"={customer_ref}" if customer_ref else event.key), []
            ).append(event)

        async def run(name: str, queue: list[WaitingEvent]) -> None:
            async with gate:
                for event in queue:
                    await self._feed_event(event, name[1:] if name[0] == "=" else None, page)
                    if len(page.fed) >= MARK_EVERY:
                        await self._mark(page)

        async with asyncio.TaskGroup() as group:
            for (_, name), queue in queues.items():
                group.create_task(run(name, queue))
        await self._mark(page)

    async def _look_at_the_clock(self, entities: set[str]) -> None:
        """Take the day of each entity, in its zone; in a sandbox events are recorded on the ledger's day."""
        self._clock = await self._ledger.clock(self._name)
        self._live = (await self._ledger.info(self._name)).kind == "live"
        for entity in entities:
            zone = await self._ledger.zone_of(self._name, entity) if self._live else None
            self._days[entity] = self._clock.day_in(zone)

    async def _mark(self, page: _Page) -> None:
        fed, page.fed = page.fed, []
        refused, page.refused = page.refused, []
        await self._store.mark(self._name, fed, refused)

    async def _know_imports(self, events: Sequence[WaitingEvent]) -> None:
        for import_id in {event.import_id for event in events} - self._imports.keys():
            found = await self._store.get(self._name, import_id)
            assert found is not None, "an event belongs to an import"
            self._imports[import_id] = found

    async def _customer_refs(self, events: Sequence[WaitingEvent]) -> list[tuple[WaitingEvent, str | None]]:
        """Return each event with its customer's code: its own, else that of the event that it refers to."""
        customer_ref = {(event.entity_id, event.key): event.customer_ref for event in events}
        parent = {(event.entity_id, event.key): event.parent for event in events}
        for _ in range(MAX_REFERENCES):
            wanted = {
                (entity, key)
                for (entity, _), key in parent.items()
                if key and (entity, key) not in customer_ref
            }
            if not wanted:
                break
            for entity_id in {entity for entity, _ in wanted}:
                keys = [key for entity, key in wanted if entity == entity_id]
                found = await self._store.by_keys(self._name, entity_id, keys)
                customer_ref |= {
                    (entity_id, key): found[key].customer_ref if key in found else None for key in keys
                }
                parent |= {(entity_id, key): found[key].parent for key in found}

        def resolve(event: WaitingEvent) -> str | None:
            key: str | None = event.key
            for _ in range(MAX_REFERENCES + 1):
                if key is None or customer_ref.get((event.entity_id, key)) is not None:
                    break
                key = parent.get((event.entity_id, key))
            return customer_ref.get((event.entity_id, key)) if key else None

        return [(event, resolve(event)) for event in events]

    async def _know_customers(self, marks: set[tuple[str, str]]) -> None:
        """Load the ids of customers that exist already, and the descriptions that files give of the others."""
        self._descriptions.clear()
        for entity_id in {entity for entity, _ in marks}:
            refs = [
                ref for entity, ref in marks if entity == entity_id and (entity, ref) not in self._customers
            ]
            if not refs:
                continue
            found = await self._store.by_keys(self._name, entity_id, [f"customer:{ref}" for ref in refs])
            brought = {event.customer_ref for event in found.values() if event.state == "done"}
            for ref in refs:
                if ref in brought:
                    self._customers[entity_id, ref] = registered_with(entity_id, ref)
                elif f"customer:{ref}" in found:
                    self._descriptions[entity_id, ref] = found[f"customer:{ref}"]
            others = [ref for ref in refs if ref not in brought]
            if others and self._began_at:
                registered = await self._lookups.customers(entity_id, others, self._began_at)
                self._customers |= {(entity_id, ref): customer_id for ref, customer_id in registered.items()}

    async def _know_advices(self, events: Sequence[WaitingEvent]) -> None:
        """Load the advices that announce payments of a page, by entity, currency and amount."""
        self._advices.clear()
        amounts: dict[tuple[str, str], set[int]] = {}
        for waiting in events:
            if waiting.key.startswith("payment:"):
                event = from_bytes(waiting.data)
                assert isinstance(event, ImportedPayment), "the key names the kind"
                amounts.setdefault((waiting.entity_id, event.currency), set()).add(event.amount_minor)
        if not self._began_at:
            return
        for books, of in amounts.items():
            found = await self._lookups.advices(*books, of, self._began_at)
            self._advices |= {(*books, amount): advices for amount, advices in found.items()}

    async def _feed_event(self, waiting: WaitingEvent, customer_ref: str | None, page: _Page) -> None:
        event = from_bytes(waiting.data)
        try:
            today = self._days[waiting.entity_id]
            if waiting.on_date > today:
                raise DateInFuture(f"{waiting.on_date} is in the future: the entity's date is {today}.")
            await self._ensure_entity(waiting, event)
            await self._record(waiting, event, customer_ref, page)
        except DomainError as refusal:
            if refusal.status >= 500:
                raise
            page.refused.append((waiting, _verdict(waiting, refusal.code, refusal.detail)))
        except Exception as fault:
            if is_lost(fault) or isinstance(fault, TimeoutError):
                raise
            # A line that our own code fails on must not block the ledger: it is rejected with its reason.
            where = {"ledger": self._name, "import_id": waiting.import_id, "line": waiting.line}
            log.exception("an event could not be recorded", **where)
            detail = "An internal error occurred on this line. Import it again later."
            page.refused.append((waiting, _verdict(waiting, "internal-error", detail)))
        else:
            page.fed.append((waiting.entity_id, waiting.key))

    async def _record(
        self, waiting: WaitingEvent, event: ImportedEvent, customer_ref: str | None, page: _Page
    ) -> None:
        entity_id = waiting.entity_id
        customer_id = await self._ensure_customer(waiting, customer_ref, page) if customer_ref else None
        if isinstance(event, ImportedCustomer):
            return
        if customer_id is not None:
            await self._book.know(customer_id)
        candidates: Sequence[str] = ()
        advices: Sequence[str] = ()
        if isinstance(event, ImportedPayment):
            advices = self._advices.get((entity_id, event.currency, event.amount_minor), ())
        if isinstance(event, ImportedPayment) and event.allocations is None:
            if customer_id is not None:
                candidates = self._book.candidates(customer_id, event.text)
            else:
                candidates = await self._named(entity_id, event.text)
        known = await self._known_invoices(waiting, event)
        named = {ref: await self._ensure_customer(waiting, ref, page) for ref in _named_in(waiting)}
        work = work_of(event, EventScope(entity_id, customer_id, known, named), candidates, advices)
        done = await self._execute(waiting, waiting.key, waiting.content, work)
        if isinstance(event, ImportedInvoice):
            done.remember(INVOICE, ids.invoice_id(entity_id, event.number))
        self._book.note(done.recorded)

    async def _named(self, entity_id: str, text: str | None) -> list[str]:
        """Return imported invoices that the text of a payment without a payer names."""
        words = [*keys_in(text), *re.findall(r"\w(?:[\w+\-/.]*\w)?", text or "")]
        keys = [f"invoice:{word}" for word in dict.fromkeys(words)]
        found = await self._store.by_keys(self._name, entity_id, keys) if keys else {}
        return [ids.invoice_id(entity_id, key.partition(":")[2]) for key in found]

    async def _known_invoices(self, waiting: WaitingEvent, event: ImportedEvent) -> dict[str, str]:
        """Return ids of the invoices that an event refers to and that were issued here, not imported."""
        numbers = invoices_of(event)
        if not numbers or not self._began_at:
            return {}
        keys = {f"invoice:{number}": number for number in numbers}
        brought = await self._store.by_keys(self._name, waiting.entity_id, keys)
        missing = [number for key, number in keys.items() if key not in brought]
        return await self._lookups.invoices(waiting.entity_id, missing, self._began_at) if missing else {}

    async def _ensure_entity(self, waiting: WaitingEvent, event: ImportedEvent) -> None:
        """Register the entity of imports that name none: as a line describes it, else named after the ledger."""
        entity_id = waiting.entity_id
        if entity_id in self._entities or entity_id != ids.own_entity(self._name):
            return
        if not isinstance(event, ImportedEntity) and not await self._ledger.read_stream(
            self._name, entity_id
        ):
            found = (await self._store.by_keys(self._name, entity_id, ["entity"])).get("entity")
            identity = from_bytes(found.data) if found else await self._named_after_ledger(waiting)
            content = content_of(to_bytes(identity))
            await self._execute(waiting, "entity", content, work_of(identity, EventScope(entity_id), ()))
        if not isinstance(event, ImportedEntity):
            self._entities.add(entity_id)

    async def _named_after_ledger(self, waiting: WaitingEvent) -> ImportedEntity:
        options = self._imports[waiting.import_id].options
        info = await self._ledger.info(self._name)
        return ImportedEntity(
            name=self._name, country=options.country, currency=options.currency, time_zone=info.time_zone
        )

    async def _ensure_customer(self, waiting: WaitingEvent, ref: str, page: _Page) -> str:
        """Return the id of the customer with that code, registered first if need be.

        Its own events and the roles of others may name it at the same time.
        """
        mark = (waiting.entity_id, ref)
        if mark not in self._customers:
            async with self._registering.setdefault(mark, asyncio.Lock()):
                if mark not in self._customers:
                    await self._register(waiting, ref, page)
            self._registering.pop(mark, None)
        return self._customers[mark]

    async def _register(self, waiting: WaitingEvent, ref: str, page: _Page) -> None:
        mark = (waiting.entity_id, ref)
        customer_id, key = registered_with(*mark), f"customer:{ref}"
        found = self._descriptions.get(mark)
        event = from_bytes(found.data) if found else self._unnamed(waiting, ref)
        content = found.content if found else content_of(to_bytes(event))
        done = await self._execute(
            found or waiting, key, content, work_of(event, EventScope(waiting.entity_id), ())
        )
        if not done.replayed:
            self._book.begin(customer_id)
        page.fed.append((waiting.entity_id, key))
        self._customers[mark] = customer_id

    def _unnamed(self, waiting: WaitingEvent, ref: str) -> ImportedCustomer:
        country = self._imports[waiting.import_id].options.country
        return ImportedCustomer(ref=ref, name=ref, country=country, language=language_of(country))

    async def _execute(self, waiting: WaitingEvent, key: str, content: bytes, work: Work) -> Done:
        await self._know_imports([waiting])
        meta = CommandMeta(
            ledger=self._name,
            command_id=ids.command_id(self._name, waiting.entity_id, key, content),
            fingerprint=content,
            actor=self._imports[waiting.import_id].actor,
            today=self._clock.today,
            now=self._clock.now if self._live else None,
            correlation_id=ids.correlation_id(waiting.import_id),
        )
        conflicts = 0
        while True:
            try:
                return await execute(self._ledger, meta, work)
            except LedgerUnavailable as unavailable:
                log.warning(
                    "the ledger is unavailable; the import waits",
                    ledger=self._name,
                    detail=unavailable.detail,
                )
                await asyncio.sleep(UNAVAILABLE_WAIT_S)
            except VersionConflict:
                conflicts += 1
                if conflicts >= CONFLICT_RETRIES:
                    raise


def _named_in(waiting: WaitingEvent) -> list[str]:
    """Return the codes of other customers that the roles of a customer name."""
    if not waiting.key.startswith("customer_roles:"):
        return []
    event = from_bytes(waiting.data)
    return sorted(set(event.named.values())) if isinstance(event, ImportedRoles) else []


def _verdict(waiting: WaitingEvent, code: str, detail: str) -> LineVerdict:
    kind, _, name = waiting.key.partition(":")
    return LineVerdict(waiting.line, "rejected", code, None, f"{kind.replace('_', ' ')} {name}: {detail}")
