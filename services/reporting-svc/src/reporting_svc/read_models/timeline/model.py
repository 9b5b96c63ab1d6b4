"""Positions of events, with the streams of each customer and what is about each invoice.

The events themselves stay in the ledger.

A stream becomes a customer's by the first of its events that names one. A payment that came without a payer is
therefore found, from its receipt on, once it has been identified, and not by anyone who asks for what was known
before. A stream whose first event names invoices is about them with all of its events, such as a reminder, a dispute or
a plan; of a payment, an order or another invoice, only those events are that name the invoice.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, ClassVar, get_args

from encours import contracts
from encours.contracts import Recorded, events, types
from encours.contracts.events.dunning.reminders import ReminderRequested, ReminderSuppressed, TaskOpened
from encours.contracts.events.money.bank import BankLineProposed, BankLineReturnProposed
from encours.contracts.events.reservation import OrderDeliveryCounted, ReservationDecided
from encours.contracts.events.sales.order import OrderDelivered
from encours.contracts.parties import Merging
from encours.projection.read_model import ReadModel
from encours.projection.row_cache import RowCache
from encours.projection.rows import Row
from encours.reading.merges import MergeRow
from reporting_svc.read_models.timeline.naming import invoices_of

if TYPE_CHECKING:
    from encours.projection.rows import Key


class Owner(Row, kw_only=True):
    """The customer that the first event of a stream names."""

    TABLE: ClassVar[str] = "owner"
    KEY: ClassVar[tuple[str, ...]] = ("stream",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id)",)
    FINAL: ClassVar[bool] = True
    stream: str
    customer_id: str
    since_position: int


class LaterOwner(Row, kw_only=True):
    """The customer of a stream whose first event names none, from the first event on that does; ``''`` until then.

    They are few, so that a rebuild keeps them in memory, while the owners of most streams, which no event reads, are
    written at once.
    """

    TABLE: ClassVar[str] = "later_owner"
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
    """Position of an event, and of the event that caused it. An entity's own events are about no customer."""

    TABLE: ClassVar[str] = "entry"
    KEY: ClassVar[tuple[str, ...]] = ("position",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(stream, position)", "(entity, position) where not about_customer")
    FINAL: ClassVar[bool] = True
    position: int
    stream: str
    entity: str
    effective_on: date
    about_customer: bool
    because_position: int | None


class InvoiceStream(Row, kw_only=True):
    """An invoice that the first event of a stream names: all events of the stream are about it."""

    TABLE: ClassVar[str] = "invoice_stream"
    KEY: ClassVar[tuple[str, ...]] = ("stream", "invoice_id")
    INDEXES: ClassVar[tuple[str, ...]] = ("(invoice_id)",)
    FINAL: ClassVar[bool] = True
    stream: str
    invoice_id: str


class InvoiceMention(Row, kw_only=True):
    """An invoice that an event of another stream names."""

    TABLE: ClassVar[str] = "invoice_mention"
    KEY: ClassVar[tuple[str, ...]] = ("invoice_id", "position")
    FINAL: ClassVar[bool] = True
    invoice_id: str
    position: int


class CustomerMention(Row, kw_only=True):
    """A customer that an event of another stream names, such as the payer in a proposal for a bank line."""

    TABLE: ClassVar[str] = "customer_mention"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "position")
    FINAL: ClassVar[bool] = True
    customer_id: str
    position: int


class OrderMention(Row, kw_only=True):
    """An order that an event of another stream names; the event is about the customer of the order too."""

    TABLE: ClassVar[str] = "order_mention"
    KEY: ClassVar[tuple[str, ...]] = ("order_id", "position")
    FINAL: ClassVar[bool] = True
    order_id: str
    position: int


class OrderStream(Row, kw_only=True):
    """The order that the first event of a stream is for: its reservation."""

    TABLE: ClassVar[str] = "order_stream"
    KEY: ClassVar[tuple[str, ...]] = ("stream",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(order_id)",)
    FINAL: ClassVar[bool] = True
    stream: str
    order_id: str


class Cause(Row, kw_only=True):
    """Position of an event to which a service reacts: the events of the reaction name its id, or its delivery."""

    TABLE: ClassVar[str] = "cause"
    KEY: ClassVar[tuple[str, ...]] = ("event_id",)
    event_id: str
    position: int


CAUSES = contracts.names_of(
    events.calendar.DayOpened,
    events.insolvency.InsolvencyOpened,
    events.insolvency.InsolvencyPublished,
    events.insolvency.InsolvencyClosed,
    events.risk_terms.RiskTermsAnswered,
    events.risk_terms.RiskTermsWithdrawn,
)
"""Types of the events to which services react (``tests/architecture/test_wiring.py`` compares)."""
LASTING = ("inv_", "pay_", "ord_", "cus_", "ent_")
"""Beginnings of the streams whose later events may be about other invoices than their first."""
ABOUT_CUSTOMERS = frozenset(
    name for name, event in types().items() if "customer_id" in event.__struct_fields__
)
"""Types of the events on the timelines of customers."""
_IGNORED = contracts.names_of(
    events.customer.CustomerRefTaken,
    events.bank.BankLineRecorded,
    events.reservation.OrderReservationMade,
    events.reservation.OrderCreditFollowed,
)


def _of_families(found: Iterable[str]) -> frozenset[str]:
    """Return all types of the families of these types. The events of a stream are of one family."""
    families = {name.partition(".")[0] for name in found}
    return frozenset(name for name in types() if name.partition(".")[0] in families)


_OWNED = _of_families(ABOUT_CUSTOMERS)
"""Types in whose streams a customer may be named."""
_HIDDEN = _of_families(_IGNORED)
"""Types whose streams may begin with an event that is ignored."""


ABOUT_ORDERS = contracts.names_of(OrderDeliveryCounted)
"""Types of the events that are about the customer of the order that they name."""
AboutSeveral = ReminderRequested | ReminderSuppressed | TaskOpened
Proposed = BankLineProposed | BankLineReturnProposed
_RARE = contracts.names_of(
    *get_args(AboutSeveral), *get_args(Merging), *get_args(Proposed), OrderDelivered, OrderDeliveryCounted,
    ReservationDecided,
)  # fmt: skip
"""Types of the few events that are about others than their own customer, or merge two. Comparing the class of every
event with theirs costs a rebuild 0.5 µs each."""


class Timeline(ReadModel):
    """Every event: those about a customer and an invoice, and what else happens in an entity or in all of them."""

    name = "timeline"
    version = 9
    rows = (
        Owner,
        LaterOwner,
        AlsoAbout,
        Entry,
        InvoiceStream,
        InvoiceMention,
        CustomerMention,
        OrderMention,
        OrderStream,
        Cause,
        MergeRow,
    )
    ignores = _IGNORED
    applies = frozenset(types()) - ignores

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """The customer that an earlier event may have named, or left to be named, and the event's cause."""
        if e.type in ABOUT_CUSTOMERS and not _is_first(e):
            yield LaterOwner, (e.stream,)
        if (cause := _cause_of(e)) is not None:
            yield Cause, (cause,)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Note the event, the invoices that it names, and whose stream it is if that was not known."""
        about_customer = e.type in ABOUT_CUSTOMERS or e.type in ABOUT_ORDERS
        named = _cause_of(e)
        cause = None if named is None else rows.get(Cause, named)
        rows.put(
            Entry(
                position=e.position,
                stream=e.stream,
                entity=e.entity,
                effective_on=e.effective_on,
                about_customer=about_customer,
                because_position=None if cause is None else cause.position,
            )
        )
        if e.type in CAUSES:
            rows.put(Cause(event_id=str(e.event_id), position=e.position))
        begins = e.version == 1 and not e.stream.startswith(LASTING)
        for invoice_id in invoices_of(e.data) - {e.stream}:
            if begins:
                rows.put(InvoiceStream(stream=e.stream, invoice_id=invoice_id))
            else:
                rows.put(InvoiceMention(invoice_id=invoice_id, position=e.position))
        customer_id: str | None = getattr(e.data, "customer_id", None)
        if e.type in _OWNED:
            _note_owner(e, customer_id, rows)
        if e.type in _RARE:
            _note_customers(e, customer_id, rows)
            _note_orders(e, rows)

    def on_left_out(self, streams: Iterable[str], rows: RowCache) -> None:
        """Leave the streams to be named by an event that can be read."""
        for stream in streams:
            rows.put(LaterOwner(stream=stream, customer_id="", since_position=0))


def _cause_of(e: Recorded) -> str | None:
    """Return the id by which the cause of an event is found; a delivery is the cause of its being counted."""
    if e.type in ABOUT_ORDERS:
        assert isinstance(e.data, OrderDeliveryCounted)
        return e.data.delivery_id
    return None if e.causation_id is None else str(e.causation_id)


def _is_first(e: Recorded) -> bool:
    return e.version == 1 and e.type not in _HIDDEN


def _note_owner(e: Recorded, customer_id: str | None, rows: RowCache) -> None:
    """Note whose stream it is, if the event is the first that names a customer."""
    if _is_first(e):
        if customer_id is not None:
            rows.put(Owner(stream=e.stream, customer_id=customer_id, since_position=e.position))
        else:
            rows.put(LaterOwner(stream=e.stream, customer_id="", since_position=e.position))
    elif customer_id is not None:
        later = rows.get(LaterOwner, e.stream)
        if e.type in _HIDDEN if later is None else later.customer_id == "":
            rows.put(LaterOwner(stream=e.stream, customer_id=customer_id, since_position=e.position))


def _note_customers(e: Recorded, customer_id: str | None, rows: RowCache) -> None:
    """Note customers whose cases a decision of the run of a day is about, those who may have paid, and merges."""
    if isinstance(e.data, AboutSeveral):
        for debtor in e.data.debtors:
            if (also := debtor.customer_id) != customer_id:
                rows.put(AlsoAbout(stream=e.stream, customer_id=also, since_position=e.position))
    if isinstance(e.data, Proposed):
        for payer in {each.customer_id for each in e.data.proposals} - {None}:
            assert payer is not None
            rows.put(CustomerMention(customer_id=payer, position=e.position))
    if isinstance(e.data, Merging):
        rows.put(MergeRow.of(e, e.data))


def _note_orders(e: Recorded, rows: RowCache) -> None:
    """Note the order of a reservation and of a delivery that is counted, and the delivery as the cause of that."""
    match e.data:
        case OrderDelivered():
            rows.put(Cause(event_id=e.data.delivery_id, position=e.position))
        case OrderDeliveryCounted():
            rows.put(OrderMention(order_id=e.data.order_id, position=e.position))
        case ReservationDecided() if e.version == 1 and e.data.order_ref.startswith("ord_"):
            rows.put(OrderStream(stream=e.stream, order_id=e.data.order_ref))
        case _:
            return
