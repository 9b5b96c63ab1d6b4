"""Streams of each customer and the positions of their events. The events themselves stay in the ledger.

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


WITHOUT_CUSTOMER = (InvoiceAmended, InvoiceCancelled)
"""Events of a customer's stream that do not repeat whose it is."""


class Timeline(ReadModel):
    """Every event that is about a customer."""

    name = "timeline"
    version = 3
    rows = (Owner, AlsoAbout, Entry, MergeRow)
    applies = frozenset(
        name
        for name, event in types().items()
        if "customer_id" in event.__struct_fields__ or issubclass(event, WITHOUT_CUSTOMER)
    )
    ignores = (
        contracts.names_in(
            events.bank,
            events.collectors,
            events.credit_policy,
            events.policy,
            events.provision,
            events.report,
            events.schedule,
            events.template,
        )
        - contracts.names_of(events.bank.BankLineBooked, events.bank.BankLineReturnBooked)
    ) | contracts.names_of(
        events.alerts.AlertRuleSet,
        events.alerts.AlertDigestRequested,
        events.alerts.AlertDigestSent,
        events.alerts.AlertDigestFailed,
        events.alerts.AlertDigestUnconfirmed,
        events.payment.AllocationPolicySet,
        events.calendar.DayOpened,
        events.experiment.ExperimentStarted,
        events.experiment.ExperimentStopped,
        events.dispute.DeductionCodeMapped,
        events.dispute.DisputeCategorySet,
        events.entity.EntityAmended,
        events.entity.EntityRegistered,
        events.entity.SeriesDefined,
        events.entity.FirstNumberSet,
        events.entity.NumberDisplaySet,
        events.entity.PeriodClosed,
        events.entity.BankAccountSet,
        events.entity.VatRegimeSet,
        events.insurance.InsuranceContractSet,
        events.residual.ToleranceSet,
        events.figure.TurnoverPlanSet,
        events.field.FieldDefined,
        events.approval.ApprovalSet,
        events.imports.ImportCompleted,
        events.rate.ExchangeRatePublished,
        events.aside.EventSetAside,
        events.imports.ImportReceived,
        events.recurring.IndexPublished,
        events.reminders.RunCompleted,
        events.reservation.OrderBillingCounted,
        events.reservation.OrderDeliveryCounted,
        events.reservation.OrderReservationMade,
        events.reservation.OrderCreditFollowed,
        events.limit_formula.LimitFormulaSet,
        events.credit_warning.WarningRulesSet,
        events.account_opening.AccountChecklistSet,
        events.score.ScoreModelActivated,
        events.score.ScoreModelFitted,
    )

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """The owner of the event's stream, which the first event cannot have."""
        if e.version > 1:
            yield Owner, (e.stream,)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Note the event, and whose stream it is if that was not known."""
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
