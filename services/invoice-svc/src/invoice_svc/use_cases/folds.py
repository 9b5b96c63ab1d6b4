"""Initial state and fold of each kind of stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from encours.ledger.states import Folder
from invoice_svc.domain.allocation_policy import policy as allocation_policy
from invoice_svc.domain.bank_account import state as bank_account
from invoice_svc.domain.bank_line import state as bank_line
from invoice_svc.domain.bank_statement import state as bank_statement
from invoice_svc.domain.custom_field import state as custom_field
from invoice_svc.domain.customer import ref as customer_ref
from invoice_svc.domain.customer import state as customer
from invoice_svc.domain.dispute import state as dispute
from invoice_svc.domain.dispute_rules import state as dispute_rules
from invoice_svc.domain.entity import state as entity
from invoice_svc.domain.index import state as index
from invoice_svc.domain.instrument import state as instrument
from invoice_svc.domain.invoice import evolve as invoice
from invoice_svc.domain.invoice.refusals import InvoiceNotFound
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.order import state as order
from invoice_svc.domain.payment import state as payment
from invoice_svc.domain.payment.refusals import PaymentNotFound
from invoice_svc.domain.plan import state as plan
from invoice_svc.domain.quote import state as quote
from invoice_svc.domain.rate import state as rate
from invoice_svc.domain.recurring import state as recurring
from invoice_svc.domain.remittance import state as remittance
from invoice_svc.domain.review import state as review
from invoice_svc.domain.statement_schedule import state as statement_schedule
from invoice_svc.domain.virtual_iban import state as virtual_iban

ENTITY: Folder[entity.Entity] = Folder(
    entity.Entity, entity.evolve, entity.EntityNotFound, as_of=lambda events, _: ENTITY.fold(events)
)
CUSTOM_FIELD: Folder[custom_field.CustomField] = Folder(
    custom_field.CustomField,
    custom_field.evolve,
    custom_field.CustomFieldNotFound,
    as_of=lambda events, _: CUSTOM_FIELD.fold(events),
)
CUSTOMER = Folder(customer.Customer, customer.evolve, customer.CustomerNotFound, as_of=customer.fold_as_of)
CUSTOMER_REF = Folder(customer_ref.CustomerRef, customer_ref.evolve)
INVOICE = Folder(Invoice, invoice.evolve, InvoiceNotFound, as_of=invoice.fold_as_of)
PAYMENT = Folder(payment.Payment, payment.evolve, PaymentNotFound, as_of=payment.fold_as_of)
DISPUTE = Folder(dispute.Dispute, dispute.evolve, dispute.DisputeNotFound)
DISPUTE_RULES: Folder[dispute_rules.DisputeRules] = Folder(
    dispute_rules.DisputeRules,
    dispute_rules.evolve,
    dispute_rules.DisputeRulesNotFound,
    as_of=lambda events, _: DISPUTE_RULES.fold(events),
)
INSTRUMENT = Folder(instrument.Instrument, instrument.evolve, instrument.InstrumentNotFound)
PLAN = Folder(plan.PaymentPlan, plan.evolve, plan.PlanNotFound)
ORDER = Folder(order.Order, order.evolve, order.OrderNotFound)
QUOTE = Folder(quote.Quote, quote.evolve, quote.QuoteNotFound)
RECURRING = Folder(recurring.Recurring, recurring.evolve, recurring.RecurringNotFound)
BANK_ACCOUNT: Folder[bank_account.OwnAccount] = Folder(
    bank_account.OwnAccount,
    bank_account.evolve,
    bank_account.BankAccountNotFound,
    as_of=lambda events, _: BANK_ACCOUNT.fold(events),
)
BANK_STATEMENT = Folder(
    bank_statement.BankStatement, bank_statement.evolve, bank_statement.BankStatementNotFound
)
BANK_LINE = Folder(bank_line.BankLine, bank_line.evolve, bank_line.BankLineNotFound)
VIRTUAL_IBAN: Folder[virtual_iban.VirtualIban] = Folder(
    virtual_iban.VirtualIban,
    virtual_iban.evolve,
    virtual_iban.VirtualIbanNotFound,
    as_of=lambda events, _: VIRTUAL_IBAN.fold(events),
)
ALLOCATION_POLICIES: Folder[allocation_policy.AllocationPolicies] = Folder(
    allocation_policy.AllocationPolicies,
    allocation_policy.evolve,
    allocation_policy.AllocationPolicyNotFound,
    as_of=lambda events, _: ALLOCATION_POLICIES.fold(events),
)
ADVICE = Folder(remittance.RemittanceAdvice, remittance.evolve, remittance.AdviceNotFound)
STATEMENT_SCHEDULE = Folder(
    statement_schedule.StatementSchedule,
    statement_schedule.evolve,
    statement_schedule.StatementScheduleNotFound,
)
FINDING = Folder(review.DismissedFinding, review.evolve, review.FindingNotFound)
INDEX = Folder(index.PriceIndex, index.evolve, index.IndexNotFound)

RATES = Folder(rate.ExchangeRates, rate.evolve, rate.RatesNotFound, as_of=rate.fold_as_of)

FOLDERS: Mapping[str, Folder[Any]] = {
    "ent": ENTITY,
    "cus": CUSTOMER,
    "crf": CUSTOMER_REF,
    "fld": CUSTOM_FIELD,
    "inv": INVOICE,
    "pay": PAYMENT,
    "dis": DISPUTE,
    "dsr": DISPUTE_RULES,
    "sts": STATEMENT_SCHEDULE,
    "pln": PLAN,
    "ins": INSTRUMENT,
    "ord": ORDER,
    "quo": QUOTE,
    "fxr": RATES,
    "rec": RECURRING,
    "idx": INDEX,
    "bac": BANK_ACCOUNT,
    "bst": BANK_STATEMENT,
    "bln": BANK_LINE,
    "vib": VIRTUAL_IBAN,
    "adv": ADVICE,
    "alp": ALLOCATION_POLICIES,
    "fnd": FINDING,
}
"""Folders by prefix of the stream's id, for a replay of any stream."""
