"""Projection of receivables: events to rows, and the daily aging of balances, which is one set-based statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, get_args

from msgspec.structs import replace

from encours import contracts
from encours.contracts import Recorded
from encours.contracts.books import movements, moving, rule_of
from encours.contracts.events.dunning.collectors import CollectorDefined, CustomersAssigned
from encours.contracts.events.dunning.placements import InvoicesPlaced, InvoicesRecalled
from encours.contracts.events.dunning.promises import (
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    PromiseWithdrawn,
)
from encours.contracts.events.dunning.reminders import (
    ReminderFailed,
    ReminderRequested,
    ReminderSent,
    ReminderSuppressed,
    ReminderUnconfirmed,
    TaskCompleted,
    TaskOpened,
)
from encours.contracts.events.dunning.replies import (
    ReminderAnswered,
    ReminderBounced,
    ReminderDelivered,
    ReminderReadByDebtor,
    ReminderTracked,
)
from encours.contracts.events.dunning.template import TemplateVersionSaved
from encours.contracts.events.figure import FigurePublished, TurnoverPlanSet
from encours.contracts.events.invoice import InvoiceCredited, InvoiceIssued
from encours.contracts.events.money.bank import BankLineBooked
from encours.contracts.events.money.payment import CreditNoteIssued, PaymentReceived, RefundOrdered
from encours.contracts.events.money.plan import (
    InvoiceRescheduled,
    PlanAgreed,
    PlanBroken,
    PlanCancelled,
    PlanKept,
    PlanRescheduled,
    PlanResumed,
)
from encours.contracts.events.parties.customer import (
    CustomerAmended,
    CustomerMerged,
    CustomerMergeReversed,
    CustomerRegistered,
    FieldsSet,
    RolesAssigned,
)
from encours.contracts.events.parties.entity import EntityAmended, EntityRegistered
from encours.contracts.events.parties.field import FieldDefined, InvoiceFieldsSet
from encours.contracts.events.parties.insolvency import InsolvencyClosed, InsolvencyOpened
from encours.contracts.events.rate import ExchangeRatePublished
from encours.contracts.events.sales.dispute import DisputeOpened, DisputeResolved
from encours.projection.read_model import MappedModel, Sum
from encours.projection.row_cache import RowCache
from encours.projection.rows import Row
from encours.reading.insolvency import InsolvencyRow
from encours.reading.insured import INSURANCE, InsuranceEventRow
from encours.reading.merges import MergeRow
from encours.reading.rates import RatePairRow, RateRow, rate_rows
from reporting_svc.read_models.receivables.aging import age_balances
from reporting_svc.read_models.receivables.collectors import CollectorVersion, GivenCustomerRow
from reporting_svc.read_models.receivables.disputes import ReportedDispute
from reporting_svc.read_models.receivables.folding import add, on_item, reschedule
from reporting_svc.read_models.receivables.ignored import IGNORED
from reporting_svc.read_models.receivables.mapping import (
    customer_row,
    day_key,
    fields_row,
    figure_row,
    instalment_rows,
    issued_item,
    movement_row,
)
from reporting_svc.read_models.receivables.outlook import (
    PlacedInvoiceRow,
    PlanEvent,
    PlanScheduleRow,
    PromisedPaymentRow,
    PromiseEvent,
)
from reporting_svc.read_models.receivables.portfolio import PortfolioRow
from reporting_svc.read_models.receivables.reminders import (
    AskedReminder,
    AskingEvent,
    ReminderTrace,
    TemplateToneRow,
    TraceEvent,
    add_trace,
    trace_keys,
)
from reporting_svc.read_models.receivables.rows import (
    AGING_DAY_ID,
    AgingDay,
    Balance,
    DaySum,
    DefinedField,
    FieldsRow,
    Item,
    ItemInstalment,
    MovementRow,
    ReportedCustomer,
    ReportedFigure,
    ReportedInvoiceFields,
    ReportingEntity,
    RoleRow,
)
from reporting_svc.read_models.receivables.selling import (
    PaymentOrigin,
    ProductSale,
    TurnoverPlanRow,
    origin_rows,
    plan_row,
    sale_rows,
)
from reporting_svc.read_models.receivables.sums import (
    account_sums_sql,
    balances_sql,
    day_entries_sql,
    day_sums_sql,
    instalments_sql,
    items_sql,
)

if TYPE_CHECKING:
    from encours.contracts.books.entries import Rule
    from encours.projection.read_model import Conn
    from encours.projection.rows import Key

_ALONE = (
    EntityRegistered,
    CustomerRegistered,
    CustomerMerged,
    CustomerMergeReversed,
    CollectorDefined,
    CustomersAssigned,
    *INSURANCE,
    FieldsSet,
    InvoiceFieldsSet,
    FieldDefined,
    DisputeOpened,
    DisputeResolved,
    RolesAssigned,
    ExchangeRatePublished,
    InsolvencyOpened,
    InsolvencyClosed,
    *get_args(PromiseEvent),
    InvoicesPlaced,
    InvoicesRecalled,
    TemplateVersionSaved,
    *get_args(AskingEvent),
    *get_args(PlanEvent),
    FigurePublished,
    TurnoverPlanSet,
)
"""Events whose rows are written without reading any."""


class Receivables(MappedModel):
    """Items, unapplied cash and the customers' account: every amount is that of a movement in the books.

    An event type that moves money is not named here: it changes every figure by its movements.
    """

    name = "receivables"
    version = 32
    rows = (
        ReportingEntity,
        ReportedCustomer,
        PortfolioRow,
        RoleRow,
        FieldsRow,
        DefinedField,
        ReportedInvoiceFields,
        ReportedDispute,
        CollectorVersion,
        GivenCustomerRow,
        InsuranceEventRow,
        MergeRow,
        RateRow,
        RatePairRow,
        InsolvencyRow,
        PromisedPaymentRow,
        PlacedInvoiceRow,
        TemplateToneRow,
        AskedReminder,
        ReminderTrace,
        PlanScheduleRow,
        Item,
        ItemInstalment,
        ProductSale,
        PaymentOrigin,
        MovementRow,
        Balance,
        DaySum,
        ReportedFigure,
        TurnoverPlanRow,
        AgingDay,
    )
    entry = MovementRow
    created = (Item, ItemInstalment, ProductSale, PaymentOrigin)
    creating = contracts.names_of(
        InvoiceIssued,
        InvoiceRescheduled,
        InvoiceCredited,
        CreditNoteIssued,
        PaymentReceived,
        BankLineBooked,
        RefundOrdered,
    )
    ordered = contracts.names_of(
        *_ALONE,
        EntityAmended,
        CustomerAmended,
        *get_args(TraceEvent),
    )
    applies = moving("item", "contested", "planned", "cash", "account") | creating | ordered
    ignores = IGNORED

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """The rows that :meth:`project` reads for this event."""
        match e.data:
            case alone if isinstance(alone, _ALONE):
                return
            case (
                ReminderSent()
                | ReminderFailed()
                | ReminderUnconfirmed()
                | ReminderSuppressed()
                | ReminderDelivered()
                | ReminderReadByDebtor()
                | ReminderBounced()
                | ReminderAnswered()
                | ReminderTracked()
                | TaskCompleted()
            ):
                yield from trace_keys(e.data)
            case EntityAmended():
                yield ReportingEntity, (e.data.entity_id,)
            case CustomerAmended():
                yield ReportedCustomer, (e.data.customer_id,)
            case InvoiceRescheduled():
                yield Item, (e.data.invoice_id,)
                yield AgingDay, (AGING_DAY_ID,)
                yield Balance, (e.entity, e.data.customer_id, e.data.currency)
            case _:
                for movement in movements(e):
                    yield Balance, (movement.entity, movement.customer_id, movement.currency)
                    yield DaySum, day_key(movement)
                    if on_item(movement):
                        yield AgingDay, (AGING_DAY_ID,)
                        yield Item, (movement.invoice_id,)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Write what the event changed. Raises for an event of an invoice that was never issued."""
        match e.data:
            case EntityRegistered():
                rows.put(ReportingEntity(entity=e.data.entity_id, name=e.data.name, currency=e.data.currency))
            case EntityAmended():
                entity = rows.get(ReportingEntity, e.data.entity_id)
                if entity is None:
                    raise LookupError(f"{e.type} of {e.data.entity_id}, which was never registered")
                rows.put(replace(entity, name=e.data.name))
            case CustomerRegistered():
                rows.put(customer_row(e, e.data, None))
                rows.put(PortfolioRow.of(e, e.data))
            case CustomerAmended():
                rows.put(customer_row(e, e.data, rows.get(ReportedCustomer, e.data.customer_id)))
                rows.put(PortfolioRow.of(e, e.data))
            case CustomerMerged() | CustomerMergeReversed():
                rows.put(MergeRow.of(e, e.data))
            case RolesAssigned():
                rows.put(
                    RoleRow(
                        customer_id=e.data.customer_id,
                        position=e.position,
                        valid_from=e.data.valid_from,
                        payer_id=e.data.payer_id,
                        group_id=e.data.group_id,
                    )
                )
            case FieldsSet() | InvoiceFieldsSet() | FieldDefined():
                rows.put(fields_row(e, e.data))
            case DisputeOpened() | DisputeResolved():
                rows.put(ReportedDispute.of(e, e.data))
            case CollectorDefined():
                rows.put(CollectorVersion.of(e, e.data))
            case CustomersAssigned():
                for given in GivenCustomerRow.of(e, e.data):
                    rows.put(given)
            case InsolvencyOpened() | InsolvencyClosed():
                rows.put(InsolvencyRow.of(e, e.data))
            case PromiseMade() | PromiseKept() | PromiseBroken() | PromiseWithdrawn():
                rows.put(PromisedPaymentRow.of(e, e.data))
            case InvoicesPlaced() | InvoicesRecalled():
                for placed in PlacedInvoiceRow.of(e, e.data):
                    rows.put(placed)
            case TemplateVersionSaved():
                rows.put(TemplateToneRow.of(e.data))
            case ReminderRequested() | TaskOpened():
                rows.put(AskedReminder.of(e, e.data))
            case (
                ReminderSent()
                | ReminderFailed()
                | ReminderUnconfirmed()
                | ReminderSuppressed()
                | ReminderDelivered()
                | ReminderReadByDebtor()
                | ReminderBounced()
                | ReminderAnswered()
                | ReminderTracked()
                | TaskCompleted()
            ):
                add_trace(e, e.data, rows)
            case (
                PlanAgreed() | PlanRescheduled() | PlanBroken() | PlanKept() | PlanResumed() | PlanCancelled()
            ):
                rows.put(PlanScheduleRow.of(e, e.data))
            case ExchangeRatePublished():
                for row in rate_rows(e, e.data):
                    rows.put(row)
            case insuring if isinstance(insuring, INSURANCE):
                rows.put(InsuranceEventRow.of(e, insuring))
            case FigurePublished():
                rows.put(figure_row(e, e.data))
            case TurnoverPlanSet():
                rows.put(plan_row(e, e.data))
            case InvoiceRescheduled():
                for row in self.creates(e):
                    rows.put(row)
                reschedule(e, e.data, rows)
            case _:
                for row in self.creates(e):
                    rows.put(row)
                for line, movement in enumerate(movements(e)):
                    rows.put(movement_row(e.position, line, movement))
                    add(e, movement, rows)

    def entries_of(self, kind: str) -> Rule:
        """The movements."""
        return rule_of(kind)

    def creates(self, e: Recorded) -> Iterable[Row]:
        """The invoice that is issued, a document by product, the agreed instalments, or the origin of money."""
        match e.data:
            case InvoiceIssued():
                return (issued_item(e.entity, e.data), *sale_rows(e, e.data))
            case InvoiceCredited() | CreditNoteIssued():
                return sale_rows(e, e.data)
            case PaymentReceived() | BankLineBooked() | RefundOrdered():
                return origin_rows(e, e.data)
            case InvoiceRescheduled():
                return instalment_rows(e, e.data)
            case _:
                return ()

    def sums(self, schema: str) -> Sequence[Sum]:
        """Items, balances and days from the movements. Bands are the first until :meth:`on_days_opened` moves them."""
        return (
            Sum(Item, items_sql(schema)),
            Sum(ItemInstalment, instalments_sql(schema)),
            Sum(ProductSale, f"select * from {schema}.product_sale_created"),
            Sum(PaymentOrigin, f"select * from {schema}.payment_origin_created"),
            Sum(Balance, balances_sql(schema), of_entries=account_sums_sql(schema)),
            Sum(DaySum, day_sums_sql(schema), of_entries=day_entries_sql(schema)),
        )

    async def on_days_opened(self, conn: Conn, schema: str, days: list[date]) -> None:
        """Bring the bands of :class:`Balance` to the last of the opened days in one step."""
        await age_balances(conn, schema, max(days))
