"""Random histories of a firm: whatever the contracts know happens to objects that exist, and what belongs together
comes together (an allocation and its mirror in the invoice's stream).

A new contract takes part by itself: its ids are those of objects that are there, its amount is at most what is open.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from msgspec import structs

from encours import contracts
from encours.contracts import Event, Recorded
from encours.contracts.books import movements, moving
from encours.contracts.common import Conversion
from encours.contracts.events.aside import EventSetAside
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.dunning.reminders import DunnedItem, RunCompleted
from encours.contracts.events.invoice import (
    InvoiceCancelled,
    InvoiceCredited,
    InvoiceDrafted,
    InvoiceIssued,
    PaymentApplied,
    PaymentUnapplied,
    ShareDisputed,
    ShareUndisputed,
)
from encours.contracts.events.loss import InvoiceUnrecoverable
from encours.contracts.events.money.payment import (
    Allocation,
    CreditNoteIssued,
    PaymentAllocated,
    PaymentIdentified,
    PaymentReceived,
    PaymentReleased,
    PaymentReversed,
    RefundReturned,
    RefundSent,
)
from encours.contracts.events.money.plan import InvoiceRescheduled
from encours.contracts.events.money.remittance import AdviceReceived
from encours.contracts.events.parties.entity import EntityRegistered, SeriesDefined
from encours.contracts.events.sales.dispute import (
    DisputeOpened,
    DisputePartResolved,
    DisputeRaised,
    DisputeResolved,
)
from encours.contracts.events.sales.order import DeliveryCancelled, OrderDelivered
from encours.testing.contesting import amounts_of_dispute, ended_parts
from encours.testing.draws import Draw, Fields, instalments_of
from encours.testing.events import allocation, event, sums
from encours.testing.firm_types import (
    BEGIN,
    DISPUTED,
    DRAFTS,
    EARNED,
    FOUNDED,
    GROWS,
    IDS,
    KEPT,
    OF_CASH,
    TAKES_CASH,
    TYPES,
)
from encours.testing.history import History, subject_of

Act = tuple[str, int, int, int]
"""Type, a number that makes every choice, days from today, amount."""
START = date(2026, 1, 5)


class Firm(History):
    """The history, and the objects that it has brought forth, with the fields that later events repeat."""

    def __init__(self) -> None:
        super().__init__(today=START)
        self.objects: dict[str, dict[str, Fields]] = {name: {} for name in IDS}
        self.drafts: dict[str, Fields] = {}
        self.running = False
        """A day was opened whose run of reminders is not completed."""
        self.standing: dict[str, list[Allocation]] = {}
        """Allocations by payment."""
        self.open: Counter[str] = Counter()
        """Open amounts by invoice, unapplied cash by payment."""
        self.conceded: Counter[str] = Counter()
        """Accepted claims that await a credit note, by invoice."""
        self.owed: Counter[str] = Counter()
        """Amounts that were ever owed, by invoice."""
        self.contested: Counter[str] = Counter()
        """Contested amounts by dispute."""
        self.refunded: Counter[str] = Counter()
        """Refunds that did not come back, by payment, and overpayments that became income."""
        self.earned: Counter[str] = Counter()
        for type_name, count in FOUNDED:
            for n in range(count):
                self.happen(type_name, n, 0, 12_000)

    def happen(self, type_name: str, n: int, days: int, amount_minor: int) -> None:
        """Let it happen, with its mirrors; nothing where the object that it needs is missing."""
        cls, on = contracts.event_class(type_name), self.today + timedelta(days=days)
        draw = Draw(n, on, amount_minor)
        if cls is DayOpened:
            self.today += timedelta(days=1 + n % 40)
            self.running = n % 5 > 0
            self._add(DayOpened(day=self.today, late=not self.running), "", self.today)
        elif cls is EventSetAside:
            self._add(event(EventSetAside, position=0), "ent_1", on)
        elif cls is RunCompleted:
            if self.running:
                self._add(event(RunCompleted, day=self.today, requested=n % 9), "ent_1", self.today)
            self.running = False
        elif cls is PaymentAllocated:
            self._allocate(draw)
        elif cls is PaymentReleased:
            self._release(draw.one(self.objects["payment_id"]), draw, "released")
        elif cls is PaymentReversed:
            kept = {
                i: p for i, p in self.objects["payment_id"].items() if not self.refunded[i] + self.earned[i]
            }
            if (payment := draw.one(kept)) is not None and "amount_minor" in payment:
                self._release(payment, draw, "reversed")
                self._reverse(payment, draw)
        else:
            self._single(cls, draw)

    def _reverse(self, payment: Fields, draw: Draw) -> None:
        """All that is left of the payment goes back, or a part."""
        pay, left = payment["payment_id"], self.open[payment["payment_id"]]
        part = min(left, draw.amount_minor) if draw.n % 3 == 0 else left
        if part > 0:
            self._record(PaymentReversed, payment | {"amount_minor": part, "left_minor": left - part}, draw)
        if part >= left:
            del self.objects["payment_id"][pay]

    def _single(self, cls: type[Event], draw: Draw) -> None:
        fields = self._subject(cls, draw)
        if fields is not None and cls in DISPUTED:
            fields |= amounts_of_dispute(cls, self.contested[fields["dispute_id"]], draw.n, draw.amount_minor)
        if fields is None or (recorded := self._record(cls, fields, draw)) is None:
            return
        data: Any = recorded.data
        if isinstance(data, DisputeOpened | DisputeRaised):
            self._mirror(ShareDisputed, data, draw)
            self.contested[data.dispute_id] += data.amount_minor
        elif isinstance(data, DisputePartResolved | DisputeResolved):
            for ended in ended_parts(data):
                self._mirror(ShareUndisputed, data, draw, **ended)
                self.contested[data.dispute_id] -= ended["amount_minor"]
            if isinstance(data, DisputeResolved):
                del self.objects["dispute_id"][data.dispute_id]
        elif isinstance(data, InvoiceCancelled | InvoiceIssued):
            self.drafts.pop(data.invoice_id, None)
        elif isinstance(data, EntityRegistered):  # as the registration does: a number needs its series
            self._record(SeriesDefined, {"entity_id": data.entity_id}, draw)

    def _subject(self, cls: type[Event], draw: Draw) -> Fields | None:
        """The object that it happens to."""
        name = subject_of(cls.TYPE)
        if cls in DRAFTS:
            return draw.one(self.drafts)
        if cls is InvoiceIssued and self.drafts and draw.n % 3 == 0:
            return (draw.one(self.drafts) or {}) | {"origin": "issued"}
        if cls is PaymentIdentified:
            unknown = {i: p for i, p in self.objects[name].items() if p["customer_id"] is None}
            payment, payer = draw.one(unknown), draw.one(self.objects["customer_id"])
            return payment and payer and payment | {"customer_id": payer["customer_id"]}
        if cls is DisputeResolved and draw.n % 3 == 0:
            return None
        if cls is DeliveryCancelled and not any(e.type == OrderDelivered.TYPE for e in self.events):
            return None
        if cls in OF_CASH:
            held = self.open if cls in TAKES_CASH else self.earned if cls in EARNED else self.refunded
            found = {i: p for i, p in self.objects[name].items() if held[i] > 0 and p["customer_id"]}
            return None if cls is RefundReturned and draw.n % 3 else draw.one(found)
        if cls.TYPE not in BEGIN:
            return draw.one(self.objects[name])
        fields: Fields = {name: f"{IDS[name]}_{len(self.events) + 1:032x}"}
        if cls is InvoiceIssued:
            fields |= {"origin": "import", "series": None}  # what is issued here was a draft
        if cls in (InvoiceDrafted, InvoiceIssued, PaymentReceived, CreditNoteIssued):
            fields["currency"] = "USD" if draw.n % 7 == 6 else "EUR"
        if cls is PaymentReceived and draw.n % 5 == 4:
            fields["customer_id"] = None
        return fields

    def _record(self, cls: type[Event], fields: Fields, draw: Draw) -> Recorded | None:
        for name in IDS:
            if name in cls.__struct_fields__ and name not in fields:
                if (other := draw.one(self.objects[name])) is None:
                    return None
                # A payment without a payer says nothing of the customer of a dispute about it.
                fields = {known: value for known, value in other.items() if value is not None} | fields
        amount = draw.amount_minor
        if cls.TYPE in moving("item") and cls not in GROWS:
            amount = min(amount, self.open[fields["invoice_id"]])
            if amount <= 0:
                return None
            fields = {name: value for name, value in fields.items() if name != "amount_minor"}
        if cls in OF_CASH:
            amount = self._of_cash(cls, fields["payment_id"], amount)
            if amount <= 0:
                return None
            fields = {name: value for name, value in fields.items() if name != "amount_minor"}
        drawn = draw.fields(cls) | sums(amount) | {"amount_minor": amount} | self._items(cls, draw)
        if cls is InvoiceRescheduled:
            if (owed := self.owed[fields["invoice_id"]]) <= 0:
                return None
            drawn["instalments"] = instalments_of(owed, draw)
        if cls is InvoiceUnrecoverable:
            drawn["written_off_minor"] = amount
        if cls is InvoiceCredited:
            drawn["awaited_minor"] = min(amount, self.conceded[fields["invoice_id"]])
        data = cls(**{name: (drawn | fields)[name] for name in cls.__struct_fields__})
        payer = self.objects["customer_id"].get(fields.get("customer_id") or "", {})
        entity = fields.get("entity_id") or payer.get("entity_id", "ent_1")
        names = KEPT & set(cls.__struct_fields__)
        kept = {name: getattr(data, name) for name in names - ({"amount_minor"} if cls in OF_CASH else set())}
        subject = subject_of(cls.TYPE)
        known = self.drafts if cls in (InvoiceDrafted, *DRAFTS) else self.objects[subject]
        known.setdefault(fields[subject], {}).update(kept | {"entity_id": entity})
        return self._add(data, entity, draw.on)

    def _of_cash(self, cls: type[Event], payment_id: str, amount_minor: int) -> int:
        """Amount that is refunded or earned of what is unapplied; of that, what is sent or comes back."""
        held = self.earned if cls in EARNED else self.refunded
        if cls in TAKES_CASH:
            amount_minor = max(0, min(amount_minor, self.open[payment_id]))
            held[payment_id] += amount_minor
            return amount_minor
        return held[payment_id] if cls is RefundSent else held.pop(payment_id, 0)

    def _add(self, data: Event, entity: str, on: date) -> Recorded:
        recorded = self.add(data, entity=entity, on=on)
        for moved in movements(recorded):
            self.open[moved.invoice_id or ""] += moved.item_minor
            self.conceded[moved.invoice_id or ""] += moved.conceded_minor
            self.owed[moved.invoice_id or ""] += moved.owed_minor
            self.open[moved.payment_id or ""] += moved.cash_minor
        return recorded

    def _mirror(self, cls: type[Event], data: Any, draw: Draw, **more: Any) -> None:
        shared = {name: getattr(data, name) for name in KEPT & set(data.__struct_fields__)}
        entity = self.objects["invoice_id"][data.invoice_id]["entity_id"]
        fields = {name: (shared | more)[name] for name in cls.__struct_fields__}
        self._add(cls(**fields), entity, draw.on)

    def _allocate(self, draw: Draw) -> None:
        """The payment takes one or two open invoices of its payer."""
        payment = draw.one({i: p for i, p in self.objects["payment_id"].items() if p["customer_id"]})
        if payment is None:
            return
        pay, left = payment["payment_id"], self.open[payment["payment_id"]]
        parts: list[Allocation] = []
        for inv, owner in self.objects["invoice_id"].items():
            if len(parts) == 2 or owner["customer_id"] != payment["customer_id"]:
                continue
            name = f"alo_{len(self.events)}_{len(parts)}"
            settled = amount = min(self.open[inv], left, draw.amount_minor)
            settles = None
            if owner["currency"] != payment["currency"]:  # at two of the invoice's for one of the payment's
                if draw.n % 3:
                    continue
                settled = min(self.open[inv], 2 * left, draw.amount_minor)
                amount = (settled + 1) // 2
                settles = event(Conversion, currency=owner["currency"], amount_minor=settled)
            if settled > 0:
                parts.append(allocation(amount, invoice_id=inv, allocation_id=name, settles=settles))
                left -= amount
        if parts:
            self.standing.setdefault(pay, []).extend(parts)
            self._parts(PaymentAllocated, PaymentApplied, payment, parts, draw, received_on=draw.on)

    def _release(self, payment: Fields | None, draw: Draw, cause: str) -> None:
        if payment is not None and (parts := self.standing.pop(payment["payment_id"], [])):
            self._parts(PaymentReleased, PaymentUnapplied, payment, parts, draw, cause=cause)

    def _parts(
        self,
        cls: type[Event],
        mirror: type[Event],
        payment: Fields,
        parts: list[Allocation],
        draw: Draw,
        **more: Any,
    ) -> None:
        fields = {name: payment[name] for name in ("payment_id", "customer_id", "currency")}
        self._add(event(cls, allocations=tuple(parts), **fields), payment["entity_id"], draw.on)
        for part in parts:
            of_part = {name: getattr(part, name) for name in ("invoice_id", "allocation_id")}
            of_part |= fields | {"amount_minor": part.settled_minor}
            if part.settles is not None:
                of_part |= {
                    "currency": part.settles.currency,
                    "paid": structs.replace(
                        part.settles, currency=fields["currency"], amount_minor=part.amount_minor
                    ),
                }
            self._add(mirror(**of_part, **more), payment["entity_id"], draw.on)

    def _items(self, cls: type[Event], draw: Draw) -> Fields:
        invoice = draw.one(self.objects["invoice_id"])
        if "items" not in cls.__struct_fields__ or invoice is None or cls is AdviceReceived:
            return {}
        item = event(DunnedItem, invoice_id=invoice["invoice_id"], step="J+3", asked_minor=draw.amount_minor)
        return {"items": (item,)}


def firm_of(acts: list[Act]) -> Firm:
    """The firm after these acts."""
    firm = Firm()
    for act in acts:
        firm.happen(*act)
    return firm


acts = st.tuples(
    st.sampled_from(TYPES),
    st.integers(0, 1000),
    st.integers(-40, 10),
    st.integers(1, 50).map(lambda x: x * 1000),
)


def eventful_firm() -> Firm:
    """The firm to which every contract happens several times."""
    return firm_of([(name, n, -(n % 7), 5_000) for n in range(12) for name in TYPES])


firms = st.lists(acts, min_size=10, max_size=60).map(firm_of)
"""Firms, small ones first."""
