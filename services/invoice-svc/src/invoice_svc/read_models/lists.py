"""The read model ``invoices``: the lists of the service, moved on together (``docs/decisions/0011``)."""

from __future__ import annotations

from encours import contracts
from encours.projection.parts import ComposedModel
from invoice_svc.read_models.agreements.model import Agreements
from invoice_svc.read_models.credit_notes.model import CreditNotes
from invoice_svc.read_models.customers.model import Customers
from invoice_svc.read_models.disputes.model import Disputes
from invoice_svc.read_models.entities.model import Entities
from invoice_svc.read_models.invoices.model import Invoices
from invoice_svc.read_models.numbers.model import Numbers
from invoice_svc.read_models.orders.model import Orders
from invoice_svc.read_models.payments.model import Payments
from invoice_svc.read_models.quotes.model import Quotes
from invoice_svc.read_models.recurring.model import RecurringInvoices
from invoice_svc.read_models.search.model import Search

NAME = "invoices"


class Lists(ComposedModel):
    """Finds entities, numbers, customers, terms, and every document from quotes to credit notes and disputes."""

    name = NAME
    version = 12
    parts = (
        Entities(),
        Numbers(),
        Customers(),
        Agreements(),
        Invoices(),
        Payments(),
        CreditNotes(),
        Disputes(),
        Quotes(),
        Search(),
        Orders(),
        RecurringInvoices(),
    )
    ignores = contracts.names_of(
        contracts.calendar.DayOpened,
        contracts.entity.FirstNumberSet,
        contracts.entity.PeriodClosed,
        contracts.entity.BankAccountSet,
        contracts.entity.VatRegimeSet,
        contracts.entity.ApprovalSet,
        contracts.customer.PapersRequired,
        contracts.risk.CreditChecked,
        contracts.risk.LimitApproved,
        contracts.risk.LimitRefused,
        contracts.risk.LimitRequested,
        contracts.customer.CustomerContactAdded,
        contracts.customer.CustomerNoted,
        contracts.field.FieldDefined,
        contracts.customer.TermsBeyondCeiling,
        contracts.customer.PenaltyBelowFloor,
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
        contracts.aside.EventSetAside,
        contracts.imports.ImportReceived,
        contracts.invoice.DepositDeducted,
        contracts.invoice.InvoiceProvisioned,
        contracts.recurring.IndexPublished,
        contracts.invoice.InvoiceTermsBeyondCeiling,
        contracts.invoice.InvoicePenaltyBelowFloor,
        contracts.rate.ExchangeDifferenceRealised,
        contracts.rate.ExchangeDifferenceReversed,
        contracts.rate.ExchangeRatePublished,
        contracts.payment.PaymentAllocated,
        contracts.payment.PaymentReleased,
        contracts.payment.RefundSent,
    )
