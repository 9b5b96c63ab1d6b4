"""Messages of reminders: written for the first time, or again from the ledger to prove what was sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from msgspec.structs import replace

from dunning_svc.domain.formats import MessageLang, language_of
from dunning_svc.domain.message.postal import country_of, printed
from dunning_svc.domain.message.render import Message, Source, compose
from dunning_svc.domain.message.shipped import shipped_source
from dunning_svc.domain.message.snapshot import MessageSnapshot, PaymentAccount, hash_of
from dunning_svc.domain.template.choice import SavedTemplates
from dunning_svc.domain.template.commands import template_id
from dunning_svc.domain.template.state import TEMPLATE
from dunning_svc.read_models.cases.past import folded
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from encours.contracts.events.dunning.reminders import (
    DunnedItem,
    MessageProof,
    ReminderRequested,
    ReminderSent,
)
from encours.contracts.events.dunning.thanks import SettledInvoice, ThanksRequested
from encours.contracts.events.dunning.together import DunnedDebtor
from encours.kernel.errors import Refusal
from encours.ledger import Ledger


class MessageNotProven(Refusal):
    """The reminder was not sent, or the event has no hash of what was sent (409)."""

    code = "message-not-proven"
    title = "Message is not on record"
    remedy = "Get the reminder: `message` is null unless it was sent by a release that records the message."


@dataclass(frozen=True, slots=True)
class Texts:
    """Templates of a ledger, and the position up to which they were read; customer and creditor were, too."""

    templates: SavedTemplates = field(default_factory=SavedTemplates)
    position: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    """A message and its proof."""

    message: Message
    proof: MessageProof


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A message that was written again. ``differences`` names what is not as it was when the message was sent."""

    message: Message
    stored: MessageProof
    differences: tuple[str, ...]


def written(
    reminder: ReminderRequested, customer: DebtorRow, creditor: CreditorRow, texts: Texts | None = None
) -> Written:
    """Return the message of a decision, with exactly its items, credit and total.

    Raises ``LookupError`` for a template that does not exist, ``ValueError`` for a message that is too long.
    """
    content = _content(reminder, customer, creditor)
    return _written(reminder.template, content, customer, creditor, texts or Texts())


def _written(
    template: str, content: MessageSnapshot, customer: DebtorRow, creditor: CreditorRow, texts: Texts
) -> Written:
    chosen = texts.templates.choose(template, content.language, creditor.entity_id)
    message = compose(chosen.source, content)
    proof = MessageProof(
        addressee_id=customer.customer_id,
        template_code=chosen.code,
        template_language=chosen.language,
        template_creditor_id=chosen.entity_id,
        template_version=chosen.version,
        source_hash=chosen.source.digest,
        snapshot_hash=hash_of(content),
        content_hash=message.digest,
        position=texts.position,
    )
    return Written(message, proof)


def written_thanks(
    thanks: ThanksRequested, customer: DebtorRow, creditor: CreditorRow, texts: Texts
) -> Written:
    """Return the message of a thank-you. Raises as :func:`written`."""
    content = snapshot_of(
        customer,
        creditor,
        day=thanks.day,
        language=language_of(thanks.language),
        currency=thanks.currency,
        items=(),
        credit_minor=0,
        amount_minor=thanks.amount_minor,
        settled=thanks.invoices,
    )
    return _written(thanks.template, content, customer, creditor, texts)


def snapshot_of(
    customer: DebtorRow,
    creditor: CreditorRow,
    *,
    day: date,
    language: MessageLang,
    currency: str,
    items: tuple[DunnedItem, ...],
    credit_minor: int,
    amount_minor: int,
    late_terms_hidden: bool = False,
    settled: tuple[SettledInvoice, ...] = (),
    debtors: tuple[DunnedDebtor, ...] = (),
) -> MessageSnapshot:
    """Return all that a message is made of."""
    account = creditor.account_on(currency, day)
    address = printed(
        creditor.address or "", sent_from=creditor.country, read_in=reader_of(customer, creditor)
    )
    return MessageSnapshot(
        day=day,
        language=language,
        currency=currency,
        customer=customer.name,
        creditor=creditor.name,
        creditor_address="\n".join(address),
        creditor_email=creditor.email or "",
        creditor_country=creditor.country,
        account=account and PaymentAccount(iban=account.iban, bic=account.bic, holder=account.holder),
        items=items,
        credit_minor=credit_minor,
        amount_minor=amount_minor,
        late_terms_hidden=late_terms_hidden,
        settled=settled,
        debtors=debtors,
    )


def reader_of(customer: DebtorRow, creditor: CreditorRow) -> str:
    """Return the country in which the customer reads a message; that of the creditor where none is known."""
    return country_of(customer.address) or customer.country or creditor.country


def _content(reminder: ReminderRequested, customer: DebtorRow, creditor: CreditorRow) -> MessageSnapshot:
    return snapshot_of(
        customer,
        creditor,
        day=reminder.day,
        language=language_of(reminder.language),
        currency=reminder.currency,
        items=reminder.items,
        credit_minor=reminder.credit_minor,
        amount_minor=reminder.amount_minor,
        late_terms_hidden=reminder.late_terms_hidden,
        debtors=reminder.debtors,
    )


async def sent_proof(ledger: Ledger, name: str, reminder_id: str, upto: int) -> MessageProof | None:
    """Return the proof in the reminder's event of dispatch, if there is one up to a position."""
    for e in await ledger.read_stream(name, reminder_id, upto=upto):
        if isinstance(e.data, ReminderSent):
            return e.data.message
    return None


async def rewritten(
    ledger: Ledger,
    name: str,
    reminder_id: str,
    upto: int,
    share: Callable[[ReminderRequested], ReminderRequested] | None = None,
) -> Rewritten:
    """Write the message of a reminder again from the ledger as of its dispatch; with ``share``, that part of it.

    The hashes are compared for the whole. Raises :class:`MessageNotProven`.
    """
    requested, *later = await ledger.read_stream(name, reminder_id, upto=upto)
    sent = next((e.data for e in later if isinstance(e.data, ReminderSent)), None)
    if not isinstance(requested.data, ReminderRequested) or sent is None or sent.message is None:
        raise MessageNotProven(f"No message of {reminder_id} is on record.")
    stored = sent.message
    parties = [stored.addressee_id, requested.entity]
    rows = folded(await ledger.read_streams(name, parties, upto=stored.position))
    customer, creditor = rows.get(DebtorRow, stored.addressee_id), rows.get(CreditorRow, requested.entity)
    assert customer is not None, "a reminder has an addressee"
    assert creditor is not None, "a reminder has a creditor"
    content = _content(requested.data, customer, creditor)
    coded = {"creditor_address": creditor.address or ""}
    """The address with the country's code, as earlier messages had it."""
    older = hash_of(replace(content, **coded)) == stored.snapshot_hash
    content = replace(content, **coded) if older else content
    source = await _source_of(ledger, name, stored, content)
    message = compose(source, content)
    checks = {
        "template": (stored.source_hash, source.digest),
        "values": (stored.snapshot_hash, hash_of(content)),
        "message": (stored.content_hash, message.digest),
    }
    differences = tuple(part for part, (then, now) in checks.items() if then != now)
    if share is not None:
        part = _content(share(requested.data), customer, creditor)
        message = compose(source, replace(part, creditor_address=content.creditor_address))
    return Rewritten(message, stored, differences)


async def _source_of(ledger: Ledger, name: str, stored: MessageProof, content: MessageSnapshot) -> Source:
    """Return the text of the version that was used; of a shipped one as this release has it."""
    code, language = stored.template_code, content.language
    if stored.template_version == 0:
        return shipped_source(code, language)
    stream = template_id(code, language, stored.template_creditor_id)
    state = TEMPLATE.fold(await ledger.read_stream(name, stream, upto=stored.position))
    return state.versions[stored.template_version - 1].source
