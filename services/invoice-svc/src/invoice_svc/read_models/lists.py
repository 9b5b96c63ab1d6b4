"""The read model ``invoices``: the lists of the service, moved on together (``docs/decisions/0011``)."""

from __future__ import annotations

from encours import contracts
from encours.contracts import events
from encours.projection.parts import ComposedModel
from invoice_svc.read_models.advices.model import AdviceLists
from invoice_svc.read_models.agreements.model import Agreements
from invoice_svc.read_models.bank.model import BankLists
from invoice_svc.read_models.credit_notes.model import CreditNotes
from invoice_svc.read_models.customers.model import Customers
from invoice_svc.read_models.disputes.model import Disputes
from invoice_svc.read_models.entities.model import Entities
from invoice_svc.read_models.holds.model import CustomerHolds
from invoice_svc.read_models.instruments.model import Instruments
from invoice_svc.read_models.invoices.model import Invoices
from invoice_svc.read_models.numbers.model import Numbers
from invoice_svc.read_models.orders.model import Orders
from invoice_svc.read_models.payments.model import Payments
from invoice_svc.read_models.plans.model import Plans
from invoice_svc.read_models.promises.model import DebtorPromises
from invoice_svc.read_models.quotes.model import Quotes
from invoice_svc.read_models.recurring.model import RecurringInvoices
from invoice_svc.read_models.residuals.model import Residuals
from invoice_svc.read_models.reviews.model import Reviews
from invoice_svc.read_models.search.model import Search
from invoice_svc.read_models.statements.model import Statements
from invoice_svc.read_models.statements.schedules import StatementSchedules

NAME = "invoices"


class Lists(ComposedModel):
    """Finds entities, numbers, customers, terms, and every document from quotes to credit notes and disputes."""

    name = NAME
    version = 33
    parts = (
        Entities(),
        Numbers(),
        Customers(),
        Agreements(),
        Invoices(),
        Payments(),
        CreditNotes(),
        Disputes(),
        Plans(),
        Instruments(),
        DebtorPromises(),
        Quotes(),
        Search(),
        Orders(),
        RecurringInvoices(),
        BankLists(),
        AdviceLists(),
        Statements(),
        StatementSchedules(),
        Reviews(),
        Residuals(),
        CustomerHolds(),
    )
    ignores = contracts.names_in(
        events.collectors,
        events.placements,
        events.credit_policy,
        events.figure,
        events.guarantee,
        events.insurance,
        events.provision,
        events.experiment,
        events.policy,
        events.replies,
        events.report,
        events.schedule,
        events.reservation,
        events.limit_formula,
        events.account_opening,
        events.credit_file,
        events.credit_warning,
        events.risk_terms,
        events.score,
        events.tasks,
        events.template,
        events.thanks,
        events.titles,
        events.alerts,
    ) | contracts.names_of(
        events.bank.CsvMapSet,
        events.bank.StatementTaken,
        events.calendar.DayOpened,
        events.credit_hold.PayerBadgeGiven,
        events.credit_hold.PayerBadgeRemoved,
        events.dispute.DeductionCodeMapped,
        events.dispute.DisputeCategorySet,
        events.dispute.DisputeCommented,
        events.entity.FirstNumberSet,
        events.entity.NumberDisplaySet,
        events.entity.PeriodClosed,
        events.entity.BankAccountSet,
        events.entity.VatRegimeSet,
        events.residual.ToleranceSet,
        events.approval.ApprovalSet,
        events.customer.CustomerRefTaken,
        events.customer.PapersRequired,
        events.risk.CreditChecked,
        events.risk.LimitApproved,
        events.risk.LimitRefused,
        events.risk.LimitRequested,
        events.customer.CustomerContactAdded,
        events.customer.CustomerNoted,
        events.customer.TermsKept,
        events.field.FieldDefined,
        events.customer.TermsBeyondCeiling,
        events.customer.PenaltyBelowFloor,
        events.reminders.HoldPlaced,
        events.reminders.ReminderFailed,
        events.reminders.ReminderRequested,
        events.reminders.RunCompleted,
        events.reminders.ReminderSent,
        events.reminders.ReminderSuppressed,
        events.reminders.ReminderUnconfirmed,
        events.reminders.TaskCompleted,
        events.reminders.TaskOpened,
        events.reminders.TaskRaised,
        events.imports.ImportCompleted,
        events.aside.EventSetAside,
        events.imports.ImportReceived,
        events.insolvency.InsolvencyAmended,
        events.insolvency.InsolvencyPublished,
        events.invoice.DepositDeducted,
        events.invoice.DepositFreed,
        events.invoice.InvoiceRebated,
        events.loss.InvoiceProvisioned,
        events.recurring.IndexPublished,
        events.invoice.InvoiceTermsBeyondCeiling,
        events.invoice.InvoicePenaltyBelowFloor,
        events.rate.ExchangeDifferenceRealised,
        events.rate.ExchangeDifferenceReversed,
        events.rate.ExchangeRatePublished,
        events.payment.AllocationPolicySet,
        events.payment.PaymentAdvised,
        events.penalty.PenaltiesWaived,
        events.penalty.PenaltyWaiverReversed,
        events.payment.PaymentAllocated,
        events.payment.PaymentReleased,
        events.payment.RefundSent,
        events.payment.PaymentStated,
        events.payment.ReversalStated,
    )
