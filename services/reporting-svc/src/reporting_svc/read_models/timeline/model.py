"""Streams of each customer and the positions of their events; positions of the events of an entity that are about none.

The events themselves stay in the ledger.

A stream becomes a customer's by the first of its events that names one. A payment that came without a payer is
therefore found, from its receipt on, once it has been identified, and not by anyone who asks for what was known
before.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from encours import contracts
from encours.contracts import Event, Recorded, events, types
from encours.contracts.events.dunning.reminders import ReminderRequested, ReminderSuppressed, TaskOpened
from encours.contracts.events.invoice import InvoiceAmended, InvoiceCancelled
from encours.contracts.parties import Merging
from encours.projection.read_model import ReadModel
from encours.projection.row_cache import RowCache
from encours.projection.rows import Row
from encours.reading.merges import MergeRow

if TYPE_CHECKING:
    from encours.projection.rows import Key


class Owner(Row, kw_only=True):
    """The customer that a stream is about, known from a position on."""

    TABLE: ClassVar[str] = "owner"
    KEY: ClassVar[tuple[str, ...]] = ("stream",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id)",)
    stream: str
    customer_id: str
    since_position: int


class AlsoAbout(Row, kw_only=True):
    """A customer that a stream is about besides its owner: a debtor in a message to its payer or its group."""

    TABLE: ClassVar[str] = "also_about"
    KEY: ClassVar[tuple[str, ...]] = ("stream", "customer_id")
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id)",)
    stream: str
    customer_id: str
    since_position: int


class Entry(Row, kw_only=True):
    """Position of an event of such a stream."""

    TABLE: ClassVar[str] = "entry"
    KEY: ClassVar[tuple[str, ...]] = ("position",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(stream, position)",)
    FINAL: ClassVar[bool] = True
    position: int
    stream: str
    entity: str
    effective_on: date
    type: str


class EntityEntry(Row, kw_only=True):
    """Position of an event of an entity that is about no customer, such as a setting; never changed again."""

    TABLE: ClassVar[str] = "entity_entry"
    KEY: ClassVar[tuple[str, ...]] = ("position",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(entity, position)",)
    FINAL: ClassVar[bool] = True
    position: int
    entity: str
    effective_on: date


WITHOUT_CUSTOMER = (InvoiceAmended, InvoiceCancelled)
"""Events of a customer's stream that do not repeat whose it is."""


ABOUT_CUSTOMERS = frozenset(
    name
    for name, event in types().items()
    if "customer_id" in event.__struct_fields__ or issubclass(event, WITHOUT_CUSTOMER)
)
"""Types of the events on the timelines of customers."""


class Timeline(ReadModel):
    """Every event that is about a customer, and what else happens in an entity."""

    name = "timeline"
    version = 4
    rows = (Owner, AlsoAbout, Entry, EntityEntry, MergeRow)
    ignores = contracts.names_of(
        events.calendar.DayOpened,
        events.aside.EventSetAside,
        events.bank.BankLineRecorded,
        events.bank.BankLineProposed,
        events.bank.BankLineReturnProposed,
        events.bank.BankLineIgnored,
        events.bank.BankLineReopened,
        events.reservation.OrderBillingCounted,
        events.reservation.OrderDeliveryCounted,
        events.reservation.OrderReservationMade,
        events.reservation.OrderCreditFollowed,
    )
    applies = frozenset(types()) - ignores

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """The owner of the event's stream, which the first event cannot have."""
        if e.version > 1 and e.type in ABOUT_CUSTOMERS:
            yield Owner, (e.stream,)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Note the event, and whose stream it is if that was not known. One of all entities is on no timeline."""
        if e.type not in ABOUT_CUSTOMERS:
            if e.entity:
                rows.put(EntityEntry(position=e.position, entity=e.entity, effective_on=e.effective_on))
            return
        rows.put(
            Entry(
                position=e.position,
                stream=e.stream,
                entity=e.entity,
                effective_on=e.effective_on,
                type=e.type,
            )
        )
        customer_id: str | None = getattr(e.data, "customer_id", None)
        if customer_id is not None and (e.version == 1 or rows.get(Owner, e.stream) is None):
            rows.put(Owner(stream=e.stream, customer_id=customer_id, since_position=e.position))
        for also in also_about(e.data):
            if also != customer_id:
                rows.put(AlsoAbout(stream=e.stream, customer_id=also, since_position=e.position))
        if isinstance(e.data, Merging):
            rows.put(MergeRow.of(e, e.data))


def also_about(data: Event) -> list[str]:
    """Return the customers whose cases a decision of the run of a day is about together."""
    if isinstance(data, ReminderRequested | ReminderSuppressed | TaskOpened):
        return [each.customer_id for each in data.debtors]
    return []
