"""Past of a ledger, event by event: its orders, and what the read model does not keep of each moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from encours.contracts import Event, Recorded, names_of
from encours.contracts.clearance import drafted_exposure
from encours.contracts.events.dunning.reminders import ReminderRequested
from encours.contracts.events.invoice import InvoiceAmended, InvoiceCancelled, InvoiceDrafted, InvoiceIssued
from encours.contracts.events.limit_formula import FinancialsFiled
from encours.contracts.events.loss import (
    InvoiceProvisioned,
    InvoiceUnrecoverable,
    InvoiceWrittenOff,
    WriteOffRecovered,
    WriteOffReversed,
)
from encours.contracts.events.reservation import (
    OrderBillingCounted,
    ReservationConsumed,
    ReservationDecided,
    ReservationDelivered,
    ReservationExpired,
    ReservationOverridden,
    ReservationReleased,
)
from encours.contracts.events.sales.order import OrderBilled
from encours.contracts.events.score import ScoreModelActivated, ScoreModelFitted
from risk_svc.domain.backtest.judge import PastOrder
from risk_svc.domain.backtest.losses import InvoiceLoss, LossEvent, loss_of
from risk_svc.domain.proposal.financials import Financials
from risk_svc.domain.reservation.state import Reservation, ReservationEvent
from risk_svc.domain.score.versions import ScoreModels
from risk_svc.read_models.credit.holds import customers_dunned
from risk_svc.use_cases.proposals import FINANCIALS
from risk_svc.use_cases.reservations import RESERVATION
from risk_svc.use_cases.score_models import SCORE_MODELS

LINKING = names_of(ReservationConsumed, OrderBilled)
"""Events by which invoices belong to orders."""
FOLLOWED = names_of(
    InvoiceDrafted,
    InvoiceAmended,
    InvoiceCancelled,
    InvoiceIssued,
    OrderBillingCounted,
    InvoiceWrittenOff,
    InvoiceUnrecoverable,
    WriteOffReversed,
    WriteOffRecovered,
    InvoiceProvisioned,
    FinancialsFiled,
    ScoreModelFitted,
    ScoreModelActivated,
    ReminderRequested,
    ReservationDecided,
    ReservationOverridden,
    ReservationDelivered,
    ReservationConsumed,
    ReservationReleased,
    ReservationExpired,
)
"""Events that are applied to a :class:`PastLedger`."""


@dataclass(slots=True)
class OrderLinks:
    """Orders by their invoices, of the whole history: an invoice with an order is no order of its own."""

    by_invoice: dict[str, str] = field(default_factory=dict)
    by_delivery: dict[str, str] = field(default_factory=dict)
    billed: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def add(self, event: Event) -> None:
        """Add the link that an event makes; the last order that an invoice is consumed by has it."""
        match event:
            case ReservationConsumed(invoice_id=str() as invoice_id):
                self.by_invoice[invoice_id] = event.reservation_id
            case ReservationConsumed(delivery_id=str() as delivery_id):
                self.by_delivery[delivery_id] = event.reservation_id
            case OrderBilled():
                self.billed[event.invoice_id] = event.delivery_ids
            case _:
                pass

    def order_of(self, invoice_id: str) -> str | None:
        """Return the order of an invoice; ``None`` for one without."""
        if (found := self.by_invoice.get(invoice_id)) is not None:
            return found
        return next(
            (self.by_delivery[each] for each in self.billed.get(invoice_id, ()) if each in self.by_delivery),
            None,
        )


@dataclass(slots=True)
class PastDraft:
    """A draft: its customer, and its additions to the exposure by day, minor units."""

    customer_id: str
    currency: str
    corrects: bool
    added: list[tuple[date, int]]
    total_minor: int
    cleared_minor: int | None
    counted_minor: int = 0

    def add(self, day: date) -> None:
        """Note what its content or an ended reservation changes in its addition on a day."""
        minor = drafted_exposure(
            self.total_minor, self.cleared_minor, self.counted_minor, corrects=self.corrects
        )
        self.added.append((day, minor - sum(before for _, before in self.added)))

    def minor(self, day: date) -> int:
        """Return what the draft adds to the exposure on a day."""
        return sum(minor for on, minor in self.added if on <= day)


@dataclass(frozen=True, slots=True)
class TakenStep:
    """The last step of the ladder that a message to a customer has taken."""

    step: str
    day: date


class PastLedger:
    """State of a ledger at the event that was applied last, beside the rows of ``credit``.

    Outcomes (``accepted``, ``losses``, ``invoices``) are those of the whole history once all is applied.
    """

    def __init__(self, links: OrderLinks) -> None:
        self._links = links
        self.drafts: dict[str, PastDraft] = {}
        self.financials: dict[str, Financials] = {}
        self.steps: dict[str, TakenStep] = {}
        self.models: ScoreModels = SCORE_MODELS.initial()
        self.reservations: dict[str, Reservation] = {}
        self.accepted: set[str] = set()
        """Orders that were reserved at some time."""
        self.losses: dict[str, InvoiceLoss] = {}
        self.invoices: defaultdict[str, list[str]] = defaultdict(list)
        """Invoices of an order that is not the invoice itself, or corrections of such an invoice."""
        self._corrected: dict[str, str] = {}

    def order_of(self, invoice_id: str) -> str:
        """Return the order that an issued invoice belongs to: its own id if it has none."""
        return self._corrected.get(invoice_id) or self._links.order_of(invoice_id) or invoice_id

    def apply(self, e: Recorded) -> None:
        """Apply an event; those of before the period as well."""
        match e.data:
            case (
                InvoiceDrafted()
                | InvoiceAmended()
                | InvoiceCancelled()
                | InvoiceIssued()
                | OrderBillingCounted()
            ):
                self._document(e)
            case FinancialsFiled(customer_id=customer_id):
                known = self.financials.get(customer_id, FINANCIALS.initial())
                self.financials[customer_id] = FINANCIALS.evolve(known, e)
            case ScoreModelFitted() | ScoreModelActivated():
                self.models = SCORE_MODELS.evolve(self.models, e)
            case ReminderRequested() as message:
                for customer_id in customers_dunned(message):
                    self.steps[customer_id] = TakenStep(message.step, message.day)
            case loss if isinstance(loss, LossEvent):
                self.losses[loss.invoice_id] = loss_of(self.losses.get(loss.invoice_id), e, loss)
            case order if isinstance(order, ReservationEvent):
                known_order = self.reservations.get(order.reservation_id, RESERVATION.initial())
                changed = RESERVATION.evolve(known_order, e)
                self.reservations[order.reservation_id] = changed
                if changed.status == "reserved":
                    self.accepted.add(order.reservation_id)

    def _document(self, e: Recorded) -> None:
        match e.data:
            case InvoiceDrafted() as draft:
                corrects, cleared = draft.corrects is not None, draft.cleared_minor
                made = PastDraft(draft.customer_id, draft.currency, corrects, [], draft.total_minor, cleared)
                made.add(e.effective_on)
                self.drafts[draft.invoice_id] = made
            case InvoiceAmended() as amended:
                if (known := self.drafts.get(amended.invoice_id)) is not None:
                    known.total_minor, known.cleared_minor = amended.total_minor, amended.cleared_minor
                    known.add(e.effective_on)
            case OrderBillingCounted() as counted:
                if counted.customer_id and (known := self.drafts.get(counted.invoice_id)) is not None:
                    known.counted_minor += counted.amount_minor
                    known.add(e.effective_on)
            case InvoiceCancelled(invoice_id=invoice_id):
                self.drafts.pop(invoice_id, None)
            case InvoiceIssued() as issued:
                self.drafts.pop(issued.invoice_id, None)
                if issued.corrects is not None:
                    self._corrected[issued.invoice_id] = self.order_of(issued.corrects.invoice_id)
                if (order := self.order_of(issued.invoice_id)) != issued.invoice_id:
                    self.invoices[order].append(issued.invoice_id)


def orders_in(
    events: Iterable[Recorded], links: OrderLinks, first: date, last: date
) -> Iterator[tuple[Recorded, PastOrder | None]]:
    """Yield events with the order of a period that each of them begins, if it begins one.

    An order begins with its first decision, an invoice without an order as it is issued. Penalties and corrections are
    no orders; of a final invoice what its deposits leave is one.
    """
    for e in events:
        match e.data:
            case ReservationDecided(attempt=1) as decided if first <= e.effective_on <= last:
                yield e, PastOrder(
                    decided.reservation_id, "reservation", decided.customer_id, decided.amount_minor,
                    decided.currency, e.effective_on, decided.deliver_on, e.position - 1,
                )  # fmt: skip
            case InvoiceIssued() as issued if (
                first <= issued.issued_on <= last
                and issued.purpose != "penalty"
                and issued.corrects is None
                and issued.total_minor > 0
                and links.order_of(issued.invoice_id) is None
            ):
                yield e, PastOrder(
                    issued.invoice_id, "invoice", issued.customer_id, issued.total_minor, issued.currency,
                    issued.issued_on, None, e.position - 1,
                )  # fmt: skip
            case _:
                yield e, None
