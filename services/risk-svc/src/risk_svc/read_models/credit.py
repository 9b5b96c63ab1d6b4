"""What credit decisions rest on: customers, invoices, their dated movements, limits.

Movements are append-only and carry position and effective date, so that exposure and score are answered as
of any date, as known at any position, by one sum; no row is ever rewritten for the past.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import ClassVar, Literal

from encours import contracts
from encours.contracts import Recorded
from encours.contracts.customer import CustomerAmended, CustomerRegistered
from encours.contracts.invoice import (
    InvoiceAmended,
    InvoiceCancelled,
    InvoiceCredited,
    InvoiceDrafted,
    InvoiceIssued,
    PaymentApplied,
    PaymentUnapplied,
    ShareDisputed,
    ShareUndisputed,
)
from encours.contracts.payment import (
    PaymentAllocated,
    PaymentIdentified,
    PaymentReceived,
    PaymentReleased,
    PaymentReversed,
)
from encours.contracts.risk import LimitApproved, LimitRefused, LimitRequested
from encours.projection.read_model import ReadModel
from encours.projection.rows import Row
from encours.projection.rowset import RowSet

Component = Literal["open", "disputed", "draft", "unapplied"]


class Customer(Row, kw_only=True):
    """A customer; ``exposure_minor`` is open + drafts − unapplied of all time, for ranking."""

    TABLE: ClassVar[str] = "customer"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(exposure_minor desc, customer_id)",)
    customer_id: str
    entity: str
    name: str
    from_position: int
    exposure_minor: int


class Invoice(Row, kw_only=True):
    """A draft or an issued invoice; ``issued_position`` is ``None`` while it is a draft.

    ``drafted`` are what the draft added to the exposure on which days, as words ``<day>:<minor units>``: an issue
    may be dated before them, and takes none of them back before the day on which it was added.
    """

    TABLE: ClassVar[str] = "invoice"
    KEY: ClassVar[tuple[str, ...]] = ("invoice_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id)",)
    invoice_id: str
    customer_id: str
    currency: str
    drafted: str
    number: str | None
    issued_on: date | None
    due_on: date | None
    total_minor: int
    issued_position: int | None


class Payment(Row, kw_only=True):
    """A payment's payer and what is not allocated of it."""

    TABLE: ClassVar[str] = "payment"
    KEY: ClassVar[tuple[str, ...]] = ("payment_id",)
    payment_id: str
    customer_id: str
    currency: str
    unapplied_minor: int


class Movement(Row, kw_only=True):
    """A change of one component of a customer's exposure; minor units, signed."""

    TABLE: ClassVar[str] = "movement"
    KEY: ClassVar[tuple[str, ...]] = ("position", "line")
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id, effective_on)",)
    position: int
    line: int
    customer_id: str
    currency: str
    invoice_id: str | None
    component: str
    effective_on: date
    amount_minor: int


class LimitRequest(Row, kw_only=True):
    """A limit request; a decision counts from ``decided_on`` and is known from ``decided_position``."""

    TABLE: ClassVar[str] = "limit_request"
    KEY: ClassVar[tuple[str, ...]] = ("limit_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id)",)
    limit_id: str
    customer_id: str
    entity: str
    amount_minor: int
    currency: str
    max_days_past_due: int
    valid_until: date | None
    requested_position: int
    requested_on: date
    state: str
    approved_minor: int | None
    approved_max_days: int | None
    decided_position: int | None
    decided_on: date | None


class Credit(ReadModel):
    """The read model ``credit``; see the module."""

    name = "credit"
    version = 2
    rows = (Customer, Invoice, Payment, Movement, LimitRequest)
    applies = frozenset(
        event.TYPE
        for event in (
            CustomerRegistered,
            CustomerAmended,
            InvoiceDrafted,
            InvoiceAmended,
            InvoiceCancelled,
            InvoiceIssued,
            InvoiceCredited,
            PaymentApplied,
            PaymentUnapplied,
            ShareDisputed,
            ShareUndisputed,
            PaymentReceived,
            PaymentIdentified,
            PaymentAllocated,
            PaymentReleased,
            PaymentReversed,
            LimitRequested,
            LimitApproved,
            LimitRefused,
        )
    )
    ignores = contracts.names_of(
        contracts.calendar.DayOpened,
        contracts.risk.CreditChecked,
        contracts.customer.CustomerContactAdded,
        contracts.customer.CustomerNoted,
        contracts.customer.TermsAgreed,
        contracts.customer.TermsBeyondCeiling,
        contracts.dispute.DisputeOpened,
        contracts.dispute.DisputeResolved,
        contracts.entity.EntityAmended,
        contracts.entity.EntityRegistered,
        contracts.entity.SeriesDefined,
        contracts.dunning.HoldPlaced,
        contracts.dunning.ReminderFailed,
        contracts.dunning.ReminderRequested,
        contracts.dunning.RunCompleted,
        contracts.dunning.ReminderSent,
        contracts.dunning.ReminderSuppressed,
        contracts.dunning.ReminderUnconfirmed,
        contracts.dunning.TaskCompleted,
        contracts.dunning.TaskOpened,
        contracts.imports.ImportCompleted,
        contracts.imports.ImportReceived,
        contracts.invoice.InvoiceTermsBeyondCeiling,
    )

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], tuple[str, ...]]]:
        """Rows that :meth:`project` reads for this event."""
        data = e.data
        match data:
            case LimitApproved() | LimitRefused():
                yield LimitRequest, (data.limit_id,)
                return
            case CustomerRegistered() | LimitRequested():
                return
            case (
                PaymentReceived()
                | PaymentIdentified()
                | PaymentAllocated()
                | PaymentReleased()
                | PaymentReversed()
            ):
                yield Payment, (data.payment_id,)
            case InvoiceDrafted():
                pass
            case _:
                invoice_id = getattr(data, "invoice_id", None)
                if invoice_id is not None:
                    yield Invoice, (invoice_id,)
        customer_id = getattr(data, "customer_id", None)
        if customer_id is not None:
            yield Customer, (customer_id,)

    def project(self, e: Recorded, rows: RowSet) -> None:
        """Apply one event."""
        Projection(e, rows).apply()


class Projection:
    """One event applied to the rows; counts the movement lines it writes."""

    def __init__(self, e: Recorded, rows: RowSet) -> None:
        self.e = e
        self.rows = rows
        self.line = 0

    def apply(self) -> None:
        """Dispatch on the payload."""
        data = self.e.data
        match data:
            case CustomerRegistered() | CustomerAmended():
                self._customer(data)
            case InvoiceDrafted():
                self._draft(data)
            case InvoiceAmended():
                row = self._invoice(data.invoice_id)
                self._redraft(row, data.total_minor - sum(_drafted(row).values()))
            case InvoiceCancelled():
                self._undraft(self._invoice(data.invoice_id))
            case InvoiceIssued():
                self._issued(data)
            case InvoiceCredited():
                row = self._invoice(data.invoice_id)
                self._move(row.customer_id, row.currency, row.invoice_id, "open", -data.total_minor)
            case PaymentApplied():
                self._on_invoice(data.invoice_id, "open", -data.amount_minor)
            case PaymentUnapplied():
                self._on_invoice(data.invoice_id, "open", data.amount_minor)
            case ShareDisputed():
                self._on_invoice(data.invoice_id, "disputed", data.amount_minor)
            case ShareUndisputed():
                self._on_invoice(data.invoice_id, "disputed", -data.amount_minor)
            case (
                PaymentReceived()
                | PaymentIdentified()
                | PaymentAllocated()
                | PaymentReleased()
                | PaymentReversed()
            ):
                self._payment(data)
            case LimitRequested() | LimitApproved() | LimitRefused():
                self._limit(data)
            case _:
                raise TypeError(f"{self.e.type} is not an event of this read model")

    def _invoice(self, invoice_id: str) -> Invoice:
        row = self.rows.get(Invoice, invoice_id)
        if row is None:
            raise LookupError(f"invoice {invoice_id} was never drafted or issued")
        return row

    def _on_invoice(self, invoice_id: str, component: Component, amount_minor: int) -> None:
        row = self._invoice(invoice_id)
        self._move(row.customer_id, row.currency, invoice_id, component, amount_minor)

    def _move(
        self,
        customer_id: str,
        currency: str,
        invoice_id: str | None,
        component: Component,
        amount_minor: int,
        *,
        not_before: date = date.min,
    ) -> None:
        if amount_minor == 0:
            return
        self.rows.put(
            Movement(
                position=self.e.position,
                line=self.line,
                customer_id=customer_id,
                currency=currency,
                invoice_id=invoice_id,
                component=component,
                effective_on=max(self.e.effective_on, not_before),
                amount_minor=amount_minor,
            )
        )
        self.line += 1
        customer = self.rows.get(Customer, customer_id)
        if customer is not None and component != "disputed":
            customer.exposure_minor += -amount_minor if component == "unapplied" else amount_minor
            self.rows.put(customer)

    def _customer(self, data: CustomerRegistered | CustomerAmended) -> None:
        if isinstance(data, CustomerRegistered):
            row = Customer(
                customer_id=data.customer_id,
                entity=self.e.entity,
                name=data.name,
                from_position=self.e.position,
                exposure_minor=0,
            )
        else:
            found = self.rows.get(Customer, data.customer_id)
            if found is None:
                raise LookupError(f"customer {data.customer_id} was never registered")
            row = found
            row.name = data.name
        self.rows.put(row)

    def _draft(self, data: InvoiceDrafted) -> None:
        row = Invoice(
            invoice_id=data.invoice_id,
            customer_id=data.customer_id,
            currency=data.currency,
            drafted="",
            number=None,
            issued_on=None,
            due_on=None,
            total_minor=data.total_minor,
            issued_position=None,
        )
        self._redraft(row, data.total_minor)

    def _redraft(self, row: Invoice, change_minor: int) -> None:
        parts, day = _drafted(row), self.e.effective_on
        parts[day] = parts.get(day, 0) + change_minor
        row.drafted = " ".join(f"{day}:{minor}" for day, minor in parts.items())
        self.rows.put(row)
        self._move(row.customer_id, row.currency, row.invoice_id, "draft", change_minor)

    def _undraft(self, row: Invoice) -> None:
        """The draft is one no more; taken back before it was added, it would leave drafts below zero in between."""
        for day, minor in _drafted(row).items():
            self._move(row.customer_id, row.currency, row.invoice_id, "draft", -minor, not_before=day)
        row.drafted = ""
        self.rows.put(row)

    def _issued(self, data: InvoiceIssued) -> None:
        draft = self.rows.get(Invoice, data.invoice_id)
        if draft is not None:
            self._undraft(draft)
        self.rows.put(
            Invoice(
                invoice_id=data.invoice_id,
                customer_id=data.customer_id,
                currency=data.currency,
                drafted="",
                number=data.number,
                issued_on=data.issued_on,
                due_on=data.due_on,
                total_minor=data.total_minor,
                issued_position=self.e.position,
            )
        )
        self._move(data.customer_id, data.currency, data.invoice_id, "open", data.total_minor)

    def _payment(
        self, data: PaymentReceived | PaymentIdentified | PaymentAllocated | PaymentReleased | PaymentReversed
    ) -> None:
        if isinstance(data, PaymentReceived):
            row = Payment(
                payment_id=data.payment_id,
                customer_id=data.customer_id or "",
                currency=data.currency,
                unapplied_minor=0,
            )
            self._cash(row, data.amount_minor)
            return
        found = self.rows.get(Payment, data.payment_id)
        if found is None:
            raise LookupError(f"payment {data.payment_id} was never received")
        match data:
            case PaymentIdentified():
                amount = found.unapplied_minor
                self._cash(found, -amount)
                found.customer_id = data.customer_id
                self._cash(found, amount)
            case PaymentAllocated():
                self._cash(found, -sum(part.amount_minor for part in data.allocations))
            case PaymentReleased():
                self._cash(found, sum(part.amount_minor for part in data.allocations))
            case PaymentReversed():
                self._cash(found, -found.unapplied_minor)

    def _cash(self, row: Payment, amount_minor: int) -> None:
        row.unapplied_minor += amount_minor
        self.rows.put(row)
        self._move(row.customer_id, row.currency, None, "unapplied", amount_minor)

    def _limit(self, data: LimitRequested | LimitApproved | LimitRefused) -> None:
        if isinstance(data, LimitRequested):
            self.rows.put(
                LimitRequest(
                    limit_id=data.limit_id,
                    customer_id=data.customer_id,
                    entity=self.e.entity,
                    amount_minor=data.amount_minor,
                    currency=data.currency,
                    max_days_past_due=data.max_days_past_due,
                    valid_until=data.valid_until,
                    requested_position=self.e.position,
                    requested_on=self.e.effective_on,
                    state="requested",
                    approved_minor=None,
                    approved_max_days=None,
                    decided_position=None,
                    decided_on=None,
                )
            )
            return
        row = self.rows.get(LimitRequest, data.limit_id)
        if row is None:
            raise LookupError(f"limit request {data.limit_id} was never made")
        row.decided_position, row.decided_on = self.e.position, self.e.effective_on
        if isinstance(data, LimitApproved):
            row.state = "approved"
            row.approved_minor, row.approved_max_days = data.amount_minor, data.max_days_past_due
        else:
            row.state = "refused"
        self.rows.put(row)


def _drafted(row: Invoice) -> dict[date, int]:
    """What a draft added to the exposure, by day."""
    parts = (part.partition(":") for part in row.drafted.split())
    return {date.fromisoformat(day): int(minor) for day, _, minor in parts}
