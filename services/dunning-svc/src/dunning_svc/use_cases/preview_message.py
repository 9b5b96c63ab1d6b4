"""Preview of a template with the open items of a customer, or with its paid invoices. Records nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dunning_svc.domain.formats import MessageLang
from dunning_svc.domain.hold.state import DebtorNotFound
from dunning_svc.domain.ladder.decision import dunned
from dunning_svc.domain.ladder.state import Case
from dunning_svc.domain.message.render import Message, Source, compose
from dunning_svc.domain.message.snapshot import MessageSnapshot
from dunning_svc.domain.template.checks import require_written
from dunning_svc.domain.template.choice import ChosenText
from dunning_svc.domain.template.state import TemplateNotFound
from dunning_svc.read_models.cases.fold.templates import template_rows, templates_of
from dunning_svc.read_models.cases.past import MemoryRows, cases_at
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from dunning_svc.read_models.cases.settled import settled_invoice
from dunning_svc.use_cases.messages import snapshot_of
from encours.kernel.errors import Refusal
from encours.ledger import Ledger
from encours.reading.moment import View


class NothingToPreview(Refusal):
    """The customer has no open or paid invoice that a message could be about (422)."""

    code = "nothing-to-preview"
    title = "Customer has no such invoices"
    status = 422
    remedy = (
        "Use a customer with open invoices, which GET /v1/cases lists; for a thank-you one that has paid."
    )


@dataclass(frozen=True, slots=True)
class PreviewMessage:
    """Request for a preview: ``source`` is a text that is not saved yet, ``None`` for the one in force."""

    code: str
    language: MessageLang
    customer_id: str
    entity_id: str | None
    currency: str | None
    invoice_ids: tuple[str, ...]
    source: Source | None


@dataclass(frozen=True, slots=True)
class PreviewedMessage:
    """Message, text and snapshot. ``text`` is ``None`` for one that is not saved."""

    message: Message
    text: ChosenText | None
    content: MessageSnapshot


async def preview_message(
    ledger: Ledger, view: View, name: str, wanted: PreviewMessage, today: date
) -> PreviewedMessage:
    """Return the message to a customer about its open items, as it would be written on the day.

    Without ``invoice_ids`` about all that are open, due or not; a thank-you about the one that was paid last. Raises
    the refusals of this module.
    """
    rows = await cases_at(ledger, view.conn, view.schema, name, [wanted.customer_id], view.time.position)
    saved = templates_of(await template_rows(view.conn, view.schema))
    debtor = rows.get(DebtorRow, wanted.customer_id)
    if debtor is None:
        raise DebtorNotFound(wanted.customer_id)
    entity_id = wanted.entity_id or debtor.entity_id
    if view.granted is not None and entity_id not in view.granted:
        raise DebtorNotFound(wanted.customer_id)
    creditor = rows.get(CreditorRow, entity_id)
    thanks = saved.purpose_of(wanted.code) == "thanks"
    items = _items(rows, wanted, entity_id, today, settled=thanks)
    case = _case(rows, wanted, entity_id, items, today)
    if case is None or creditor is None:
        kind = "paid invoices" if thanks else "open items"
        raise NothingToPreview(f"{wanted.customer_id} has no {kind} of this creditor.", "/customer_id")
    customer = rows.get(DebtorRow, case.addressee_id) or debtor
    if thanks:
        content = _thanks(items, case, customer, creditor, wanted, today)
    else:
        content = _content(case, customer, creditor, wanted, today)
    if wanted.source is not None:
        require_written(wanted.source)
        return PreviewedMessage(compose(wanted.source, content), None, content)
    try:
        chosen = saved.choose(wanted.code, wanted.language, entity_id)
    except LookupError:
        raise TemplateNotFound(wanted.code) from None
    return PreviewedMessage(compose(chosen.source, content), chosen, content)


def _items(
    rows: MemoryRows, wanted: PreviewMessage, entity_id: str, today: date, *, settled: bool
) -> list[ItemRow]:
    """Return the open invoices of the customer at the creditor, or those that payments have settled."""
    own = rows.survivors(today).records(rows.survivors(today).of(wanted.customer_id))
    return [
        row
        for row in rows.all(ItemRow)
        if row.customer_id in own
        and row.entity_id == entity_id
        and (row.settled_at > 0 if settled else row.open_minor > 0)
    ]


def _case(
    rows: MemoryRows, wanted: PreviewMessage, entity_id: str, items: Sequence[ItemRow], today: date
) -> Case | None:
    """Return the customer's case in the currency asked for, or in that of the oldest of these items."""
    oldest = min(items, key=lambda row: (row.due_on, row.number), default=None)
    if oldest is None:
        return None
    case = rows.case((wanted.customer_id, entity_id, wanted.currency or oldest.currency), today)
    return None if case is None else case.on(today)


def _thanks(
    items: Sequence[ItemRow],
    case: Case,
    customer: DebtorRow,
    creditor: CreditorRow,
    wanted: PreviewMessage,
    today: date,
) -> MessageSnapshot:
    """Return a thank-you for the invoices asked for, or for the one that was paid last."""
    paid = sorted((row for row in items if row.currency == case.currency), key=lambda row: row.settled_at)
    named = [row for row in paid if row.invoice_id in wanted.invoice_ids]
    paid = named if wanted.invoice_ids else paid[-1:]
    if not paid:
        raise NothingToPreview(f"None of these invoices of {case.customer_id} is paid.", "/invoice_ids")
    settled = tuple(settled_invoice(row) for row in paid)
    return snapshot_of(
        customer,
        creditor,
        day=today,
        language=wanted.language,
        currency=case.currency,
        items=(),
        credit_minor=0,
        amount_minor=sum(each.paid_minor for each in settled),
        settled=settled,
    )


def _content(
    case: Case, customer: DebtorRow, creditor: CreditorRow, wanted: PreviewMessage, today: date
) -> MessageSnapshot:
    items = tuple(
        dunned(item, today, asked_minor=item.collectable_minor, step="", terms=item.terms)
        for item in case.oldest_first
        if not item.unlisted and (not wanted.invoice_ids or item.invoice_id in wanted.invoice_ids)
    )
    if not items:
        raise NothingToPreview(f"None of these invoices of {case.customer_id} is open.", "/invoice_ids")
    credit = case.credit_for({item.invoice_id for item in items})
    return snapshot_of(
        customer,
        creditor,
        day=today,
        language=wanted.language,
        currency=case.currency,
        items=items,
        credit_minor=credit,
        amount_minor=max(0, sum(item.asked_minor for item in items) - credit),
    )
