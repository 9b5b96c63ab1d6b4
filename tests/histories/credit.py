"""A credit desk in memory: commands on a real session, figures from the rows of the read model's own projection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from encours.contracts import Event
from encours.contracts.events.invoice import InvoiceIssued
from encours.contracts.events.parties.customer import CustomerRegistered, RolesAssigned
from encours.contracts.events.reservation import ReservationDecided
from encours.contracts.events.risk import LimitApproved, LimitRequested
from encours.contracts.parties import Roles, limit_holder_of
from encours.kernel.exchange import QuotedRate
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.projection.row_cache import RowCache
from encours.projection.rows import Row
from encours.testing.events import ADDRESS, event
from encours.testing.history import stream_of
from encours.testing.memory import TODAY, BooksInMemory
from risk_svc.domain.exposure import ExposureItem
from risk_svc.domain.hold import HoldInForce
from risk_svc.domain.limit import ApprovedLimit
from risk_svc.domain.picture import EndingGuarantee, Picture, SeenPicture
from risk_svc.domain.reservation.commands import ConsumeReservation, DeliverReservation, ReserveCredit
from risk_svc.domain.reservation.state import Reservation
from risk_svc.read_models.credit.guarantees import GuaranteeRow
from risk_svc.read_models.credit.holds import CreditHoldRow
from risk_svc.read_models.credit.model import Credit
from risk_svc.read_models.credit.rows import CreditRolesRow, ExposureMovementRow, LimitRequestRow
from risk_svc.use_cases import reservations

HEAD, MEMBER = f"cus_{1:032x}", f"cus_{2:032x}"
"""The head of a group, whose limit holds for both, and a member."""


async def _record(session: Session, events: Sequence[Event]) -> Result:
    for stream in {stream_of(each) for each in events}:
        session.begin(stream, version=session._ledger.version(stream))  # type: ignore[attr-defined]
    for each in events:
        session.emit(stream_of(each), each, entity="ent_1")
    return session.result(stream_of(events[0]))


class CreditDesk:
    """Two customers that share a limit, 1,000.00 EUR unless another is given."""

    def __init__(self, limit_minor: int | None = 1_000_00) -> None:
        self.books = BooksInMemory()
        self.model = Credit()
        self.rows = RowCache(self.model.rows)
        self.rows.assume_empty()
        self.projected = 0
        self.today = TODAY
        self.meanwhile: list[Callable[[], None]] = []
        """Work that runs between the figures of a decision and its append, once each."""
        self.rates: tuple[QuotedRate, ...] = ()
        self.made = 0
        for customer in (HEAD, MEMBER):
            self.happen(event(CustomerRegistered, customer_id=customer, address=ADDRESS))
        self.happen(event(RolesAssigned, customer_id=MEMBER, group_id=HEAD, valid_from=date(2026, 1, 1)))
        if limit_minor is not None:
            self.limit(limit_minor)

    def limit(self, limit_minor: int) -> None:
        """Put a limit in force."""
        self.made += 1
        fields: dict[str, Any] = {
            "limit_id": f"lim_{self.made:032x}", "customer_id": HEAD, "amount_minor": limit_minor,
            "currency": "EUR", "max_days_past_due": 30, "valid_until": None,
        }  # fmt: skip
        self.happen(event(LimitRequested, **fields), event(LimitApproved, **fields))

    def happen(self, *events: Event) -> None:
        """Append these events by one command."""
        self.books.do(_record, events, today=self.today)

    def do(self, work: Any, *arguments: Any) -> list[str]:
        """Run a use case; return the types of its events."""
        before = len(self.books.ledger.events)
        self.books.do(work, *arguments, today=self.today)
        return self.books.kinds(before)

    def order(self, amount_minor: int, customer_id: str = HEAD, **more: Any) -> Reservation:
        """Ask for a reservation; return it."""
        self.made += 1
        asked = ReserveCredit(
            f"rsv_{self.made:032x}", customer_id, f"WEB-{self.made}", amount_minor, "EUR", None, None
        )
        self.do(reservations.reserve, replace(asked, **more), self)
        return self.reservation(asked.reservation_id)

    def consume(self, command: ConsumeReservation | DeliverReservation) -> list[str]:
        """End a part of an order; return the types of the events."""
        return self.do(reservations.consume, command, self)

    def reservation(self, reservation_id: str) -> Reservation:
        """Return a reservation as its stream has it."""
        found: Reservation = self.books.state(reservations.RESERVATION, reservation_id)
        return found

    async def of(self, ledger: str, customer_id: str, day: date) -> SeenPicture:
        """Return the figures of a customer; others may act before the caller appends."""
        seen = self.seen(customer_id)
        if self.meanwhile:
            self.meanwhile.pop()()
        return seen

    async def deposits_for(self, ledger: str, entity_id: str, order_number: str, position: int) -> list[str]:
        """Return ids of the deposit invoices that name an order."""
        issues = [e.data for e in self.books.ledger.events[:position] if isinstance(e.data, InvoiceIssued)]
        named = [each for each in issues if (each.purpose, each.reference) == ("deposit", order_number)]
        return [each.invoice_id for each in named]

    def seen(self, customer_id: str) -> SeenPicture:
        """Return the figures at the head of the ledger."""
        for each in self.books.ledger.events[self.projected :]:
            if each.type in self.model.applies:
                list(self.model.keys(each))
                self.model.project(each, self.rows)
        self.rows.undo.clear()
        self.projected = len(self.books.ledger.events)
        own = {customer: self._own(customer) for customer in (HEAD, MEMBER)}
        holder = self._holder(customer_id)
        sharing = tuple(own[each] for each in own if each != customer_id and self._holder(each) == holder)
        picture = replace(own[customer_id], others=sharing, limit_holder_id=holder, limit=own[holder].limit)
        picture = replace(picture, rates=self.rates)
        return SeenPicture(picture, self.projected, 0, behind=False)

    def reservation_ids(self) -> list[str]:
        """Return the ids of all reservations."""
        decided = (e.data for e in self.books.ledger.events if isinstance(e.data, ReservationDecided))
        return list(dict.fromkeys(each.reservation_id for each in decided))

    def total(self) -> int:
        """Return the exposure of the group."""
        return self.seen(HEAD).picture.exposure("EUR", self.today).total_minor

    def all(self, kind: type[Row]) -> list[Any]:
        """Return the rows of a table."""
        return [row for _, rows, _ in self.rows.changes() for row in rows if isinstance(row, kind)]

    def _holder(self, customer_id: str) -> str:
        roles = [
            Roles(row.valid_from, row.position, row.payer_id, group_id=row.group_id)
            for row in self.all(CreditRolesRow)
            if row.customer_id == customer_id
        ]
        return limit_holder_of(customer_id, roles, self.today)

    def _own(self, customer_id: str) -> Picture:
        sums: Counter[str] = Counter()
        owed: Counter[str] = Counter()
        for row in self.all(ExposureMovementRow):
            if row.customer_id == customer_id:
                owed[row.invoice_id or ""] += row.open_minor
                for name in ("draft", "unapplied", "reserved", "delivered"):
                    sums[name] += getattr(row, f"{name}_minor")
        later = date(2027, 1, 1)
        items = tuple(
            ("EUR", ExposureItem(invoice, "F", later, later, minor, minor, 0, minor, None, later))
            for invoice, minor in owed.items()
            if minor
        )
        holds = tuple(
            HoldInForce(row.credit_hold_id, row.cause, row.placed_on, row.until, row.text)
            for row in self.all(CreditHoldRow)
            if row.customer_id == customer_id and row.released_position is None
        )
        in_force = [
            row
            for row in self.all(GuaranteeRow)
            if row.customer_id == customer_id and row.released_position is None
        ]
        approved = [
            row
            for row in self.all(LimitRequestRow)
            if (row.customer_id, row.state) == (customer_id, "approved")
        ]
        last = max(approved, key=lambda row: row.decided_position, default=None)
        limit = last and ApprovedLimit(last.limit_id, last.approved_minor, "EUR", 30, last.valid_until)
        return Picture(
            customer_id, "ent_1", "Dupont", items, {"EUR": sums["draft"]}, {"EUR": sums["unapplied"]}, limit,
            reserved={"EUR": sums["reserved"]}, delivered={"EUR": sums["delivered"]}, holds=holds,
            guaranteed={"EUR": sum(row.amount_minor for row in in_force)},
            ending=tuple(
                EndingGuarantee(row.valid_until, "EUR", row.amount_minor) for row in in_force if row.valid_until
            ),
        )  # fmt: skip
