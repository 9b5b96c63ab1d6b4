"""Exposure by component, those who share it, limit, orders and holds, counted again from the events alone.

Written from the rules: nothing here shares code with the books, the projection or its queries. Cash and open amounts
change by the events of the invoices, so that the count holds between the events of one command too.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields
from datetime import date
from fractions import Fraction
from math import floor
from typing import Any

from encours.ledger.stored import StoredEvent
from tests.integration import naive_insured, naive_money
from tests.integration.naive_dues import parts


@dataclass
class Counted:
    """Components of one customer, or of several, in one currency."""

    not_due: int = 0
    overdue: int = 0
    disputed: int = 0
    on_plan: int = 0
    insured: int = 0
    drafts: int = 0
    reserved: int = 0
    delivered: int = 0
    unapplied: int = 0
    guaranteed: int = 0
    account: int = 0
    """Kept by the count of rarer events; not compared."""

    @property
    def total(self) -> int:
        return self.not_due + self.overdue + self.drafts + self.reserved + self.delivered - self.unapplied

    def plus(self, other: Counted) -> Counted:
        return Counted(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Counted)))

    def at(self, rate: Fraction) -> Counted:
        """Return the components at a rate; no part is above what is open."""
        found = Counted(*(_half_up(getattr(self, f.name) * rate) for f in fields(Counted)))
        most = found.not_due + found.overdue
        found.on_plan, found.insured = min(found.on_plan, most), min(found.insured, most)
        return found


def _half_up(exact: Fraction) -> int:
    return floor(exact + Fraction(1, 2)) if exact >= 0 else -floor(Fraction(1, 2) - exact)


class ExposureFromEvents:
    """Figures as of a day, by the events up to a position."""

    def __init__(self, log: list[StoredEvent], as_of: date, known_to: int) -> None:
        self.as_of = as_of
        self.known: list[tuple[StoredEvent, Any]] = [
            (e, e.recorded().data) for e in log if e.position <= known_to
        ]
        self.seen = [(e, data) for e, data in self.known if e.effective_on <= as_of]
        self.found: dict[tuple[str, str], Counted] = {}
        self.items: dict[str, dict[str, Any]] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self._receivables()
        self._drafts()
        self._orders()
        self._deliveries()
        self._guarantees()
        for customer in {customer for customer, currency in self.found if currency == "EUR"}:
            cash = self._of(customer, "EUR").unapplied
            paid = naive_insured.insured(log, known_to, self.items, customer, cash)
            self._of(customer, "EUR").insured = paid

    def _of(self, customer: str | None, currency: str) -> Counted:
        return self.found.setdefault((customer or "", currency), Counted())

    def _receivables(self) -> None:
        for e, data in self.known:
            if e.type == "invoice.issued":
                self.items[e.stream] = {
                    "fact": data, "open": 0, "disputed": 0, "conceded": 0, "settled": 0, "planned": 0,
                    "dues": None,
                }  # fmt: skip
        for e, data in self.seen:
            item = self.items.get(e.stream, {})
            match e.type:
                case "invoice.issued":
                    item["open"] += data.total_minor
                case "invoice.credited":
                    item["open"] -= data.total_minor
                    item["disputed"] -= data.awaited_minor
                    item["conceded"] -= data.awaited_minor
                case "invoice.payment_applied" | "invoice.payment_unapplied":
                    sign = 1 if e.type == "invoice.payment_applied" else -1
                    item["open"] -= sign * data.amount_minor
                    item["settled"] += sign * data.amount_minor
                    self._of(data.customer_id, data.currency).unapplied -= sign * data.amount_minor
                case "invoice.rescheduled":
                    item["dues"] = [(due.due_on, due.amount_minor) for due in data.instalments]
                case "invoice.planned":
                    item["planned"] += data.amount_minor
                case "invoice.unplanned":
                    item["planned"] -= data.amount_minor
                case "invoice.share_disputed":
                    item["disputed"] += data.amount_minor
                case "invoice.share_undisputed":
                    item["disputed"] -= data.amount_minor - data.awaiting_credit_minor
                    item["conceded"] += data.awaiting_credit_minor
                case "payment.received":
                    self._of(data.customer_id, data.currency).unapplied += data.amount_minor
                case "payment.identified":
                    self._of(None, data.currency).unapplied -= data.amount_minor
                    self._of(data.customer_id, data.currency).unapplied += data.amount_minor
                case "payment.reversed":
                    self._of(data.customer_id, data.currency).unapplied -= data.amount_minor
                case _:
                    naive_money.add(e, data, self.items, self._of)
        for item in self.items.values():
            self._add(item)

    def _add(self, item: dict[str, Any]) -> None:
        counted = self._of(item["fact"].customer_id, item["fact"].currency)
        left = item["open"] - item["conceded"]
        if left <= 0:
            return
        disputed = max(0, min(left, item["disputed"] - item["conceded"]))
        late = sum(part for due_on, part in parts(item | {"open": left}) if due_on < self.as_of)
        counted.overdue += late
        counted.not_due += left - late
        counted.disputed += disputed
        counted.on_plan += max(0, min(left - disputed, item["planned"]))

    def _drafts(self) -> None:
        additions: dict[str, list[tuple[date, int]]] = {}
        owners: dict[str, Any] = {}
        content: dict[str, Any] = {}
        cleared = Counter[str]()

        def write(invoice_id: str, day: date) -> None:
            written = sum(minor for _, minor in additions[invoice_id])
            passed = content[invoice_id].cleared_minor
            counts = content[invoice_id].total_minor if passed is None else passed + cleared[invoice_id]
            if owners[invoice_id].corrects is not None:
                counts = cleared[invoice_id]
            additions[invoice_id].append((day, counts - written))

        for e, data in self.known:
            if e.type == "invoice.drafted":
                owners[e.stream] = content[e.stream] = data
                additions[e.stream] = []
                write(e.stream, e.effective_on)
            elif e.type == "invoice.amended" and e.stream in additions:
                content[e.stream] = data
                write(e.stream, e.effective_on)
            elif e.type == "order_billing.counted" and data.customer_id and data.invoice_id in additions:
                cleared[data.invoice_id] += data.amount_minor
                write(data.invoice_id, e.effective_on)
            elif e.type in ("invoice.issued", "invoice.cancelled") and e.effective_on <= self.as_of:
                additions.pop(e.stream, None)
        for invoice_id, added in additions.items():
            draft = owners[invoice_id]
            counted = self._of(draft.customer_id, draft.currency)
            counted.drafts += sum(minor for on, minor in added if on <= self.as_of)

    def _orders(self) -> None:
        for e, data in self.seen:
            if not e.type.startswith("reservation."):
                continue
            order = self.orders.setdefault(e.stream, {"status": "", "reserved": 0, "delivered": 0})
            match e.type:
                case "reservation.decided":
                    accepted = data.decision == "accept"
                    order["status"] = "reserved" if accepted else "blocked"
                    order["reserved"] += data.amount_minor if accepted else 0
                    order |= {
                        "customer": data.customer_id,
                        "currency": data.currency,
                        "attempt": data.attempt,
                    }
                case "reservation.overridden":
                    order["status"] = "reserved"
                    order["reserved"] += data.amount_minor
                case "reservation.delivered":
                    order["reserved"] -= data.amount_minor
                    order["delivered"] += data.amount_minor
                case "reservation.consumed":
                    order["reserved"] -= data.amount_minor - data.delivered_minor
                    order["delivered"] -= data.delivered_minor
                    if not (order["reserved"] or order["delivered"]):
                        order["status"] = "consumed"
                case "reservation.released" | "reservation.expired":
                    order["status"] = e.type.removeprefix("reservation.")
                    order["reserved"] -= data.amount_minor
        for order in self.orders.values():
            counted = self._of(order["customer"], order["currency"])
            counted.reserved += order["reserved"]
            counted.delivered += order["delivered"]

    def _deliveries(self) -> None:
        signs = {
            "order.delivered": 1, "order.delivery_cancelled": -1, "order.billed": -1, "order.unbilled": 1,
        }  # fmt: skip
        placed: dict[str, Any] = {}
        waiting: dict[str, int] = {}
        for e, data in self.seen:
            if e.type == "order.placed":
                placed[e.stream] = data
            elif sign := signs.get(e.type):
                waiting[e.stream] = waiting.get(e.stream, 0) + sign * data.net_minor
        for order_id, net in waiting.items():
            order = placed[order_id]
            with_vat = _half_up(Fraction(net * order.total_minor, order.net_minor))
            self._of(order.customer_id, order.currency).delivered += with_vat

    def _guarantees(self) -> None:
        released = {e.stream for e, _ in self.seen if e.type == "guarantee.released"}
        for e, data in self.known:
            if e.type != "guarantee.taken" or e.stream in released:
                continue
            if data.valid_from <= self.as_of <= (data.valid_until or date.max):
                self._of(data.customer_id, data.currency).guaranteed += data.amount_minor

    def head(self, customer: str, scope: str) -> str:
        """Return the customer with whom another is counted."""
        roles = [
            (data.valid_from, e.position, data)
            for e, data in self.known
            if e.type == "customer.roles_assigned"
            and data.customer_id == customer
            and data.valid_from <= self.as_of
        ]
        if not roles:
            return customer
        last: Any = max(roles, key=lambda each: each[:2])[2]
        names = {
            "payer": (last.payer_id,),
            "group": (last.group_id,),
            "limit": (last.group_id, last.payer_id),
        }
        return next((each for each in names[scope] if each), customer)

    def sum_of(self, customers: list[str], currency: str) -> Counted:
        """Return the components of several customers."""
        total = Counted()
        for customer in customers:
            total = total.plus(self.found.get((customer, currency), Counted()))
        return total

    def rate(self) -> Fraction | None:
        """Return the last rate of a dollar in euros."""
        rates = [
            (data.on, e.position, data.rate)
            for e, data in self.known
            if e.type == "rate.published" and data.on <= self.as_of
        ]
        return Fraction(max(rates)[2]) if rates else None

    def limit(self, holder: str) -> tuple[str, int] | None:
        """Return the last limit of a customer with its amount."""
        approved = [
            (max(e.effective_on, data.valid_from or date.min), e.position, data)
            for e, data in self.seen
            if e.type == "limit.approved" and data.customer_id == holder
        ]
        begun = [each for each in approved if each[0] <= self.as_of]
        last: Any = max(begun, key=lambda each: each[:2])[2] if begun else None
        return None if last is None else (last.limit_id, last.amount_minor)

    def holds(self, customer: str) -> list[str]:
        """Return the holds in force, in the order in which they were placed."""
        released = {e.stream for e, _ in self.seen if e.type == "credit_hold.released"}
        return [
            e.stream
            for e, data in self.seen
            if e.type == "credit_hold.placed" and data.customer_id == customer and e.stream not in released
            if self.as_of <= (data.until or date.max)
        ]
