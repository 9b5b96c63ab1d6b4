"""Events of one entity that move money, in the order of the ledger and by command, with its customers and currency.

They are read from the ledger up to one position, so that the same question always has the same answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import attrgetter

import asyncpg

from encours.contracts import Recorded, decoder
from encours.contracts.events.invoice import InvoiceIssued
from encours.contracts.events.loss import InvoiceProvisioned
from encours.contracts.events.money.payment import PaymentReceived
from encours.contracts.events.parties.customer import CustomerAmended, CustomerRegistered
from encours.contracts.events.parties.entity import EntityAmended, EntityRegistered
from encours.ledger import Ledger
from encours.ledger.errors import EventUnreadable
from encours.ledger.reader import SET_ASIDE, UNREADABLE, set_aside_in
from reporting_svc.domain.journal.booking import DeductedAdvance
from reporting_svc.domain.journal.receipt_vat import VatChange, changes_by_position

PAGE = 4_000
_EVENTS = """select position, stream, type, schema_version, effective_on, recorded_at, command_id, data
   from ledger.event where ledger = $1 and entity = $2 and type = any($3::text[])
   and position > $4 and position <= $5 and effective_on >= $6 and effective_on <= $7 order by position limit $8"""


@dataclass(frozen=True, slots=True)
class Creditor:
    """The entity as a file names it."""

    name: str
    siren: str | None
    currency: str
    country: str


@dataclass(frozen=True, slots=True)
class Auxiliary:
    """Auxiliary account [compte auxiliaire] of a customer."""

    number: str
    label: str


@dataclass(frozen=True, slots=True)
class JournalSource:
    """Events of an entity up to a position."""

    ledger: Ledger
    name: str
    entity_id: str
    position: int

    async def creditor(self) -> Creditor:
        """Return the entity as it was known at the position."""
        found: Creditor | None = None
        async for page in self._pages((EntityRegistered.TYPE, EntityAmended.TYPE), 0, date.min, date.max):
            for e in page:
                match e.data:
                    case EntityRegistered() as data:
                        found = Creditor(data.name, data.siren, data.currency, data.country)
                    case EntityAmended() as data if found is not None:
                        found = Creditor(data.name, data.siren, found.currency, found.country)
        if found is None:
            raise LookupError(
                f"{self.entity_id} did not exist at position {self.position}: choose a later one."
            )
        return found

    async def auxiliaries(self) -> Mapping[str, Auxiliary]:
        """Return the auxiliary account of each customer: its code in the creditor's books, else its id.

        Code and name are those at the position, for all lines of a file.
        """
        found: dict[str, Auxiliary] = {}
        codes: dict[str, str | None] = {}
        types = (CustomerRegistered.TYPE, CustomerAmended.TYPE)
        async for page in self._pages(types, 0, date.min, date.max):
            for e in page:
                match e.data:
                    case CustomerRegistered() as data:
                        code = codes[data.customer_id] = data.external_ref
                    case CustomerAmended() as data if data.customer_id in found:
                        code = codes[data.customer_id] = data.ref_after(codes[data.customer_id])
                    case _:
                        continue
                found[data.customer_id] = Auxiliary(code or data.customer_id, data.name)
        return found

    async def deductions(self, final_ids: Iterable[str]) -> Mapping[tuple[str, str], DeductedAdvance]:
        """Return the deposits that final invoices deduct, by the ids of final invoice and deposit."""
        streams = await self.ledger.read_streams(self.name, final_ids, upto=self.position)
        return {
            (e.data.invoice_id, each.invoice_id): DeductedAdvance(
                e.data.number, e.effective_on, e.data.currency, each.net_minor
            )
            for events in streams.values()
            for e in events
            if isinstance(e.data, InvoiceIssued)
            for each in e.data.deposits
        }

    async def provided(self, invoice_ids: Iterable[str]) -> Mapping[int, int]:
        """Return the provision before each event that sets one on these invoices, by its position; minor units."""
        streams = await self.ledger.read_streams(self.name, invoice_ids, upto=self.position)
        found: dict[int, int] = {}
        for events in streams.values():
            standing = 0
            for e in events:
                if isinstance(e.data, InvoiceProvisioned):
                    found[e.position], standing = standing, e.data.amount_minor
        return found

    async def receipt_vat(self, invoice_ids: Iterable[str]) -> Mapping[int, Sequence[VatChange]]:
        """Return the changes of VAT that is due on receipt, by the position of the event, on these invoices."""
        streams = await self.ledger.read_streams(self.name, invoice_ids, upto=self.position)
        found: dict[int, Sequence[VatChange]] = {}
        for events in streams.values():
            found |= changes_by_position(events)
        return found

    async def in_cash(self, payment_ids: Iterable[str]) -> frozenset[str]:
        """Return the payments that were received in cash, out of some."""
        streams = await self.ledger.read_streams(self.name, payment_ids, upto=self.position)
        return frozenset(
            payment_id
            for payment_id, events in streams.items()
            if any(isinstance(e.data, PaymentReceived) and e.data.method == "cash" for e in events)
        )

    async def commands(
        self, types: Iterable[str], after: int, first_on: date, last_on: date
    ) -> AsyncIterator[list[list[Recorded]]]:
        """Iterate over the events that count in a period: many commands at a time, each a list of all its events.

        Raises :class:`EventUnreadable`.
        """
        unfinished: list[Recorded] = []
        async for page in self._pages(types, after, first_on, last_on):
            lists = [list(events) for _, events in groupby([*unfinished, *page], attrgetter("command_id"))]
            unfinished = lists.pop()
            if lists:
                yield lists
        if unfinished:
            yield [unfinished]

    async def _pages(
        self, types: Iterable[str], after: int, first_on: date, last_on: date
    ) -> AsyncIterator[list[Recorded]]:
        number = (await self.ledger.info(self.name)).id
        wanted = sorted(types)

        async def read(behind: int) -> list[asyncpg.Record]:
            rows = await self.ledger.query(
                _EVENTS, number, self.entity_id, wanted, behind, self.position, first_on, last_on, PAGE
            )
            return list(rows)

        reading = asyncio.ensure_future(read(after))
        try:
            while True:
                rows = await reading
                if len(rows) == PAGE:  # the database reads on while this page is worked on
                    reading = asyncio.ensure_future(read(rows[-1]["position"]))
                if rows:
                    yield await self._decoded(rows)
                if len(rows) < PAGE:
                    return
        finally:
            reading.cancel()

    async def _decoded(self, rows: list[asyncpg.Record]) -> list[Recorded]:
        """Return the events without those that were set aside. Raises :class:`EventUnreadable`."""
        try:
            return [self._recorded(row) for row in rows]
        except UNREADABLE:
            number = (await self.ledger.info(self.name)).id
            aside = set_aside_in(await self.ledger.query(SET_ASIDE, number))
        found = []
        for row in rows:
            try:
                found.append(self._recorded(row))
            except UNREADABLE as error:
                if row["position"] not in aside:
                    raise EventUnreadable(row["stream"], row["position"], row["type"], str(error)) from error
        return found

    def _recorded(self, row: asyncpg.Record) -> Recorded:
        """Return an event with the fields that entries need; its version, id and actor are blank.

        Half of the columns is half of the time to read them.
        """
        position, stream, type_name, schema_version, effective_on, recorded_at, command_id, data = row
        return Recorded(
            ledger=self.name,
            position=position,
            stream=stream,
            version=0,
            type=type_name,
            schema_version=schema_version,
            entity=self.entity_id,
            event_id=command_id,
            effective_on=effective_on,
            recorded_at=recorded_at,
            actor="",
            command_id=command_id,
            data=decoder(type_name, schema_version)(data),
        )
