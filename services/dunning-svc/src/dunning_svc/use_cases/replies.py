"""Commands on replies, by mail and through links. Each is read once: its stream follows from its content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from dunning_svc.domain.answer.commands import AnswerByLink
from dunning_svc.domain.answer.decide import AnswerLinkClosed, answered, asked_item
from dunning_svc.domain.answer.link import AnswerLink
from dunning_svc.domain.reminder.state import REMINDER, Reminder
from dunning_svc.domain.reply import decide
from dunning_svc.domain.reply.commands import ConfirmFinding, ReadMail, RejectFinding
from dunning_svc.domain.reply.decide import Emitted
from dunning_svc.domain.reply.mail import CitedReminder
from dunning_svc.domain.reply.state import REPLY
from dunning_svc.read_models.cases.rows.parties import DebtorRow
from dunning_svc.use_cases.promises import Debts, basis_of
from dunning_svc.use_cases.templates import LEDGER_WIDE
from encours.contracts.recipients import recipient
from encours.kernel.errors import Refusal
from encours.ledger import Ledger
from encours.ledger.command import Result
from encours.ledger.session import Session

_MAX_CITED = 20


class OutcomeAwaited(Refusal):
    """The reminder that the message or the link is about has no recorded outcome yet (503)."""

    code = "outcome-awaited"
    title = "Outcome of the reminder is awaited"
    status = 503
    remedy = (
        "A message from the mailbox is stored and will be read by itself. Repeat any other request after Retry-After "
        "seconds."
    )


class Correspondents(Protocol):
    """Queries on customers by their addresses."""

    async def last_mail_to(self, addresses: Sequence[str]) -> str | None:
        """Return the last e-mail reminder to the one customer with one of these addresses."""
        ...

    async def debtor(self, customer_id: str) -> DebtorRow | None:
        """Return a customer."""
        ...


async def read_mail(session: Session, cmd: ReadMail, known: Correspondents, debts: Debts) -> Result:
    """Record a message with its effects; no event if it is recorded already.

    Raises :class:`OutcomeAwaited` while its reminder is being sent.
    """
    if (await session.load(REPLY, cmd.reply_id)).read is not None:
        return session.result(cmd.reply_id)
    cited, reminder = await _reminder_of(session, cmd, known)
    address = promising = None
    if reminder is not None and reminder.requested is not None and cmd.mail.kind == "reply":
        promising = await basis_of(
            session, debts, [item.invoice_id for item in reminder.requested.items if item.asked_minor]
        )
    if reminder is not None and reminder.requested is not None and cmd.mail.reports:
        requested = reminder.requested
        debtor = await session.ask(known.debtor, requested.addressee_id or requested.customer_id)
        address = _address(debtor, [each.recipient for each in cmd.mail.reports])
    entity = LEDGER_WIDE if reminder is None else reminder.entity_id
    _emit(session, decide.read(cmd, reminder, cited, address, session.today, promising), entity)
    return session.result(cmd.reply_id)


async def _reminder_of(
    session: Session, cmd: ReadMail, known: Correspondents
) -> tuple[CitedReminder | None, Reminder | None]:
    """Return the reminder that the message cites, else the last one to its sender or to the recipient of a bounce."""
    for cited in cmd.mail.cited[:_MAX_CITED]:
        reminder = await session.load(REMINDER, cited.reminder_id)
        _require_outcome(reminder)
        if reminder.left:
            return cited, reminder
    recipients = [each.recipient for each in cmd.mail.reports if each.recipient]
    addresses = recipients or ([cmd.mail.sender] if cmd.mail.sender else [])
    if not addresses:
        return None, None
    found = await session.ask(known.last_mail_to, addresses)
    if found is None:
        return None, None
    reminder = await session.load(REMINDER, found)
    return CitedReminder(found, "recipient" if recipients else "sender"), reminder


def _require_outcome(reminder: Reminder) -> None:
    if reminder.requested is not None and not reminder.concluded:
        raise OutcomeAwaited(f"{reminder.requested.reminder_id} is being sent.")


def _address(debtor: DebtorRow | None, reported: Sequence[str | None]) -> str | None:
    """Return the address of the debtor that a report is about.

    A report that names none of its addresses is about one that the debtor's own server forwarded to: then it is the
    address that reminders go to.
    """
    if debtor is None:
        return None
    own = [debtor.email, *(contact.email for contact in debtor.contacts)]
    named = {address.lower() for address in reported if address}
    return next((each for each in own if each and each.lower() in named), recipient(debtor, "dunning").email)


async def confirm_finding(session: Session, cmd: ConfirmFinding, debts: Debts) -> Result:
    """Confirm a finding of a reply, with its effects."""
    state = await session.get(REPLY, cmd.reply_id)
    promising = await basis_of(session, debts, state.promised_invoices(cmd.finding))
    requested = None
    if state.read is not None and state.read.reminder_id is not None:
        requested = (await session.load(REMINDER, state.read.reminder_id)).requested
    _emit(session, decide.confirm(state, cmd, session.today, promising, requested), state.entity_id)
    return session.result(cmd.reply_id)


async def reject_finding(session: Session, cmd: RejectFinding) -> Result:
    """Reject a finding of a reply, or close the reply."""
    state = await session.get(REPLY, cmd.reply_id)
    _emit(session, decide.reject(state, cmd), state.entity_id)
    return session.result(cmd.reply_id)


@dataclass(frozen=True, slots=True)
class AskedInvoice:
    """Content that a link shows: no more than its message did."""

    number: str
    due_on: date
    currency: str
    open_minor: int


async def asked_invoice(ledger: Ledger, link: AnswerLink, debts: Debts, today: date) -> AskedInvoice:
    """Return the invoice of a link with what is open now.

    Raises :class:`AnswerLinkClosed` once it is settled, :class:`OutcomeAwaited` while its reminder is being sent.
    """
    reminder = REMINDER.fold(await ledger.read_stream(link.ledger, link.reminder_id))
    _require_outcome(reminder)
    item = asked_item(reminder, link.invoice_id)
    basis = await debts.promise_basis([link.invoice_id], today) if item else None
    if item is None or basis is None or not basis.owed_minor:
        raise AnswerLinkClosed("The invoice is settled.")
    (invoice,) = basis.invoices
    return AskedInvoice(item.number, item.due_on, invoice.currency, basis.owed_minor)


async def answer_by_link(session: Session, cmd: AnswerByLink, debts: Debts) -> Result:
    """Record an answer with its effects; no event if it is recorded already.

    Raises :class:`OutcomeAwaited` while its reminder is being sent.
    """
    if (await session.load(REPLY, cmd.reply_id)).read is None:
        reminder = await session.load(REMINDER, cmd.link.reminder_id)
        _require_outcome(reminder)
        promising = await basis_of(session, debts, [cmd.link.invoice_id])
        _emit(session, answered(cmd, reminder, promising, session.today), reminder.entity_id)
    return session.result(cmd.reply_id)


def _emit(session: Session, emitted: Sequence[Emitted], entity: str) -> None:
    for stream, event in emitted:
        session.emit(stream, event, entity=entity)
