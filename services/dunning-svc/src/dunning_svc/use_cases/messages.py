"""Messages of decisions: their snapshot, and their rendering."""

from __future__ import annotations

from dunning_svc.domain.formats import language_of
from dunning_svc.domain.message.render import Message, compose
from dunning_svc.domain.message.shipped import shipped_source
from dunning_svc.domain.message.snapshot import MessageSnapshot, PaymentAccount
from dunning_svc.read_models.cases.rows import CreditorRow, DebtorRow
from encours.contracts.events.dunning.reminders import ReminderRequested


def snapshot_of(reminder: ReminderRequested, customer: DebtorRow, creditor: CreditorRow) -> MessageSnapshot:
    """Return the content of a decision's message, with exactly its items, credit and total."""
    account = creditor.account_on(reminder.currency, reminder.day)
    return MessageSnapshot(
        day=reminder.day,
        language=language_of(reminder.language),
        currency=reminder.currency,
        customer=customer.name,
        creditor=creditor.name,
        creditor_address=creditor.address or "",
        creditor_country=creditor.country,
        account=account and PaymentAccount(iban=account.iban, bic=account.bic, holder=account.holder),
        items=reminder.items,
        credit_minor=reminder.credit_minor,
        amount_minor=reminder.amount_minor,
    )


def render(reminder: ReminderRequested, customer: DebtorRow, creditor: CreditorRow) -> Message:
    """Return the message of a decision."""
    content = snapshot_of(reminder, customer, creditor)
    return compose(shipped_source(reminder.template, content.language), content)
